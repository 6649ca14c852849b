//! Photo store in an S3 bucket, against `s3rver`, with the server as a process.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::{StatusCode, header};

use crate::{
    photos::jpeg,
    support::{
        database::{Database, Kind},
        html,
        process::{Process, program, run},
        server::{Visitor, report_fields},
    },
};

/// An `s3rver` process that keeps its objects in a folder.
struct S3Server {
    child: Child,
    port: u16,
}

impl S3Server {
    async fn start(folder: &Path, port: u16) -> Self {
        let s3rver = concat!(env!("CARGO_MANIFEST_DIR"), "/end2end/node_modules/.bin/s3rver");
        let child = Command::new(s3rver)
            .arg("--directory")
            .arg(folder.join("s3"))
            .args(["--port", &port.to_string(), "--configure-bucket", "photos", "--silent"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let bucket = Self { child, port };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return bucket;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("s3rver does not answer");
    }

    /// Sets the environment of `command` so that it uses this bucket.
    fn configure(&self, command: &mut Command) {
        command
            .env("CHUANGQUAN_PHOTO_STORE", "s3://photos/street")
            .env("AWS_ACCESS_KEY_ID", "S3RVER")
            .env("AWS_SECRET_ACCESS_KEY", "S3RVER")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port));
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn photos_live_in_a_bucket_and_keep_their_privacy() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    let bucket = S3Server::start(folder, free_port()).await;
    let mut serve = program(&database.url, folder);
    bucket.configure(serve.arg("serve"));
    let server = Process::serve(serve);

    let mut reporter = Visitor::new(&server.url);
    reporter.get("/").await;
    let photo = jpeg(1200, 900);
    let code = reporter.report("grid-01", std::slice::from_ref(&photo)).await;
    let page = reporter.get(&format!("/reports/{code}")).await.text().await.unwrap();
    let id = html::photo_ids(&page).remove(0);
    let path = format!("/photos/{id}");
    let mut stranger = reporter.new_visitor();
    assert_eq!(reporter.get(&path).await.status(), StatusCode::OK);
    assert_eq!(stranger.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert!(folder.join("s3/photos/street").is_dir(), "stored in the bucket");
    assert!(!folder.join("photos").exists(), "no local photo folder");

    // A backup contains the photos and can be restored into a folder.
    let copy = folder.join("copy");
    let mut backup = program(&database.url, folder);
    bucket.configure(backup.arg("backup").arg(&copy));
    assert_eq!(run(&mut backup).0, Some(0));
    let other = Database::new(Kind::Sqlite).await;
    let mut restore = program(&other.url, other.folder.path());
    assert_eq!(run(restore.arg("restore").arg(&copy)).0, Some(0));
    let restored = other.folder.path().join("photos").join(&id[..2]).join(format!("{id}.jpg"));
    assert!(restored.is_file());

    // The bucket is not reachable: 503 with Retry-After, and nothing is stored.
    let port = bucket.port;
    drop(bucket);
    let unavailable = reporter.get(&path).await;
    assert_eq!(unavailable.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(unavailable.headers().contains_key(header::RETRY_AFTER));
    let file = [("photos", "photo.jpg", photo)];
    stranger.get("/").await;
    let form = stranger.multipart("/report", &report_fields("grid-01"), &file);
    let refused = stranger.send(form).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let page = refused.text().await.unwrap();
    assert!(page.contains("三楼堆了旧家具") && page.contains("还没有提交"), "{page}");
    assert_eq!(
        stranger.get("/readyz").await.status(),
        StatusCode::NO_CONTENT,
        "otherwise the load balancer would remove all nodes"
    );
    assert_eq!(stranger.get("/").await.status(), StatusCode::OK);
    assert_eq!(database.number("SELECT COUNT(*) FROM reports").await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM photos WHERE serial IS NOT NULL").await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM photos WHERE visitor IS NOT NULL").await, 0);

    let bucket = S3Server::start(folder, port).await;
    assert_eq!(reporter.get(&path).await.status(), StatusCode::OK);
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(5)).success());
    drop(bucket);
}

#[test]
fn an_unknown_photo_store_scheme_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/chuangquan.db", folder.path().display());
    let mut serve = program(&url, folder.path());
    serve.arg("serve").env("CHUANGQUAN_PHOTO_STORE", "ftp://photos");
    let (code, text) = run(&mut serve);
    assert_eq!(code, Some(1));
    assert!(text.contains("must be a folder, or s3://BUCKET/PREFIX"), "{text}");
}
