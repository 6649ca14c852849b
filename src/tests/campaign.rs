//! Another street runs from its own campaign file, without other changes; and a closed campaign.

use std::path::Path;

use domain::campaign::{Campaign, Day};
use reqwest::StatusCode;

use crate::support::{
    database::{Database, Kind, default_campaign},
    server::{Server, location},
};

/// Campaign file of an invented street with three pledges and three grids.
pub const LANTERN_STREET: &str = "src/tests/lantern-street.toml";

fn lantern_street() -> Campaign {
    campaign::load(Path::new(LANTERN_STREET)).unwrap().campaign
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_street_is_served_from_its_file_alone() {
    let database = Database::new(Kind::Sqlite).await;
    let server = Server::with_campaign(database, lantern_street(), "").await;
    let mut visitor = server.known_visitor().await;
    for path in ["/", "/sign", "/privacy", "/progress", "/me", "/pledges/tidy", "/report"] {
        let response = visitor.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let page = response.text().await.unwrap();
        for word in ["\u{9759}\u{5b89}", "四项"] {
            assert!(
                !page.contains(word),
                "{path} contains {word}, which belongs to the default street"
            );
        }
        assert!(page.contains("灯笼街道"), "{path}");
    }
    assert!(
        visitor
            .get("/sign")
            .await
            .text()
            .await
            .unwrap()
            .contains("灯笼新村、灯笼路1弄至9弄（东片）")
    );
    assert_eq!(visitor.get("/pledges/home").await.status(), StatusCode::NOT_FOUND);
    let fields = [("name", "王测试"), ("pledges", "tidy"), ("grid", "east"), ("consent", "on")];
    assert_eq!(visitor.post("/sign", &fields).await.status(), StatusCode::SEE_OTHER);
    let counts = server.store.counts();
    assert_eq!((counts.grids["east"], counts.pledges["tidy"], counts.grids.len()), (1, 1, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn outside_its_dates_forms_are_closed() {
    let day = |year| Day { year, month: 6, day: 1 };
    for (opens, closes, message) in [(1990, 1991, "已经结束"), (2990, 2991, "还没有开始")]
    {
        let mut campaign = default_campaign();
        (campaign.period.opens, campaign.period.closes) = (day(opens), day(closes));
        let server = Server::with_campaign(Database::new(Kind::Sqlite).await, campaign, "").await;
        let mut visitor = server.known_visitor().await;
        let form = visitor.get("/sign").await;
        assert_eq!(form.status(), StatusCode::OK);
        let page = form.text().await.unwrap();
        assert!(page.contains(message) && !page.contains("action=\"/sign\""), "{page}");
        let home = visitor.get("/").await.text().await.unwrap();
        assert!(!home.contains("href=\"/sign\""), "no link to a closed form");
        let refused = visitor.sign().await;
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        assert!(refused.text().await.unwrap().contains(message));
        assert_eq!(server.store.counts().revision, 0);
        let mut stranger = visitor.new_visitor();
        let request = stranger.form("/sign", &[]).header("accept", "application/json");
        assert_eq!(stranger.send(request).await.status(), StatusCode::CONFLICT);
        let withdraw = visitor.post("/sign/withdraw", &[]).await;
        assert_eq!((withdraw.status(), location(&withdraw)), (StatusCode::SEE_OTHER, "/me"));
    }
}
