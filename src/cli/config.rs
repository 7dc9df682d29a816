//! `uketsuke config show` and `uketsuke config check`.

use clap::Subcommand;

use super::{CliError, out, usage};
use crate::config::Loaded;

/// Which of the two.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Action {
    /// Prints the effective settings.
    #[command(about = "いま効いている設定と、それぞれの出どころを表示します（パスワードは伏せます）", help_template = usage::TEMPLATE)]
    Show,
    /// Says whether `serve` would start with them.
    #[command(about = "設定に誤りがないか点検します", help_template = usage::TEMPLATE)]
    Check,
}

/// Shows or checks. Loading already refused what is wrong in itself.
///
/// # Errors
/// `check` fails where `serve` would.
pub fn run(args: &Args, loaded: &Loaded) -> Result<(), CliError> {
    let file = loaded.file.as_ref().map_or_else(|| "なし".to_owned(), |path| path.display().to_string());
    let text = match args.action {
        Action::Show => format!("# 設定ファイル: {file}\n{}", loaded.show()),
        Action::Check => {
            loaded.ready_to_serve()?;
            format!("設定に誤りはありません（設定ファイル: {file}）\n")
        }
    };
    out::show(&text)
}
