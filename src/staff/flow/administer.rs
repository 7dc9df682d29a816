//! What the system administrator does with staff at the command line: add, disable, reset the authenticator.
//!
//! The same function serves a command that opened the file itself and one that asks the running server.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::link::Token;
use super::super::model::{ENROLMENT_OPEN, Invitation, Member, NameError, StaffName, Stage};
use super::super::{Role, Scope, store};
use crate::audit::{self, Actor, Event};
use crate::config::Config;
use crate::kernel::{Id, Moment, jst};
use crate::passkeys;
use crate::security::devices;
use crate::security::sessions::{self, Subject};
use crate::store::{Store, StoreError, Tx};

/// What is to be done with a member of staff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Adds a member, or takes a disabled one back with this role and reach; both enrol by a new link.
    Add {
        /// As typed.
        name: String,
        /// Where they work.
        scope: Scope,
        /// What they may do.
        role: Role,
    },
    /// Ends a member's access at once.
    Disable {
        /// As typed.
        name: String,
    },
    /// Takes password and authenticator away and makes a new link: for a lost telephone and for a forgotten password.
    ResetAuthenticator {
        /// As typed.
        name: String,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// What was done, for the person at the command line.
    pub sentence: String,
    /// The enrolment link, shown once and nowhere else.
    pub link: Option<Link>,
}

/// An enrolment link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// Until when it opens.
    pub expires: Timestamp,
}

impl Done {
    /// The lines to print.
    #[must_use]
    pub fn text(&self) -> String {
        let Some(link) = &self.link else { return format!("{}\n", self.sentence) };
        let until = jst::sentence_time(link.expires);
        format!("{}\n次のリンクを本人だけに渡してください。1回だけ、{until}まで使えます。\n{}\n", self.sentence, link.url)
    }
}

/// Why it was not done, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not a name.
    #[error("{0}")]
    Name(#[from] NameError),
    /// The name belongs to somebody already.
    #[error("職員「{0}」は登録済みです。認証アプリやパスワードの登録し直しには staff reset-authenticator を使ってください")]
    Taken(StaffName),
    /// Nobody has this name.
    #[error("職員「{0}」は登録されていません")]
    Unknown(StaffName),
    /// The member is disabled already.
    #[error("職員「{0}」は利用停止中です。利用を再開するには staff add でもう一度登録してください")]
    Disabled(StaffName),
    /// The installation does not serve this prefecture.
    #[error("都道府県番号 {0} の連合会は設定の [[federation]] にありません")]
    NoFederation(crate::kernel::Prefecture),
    /// The database failed.
    #[error("{}", .0.japanese())]
    Store(#[from] StoreError),
}

/// Does what the command says, in one transaction.
///
/// # Errors
/// [`Refused`] as a sentence; nothing was changed then.
pub async fn administer(store: &Store, config: &Config, moment: Moment, command: Command) -> Result<Done, Refused> {
    if let Command::Add { scope: Scope::One(prefecture), .. } = command
        && config.federation_of(prefecture).is_none()
    {
        return Err(Refused::NoFederation(prefecture));
    }
    let base = config.server.public_url.to_string();
    store
        .write(move |tx| match &command {
            Command::Add { name, scope, role } => add(tx, &moment, &base, StaffName::parse(name)?, *scope, *role),
            Command::Disable { name } => disable(tx, &moment, StaffName::parse(name)?),
            Command::ResetAuthenticator { name } => reset(tx, &moment, &base, StaffName::parse(name)?),
        })
        .await
}

fn add(tx: &mut Tx<'_>, moment: &Moment, base: &str, name: StaffName, scope: Scope, role: Role) -> Result<Done, Refused> {
    let random = moment.part("staff add").random();
    let member = match store::by_name(tx, &name)? {
        Some(member) if member.disabled.is_none() => return Err(Refused::Taken(member.name)),
        Some(mut back) => {
            (back.disabled, back.scope, back.role) = (None, scope, role);
            back.strip();
            back
        }
        None => Member::new(Id::new(&random), name, role, scope, moment.now),
    };
    store::save(tx, &member)?;
    let link = invite(tx, moment, base, member.id)?;
    record(tx, moment, "staff.add", &member)?;
    let place = match scope {
        Scope::One(prefecture) => prefecture.name(),
        Scope::All => "すべての連合会",
    };
    Ok(Done {
        sentence: format!("職員「{}」を{}（{place}）として登録しました。", member.name, role.label()), link: Some(link)
    })
}

fn disable(tx: &mut Tx<'_>, moment: &Moment, name: StaffName) -> Result<Done, Refused> {
    let mut member = existing(tx, name)?;
    member.disabled = Some(moment.now);
    member.strip();
    store::save(tx, &member)?;
    store::drop_invitations(tx, member.id)?;
    shut_out(tx, member.id)?;
    record(tx, moment, "staff.disable", &member)?;
    Ok(Done {
        sentence: format!("職員「{}」の利用を止めました。ログイン中の画面も使えなくなりました。", member.name),
        link: None,
    })
}

fn reset(tx: &mut Tx<'_>, moment: &Moment, base: &str, name: StaffName) -> Result<Done, Refused> {
    let mut member = existing(tx, name)?;
    member.strip();
    store::save(tx, &member)?;
    shut_out(tx, member.id)?;
    let link = invite(tx, moment, base, member.id)?;
    record(tx, moment, "staff.reset_authenticator", &member)?;
    Ok(Done {
        sentence: format!("職員「{}」の認証アプリとパスワードを無効にしました。", member.name), link: Some(link)
    })
}

/// Ends what is open, forgets the devices and takes the passkeys away.
fn shut_out(tx: &mut Tx<'_>, member: Id) -> Result<(), StoreError> {
    sessions::end_all(tx, Subject::Staff(member))?;
    passkeys::forget_all(tx, Subject::Staff(member))?;
    devices::forget_all(tx, &super::device_owner(member))
}

fn existing(tx: &Tx<'_>, name: StaffName) -> Result<Member, Refused> {
    match store::by_name(tx, &name)? {
        Some(member) if member.disabled.is_some() => Err(Refused::Disabled(member.name)),
        Some(member) => Ok(member),
        None => Err(Refused::Unknown(name)),
    }
}

/// Makes the only link of a member; an older one ends.
fn invite(tx: &mut Tx<'_>, moment: &Moment, base: &str, member: Id) -> Result<Link, StoreError> {
    let token = Token::new(&moment.part("staff link").random());
    let expires = moment.now.saturating_add(ENROLMENT_OPEN).unwrap_or(Timestamp::MAX);
    store::drop_invitations(tx, member)?;
    store::save_invitation(tx, &token.hash(), &Invitation { member, expires, browser: None, stage: Stage::Invited })?;
    Ok(Link { url: token.link(base), expires })
}

fn record(tx: &mut Tx<'_>, moment: &Moment, action: &'static str, member: &Member) -> Result<(), StoreError> {
    let event = Event::new(Actor::Console, action).detail("name", &member.name);
    let event = event.detail("role", member.role.code()).detail("scope", member.scope);
    audit::record(tx, moment, super::of_member(event, member))
}

#[cfg(test)]
#[path = "administer_tests.rs"]
mod tests;
