//! The files of `deploy/` fit together and let in only whom they should.

use std::{fs, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The words of an INI or nginx file without its comments, line by line.
fn lines(text: &str) -> Vec<String> {
    let bare = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    bare.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_unit_is_tight() {
    // 20 is an exposure of 2.0; no unit of systemd's own reaches 10.
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(root().join("deploy/chuangquan.service"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_socket_listens_on_loopback_where_nginx_asks() {
    let socket = lines(&read("deploy/chuangquan.socket"));
    let unit = lines(&read("deploy/chuangquan.service"));
    let nginx = lines(&read("deploy/nginx.conf"));
    assert!(socket.contains(&"ListenStream=127.0.0.1:3000".into()), "{socket:?}");
    assert!(nginx.contains(&"server 127.0.0.1:3000 max_fails=0;".into()), "{nginx:?}");
    assert!(unit.contains(&"Environment=CHUANGQUAN_TRUSTED_PROXIES=127.0.0.1".into()), "{unit:?}");
    assert_eq!(socket.iter().filter(|line| line.starts_with("ListenStream=")).count(), 1);
}

#[test]
fn nginx_passes_on_only_its_own_word() {
    let nginx = lines(&read("deploy/nginx.conf"));
    let header: Vec<_> = nginx.iter().filter(|line| line.contains("X-Forwarded-For")).collect();
    assert_eq!(header, ["proxy_set_header X-Forwarded-For $remote_addr;"]);
}

/// Distributions set 768, which 320 open pages use up.
#[test]
fn nginx_has_connections_for_twelve_thousand_pages() {
    let nginx = lines(&read("deploy/nginx.conf"));
    let number = |setting: &str| {
        let line = nginx.iter().find_map(|line| line.strip_prefix(setting)).unwrap();
        line.trim_matches([' ', ';']).parse::<u32>().unwrap()
    };
    let connections = number("worker_connections ");
    assert!(connections >= 12_000 * 2 * 12 / 10, "{connections}");
    assert!(number("worker_rlimit_nofile ") >= 2 * connections);
    assert!(number("limit_conn streams ") <= connections / 2);
    for setting in ["events {", "http {", "limit_conn_status 503;", "client_header_timeout 15s;"] {
        assert!(nginx.contains(&setting.into()), "{setting}");
    }
    let unit = lines(&read("deploy/chuangquan.service"));
    assert!(unit.contains(&"LimitNOFILE=65536".into()), "{unit:?}");
}

#[test]
fn advisories_are_asked_before_anything_lands() {
    let makefile = read("Makefile");
    let supply = makefile.split("\nsupply:").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(supply.contains("tools/advisories.sh"), "{supply}");
    assert!(lines(&read(".ci/run")).contains(&"make supply browsers".into()));

    // Where no database can be had, it says so, and fails only where it must be had.
    let empty = tempfile::tempdir().unwrap();
    let ask = |required: &str| {
        Command::new(root().join("tools/advisories.sh"))
            .env("CARGO_HOME", empty.path())
            .env("GIT_SSH_COMMAND", "false")
            .env("https_proxy", "http://127.0.0.1:1")
            .env("npm_config_registry", "http://127.0.0.1:1/")
            .env("ADVISORIES", required)
            .output()
            .unwrap()
    };
    let output = ask("");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.matches("NOT asked").count() == 2, "{output:?}");
    assert!(!ask("required").status.success());
}
