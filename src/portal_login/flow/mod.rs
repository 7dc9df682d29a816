//! The use cases, each one write transaction. What happens before a password, an initial password or a code was right is written so that it
//! costs the same whether the typed address is anybody's or not.

pub(super) mod by_passkey;
pub(super) mod enter;
pub(super) mod first;
pub(super) mod login;
pub(super) mod lost;
pub(super) mod lost_code;
pub(super) mod lost_set;
pub(super) mod otp;
pub(super) mod place;

use jiff::Timestamp;

use crate::app::App;
use crate::config::Config;
use crate::kernel::{Id, Moment, Prefecture};
use crate::portal::{self, Member, Next, User};
use crate::security::devices;
use crate::store::{Reads, StoreError, Tx};
use crate::terms;

/// The browser that tries.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The browser, which every visitor's cookie names.
    pub browser: [u8; 32],
    /// The device, if its cookie is ours.
    pub device: Option<Id>,
    /// The client's network, as limits count it.
    pub network: String,
    /// The client's address.
    pub client: String,
    /// The browser in words of our own, for the list of sessions.
    pub agent: String,
    /// The portal's session that this browser still carries; a new login ends it.
    pub former: Option<[u8; 32]>,
}

/// The world of one step, owned, so that the writer thread can have it.
#[derive(Clone)]
pub(super) struct Here {
    pub app: App,
    pub moment: Moment,
    pub caller: Caller,
}

impl Here {
    /// The device of this browser, with the cookie of a new one where it has none of ours.
    fn device(&self) -> (Option<String>, Id) {
        match self.caller.device {
            Some(known) => (None, known),
            None => {
                let (cookie, new) = devices::issue(&self.app.keys, &self.moment.part("device").random());
                (Some(cookie), new)
            }
        }
    }
}

/// The one place where the user may work, if there is no choice.
fn only_place(members: &[Member]) -> Option<&Member> {
    let mut usable = members.iter().filter(|member| member.is_usable());
    usable.next().filter(|_| usable.next().is_none())
}

/// What entries of the log about a user who is not at work stand under: their only institution, or they themselves.
fn about(user: &User, members: &[Member]) -> String {
    portal::audit_subject(only_place(members).map_or(user.id, |member| member.institution))
}

/// The federation that helps them: that of the first of their institutions.
fn home(r: &impl Reads, config: &Config, members: &[Member]) -> Result<Prefecture, StoreError> {
    let first = members.first().map(|member| portal::institution(r, member.institution)).transpose()?.flatten();
    let configured = config.federation.first().map(|federation| federation.prefecture);
    Ok(first.map(|one| one.home).or(configured).expect("a federation is configured"))
}

/// What is next in a session at `place` that no initial password has opened. If it is マイページ, they have come there: noted with the first
/// form that leads to it, for pages that are only looked at write nothing.
fn arrive(tx: &mut Tx<'_>, user: &User, members: &[Member], place: Option<Id>, now: Timestamp) -> Result<Next, StoreError> {
    let newest = terms::newest_version(tx, portal::TERMS)?;
    let next = portal::next(Some(user), members, false, place, newest, now);
    let member = members.iter().find(|one| Some(one.id) == place && one.entered.is_none());
    if let (Next::Free, Some(member)) = (next, member) {
        portal::save_member(tx, &Member { entered: Some(now), ..member.clone() })?;
    }
    Ok(next)
}
