//! `uketsuke staff add | disable | reset-authenticator`.

use clap::{Subcommand, ValueEnum};

use super::ask::{self, Tell};
use super::{CliError, out, usage};
use crate::app::App;
use crate::config::Loaded;
use crate::kernel::Prefecture;
use crate::staff::{self, Command, Done};

/// What the running server knows these commands as.
pub const COMMAND: &str = "staff";

/// Does the command and prints what came of it.
///
/// # Errors
/// A sentence; nothing was changed then.
pub fn run(args: &Args, loaded: Loaded) -> Result<(), CliError> {
    let done: Done = ask::ask(loaded, COMMAND, args.action.command(), perform)?;
    out::tell(&done.text()).inspect_err(|_| {
        // The link itself was meant for stdout: stderr may be somebody's log.
        if let (Some(_), Action::Add(AddArgs { name, .. }) | Action::ResetAuthenticator(NameArgs { name })) = (&done.link, &args.action) {
            out::complain(&format!(
                "職員「{name}」を登録しましたが、登録用リンクを表示できていません。uketsuke staff reset-authenticator {name} で新しいリンクを表示してください\n"
            ));
        }
    })
}

/// Performs a command on the installation.
///
/// # Errors
/// A sentence; nothing was changed then.
pub async fn perform(app: App, command: Command, _: Tell) -> Result<Done, String> {
    staff::administer(&app.store, &app.config, app.moment(), command).await.map_err(|error| error.to_string())
}

/// Arguments of `staff`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with staff.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Adds a member and prints a one-time enrolment link.
    #[command(about = "職員を加え、1回だけ使える登録用リンクを表示します", help_template = usage::TEMPLATE)]
    Add(AddArgs),
    /// Ends a member's access.
    #[command(about = "職員の利用を止めます", help_template = usage::TEMPLATE)]
    Disable(NameArgs),
    /// Prints a new one-time enrolment link.
    #[command(about = "職員の認証アプリを登録し直すリンクを表示します", help_template = usage::TEMPLATE)]
    ResetAuthenticator(NameArgs),
}

impl Action {
    fn command(&self) -> Command {
        match self {
            Self::Add(args) => Command::Add { name: args.name.clone(), scope: args.prefecture.into(), role: args.role.into() },
            Self::Disable(args) => Command::Disable { name: args.name.clone() },
            Self::ResetAuthenticator(args) => Command::ResetAuthenticator { name: args.name.clone() },
        }
    }
}

impl From<Scope> for staff::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::One(prefecture) => Self::One(prefecture),
            Scope::All => Self::All,
        }
    }
}

impl From<Role> for staff::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Clerk => Self::Clerk,
            Role::Approver => Self::Approver,
            Role::Admin => Self::Admin,
            Role::Operator => Self::Operator,
        }
    }
}

/// Arguments of `staff add`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "オプション")]
pub struct AddArgs {
    /// The name used at login.
    #[arg(value_name = "NAME", help_heading = "引数", help = "職員名（ログインに使います）")]
    pub name: String,
    /// Where the member works.
    #[arg(long, value_name = "NN|all", value_parser = scope, help = "都道府県番号（01〜47）、すべてなら all")]
    pub prefecture: Scope,
    /// What the member may do.
    #[arg(
        long,
        value_enum,
        value_name = "ROLE",
        hide_possible_values = true,
        help = "役割: clerk（受付担当）・approver（承認者）・admin（管理者）・operator（ポータル運営）"
    )]
    pub role: Role,
}

/// Arguments that name a member.
#[derive(Debug, clap::Args)]
pub struct NameArgs {
    /// The name used at login.
    #[arg(value_name = "NAME", help_heading = "引数", help = "職員名")]
    pub name: String,
}

/// One federation, or the whole installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only this federation.
    One(Prefecture),
    /// All of them.
    All,
}

/// Roles as typed (spec 1, People).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// 受付担当.
    Clerk,
    /// 承認者.
    Approver,
    /// 管理者.
    Admin,
    /// ポータル運営.
    Operator,
}

fn scope(text: &str) -> Result<Scope, String> {
    if text == "all" {
        return Ok(Scope::All);
    }
    Prefecture::parse(text).map(Scope::One).ok_or_else(|| "都道府県番号を 01 から 47 までの2桁か all で書いてください".into())
}
