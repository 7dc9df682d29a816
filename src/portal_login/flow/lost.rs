//! G1 of パスワードを忘れた方: an address, and a code is on its way, or none is and it looks so.

use jiff::{SignedDuration, Timestamp};

use super::Here;
use crate::audit::{self, Actor, Event};
use crate::codes::{self, KNOWN_DEVICE, Opened, Opening, Purpose};
use crate::config::Config;
use crate::kernel::{Id, MailAddress};
use crate::portal::{self, DOORS, User};
use crate::portal_login::model::{Losing, Screen, Stage};
use crate::portal_login::store;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal_login) enum Went {
    /// To this screen.
    To(Screen),
    /// Too many codes were asked for.
    TooMany {
        /// When the next one may be asked for.
        again_at: Timestamp,
    },
    /// Too many flows were begun from this network.
    TooManyFlows {
        /// When the next one may be begun.
        again_at: Timestamp,
    },
}

/// New rows of flows from one network, as at the reset of offices.
const NEW_FLOWS: Rule = Rule { name: "portal.lost.flows", per: SignedDuration::from_hours(1), most: 60 };

/// Wrong codes for one typed address in a day, existing or not (quality bar 16). Beyond them nothing is sent and nothing is right, which
/// looks as ever. Devices that the user is known on are counted each by themselves: only an address is typed here, so that a count of ten
/// as at the reset of offices, where the number is asked too, would let one stranger close it for everybody.
pub(super) const WRONG: Rule = Rule { name: "portal.lost.wrong", per: SignedDuration::from_hours(24), most: 100 };

/// One step with its flow.
#[derive(Clone)]
pub(in crate::portal_login) struct Visitor {
    /// The world.
    pub here: Here,
    /// Hash of the flow cookie.
    pub flow: [u8; 32],
}

/// The flow of this browser, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn current(
    r: &impl Reads,
    config: &Config,
    now: Timestamp,
    key: [u8; 32],
) -> Result<Option<Losing>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::flow(r, key)?.filter(|flow| flow.at >= oldest))
}

/// Whose the typed address is, and what is counted of it on this device.
pub(super) struct Asked {
    /// The user, if there is one.
    pub user: Option<User>,
    /// On whose account codes go.
    pub account: String,
    /// What wrong codes are counted under.
    pub who: String,
    /// Nothing is sent and nothing is right any more today.
    pub closed: bool,
}

impl Asked {
    /// Whether a code for it may leave and be right.
    pub const fn opens(&self) -> bool {
        self.user.is_some() && !self.closed
    }
}

impl Visitor {
    pub(super) fn current(&self, r: &impl Reads) -> Result<Option<Losing>, StoreError> {
        current(r, &self.here.app.config, self.here.moment.now, self.flow)
    }

    pub(super) fn keep(&self, tx: &mut Tx<'_>, typed: String, stage: Stage) -> Result<Screen, StoreError> {
        let now = self.here.moment.now;
        let flow = Losing { at: now, typed, stage };
        store::put_flow(tx, self.flow, &flow)?;
        Ok(flow.home(&self.here.app.config.code, now))
    }

    pub(super) fn home(&self, flow: Option<&Losing>) -> Screen {
        flow.map_or(Screen::Ask, |flow| flow.home(&self.here.app.config.code, self.here.moment.now))
    }

    /// The same reads whether the address is anybody's or not.
    pub(super) fn asked(&self, r: &impl Reads, address: &MailAddress) -> Result<Asked, StoreError> {
        let (now, caller) = (self.here.moment.now, &self.here.caller);
        let user = portal::user_by_mail(r, address)?;
        let knock = portal::knock(self.door(address), user.as_ref(), caller.browser, caller.device);
        let known = caller.device.filter(|_| user.is_some());
        let known = if DOORS.is_known(r, now, &knock)? { known } else { None };
        let (account, who) = match known {
            Some(device) => (format!("{KNOWN_DEVICE}{device}"), format!("{} {device}", address.key())),
            None => (format!("portal {}", caller.network), address.key()),
        };
        let closed = limits::peek(r, now, WRONG, &who)? != Allowance::Fine;
        Ok(Asked { user, account, who, closed })
    }

    pub(super) fn door(&self, address: &MailAddress) -> [u8; 32] {
        portal::door(&self.here.app.keys, address.as_str())
    }

