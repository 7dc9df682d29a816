//! `uketsuke verify`.

use std::path::{Path, PathBuf};

use super::ask::{self, Bar, Tell};
use super::backup::{failed, steps};
use super::{CliError, installation, out};
use crate::app::App;
use crate::backup::{self, BackupError, Verified};
use crate::config::{Config, Loaded};
use crate::kernel::Random;
use crate::security::Keys;
use crate::store::{self, Store, StoreError, StoreOptions};

/// What the running server knows `verify` as.
pub const COMMAND: &str = "verify";

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A backup instead of the database in use.
    #[arg(value_name = "FILE", help_heading = "引数", help = "バックアップのファイル（省略時は使用中のデータベース）")]
    pub file: Option<PathBuf>,
}

/// Verifies and names what is damaged.
///
/// # Errors
/// A sentence when something is damaged or cannot be read.
pub fn run(args: &Args, loaded: &Loaded) -> Result<(), CliError> {
    keep_panics_quiet();
    let config = &loaded.config;
    let verified = match &args.file {
        Some(file) => {
            let bar = Bar::new();
            let verified = verify_with(config, &bar.tell(), |keys, tell| backup::verify_given(file, keys, tell));
            bar.clear();
            verified.map_err(|error| failed(&error))?
        }
        None => ask::ask_or(&config.server.data_dir, COMMAND, (), |(), tell| {
            installation::expect_database(config)?;
            own_database(config, &tell).map_err(|error| failed(&error))
        })?,
    };
    let findings = &verified.findings;
    let mut lines: Vec<String> = verified.notes.clone();
    lines.extend(findings.damage.iter().map(ToString::to_string));
    let more = findings.damages.saturating_sub(findings.damage.len() as u64);
    if more > 0 {
        lines.push(format!("ほか{more}件"));
    }
    if findings.damages > 0 {
        lines.push(String::new());
        // That there is damage is told even where the list of it cannot be.
        out::show(&lines.join("\n")).unwrap_or_else(|error| out::complain(&format!("{error}\n")));
        return Err(CliError::Failed(format!("{}行を読み、{}件の損傷が見つかりました", findings.rows, findings.damages)));
    }
    lines.push(format!("{}行を読みました。損傷はありません。\n", findings.rows));
    out::show(&lines.join("\n"))
}

/// Verifies the live database on a thread of its own.
///
/// # Errors
/// A sentence.
pub async fn perform(app: App, (): (), tell: Tell) -> Result<Verified, String> {
    let verify = move || {
        let mut steps = steps(&tell);
        backup::verify_live(&app, &mut |done, all| {
            steps("点検", done, all);
            true
        })
    };
    tokio::task::spawn_blocking(verify).await.map_err(|error| error.to_string())?.map_err(|error| error.japanese())
}

/// The database of a server that does not run: read only, so that nothing is altered that may be evidence. One that was not closed in
/// order is mended first, as every start does.
fn own_database(config: &Config, tell: &Tell) -> Result<Verified, BackupError> {
    let path = config.server.data_dir.join(installation::DATABASE);
    match verify(config, &path, tell) {
        Err(BackupError::Store(StoreError::Unclean)) => {
            drop(Store::open(&path, StoreOptions::default())?);
            verify(config, &path, tell)
        }
        other => other,
    }
}

fn verify(config: &Config, file: &Path, tell: &Tell) -> Result<Verified, BackupError> {
    verify_with(config, tell, |keys, tell| backup::verify_database(file, keys, tell))
}

fn verify_with(
    config: &Config,
    tell: &Tell,
    verify: impl FnOnce(Option<&Keys>, store::Tell<'_>) -> Result<Verified, BackupError>,
) -> Result<Verified, BackupError> {
    let key_file = config.key_file();
    let keys = key_file.exists().then(|| Keys::load(&key_file, &Random::system(), false)).transpose()?;
    let mut steps = steps(tell);
    verify(keys.as_ref(), &mut |done, all| {
        steps("点検", done, all);
        true
    })
}

/// A damaged file can make its reader panic. That is caught and told as damage; the panic's own words help nobody.
pub(super) fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|_| {}));
}
