//! `uketsuke account issue`.

use clap::{Subcommand, ValueEnum};

use super::ledger::prefecture;
use super::usage;
use crate::kernel::{OfficeNumber, Prefecture};

/// Arguments of `account`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// First issue of user IDs.
    #[command(about = "ユーザIDを初めて発行します（通知書は印刷待ちに入ります）", help_template = usage::TEMPLATE)]
    Issue(IssueArgs),
}

/// Arguments of `account issue`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("offices").required(true).args(["all_new", "office"])))]
pub struct IssueArgs {
    /// The federation that issues.
    #[arg(long, value_name = "NN", value_parser = prefecture, help = "発行する連合会の都道府県番号（01〜47）")]
    pub prefecture: Prefecture,
    /// Every office of the ledger without an ID.
    #[arg(long, help = "台帳にあってユーザIDのないすべての事業所に発行します")]
    pub all_new: bool,
    /// Only these offices.
    #[arg(long, value_name = "NUMBER", num_args = 1.., value_parser = office_number, help = "発行する事業所番号（複数可）")]
    pub office: Vec<OfficeNumber>,
    /// Which wizard the offices meet.
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "KIND",
        help = "new（省略時、新規）か existing（既存: 利用規約とメールアドレス設定を省きます）"
    )]
    pub kind: Kind,
}

/// Kind of the accounts made (spec 2, First issue).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// 新規: the whole wizard.
    #[default]
    New,
    /// Offices that already had a login elsewhere.
    Existing,
}

fn office_number(text: &str) -> Result<OfficeNumber, String> {
    OfficeNumber::parse(text).map_err(|error| error.to_string())
}
