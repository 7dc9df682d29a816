//! The command line: one file per command, each with its arguments and `run(args, loaded)`.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use. A failure is one sentence on stderr, wrong settings one sentence each.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};

use crate::config::{ConfigErrors, Loaded};

pub mod account;
pub mod ask;
pub mod backup;
pub mod config;
pub mod console;
pub mod demo;
pub mod installation;
pub mod keys;
pub mod ledger;
pub mod listening;
pub mod logging;
mod memory;
mod out;
mod owner;
mod press;
pub mod restore;
pub mod serve;
pub mod serving;
pub mod socket;
pub mod staff;
pub mod staged;
#[cfg(test)]
mod tests;
mod tls;
mod unfailing;
mod usage;
pub mod verify;

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "uketsuke",
    version,
    about = "介護電子請求受付の窓口: 失われたログイン情報の再発行を、申請から通知書の印刷まで受け持ちます",
    help_template = usage::TEMPLATE,
    subcommand_help_heading = "コマンド",
    subcommand_value_name = "コマンド",
    next_help_heading = "オプション",
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "設定ファイル（省略時はデータのフォルダーの隣の config.toml、なければ既定値）"
    )]
    pub config: Option<PathBuf>,
    /// Shows help.
    #[arg(short, long, global = true, action = ArgAction::Help, help = "使い方を表示します")]
    help: Option<bool>,
    /// Shows the version.
    #[arg(short = 'V', long, action = ArgAction::Version, help = "バージョンを表示します")]
    version: Option<bool>,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything in one process on built-in data.
    #[command(about = "架空のデータで、すべての機能を試します", help_template = usage::TEMPLATE)]
    Demo(demo::Args),
    /// Shows or checks the settings.
    #[command(about = "設定を表示・点検します", help_template = usage::TEMPLATE, subcommand_help_heading = "コマンド", subcommand_value_name = "コマンド")]
    Config(config::Args),
    /// The server.
    #[command(about = "サーバーを起動します", help_template = usage::TEMPLATE)]
    Serve(serve::Args),
    /// The ledger.
    #[command(about = "事業所台帳を取り込みます", help_template = usage::TEMPLATE, subcommand_help_heading = "コマンド", subcommand_value_name = "コマンド")]
    Ledger(ledger::Args),
    /// First issue.
    #[command(about = "ユーザIDを発行します", help_template = usage::TEMPLATE, subcommand_help_heading = "コマンド", subcommand_value_name = "コマンド")]
    Account(account::Args),
    /// Staff members.
    #[command(about = "職員を加え、利用を止め、認証アプリを登録し直します", help_template = usage::TEMPLATE, subcommand_help_heading = "コマンド", subcommand_value_name = "コマンド")]
    Staff(staff::Args),
    /// A consistent copy.
    #[command(about = "動いているサーバーからも、一貫したバックアップをとります（鍵は含みません）", help_template = usage::TEMPLATE)]
    Backup(backup::Args),
    /// The keys.
    #[command(about = "鍵ファイルを書き出します", help_template = usage::TEMPLATE, subcommand_help_heading = "コマンド", subcommand_value_name = "コマンド")]
    Keys(keys::Args),
    /// Back from a backup.
    #[command(about = "バックアップを、空のデータのフォルダーに復元します", help_template = usage::TEMPLATE)]
    Restore(restore::Args),
    /// Every record and the audit log.
    #[command(about = "すべての記録と監査記録の連鎖を点検し、損傷を表示します", help_template = usage::TEMPLATE)]
    Verify(verify::Args),
}

/// Why a command did not do what was asked, as one Japanese sentence.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// It was tried and failed: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// It was asked wrongly: exit code 2.
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    /// 1 or 2.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl From<ConfigErrors> for CliError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Failed(errors.to_string())
    }
}

/// Reads the command line of the process, does what it says, and tells the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if press::is_asked() {
        return press::run();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error),
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&error),
    }
}

/// Tells why nothing came of it.
fn ended(error: &CliError) -> ExitCode {
    out::complain(&format!("{error}\n"));
    ExitCode::from(error.exit_code())
}

fn dispatch(cli: Cli) -> Result<(), CliError> {
    let load = || -> Result<Loaded, CliError> { Ok(crate::config::load(cli.config.as_deref(), std::env::vars_os())?) };
    // For all that touches the data folder.
    let own = |for_good: bool| -> Result<Loaded, CliError> {
        let loaded = load()?;
        owner::work_as_owner(&loaded.config.server.data_dir, for_good)?;
        Ok(loaded)
    };
    match cli.command {
        Command::Config(args) => config::run(&args, &load()?),
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args, own(true)?),
        Command::Ledger(args) => ledger::run(args, own(false)?),
        Command::Account(args) => account::run(args, own(false)?),
        Command::Staff(args) => staff::run(&args, own(false)?),
        Command::Backup(args) => backup::run(&args, own(false)?),
        Command::Keys(args) => keys::run(&args, own(false)?),
        Command::Restore(args) => restore::run(&args, &own(false)?),
        Command::Verify(args) => verify::run(&args, &own(false)?),
    }
}
