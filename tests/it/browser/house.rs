//! The real program in a folder of its own, with a real SMTP server.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::sink::{Mail, Mode, Sink};

const PROGRAM: &str = env!("CARGO_BIN_EXE_uketsuke");
/// Longest wait for the server; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// An installation with its server running.
pub struct House {
    pub url: String,
    pub sink: Sink,
    server: Child,
    folder: TempDir,
    port: u16,
}

impl House {
    /// Two federations, 07 and 13, and the ledger `csv`, taken over before the server starts.
    pub fn open(csv: &str) -> Self {
        Self::open_with(csv, "")
    }

    /// The same with further sections in its `config.toml`.
    pub fn open_with(csv: &str, sections: &str) -> Self {
        Self::open_over(csv, sections, Sink::start(Mode::Accept))
    }

    /// The same with this mail server.
    pub fn open_over(csv: &str, sections: &str, sink: Sink) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let url = format!("http://localhost:{port}");
        std::fs::write(folder.path().join("config.toml"), config(port, &sink.url()) + sections).unwrap();
        std::fs::write(folder.path().join("ledger.csv"), csv).unwrap();
        let ledger = folder.path().join("ledger.csv");
        run(folder.path(), &["ledger", "import", ledger.to_str().unwrap()]);
        let server = serve(folder.path(), port);
        Self { url, sink, server, folder, port }
    }

    /// The server dies, and another one starts on what it has left.
    pub fn restart(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.server = serve(self.folder.path(), self.port);
    }

    /// Runs a command beside the running server; what it printed.
    pub fn command(&self, arguments: &[&str]) -> String {
        run(self.folder.path(), arguments)
    }

    /// The newest mail to this address, once there are `n` of them.
    pub fn mail(&self, to: &str, n: usize) -> Mail {
        let end = Instant::now() + DEADLINE;
        let mut all = 0;
        loop {
            let mails = self.sink.wait_for(all);
            let mut own: Vec<Mail> = mails.iter().filter(|mail| mail.to.iter().any(|one| one == to)).cloned().collect();
            if own.len() >= n {
                return own.swap_remove(n - 1);
            }
            assert!(Instant::now() < end, "mail {n} to {to} did not come");
            all = mails.len() + 1;
        }
    }

    /// Where `config.toml`, the keys and the data folder lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_file(self.folder.path())).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A running demo.
pub struct Demo {
    process: Child,
    pub url: String,
    /// Where its data stay, if they outlive the process.
    folder: Option<TempDir>,
}

impl Demo {
    /// Starts on the morning of 2026-01-20.
    pub fn start() -> Self {
        Self::start_at("2026-01-20T10:00:00+09:00")
    }

    /// Starts at another time.
    pub fn start_at(now: &str) -> Self {
        let (process, url) = demo("127.0.0.1:0", now, None);
        Self { process, url, folder: None }
    }

    /// Starts on the morning of 2026-01-20, with data that stay.
    pub fn start_to_stay() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, url) = demo("127.0.0.1:0", "2026-01-20T10:00:00+09:00", Some(folder.path()));
        Self { process, url, folder: Some(folder) }
    }

    /// Ends, and starts at this time on the data and at the address of before. The mails are gone.
    pub fn go_on_at(&mut self, now: &str) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let listen = self.url.replace("http://", "");
        (self.process, self.url) = demo(&listen, now, Some(self.folder().as_path()));
    }

    /// The folder of a demo whose data stay.
    pub fn folder(&self) -> PathBuf {
        self.folder.as_ref().expect("started to stay").path().to_path_buf()
    }
}

/// The process, and where it is reached.
fn demo(listen: &str, now: &str, folder: Option<&Path>) -> (Child, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--listen", listen, "--now", now]);
    if let Some(folder) = folder {
        command.arg("--data").arg(folder);
    }
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find(|line| line.trim().starts_with("http://localhost:")).expect("the demo says where it is");
    std::thread::spawn(move || lines.for_each(drop));
    (process, url.trim().to_owned())
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Settings of an installation with two federations, 07 and 13.
pub fn config(port: u16, smtp: &str) -> String {
    let federation = |code: &str, name: &str| {
        format!(
            "[[federation]]\nprefecture = \"{code}\"\nname = \"{name}国民健康保険団体連合会\"\ndepartment = \"介護保険課\"\n\
             telephone = \"0000-{code}-0000\"\npostal_code = \"000-00{code}\"\naddress = \"{name}架空市見本町1-1\"\n\
             paragraph = \"返信用封筒をお送りください。\"\n\n"
        )
    };
    format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\ndata_dir = \"data\"\nmetrics_listen = \"off\"\n\n\
         [mail]\nsmtp_url = \"{smtp}\"\nfrom = \"受付係 <uketsuke@example.jp>\"\nhelp_desk = \"0000-00-0000\"\n\n{}{}",
        federation("07", "福島県"),
        federation("13", "東京都"),
    )
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program with the settings of this folder.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    // Settings of whoever runs the tests must not reach the program.
    let own = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("UKETSUKE_"));
    own.for_each(|name| {
        command.env_remove(name);
    });
    command.current_dir(folder).arg("--config").arg(folder.join("config.toml")).stdin(Stdio::null());
    command
}

/// What a command prints that must not fail.
pub fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.txt")
}

fn serve(folder: &Path, port: u16) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log_file(folder)).unwrap();
    let mut server = program(folder).arg("serve").stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
        let ended = server.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < end, "{}", std::fs::read_to_string(log_file(folder)).unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}
