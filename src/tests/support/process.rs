//! The server program as a process: start, run, terminate, kill.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

/// Path of the program: `PROGRAM` if set, else the one that was built with the tests.
pub fn executable() -> PathBuf {
    std::env::var_os("PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_chuangquan").into(), Into::into)
}

/// A command that runs the program with test settings only.
pub fn program(database_url: &str, folder: &Path) -> Command {
    let mut command = Command::new(executable());
    command.current_dir(folder);
    set_environment(&mut command, database_url, folder);
    command
}

/// Sets the environment of a test.
pub fn set_environment(command: &mut Command, database_url: &str, folder: &Path) {
    command
        .env("CHUANGQUAN_DATABASE_URL", database_url)
        .env("CHUANGQUAN_SECRET_FILE", folder.join("secret"))
        .env("CHUANGQUAN_PHOTO_STORE", folder.join("photos"))
        .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
        .env("LEPTOS_HASH_FILES", "false")
        .env("RUST_LOG", "warn")
        .env_remove("CHUANGQUAN_CAMPAIGN");
}

pub fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8(text).unwrap())
}

/// Adds the manager `manager`; returns the password.
pub fn add_manager(database_url: &str, folder: &Path) -> String {
    let mut add = program(database_url, folder);
    add.args(["staff", "add", "manager", "--name", "王测试", "--role", "manager"]);
    let (code, output) = run(&mut add);
    assert_eq!(code, Some(0), "{output}");
    output.split("password: ").nth(1).unwrap().trim().to_owned()
}

/// A server process.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    pub fn serve(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.map(|line| line.unwrap()).find_map(|line| {
            line.trim().strip_prefix("http://").map(|rest| format!("http://{rest}"))
        });
        Self { child, url: url.expect("the server prints its address") }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process has ended; panics after `patience`.
    pub fn ended_within(mut self, timeout: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < timeout, "the server has not ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // For tests that failed; does nothing if the process has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
