//! Photos: which formats are accepted, what is refused, who may see a photo.

use std::{fs, io::Cursor, path::Path, time::Duration};

use domain::report::{Audience, Code, Event, Photo, PhotoRole, Report, State};
use image::{DynamicImage, ImageFormat, RgbImage, codecs::jpeg::JpegEncoder};
use reqwest::{Method, StatusCode, header};
use store::{Attached, Change};

use crate::support::{
    database::{Database, Kind},
    html,
    server::{Server, Visitor, location, report_fields},
};

/// An image: red on the left, blue on the right.
fn two_colours(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { image::Rgb([220, 20, 20]) } else { image::Rgb([20, 20, 220]) }
    })
    .into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    two_colours(width, height).write_with_encoder(JpegEncoder::new(&mut bytes)).unwrap();
    bytes
}

const SECRET: &[u8] = b"SecretPhone";

/// Adds EXIF with an orientation and the maker [`SECRET`] to a JPEG.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend([0x0f, 0x01, 2, 0, 12, 0, 0, 0, 38, 0, 0, 0]);
    tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    tiff.extend([0, 0, 0, 0]);
    tiff.extend(SECRET);
    tiff.push(0);
    let length = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
    let exif = [&[0xff, 0xe1][..], &length, b"Exif\0\0", &tiff].concat();
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

/// A PNG whose header declares this size.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let png = encoded(&two_colours(2, 2), ImageFormat::Png);
    let mut head = b"IHDR".to_vec();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend(&png[24..29]);
    let mut crc = flate2::Crc::new();
    crc.update(&head);
    [&png[..12], &head, &crc.sum().to_be_bytes(), &png[33..]].concat()
}

