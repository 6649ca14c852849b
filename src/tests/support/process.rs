//! The program as a process: started, asked, told to end, killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

/// The file of the program: the one that `PROGRAM` names, else the one that was built with the
/// tests.
pub fn executable() -> PathBuf {
    std::env::var_os("PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_chuangquan").into(), Into::into)
}

/// The program with nothing of this machine's own settings.
pub fn program(database_url: &str, folder: &Path) -> Command {
    let mut command = Command::new(executable());
    command.current_dir(folder);
    set(&mut command, database_url, folder);
    command
}

/// Gives `command` the settings of a test.
pub fn set(command: &mut Command, database_url: &str, folder: &Path) {
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

/// Adds a manager whose login is `manager`; their password.
pub fn add_manager(database_url: &str, folder: &Path) -> String {
    let mut add = program(database_url, folder);
    add.args(["staff", "add", "manager", "--name", "王测试", "--role", "manager"]);
    let (code, said) = run(&mut add);
    assert_eq!(code, Some(0), "{said}");
    said.split("password: ").nth(1).unwrap().trim().to_owned()
}

/// A server that runs as a process of its own.
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
        Self { child, url: url.expect("the server says where it is") }
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

    /// Waits until it has ended; panics after `patience`.
    pub fn ended_within(mut self, patience: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < patience, "the server has not ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that has ended it is not harmed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
