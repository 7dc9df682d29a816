//! Opens the installation that the settings describe: data folder, keys, database, threads.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::CliError;
use crate::app::{App, Parts};
use crate::backup;
use crate::config::Config;
use crate::kernel::{Clock, Random, os};
use crate::letters::sheet;
use crate::mail::transport::{Deliver, Options, Transport};
use crate::pdf::{Apart, PdfError, Typesetter};
use crate::security::{Hasher, KeyError, Keys};
use crate::store::{Store, StoreError, StoreOptions};
use crate::web::Front;
use crate::web::layout::FooterLink;

/// The database file in the data folder.
pub const DATABASE: &str = "uketsuke.redb";
/// That of the demo: under another name, so that neither can be taken for the other.
pub const DEMO_DATABASE: &str = "demo.redb";

/// Opens everything for the server or for a command that works without one.
///
/// # Errors
/// A sentence that names the file or setting that cannot be used.
pub fn open(config: Config) -> Result<App, CliError> {
    let random = Random::system();
    let (keys, store) = open_data(&config, &random, DATABASE)?;
    let options = Options {
        timeout: Duration::from_secs(config.mail.timeout_seconds.into()),
        connections: config.mail.connections as usize,
        ..Options::default()
    };
    let transport =
        Transport::with(config.mail.smtp_url.clone(), options).map_err(|error| CliError::Failed(error.to_string()))?;
    let templates = Some(config.server.data_dir.join("templates"));
    assemble(Pieces {
        config,
        clock: Clock::system(),
        random,
        keys,
        store,
        transport: Arc::new(transport),
        templates,
        links: &[],
    })
}

/// Opens keys and database; makes folder and keys where there are none.
///
/// # Errors
/// A sentence that names the file that cannot be used.
pub fn open_data(config: &Config, random: &Random, database: &str) -> Result<(Keys, Store), CliError> {
    let folder = &config.server.data_dir;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| match error.kind() {
        // What is there already is no folder.
        ErrorKind::AlreadyExists => named(folder, &ErrorKind::NotADirectory.into()),
        _ => named(folder, &error),
    })?;
    let path = folder.join(database);
    let staging = folder.join(backup::STAGING);
    if staging.exists() {
        // A new database beside what a restore has left would look like the restored one, and be empty.
        if !path.exists() {
            return Err(CliError::Failed(format!(
                "{} は復元が途中で終わっています。uketsuke restore をもう一度実行してください",
                folder.display()
            )));
        }
        // The database gets its name last: this restore was only not tidied up after.
        fs::remove_dir_all(&staging).map_err(|error| named(&staging, &error))?;
    }
    let failed = |error: KeyError| CliError::Failed(error.to_string());
    // The file comes before the keys, so that keys without a file are no start that was killed.
    let made = for_the_owner_only(&path).map_err(|error| named(&path, &error))?;
    if made && config.key_file().exists() {
        tracing::warn!(file = %path.display(), "there are keys but no database; a new one is made");
    }
    let empty = fs::metadata(&path).is_ok_and(|there| there.len() == 0);
    let keys = Keys::load(&config.key_file(), random, empty).map_err(|error| {
        if made {
            // Only a folder without it counts as empty.
            fs::remove_file(&path).ok();
        }
        failed(error)
    })?;
    let store = open_store(&path)?;
    keys.confirm(&store).map_err(failed)?;
    Ok((keys, store))
}

/// For commands that must not make a new installation.
///
/// # Errors
/// A sentence when there is no database.
pub fn expect_database(config: &Config) -> Result<(), CliError> {
    let path = config.server.data_dir.join(DATABASE);
    if path.exists() {
        Ok(())
    } else {
        Err(CliError::Failed(format!("データベース {} がありません", path.display())))
    }
}

