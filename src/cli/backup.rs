//! `uketsuke backup`.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ask::{self, Tell};
use super::socket::Progress;
use super::{CliError, installation};
use crate::app::App;
use crate::audit::Actor;
use crate::backup::{self, BackupError, Taken};
use crate::config::Loaded;
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
    if file.exists() {
        return Err(failed(&BackupError::Exists(file.clone())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
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
    println!("{} に保存し、読み返して確かめました。", file.display());
    println!("{}（日本時間）の時点、{}行、{} MiB", jst::list_time(taken.at), taken.rows, taken.bytes.div_ceil(1024 * 1024));
    println!("鍵は含みません。まだなら uketsuke keys export で書き出し、別に保管してください。");
    Ok(())
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
    match backup::settle(from, to) {
        Err(BackupError::Io { error, .. }) if error.kind() == io::ErrorKind::CrossesDevices => {}
        other => return other.and_then(|()| own(to)),
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let at = |error| BackupError::Io { path: part.clone(), error };
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(at)?;
    let copied = io::copy(&mut fs::File::open(from).map_err(at)?, &mut out)
        .and_then(|_| out.sync_all())
        .map_err(at)
        // On another medium it is another file: it is read back as the first one was.
        .and_then(|()| read_back(&part, key_file))
        .and_then(|()| backup::settle(&part, to));
    copied.inspect_err(|_| drop(fs::remove_file(&part)))
}

fn read_back(file: &Path, key_file: &Path) -> Result<(), BackupError> {
    let keys = Keys::exported(key_file)?;
    let verified = backup::verify_file(file, Some(&keys), &mut |_, _| true)?;
    if verified.findings.damages > 0 { Err(BackupError::Damaged(verified.findings)) } else { Ok(()) }
}

/// The server's file becomes that of whoever asked, which only root can and need do.
fn own(file: &Path) -> Result<(), BackupError> {
    let at = |error| BackupError::Io { path: file.to_owned(), error };
    let me = rustix::process::geteuid().as_raw();
    if fs::metadata(file).map_err(at)?.uid() != me {
        std::os::unix::fs::chown(file, Some(me), None).map_err(at)?;
    }
    Ok(())
}

pub(super) fn failed(error: &BackupError) -> CliError {
    CliError::Failed(error.to_string())
}
