//! `uketsuke account issue`.

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use super::ask::{self, Tell};
use super::ledger::prefecture;
use super::socket::Progress;
use super::{CliError, out, usage};
use crate::accounts;
use crate::app::App;
use crate::audit::Actor;
use crate::config::Loaded;
use crate::kernel::{OfficeNumber, Prefecture};
use crate::letters::{self, Issued, Offices};

/// What the running server knows `account issue` as.
pub const COMMAND: &str = "account issue";

/// Issues IDs and prints what came of it.
///
/// # Errors
/// A sentence; what was issued before it stays.
pub fn run(args: Args, loaded: Loaded) -> Result<(), CliError> {
    let Action::Issue(args) = args.action;
    if loaded.config.federation_of(args.prefecture).is_none() {
        return Err(CliError::Failed(format!("都道府県番号 {} の連合会は設定にありません", args.prefecture)));
    }
    let offices = if args.all_new { Offices::AllNew } else { Offices::These(args.office) };
    let order = Order { prefecture: args.prefecture, offices, existing: args.kind == Kind::Existing };
    let done: Issued = ask::ask(loaded, COMMAND, order, perform)?;
    out::tell(&(done.lines().join("\n") + "\n"))
}

/// What is sent to the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    prefecture: Prefecture,
    offices: Offices,
    existing: bool,
}

/// Issues on a thread of its own.
///
/// # Errors
/// A sentence; what was issued before it stays.
pub async fn perform(app: App, order: Order, tell: Tell) -> Result<Issued, String> {
    let issue = move || {
        let kind = if order.existing { accounts::Kind::Existing } else { accounts::Kind::New };
        let mut progress = |done: usize, all: usize| {
            tell(Progress { done: done as u64, total: Some(all as u64), message: "発行".to_owned() });
        };
        let time = (&app.clock, &app.random);
        letters::issue(&app.store, time, &Actor::Console, order.prefecture, &order.offices, kind, &mut progress)
    };
    tokio::task::spawn_blocking(issue).await.map_err(|error| error.to_string())?.map_err(|error| error.japanese())
}

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
