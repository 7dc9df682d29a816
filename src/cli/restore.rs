//! `uketsuke restore`.

use std::path::PathBuf;

use super::ask::Bar;
use super::backup::{failed, steps};
use super::{CliError, installation, verify};
use crate::backup;
use crate::config::Loaded;
use crate::kernel::jst;

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "オプション")]
pub struct Args {
    /// The backup.
    #[arg(value_name = "FILE", help_heading = "引数", help = "バックアップのファイル")]
    pub file: PathBuf,
    /// Exported keys, where there are none yet.
    #[arg(long, value_name = "FILE", help = "uketsuke keys export で書き出した鍵（鍵ファイルがまだないとき）")]
    pub keys: Option<PathBuf>,
}

/// Restores and says what came back.
///
/// # Errors
/// A sentence; the data folder is as empty as before.
pub fn run(args: &Args, loaded: &Loaded) -> Result<(), CliError> {
    verify::keep_panics_quiet();
    let bar = Bar::new();
    let mut tell = steps(&bar.tell());
    let restored = backup::restore(&loaded.config, installation::DATABASE, &args.file, args.keys.as_deref(), &mut tell);
    bar.clear();
    let restored = restored.map_err(|error| failed(&error))?;
    let of = restored.at.map(|at| format!("（{}、日本時間の時点）", jst::list_time(at))).unwrap_or_default();
    println!("{} に{}行{of}を復元し、読み返して確かめました。", loaded.config.server.data_dir.display(), restored.rows);
    if restored.files > 0 {
        println!("様式などのファイル{}個も戻しました。", restored.files);
    }
    if restored.keys_installed {
        println!("鍵を {} に置きました。", loaded.config.key_file().display());
    }
    println!("uketsuke serve で起動できます。");
    Ok(())
}
