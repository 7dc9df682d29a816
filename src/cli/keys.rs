//! `uketsuke keys export`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ask::{self, Tell};
use super::{CliError, installation, out, usage};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::config::Loaded;
use crate::security::Keys;
use crate::store::StoreError;

/// What the running server knows the note of an export as.
pub const COMMAND: &str = "keys exported";

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

/// Exports the keys, and has the audit log tell so. Where the log cannot be written they are exported all the same: this may be the day
/// on which they are needed.
///
/// # Errors
/// A sentence; there is no such file then.
pub fn run(args: &Args, loaded: Loaded) -> Result<(), CliError> {
    let Action::Export(args) = &args.action;
    Keys::copy_file(&loaded.config.key_file(), &args.file).map_err(|error| CliError::Failed(error.to_string()))?;
    let said = out::tell(&format!(
        "{} に鍵を書き出しました。\nこの鍵とバックアップの両方がそろうと、データを復元できます。バックアップとは別の場所に保管してください。\n",
        args.file.display()
    ));
    let data_folder = loaded.config.server.data_dir.clone();
    let told: Result<(), CliError> = ask::ask_or(&data_folder, COMMAND, (), |(), tell| {
        installation::expect_database(&loaded.config)?;
        ask::alone(loaded.config, (), tell, perform)
    });
    if let Err(error) = told {
        out::complain(&format!("鍵を書き出したことを監査記録に残せませんでした: {error}\n"));
    }
    said
}

/// Writes into the audit log that the keys were exported.
///
/// # Errors
/// A sentence.
pub async fn perform(app: App, (): (), _: Tell) -> Result<(), String> {
    let moment = app.moment();
    let told = app.store.write(move |tx| audit::record(tx, &moment, Event::new(Actor::Console, "keys.export"))).await;
    told.map_err(|error: StoreError| error.japanese())
}
