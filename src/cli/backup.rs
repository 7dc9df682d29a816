//! `uketsuke backup`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ask::{self, Tell};
use super::socket::Progress;
use super::{CliError, installation, out};
use crate::app::App;
use crate::audit::Actor;
use crate::backup::{self, BackupError, Taken};
use crate::config::Loaded;
use crate::kernel::caller::{as_caller, open_plain, works_for_another};
use crate::kernel::jst;
use crate::security::Keys;
use crate::store::StoreError;

/// What the running server knows `backup` as.
pub const COMMAND: &str = "backup";

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new file.
    #[arg(value_name = "FILE", help_heading = "引数", help = "作るバックアップのファイル（上書きしません）")]
    pub file: PathBuf,
}

/// Takes a backup and says where it is.
///
/// # Errors
/// A sentence; there is no such file then.
pub fn run(args: &Args, loaded: Loaded) -> Result<(), CliError> {
    let file = &args.file;
    // Before minutes of work.
    if as_caller(|| file.exists()) {
        return Err(failed(&BackupError::Exists(file.clone())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !as_caller(|| folder.is_dir()) {
        return Err(CliError::Failed(format!("フォルダー {} がありません", folder.display())));
    }
    let key_file = loaded.config.key_file();
    let data_folder = loaded.config.server.data_dir.clone();
    let taken: Taken = ask::ask_or(&data_folder, COMMAND, (), |(), tell| {
        installation::expect_database(&loaded.config)?;
        ask::alone(loaded.config, (), tell, perform)
    })?;
    let fetched = fetch(&taken.file, file, &key_file);
    // Fetched or not: nobody asks for it again.
    fs::remove_file(&taken.file).ok();
    fetched.map_err(|error| failed(&error))?;
    out::tell(&format!(
        "{} に保存し、読み返して確かめました。\n{}（日本時間）の時点、{}行、{} MiB\n鍵は含みません。まだなら uketsuke keys export で書き出し、別に保管してください。\n",
        file.display(),
        jst::list_time(taken.at),
        taken.rows,
        taken.bytes.div_ceil(1024 * 1024)
    ))
}

/// Takes a backup on a thread of its own.
///
/// # Errors
/// A sentence.
pub async fn perform(app: App, (): (), tell: Tell) -> Result<Taken, String> {
    let working = app.clone();
    let taken = tokio::task::spawn_blocking(move || backup::take_aside(&working, &mut steps(&tell)))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let (moment, noted) = (app.moment(), taken.clone());
    let written = app.store.write(move |tx| backup::record(tx, &moment, Actor::Console, &noted)).await;
    written.map_err(|error: StoreError| {
        fs::remove_file(&taken.file).ok();
        error.japanese()
    })?;
    Ok(taken)
}

/// Hands steps of the work on to whoever shows them.
pub(super) fn steps(tell: &Tell) -> impl FnMut(&str, u64, u64) + use<> {
    let tell = Arc::clone(tell);
    move |what, done, all| tell(Progress { done, total: Some(all), message: what.to_owned() })
}

/// Brings the finished backup to where it was asked for.
fn fetch(from: &Path, to: &Path, key_file: &Path) -> Result<(), BackupError> {
    // What lies in another's folder gets no second name elsewhere: it is copied, as to another disk.
    if !works_for_another() {
        match backup::settle(from, to) {
            Err(BackupError::Io { error, .. }) if error.kind() == io::ErrorKind::CrossesDevices => {}
            other => return other,
        }
    }
    let keys = Keys::exported(key_file)?;
    let mut file = open_plain(from).map_err(|error| BackupError::Io { path: from.to_owned(), error })?;
    as_caller(|| copy(&mut file, to, &keys))
}

fn copy(file: &mut File, to: &Path, keys: &Keys) -> Result<(), BackupError> {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let at = |error| BackupError::Io { path: part.clone(), error };
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(at)?;
    let copied = io::copy(file, &mut out)
        .and_then(|_| out.sync_all())
        .map_err(at)
        // It is another file: it is read back as the first one was.
        .and_then(|()| read_back(&part, keys))
        .and_then(|()| backup::settle(&part, to));
    copied.inspect_err(|_| drop(fs::remove_file(&part)))
}

fn read_back(file: &Path, keys: &Keys) -> Result<(), BackupError> {
    let verified = backup::verify_backup(file, keys, &mut |_, _| true)?;
    if verified.findings.damages > 0 { Err(BackupError::Damaged(verified.findings)) } else { Ok(()) }
}

pub(super) fn failed(error: &BackupError) -> CliError {
    CliError::Failed(error.to_string())
}