    /// An entry about somebody who has proved nothing yet: under the keyed hash of what was typed, and the same rows for everybody.
    pub(super) fn event(&self, action: &'static str, address: &MailAddress) -> Event {
        let event = Event::new(Actor::Visitor, action).subject(portal::refused_subject(&self.door(address)));
        event.detail("address", address.masked()).client(&self.here.caller.client)
    }
}

/// G1 \[次へ\]: back to where this flow stands if it stands with the same address, else a new code.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn ask(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    typed: String,
    address: MailAddress,
) -> Result<Went, StoreError> {
    let (now, network) = (visitor.here.moment.now, &visitor.here.caller.network);
    let before = visitor.current(tx)?;
    let new = before.is_none();
    if new && let Allowance::Exceeded { again_at } = limits::peek(tx, now, NEW_FLOWS, network)? {
        return Ok(Went::TooManyFlows { again_at });
    }
    let went = go_on(tx, visitor, before.as_ref(), typed, address)?;
    if new && matches!(went, Went::To(_)) {
        limits::hit(tx, now, NEW_FLOWS, network)?;
    }
    Ok(went)
}

fn go_on(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    before: Option<&Losing>,
    typed: String,
    address: MailAddress,
) -> Result<Went, StoreError> {
    if let Some(stage) = still_good(tx, visitor, before, &address)? {
        return visitor.keep(tx, typed, stage).map(Went::To);
    }
    let asked = visitor.asked(tx, &address)?;
    let (sends, caller) = (asked.opens(), &visitor.here.caller);
    let opening = Opening {
        purpose: Purpose::PortalLost,
        browser: visitor.flow,
        address: address.clone(),
        account: asked.account,
        // Which federation it is would cost a look at where they work.
        prefecture: None,
        sends,
        network: caller.network.clone(),
    };
    let (moment, app) = (&visitor.here.moment, &visitor.here.app);
    match codes::open(tx, moment, &app.keys, &app.config, opening)? {
        Opened::TooMany { again_at } => Ok(Went::TooMany { again_at }),
        Opened::Open(challenge) => {
            if let Some(old) = before.and_then(|flow| flow.stage.challenge()) {
                codes::replace(tx, old)?;
            }
            let outcome = if sends { "sent" } else { "silent" };
            audit::record(tx, moment, visitor.event("portal.lost", &address).outcome(outcome))?;
            visitor.keep(tx, typed, Stage::Proving { address, challenge }).map(Went::To)
        }
    }
}

/// Where this flow stands with the same address, if that can be gone on with.
fn still_good(
    tx: &Tx<'_>,
    visitor: &Visitor,
    before: Option<&Losing>,
    address: &MailAddress,
) -> Result<Option<Stage>, StoreError> {
    let (now, rules) = (visitor.here.moment.now, &visitor.here.app.config.code);
    let same = |flow: &&Losing| flow.stage.address() == Some(address) && !flow.is_late(rules, now);
    let Some(flow) = before.filter(same) else { return Ok(None) };
    let good = match &flow.stage {
        Stage::Proving { challenge, .. } => {
            codes::view(tx, rules, *challenge, now)?.is_some_and(|view| view.end.is_none() && now < view.valid_until)
        }
        Stage::Proven { user, revision, .. } => is_as_it_was(tx, *user, *revision)?,
        Stage::Typing | Stage::Done { .. } => false,
    };
    Ok(good.then(|| flow.stage.clone()))
}

fn is_as_it_was(r: &impl Reads, user: Id, revision: u64) -> Result<bool, StoreError> {
    Ok(portal::user(r, user)?.is_some_and(|user| user.revision == revision))
}

/// \[戻る\] of G1: what was typed is kept as it is, and where the flow stands stays. A network that began too many flows keeps nothing more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn leave(tx: &mut Tx<'_>, visitor: &Visitor, typed: String) -> Result<(), StoreError> {
    let before = visitor.current(tx)?;
    if typed == before.as_ref().map(|flow| flow.typed.clone()).unwrap_or_default() {
        return Ok(());
    }
    let (now, network) = (visitor.here.moment.now, &visitor.here.caller.network);
    if before.is_none() && limits::hit(tx, now, NEW_FLOWS, network)? != Allowance::Fine {
        return Ok(());
    }
    visitor.keep(tx, typed, before.map_or(Stage::Typing, |flow| flow.stage)).map(drop)
}