/// For commands that may make a new installation, but not an empty database in the place of one that was moved away.
///
/// # Errors
/// A sentence when there are keys but no database.
pub fn expect_no_lost_database(config: &Config) -> Result<(), CliError> {
    let (data, keys) = (&config.server.data_dir, config.key_file());
    let path = data.join(DATABASE);
    // A restore that was broken off has a sentence of its own.
    if path.exists() || !keys.is_file() || data.join(backup::STAGING).exists() {
        return Ok(());
    }
    Err(CliError::Failed(format!(
        "鍵ファイル {} はありますが、データベース {} がありません。元の場所に戻してください。新しく作るときは uketsuke serve で起動してください",
        keys.display(),
        path.display()
    )))
}

/// The folder may have been made by somebody else and stand open: the file itself must not. A new one is made empty, which the store
/// takes for new. Says whether it was made.
fn for_the_owner_only(path: &std::path::Path) -> std::io::Result<bool> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map(|()| false)
        }
        Err(error) => Err(error),
        Ok(_) => {
            // Its name must not be lost in a power cut after which the keys are there.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            fs::File::open(folder.unwrap_or_else(|| std::path::Path::new(".")))?.sync_all()?;
            Ok(true)
        }
    }
}

/// Opens a database file.
///
/// # Errors
/// A sentence; [`StoreError::InUse`] is told as a running server.
fn open_store(path: &std::path::Path) -> Result<Store, CliError> {
    Store::open(path, StoreOptions::default()).map_err(|error| match error {
        StoreError::InUse => CliError::Failed(format!("{} は別のプロセスが使用中です", path.display())),
        error @ StoreError::Newer { .. } => CliError::Failed(format!("{} は{}", path.display(), error.japanese())),
        other => {
            tracing::error!(error = %other, "the database cannot be opened");
            CliError::Failed(format!("{} を開けません: {}", path.display(), other.japanese()))
        }
    })
}

/// What an installation is put together from.
pub struct Pieces {
    /// Settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The keys.
    pub keys: Keys,
    /// The database.
    pub store: Store,
    /// The way out for mails.
    pub transport: Arc<dyn Deliver>,
    /// Where a federation's own letter templates lie.
    pub templates: Option<PathBuf>,
    /// Links in the last line of every page.
    pub links: &'static [FooterLink],
}

/// Puts an installation together from parts that are open already.
///
/// # Errors
/// A sentence when the hashing threads cannot start or a letter template does not compile.
pub fn assemble(pieces: Pieces) -> Result<App, CliError> {
    let Pieces { config, clock, random, keys, store, transport, templates, links } = pieces;
    let password = &config.password;
    let hasher = Hasher::start(keys.clone(), password.argon2_memory_kib, password.argon2_passes, password.argon2_lanes)
        .map_err(|error| CliError::Failed(format!("パスワードの計算を始められません（{error}）")))?;
    let typesetter = Typesetter::apart(&sheet::TEMPLATES, templates.as_deref(), Apart::default())
        .map_err(|error| CliError::Failed(unusable(&error)))?;
    let front = Front::with_links(&config, store.clone(), keys.clone(), clock.clone(), random.clone(), links);
    Ok(App::new(Parts {
        config: Arc::new(config),
        clock,
        random,
        store,
        keys,
        hasher,
        typesetter: Arc::new(typesetter),
        transport,
        front,
    }))
}

/// What typesetting says of a template is Typst's own English: it names the place, and whoever wrote the template knows the language.
fn unusable(error: &PdfError) -> String {
    match error {
        PdfError::Unreadable { path, source } => format!("様式 {} を読めません（{}）", path.display(), os::cause(source)),
        PdfError::TooSlow { templates, seconds } => format!("様式 {templates} のPDFを{seconds}秒以内に作れません"),
        PdfError::NotStarted(error) => format!("通知書のPDFを作るプロセスを起動できません（{}）", os::cause(error)),
        PdfError::Ended(status) => format!("通知書のPDFを作るプロセスが途中で終わりました（{status}）"),
        other => format!("通知書の様式を使えません（{other}）"),
    }
}

fn named(path: &std::path::Path, error: &std::io::Error) -> CliError {
    CliError::Failed(format!("{} を使えません（{}）", path.display(), os::cause(error)))
}
