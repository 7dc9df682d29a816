//! An installation on the disk: data folder, key file and settings, as `serve` would have them.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use uketsuke::app::App;
use uketsuke::backup::{self, BackupError, Given, Restored, Taken};
use uketsuke::cli::installation::{DATABASE, open_data};
use uketsuke::config::Config;
use uketsuke::kernel::{Clock, Random};

use super::TestApp;

/// A folder with `data`, `data.keys` and `config.toml`.
pub struct Installed(TempDir);

/// What a command answered.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Installed {
    /// Nothing in it yet but the settings.
    pub fn new() -> Self {
        let new = Self(tempfile::tempdir().unwrap());
        new.configure("");
        new
    }

    /// Writes the settings again, with these lines in front.
    pub fn configure(&self, more: &str) {
        let federation = "prefecture = \"13\"\nname = \"連合会\"\ndepartment = \"介護課\"\ntelephone = \"0000-07-0000\"\npostal_code = \"000-0007\"\naddress = \"架空町\"\n";
        let text = format!(
            "{more}\n[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[mail]\nfrom = \"uketsuke@example.jp\"\n[[federation]]\n{federation}"
        );
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    /// A path beside the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join(DATABASE)
    }

    pub fn key_file(&self) -> PathBuf {
        self.path("data.keys")
    }

    /// The demo's settings with these folders.
    pub fn config(&self) -> Config {
        let mut config = Config::demo();
        config.server.data_dir = self.data();
        config
    }

    /// Opens it as the server does. Mails may be left behind.
    pub async fn open(&self, change: impl FnOnce(&mut Config)) -> TestApp {
        let config = self.config();
        let opened = tokio::task::spawn_blocking(move || open_data(&config, &Random::system(), DATABASE));
        let (keys, store) = opened.await.unwrap().unwrap();
        let data = self.data();
        let mut app = TestApp::with_keys(store, keys, |config| {
            config.server.data_dir = data;
            change(config);
        });
        app.may_leave_mails = true;
        app
    }

    /// Restores a backup with the present or these keys.
    pub async fn restore(&self, file: &Path, keys: Option<&Path>) -> Result<Restored, BackupError> {
        self.restore_after(file, keys, Given::default()).await
    }

    /// The same, where these numbers were given out after the backup.
    pub async fn restore_after(&self, file: &Path, keys: Option<&Path>, given: Given) -> Result<Restored, BackupError> {
        let (config, file, keys) = (self.config(), file.to_owned(), keys.map(Path::to_owned));
        let work =
            move || backup::restore(&config, DATABASE, &file, keys.as_deref(), given, Clock::system().now(), &mut |_, _, _| {});
        tokio::task::spawn_blocking(work).await.unwrap()
    }

    /// Runs the program with these words and these settings.
    pub fn run(&self, words: &[&str]) -> Said {
        let out = self.command(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: out.status.code(), out: text(out.stdout), err: text(out.stderr) }
    }

    /// The program with these words and these settings, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_uketsuke"));
        command.args(words).arg("--config").arg(self.path("config.toml")).current_dir(self.0.path());
        command
    }
}

/// Takes a backup off the runtime's threads, as the server does.
pub async fn take(app: &App, file: &Path) -> Result<Taken, BackupError> {
    let (app, file) = (app.clone(), file.to_owned());
    tokio::task::spawn_blocking(move || backup::take(&app, &file, &mut |_, _, _| {})).await.unwrap()
}

/// Alters one byte of every place where `needle` stands in a file, as a failing disk would; says how many.
pub fn flip(file: &Path, needle: &[u8]) -> usize {
    let mut bytes = std::fs::read(file).unwrap();
    let places: Vec<usize> = bytes.windows(needle.len()).enumerate().filter(|(_, at)| *at == needle).map(|(at, _)| at).collect();
    for at in &places {
        // A letter becomes another letter: the record still has its form.
        bytes[at + needle.len() - 1] ^= 1;
    }
    std::fs::write(file, bytes).unwrap();
    places.len()
}