fn files_below(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(fs::read(path).unwrap());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn photos_are_turned_upright_and_lose_their_exif() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    // Orientation 6: rotated by 90 degrees, the right side of the image is the bottom.
    let code = visitor.report("grid-01", &[with_exif(&jpeg(2000, 1000), 6)]).await;
    let page = visitor.get(&format!("/reports/{code}")).await.text().await.unwrap();
    let ids = html::photo_ids(&page);
    assert_eq!(ids.len(), 1);
    for (query, longest) in [("", 1600), ("?size=thumb", 400)] {
        let response = visitor.get(&format!("/photos/{}{query}", ids[0])).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "image/jpeg");
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "no-store",
            "the report is not public"
        );
        let picture = image::load_from_memory(&response.bytes().await.unwrap()).unwrap().to_rgb8();
        assert_eq!((picture.width(), picture.height()), (longest / 2, longest));
        let (top, bottom) = (picture.get_pixel(20, 20), picture.get_pixel(20, longest - 20));
        assert!(top[0] > 150 && bottom[2] > 150, "red above blue: {top:?} {bottom:?}");
    }
    for bytes in files_below(server.database.folder.path()) {
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_promised_format_is_accepted() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let small = two_colours(60, 40);
    let mut with_zip = encoded(&small, ImageFormat::Png);
    with_zip.extend(b"PK\x03\x04 a zip behind it PK\x05\x06");
    let transparent = DynamicImage::new_rgba8(30, 30);
    for (what, bytes) in [
        ("jpeg", encoded(&small, ImageFormat::Jpeg)),
        ("png", encoded(&small, ImageFormat::Png)),
        ("webp", encoded(&small, ImageFormat::WebP)),
        ("png with an appended zip", with_zip),
        ("transparent png", encoded(&transparent, ImageFormat::Png)),
    ] {
        let mut visitor = server.known_visitor().await;
        let code = visitor.report("grid-01", &[bytes]).await;
        let page = visitor.get(&format!("/reports/{code}")).await.text().await.unwrap();
        let id = html::photo_ids(&page).pop().unwrap_or_else(|| panic!("{what}"));
        let kept = visitor.get(&format!("/photos/{id}")).await.bytes().await.unwrap();
        assert!(kept.starts_with(&[0xff, 0xd8]), "{what} is kept as JPEG");
        assert!(!kept.windows(4).any(|window| window == b"PK\x03\x04"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broken_photos_are_refused_with_an_error_and_the_form_is_kept() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let valid = jpeg(600, 400);
    let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let cases: Vec<(&str, Vec<u8>, StatusCode)> = vec![
        ("truncated", valid[..valid.len() / 3].to_vec(), unsupported),
        ("only the magic bytes", valid[..3].to_vec(), unsupported),
        ("60,000 by 60,000", png_header(60_000, 60_000), unsupported),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), unsupported),
        ("gif", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec(), unsupported),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), unsupported),
        ("zero bytes", Vec::new(), unsupported),
        ("too large", [valid.clone(), vec![0; 10 * 1024 * 1024]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (what, bytes, status) in cases {
        let fields = report_fields("grid-01");
        let files = [("photos", "photo.jpg", bytes)];
        let response = visitor.send(visitor.multipart("/report", &fields, &files)).await;
        assert_eq!(response.status(), status, "{what}");
        let page = response.text().await.unwrap();
        assert!(page.contains("id=\"error-photos\""), "{what}: an error message at the field");
        assert!(page.contains("三楼堆了旧家具"), "{what}: the text is kept");
    }
    assert_eq!(server.store.counts().reports.received, 0);
    assert_eq!(server.database.number("SELECT COUNT(*) FROM photos").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_empty_file_part_is_no_photo() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let files = [("photos", "", Vec::new())];
    let response =
        visitor.send(visitor.multipart("/report", &report_fields("grid-01"), &files)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_photo_is_public_only_when_its_report_is_and_staff_chose_it() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("elsewhere", "grid-worker", &["grid-02"]).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[jpeg(60, 40), jpeg(40, 60)]).await;
    let page = visitor.get(&format!("/reports/{code}")).await.text().await.unwrap();
    let ids = html::photo_ids(&page);
    let mut worker = server.logged_in("worker").await;
    let mut elsewhere = server.logged_in("elsewhere").await;
    let mut stranger = server.known_visitor().await;
    let status = async |who: &mut crate::support::server::Visitor, id: &str| {
        who.get(&format!("/photos/{id}")).await.status()
    };
    for id in &ids {
        assert_eq!(status(&mut worker, id).await, StatusCode::OK);
        for other in [&mut elsewhere, &mut stranger] {
            assert_eq!(status(other, id).await, StatusCode::NOT_FOUND);
        }
    }
    let accept = [
        ("version", "1"),
        ("category", "corridor"),
        ("grid", "grid-01"),
        ("summary", "测试小区楼道堆物"),
        ("public_photos", ids[0].as_str()),
    ];
    let done = worker.post(&format!("/console/reports/{code}/accept"), &accept).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let public = stranger.get(&format!("/photos/{}", ids[0])).await;
    assert_eq!(public.status(), StatusCode::OK);
    assert_eq!(public.headers()[header::CACHE_CONTROL], "private, no-cache");
    let tag = public.headers()[header::ETAG].clone();
    let path = format!("/photos/{}", ids[0]);
    let with_tag = |visitor: &Visitor| {
        visitor.request(Method::GET, &path).header(header::IF_NONE_MATCH, tag.clone())
    };
    let again = stranger.send(with_tag(&stranger)).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()[header::ETAG], tag);
    let thumb = stranger.get(&format!("{path}?size=thumb")).await;
    assert_ne!(thumb.headers()[header::ETAG], tag);
    assert!(status(&mut worker, &ids[1]).await.is_success());
    let hidden = worker.get(&format!("/photos/{}", ids[1])).await;
    assert_eq!(hidden.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(status(&mut stranger, &ids[1]).await, StatusCode::NOT_FOUND);
    let fields = [("version", "2"), ("reason", "有人脸")];
    let hide = worker.post(&format!("/console/reports/{code}/hide"), &fields).await;
    assert_eq!(hide.status(), StatusCode::SEE_OTHER);
    assert_eq!(status(&mut stranger, &ids[0]).await, StatusCode::NOT_FOUND);
    let kept = stranger.send(with_tag(&stranger)).await;
    assert_eq!(kept.status(), StatusCode::NOT_FOUND, "what was taken back is gone at once");
    let anonymous = stranger.new_visitor().get(&format!("/photos/{}", ids[0])).await;
    assert!(!anonymous.headers().contains_key(header::SET_COOKIE), "photos set no cookie");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn held_photos_belong_to_their_visitor() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let request = visitor
        .multipart("/report/photos", &[], &[("photos", "a.jpg", jpeg(60, 40))])
        .header(header::ACCEPT, "application/json");
    let held = visitor.send(request).await;
    assert_eq!(held.status(), StatusCode::OK);
    let held: serde_json::Value = serde_json::from_str(&held.text().await.unwrap()).unwrap();
    let id = held["held"][0].as_str().unwrap().to_owned();
    assert_eq!(visitor.get(&format!("/photos/{id}")).await.status(), StatusCode::OK);
    let mut thief = server.known_visitor().await;
    assert_eq!(thief.get(&format!("/photos/{id}")).await.status(), StatusCode::NOT_FOUND);
    // The id of another visitor's photo is ignored.
    let mut fields = report_fields("grid-01").to_vec();
    fields.push(("held", &id));
    let stolen = thief.send(thief.multipart("/report", &fields, &[])).await;
    let page = thief.get(location(&stolen)).await.text().await.unwrap();
    assert_eq!(html::photo_ids(&page), Vec::<String>::new());
    let own = visitor.send(visitor.multipart("/report", &fields, &[])).await;
    let page = visitor.get(location(&own)).await.text().await.unwrap();
    assert_eq!(html::photo_ids(&page), [id]);
}

/// The same held photos, sent with two forms at once in opposite orders: one form gets them, and
/// PostgreSQL had no deadlock to break.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_forms_with_the_same_photos_do_not_deadlock_on_postgres() {
    let server = Server::start(Database::new(Kind::Postgres).await).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let report = server.store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    let filed =
        server.store.timeline(report.serial, None, Audience::Staff).await.unwrap().events.remove(0);
    let taken = vec![jpeg(60, 40).into(), jpeg(40, 60).into()];
    let held = server.service.hold_photos(None, taken).await.unwrap();
    let attached =
        |photo: &Photo| Attached { id: photo.id.clone(), role: PhotoRole::Before, public: false };
    let forth: Vec<_> = held.iter().map(attached).collect();
    let back: Vec<_> = held.iter().rev().map(attached).collect();
    for n in 0..60 {
        let code = Code::parse(&format!("{n:022}")).unwrap();
        let other = Report { code, form_key: None, ..report.clone() };
        let change = server.store.change(&report.code, |before, _| {
            let version = before.version + 1;
            // A change of counts takes the ledger, too.
            let state = if before.state == State::Closed { State::Accepted } else { State::Closed };
            let report = Report { version, state, ..before.clone() };
            let event = Event { version, ..filed.clone() };
            let photos = back.clone();
            Ok::<_, ()>(Change { photos, ..Change::only(report, event) })
        });
        let (filing, changing) =
            tokio::join!(server.store.file(other, filed.clone(), &forth), change);
        assert!(filing.is_ok() != changing.is_ok(), "{filing:?} {changing:?}");
        server.database.execute("UPDATE photos SET serial = NULL").await;
    }
    // A backend reports what it counted at most once a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let deadlocks = "SELECT CAST(deadlocks AS BIGINT) FROM pg_stat_database \
                     WHERE datname = current_database()";
    assert_eq!(server.database.number(deadlocks).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn held_photos_expire() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let visitor = server.known_visitor().await;
    let request = visitor.multipart("/report/photos", &[], &[("photos", "a.jpg", jpeg(60, 40))]);
    let answer: serde_json::Value =
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    let id = answer["held"][0].as_str().unwrap();
    let photos = server.database.folder.path().join("photos");
    assert_eq!(files_below(&photos).len(), 2);
    assert_eq!(server.service.sweep_photos().await.unwrap(), 0, "an hour has not passed");
    server.database.execute("UPDATE photos SET at = at - 3700000").await;
    // A file that cannot be deleted keeps its row, so that it is tried again.
    let file = photos.join(&id[..2]).join(format!("{id}.jpg"));
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(file.join("in the way")).unwrap();
    server.service.sweep_photos().await.unwrap_err();
    assert_eq!(server.database.number("SELECT COUNT(*) FROM photos").await, 1);
    fs::remove_dir_all(&file).unwrap();
    assert_eq!(server.service.sweep_photos().await.unwrap(), 1);
    assert_eq!(files_below(&photos).len(), 0);
    assert_eq!(server.database.number("SELECT COUNT(*) FROM photos").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_number_of_held_photos_is_limited() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let mut last = None;
    for _ in 0..13 {
        let request = visitor.multipart("/report/photos", &[], &[("photos", "a.jpg", jpeg(6, 4))]);
        last = Some(visitor.send(request).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(last.headers().contains_key(header::RETRY_AFTER));
    let without_cookie = visitor.new_visitor();
    let photo = [("photos", "a.jpg", jpeg(6, 4))];
    let request = without_cookie.multipart("/report/photos", &[], &photo);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}
