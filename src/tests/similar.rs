//! Similar reports of neighbours: what is found, and that positions are not revealed.

use reqwest::{StatusCode, header};

use super::report::{ACCEPT, act, scene};
use crate::support::server::{location, report_fields};

/// Results must not depend on the position: otherwise 600 queries revealed where a phone was when
/// it filed a report.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn similar_reports_do_not_depend_on_positions() {
    let (server, mut visitor, mut worker, first) = scene().await;
    assert_eq!(act(&mut worker, &first, "accept", &ACCEPT).await, StatusCode::SEE_OTHER);
    for (lat, summary) in [("31.2230", "测试小区北门"), ("31.2290", "测试小区南门")] {
        let fields = [
            &report_fields("grid-01")[..],
            &[("lat", lat), ("lon", "121.4450"), ("accuracy", "10")],
        ]
        .concat();
        let filed = visitor.send(visitor.multipart("/report", &fields, &[])).await;
        let code = location(&filed).strip_prefix("/reports/").unwrap().to_owned();
        let accept =
            [("version", "1"), ("category", "corridor"), ("grid", "grid-01"), ("summary", summary)];
        assert_eq!(act(&mut worker, &code, "accept", &accept).await, StatusCode::SEE_OTHER);
    }
    let mut stranger = server.known_visitor().await;
    let mut ask = async |more: &[(&str, &str)], json: bool| {
        let fields = [&[("category", "corridor"), ("grid", "grid-01")], more].concat();
        let mut request = stranger.multipart("/report/similar", &fields, &[]);
        if json {
            request = request.header(header::ACCEPT, "application/json");
        }
        let text = stranger.send(request).await.text().await.unwrap();
        let found = text.match_indices("测试小区").map(|(at, _)| text[at..].chars().take(6));
        if json { text.clone() } else { found.flatten().collect() }
    };
    for json in [true, false] {
        let without_position = ask(&[], json).await;
        assert!(
            without_position.contains("北门") && without_position.contains("南门"),
            "{without_position}"
        );
        for lat in ["31.2200", "31.2230", "31.2260", "31.2290", "31.2320", "-90", "x"] {
            for lon in ["121.4400", "121.4450", "180"] {
                let here = [("lat", lat), ("lon", lon), ("accuracy", "5")];
                assert_eq!(ask(&here, json).await, without_position, "at {lat} {lon}");
            }
        }
    }
    let south = ask(&[("place", "小区南门边上")], true).await;
    assert!(south.find("南门") < south.find("北门"), "ordered by matching words");
}
