//! What photos may cost: in pixels, in bytes kept, and in how many are held.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use image::{DynamicImage, ImageFormat};
use reqwest::{StatusCode, header::RETRY_AFTER};
use rstest_reuse::apply;
use service::PhotoLimits;

use super::photos::jpeg;
use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor, location, report_fields},
};

/// Photos that may be held for one visitor.
const HELD_MAX: usize = 12;

/// A WebP of few bytes that costs as much as 100 megapixels to decode.
fn huge_webp() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(10_000, 5_000).write_to(&mut bytes, ImageFormat::WebP).unwrap();
    assert!(bytes.get_ref().len() < 20_000);
    bytes.into_inner()
}

async fn upload(visitor: &mut Visitor, photo: Vec<u8>) -> StatusCode {
    let request = visitor.multipart("/report/photos", &[], &[("photos", "photo", photo)]);
    let answer = visitor.send(request).await;
    let limited = answer.status() == StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(answer.headers().contains_key(RETRY_AFTER), limited, "{}", answer.status());
    answer.status()
}

#[apply(on_both)]
async fn twelve_held_photos_are_twelve(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let visitor = server.known_visitor().await;
    // Three of a visitor are taken at once.
    let senders = (0..3).map(|_| {
        let mut visitor = visitor.clone();
        tokio::spawn(async move {
            let mut held = 0;
            for _ in 0..10 {
                held += usize::from(upload(&mut visitor, jpeg(64, 48)).await == StatusCode::OK);
            }
            held
        })
    });
    let mut held = 0;
    for sender in senders.collect::<Vec<_>>() {
        held += sender.await.unwrap();
    }
    assert_eq!(held, HELD_MAX);
    let rows = "SELECT COUNT(*) FROM photos WHERE serial IS NULL AND visitor IS NOT NULL";
    assert_eq!(server.database.number(rows).await, HELD_MAX as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_picture_counts_as_many_pixels_as_it_has() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let huge = huge_webp();
    for _ in 0..4 {
        assert_eq!(upload(&mut visitor, huge.clone()).await, StatusCode::OK);
    }
    assert_eq!(upload(&mut visitor, huge.clone()).await, StatusCode::TOO_MANY_REQUESTS);

    // New cookies do not help within a network; another network has its own budget.
    let used = "UPDATE tries SET n = 3000000 WHERE n >= 400000";
    server.database.execute(used).await;
    let mut neighbour = server.known_visitor().await;
    neighbour.address.clone_from(&visitor.address);
    assert_eq!(upload(&mut neighbour, jpeg(64, 48)).await, StatusCode::TOO_MANY_REQUESTS);
    let mut elsewhere = server.known_visitor().await;
    assert_eq!(upload(&mut elsewhere, jpeg(64, 48)).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_network_that_floods_with_pictures_stops_nobody_else() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let huge = jpeg(4_000, 3_000);
    let flood: Vec<_> = (0..40)
        .map(|_| {
            let (mut visitor, huge) = (server.visitor(), huge.clone());
            "203.0.113.9".clone_into(&mut visitor.address);
            tokio::spawn(async move {
                visitor.get("/report").await;
                let request = visitor.multipart("/report/photos", &[], &[("photos", "x", huge)]);
                visitor.send(request).await.status()
            })
        })
        .collect();
    // The flood is at work.
    let begun = Instant::now();
    while server.service.vital_signs().await.photos_waiting < 8 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut honest = server.known_visitor().await;
    let upload = tokio::spawn(async move { upload(&mut honest, jpeg(800, 600)).await });
    assert_eq!(upload.await.unwrap(), StatusCode::OK);
    let still = server.service.vital_signs().await.photos_waiting;
    assert!(still > 0, "nobody waited for the whole flood");
    let mut refused = 0;
    for one in flood {
        refused += usize::from(one.await.unwrap() != StatusCode::OK);
    }
    assert!(refused > 0, "a network has no more than its queue and its budget");
}

#[apply(on_both)]
async fn a_network_stores_so_much_a_day(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let mut visitor = server.known_visitor().await;
    assert_eq!(upload(&mut visitor, jpeg(64, 48)).await, StatusCode::OK);
    // The budgets of a day are those that last until midnight.
    let day = format!("since > {}", server.service.now());
    let budgets = format!("SELECT COUNT(*) FROM tries WHERE {day}");
    assert!(server.database.number(budgets.leak()).await >= 2, "of the visitor and of the network");
    let used = format!("UPDATE tries SET n = 2000000 WHERE {day}");
    server.database.execute(used.leak()).await;
    let mut neighbour = server.known_visitor().await;
    neighbour.address.clone_from(&visitor.address);
    assert_eq!(upload(&mut neighbour, jpeg(64, 48)).await, StatusCode::TOO_MANY_REQUESTS);
    // What is counted by the quarter of an hour forgets none of it.
    server
        .database
        .execute(format!("UPDATE tries SET since = since - 3600000 WHERE NOT ({day})").leak())
        .await;
    assert_eq!(upload(&mut neighbour, jpeg(64, 48)).await, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        location(&neighbour.post("/report", &report_fields("grid-01")).await)
            .starts_with("/reports/")
    );
    let mut elsewhere = server.known_visitor().await;
    assert_eq!(upload(&mut elsewhere, jpeg(64, 48)).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn photos_stop_before_the_disk_is_full_and_reports_do_not() {
    let few = PhotoLimits { stored: 1_000, ..PhotoLimits::default() };
    let full_disk = PhotoLimits { left_free: u64::MAX, ..PhotoLimits::default() };
    for (limits, taken) in [(few, 1), (full_disk, 0)] {
        let server = Server::with_photo_limits(Database::new(Kind::Sqlite).await, limits).await;
        let mut visitor = server.known_visitor().await;
        for n in 0..3 {
            let request =
                visitor.multipart("/report/photos", &[], &[("photos", "photo", jpeg(640, 480))]);
            let answer = visitor.send(request).await;
            if n < taken {
                assert_eq!(answer.status(), StatusCode::OK);
                continue;
            }
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.headers().contains_key(RETRY_AFTER));
            assert!(answer.text().await.unwrap().contains("现在存不下新照片了"));
        }
        let fields = report_fields("grid-01");
        let request = visitor.multipart("/report", &fields, &[("photos", "p", jpeg(640, 480))]);
        let answer = visitor.send(request).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let page = answer.text().await.unwrap();
        assert!(page.contains("现在存不下新照片了") && page.contains(fields[1].1), "{page}");
        let rows = server.database.number("SELECT COUNT(*) FROM photos").await;
        assert_eq!(rows, taken, "nothing was stored");
        assert!(location(&visitor.post("/report", &fields).await).starts_with("/reports/"));
        let room = server.service.room_taken().await.unwrap();
        assert!(room.photos_free.is_some_and(|free| free > 0) && room.database_free.is_some());
        assert_eq!(room.photos > 0, taken > 0);
    }
}
