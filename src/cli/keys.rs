//! `uketsuke keys export`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{CliError, usage};
use crate::config::Loaded;
use crate::security::Keys;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Copies the key file.
    #[command(about = "鍵ファイルを書き出します（バックアップとは別の場所に保管してください）", help_template = usage::TEMPLATE)]
    Export(ExportArgs),
}

/// Arguments of `keys export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The new file.
    #[arg(value_name = "FILE", help_heading = "引数", help = "書き出すファイル（上書きしません）")]
    pub file: PathBuf,
}

/// Exports the keys.
///
/// # Errors
/// A sentence; there is no such file then.
pub fn run(args: &Args, loaded: &Loaded) -> Result<(), CliError> {
    let Action::Export(args) = &args.action;
    Keys::copy_file(&loaded.config.key_file(), &args.file).map_err(|error| CliError::Failed(error.to_string()))?;
    println!("{} に鍵を書き出しました。", args.file.display());
    println!("この鍵とバックアップの両方がそろうと、データを復元できます。バックアップとは別の場所に保管してください。");
    Ok(())
}
