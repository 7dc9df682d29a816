//! Logging in with a passkey, without typing who one is: the device knows it.
//!
//! What a visitor begins is a row, so it is bounded before it is written: by the throttle of the network, and by the bucket of devices that
//! no account knows (decisions 26 and 69). Each ceremony takes one answer, right or wrong.

use jiff::Timestamp;

use super::super::model::{Ceremony, Gate, Passkey, Purpose};
use super::super::relying::{Assertion, Relying, Unproven};
use super::super::{ceremonies, store};
use super::FlowError;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::login::{self, CodeCaller, Entered};
use crate::portal_login;
use crate::security::devices;
use crate::security::sessions::{SessionToken, Subject};
use crate::staff;
use crate::store::{StoreError, Tx};

/// Who stands at a gate.
#[derive(Clone)]
pub(in super::super) enum Visitor {
    /// At the login of offices.
    Office(CodeCaller),
    /// At the login of staff.
    Staff(staff::Caller),
    /// At the login of the portal.
    Portal(portal_login::Caller),
}

impl Visitor {
    pub(in super::super) const fn gate(&self) -> Gate {
        match self {
            Self::Office(_) => Gate::Office,
            Self::Staff(_) => Gate::Staff,
            Self::Portal(_) => Gate::Portal,
        }
    }

    const fn browser(&self) -> &[u8; 32] {
        match self {
            Self::Office(caller) => &caller.browser,
            Self::Staff(caller) => &caller.browser,
            Self::Portal(caller) => &caller.browser,
        }
    }

    const fn device(&self) -> Option<Id> {
        match self {
            Self::Office(caller) => caller.device,
            Self::Staff(caller) => caller.device,
            Self::Portal(caller) => caller.device,
        }
    }

    /// Under what a ceremony lies: one for each device of ours, so that whoever has one cannot fill the table with browsers.
    fn place(&self) -> [u8; 32] {
        self.device().map_or(*self.browser(), devices::count_key)
    }
}

/// Begins a login. `Err`: too many do on devices that are no account's; until then. Nothing was kept.
pub(in super::super) async fn begin_login(
    app: &App,
    relying: &Relying,
    visitor: &Visitor,
) -> Result<Result<(), Timestamp>, FlowError> {
    let moment = app.moment();
    let counted = visitor.device().is_none();
    // Used up until the answer is right, which gives it back.
    if counted && let Err(again_at) = app.new_devices().admit(moment.now).map(drop) {
        return Ok(Err(again_at));
    }
    let begun = relying.begin_login()?;
    let purpose = Purpose::Enter { gate: visitor.gate(), counted };
    let ceremony = Ceremony { at: moment.now, browser: *visitor.browser(), purpose, options: begun.options, state: begun.state };
    let place = visitor.place();
    app.store.write::<_, StoreError, _>(move |tx| ceremonies::put(tx, &place, &ceremony)).await?;
    Ok(Ok(()))
}

/// The login of this browser that waits for its answer.
pub(in super::super) fn waiting_login(app: &App, visitor: &Visitor) -> Result<Option<Ceremony>, StoreError> {
    let found = app.store.read(|r| ceremonies::find(r, &visitor.place(), visitor.browser(), app.clock.now()))?;
    Ok(found.filter(|one| matches!(one.purpose, Purpose::Enter { gate, .. } if gate == visitor.gate())))
}

/// How an answer was taken.
#[derive(Debug)]
pub(in super::super) enum Answer {
    /// The session of an office is open.
    Office(Entered),
    /// The session of this member of staff is open.
    Staff(SessionToken, Id),
    /// The session of a user of the portal is open.
    Portal(portal_login::Entered),
    /// Refused. Why is not told: an unknown passkey, a wrong signature and a closed account look alike.
    Refused,
    /// Not what any browser sends; the ceremony waits on.
    Unreadable,
    /// No ceremony waits for it.
    Over,
}

/// Looks at the answer of a browser and opens the session if all is right.
pub(in super::super) async fn enter(app: &App, relying: &Relying, typed: &str, visitor: Visitor) -> Result<Answer, FlowError> {
    let Some(ceremony) = waiting_login(app, &visitor)? else { return Ok(Answer::Over) };
    let Some(assertion) = Assertion::read(typed) else { return Ok(Answer::Unreadable) };
    let named = app.store.read(|r| store::by_credential(r, &assertion.digest()))?;
    let found = match named.filter(|one| visitor.gate().is_of(one.owner)) {
        None => Found::Nobody,
        Some(passkey) => match relying.verify(&assertion, &ceremony.state, &passkey)? {
            Ok(credential) => Found::Proven { passkey, credential },
            Err(why) => Found::Unproven(passkey.owner, why),
        },
    };
    if matches!(found, Found::Unproven(_, Unproven::Copied)) {
        tracing::warn!("the counter of a passkey has not gone on: there may be a copy of it");
    }
    let moment = app.moment();
    let new_device = devices::issue(&app.keys, &moment.part("device").random());
    let counted = matches!(ceremony.purpose, Purpose::Enter { counted: true, .. });
    let here = app.clone();
    // What a device of ours begins is not counted; what it answers wrongly is, for each is an entry of the log.
    let untold = !counted && !matches!(found, Found::Proven { .. }) && app.new_devices().admit(moment.now).is_err();
    let answer = app.store.write::<_, StoreError, _>(move |tx| {
        if !ceremonies::take(tx, &visitor.place(), &ceremony, moment.now)? {
            return Ok(Answer::Over);
        }
        if untold {
            return Ok(Answer::Refused);
        }
        settle(tx, &moment, &visitor, &found, |tx, owner, passkey| match (&visitor, owner) {
            (Visitor::Office(caller), Subject::Office(user_id)) => {
                let entered = login::enter_by_passkey(tx, &moment, (user_id, passkey), caller, &new_device)?;
                Ok(entered.map_or(Answer::Refused, Answer::Office))
            }
            (Visitor::Staff(caller), Subject::Staff(member)) => {
                let session = staff::enter_by_passkey(tx, &moment, (member, passkey), caller)?;
                Ok(session.map_or(Answer::Refused, |session| Answer::Staff(session, member)))
            }
            (Visitor::Portal(caller), Subject::Portal(user)) => {
                let entered = portal_login::enter_by_passkey(tx, &here, &moment, (user, passkey), caller)?;
                Ok(entered.map_or(Answer::Refused, Answer::Portal))
            }
            // A passkey of another gate has not come this far.
            (Visitor::Office(_), Subject::Staff(_) | Subject::Portal(_))
            | (Visitor::Staff(_), Subject::Office(_) | Subject::Portal(_))
            | (Visitor::Portal(_), Subject::Office(_) | Subject::Staff(_)) => Ok(Answer::Refused),
        })
    });
    let answer = answer.await?;
    if counted && matches!(answer, Answer::Office(_) | Answer::Staff(..) | Answer::Portal(_)) {
        app.new_devices().give_back_later();
    }
    Ok(answer)
}

/// What was found outside the transaction.
#[derive(Clone, Debug)]
enum Found {
    /// No passkey that opens at this gate.
    Nobody,
    Unproven(Subject, Unproven),
    Proven {
        /// As it was when its signature was checked.
        passkey: Passkey,
        /// As it is to be kept.
        credential: String,
    },
}

fn settle(
    tx: &mut Tx<'_>,
    moment: &Moment,
    visitor: &Visitor,
    found: &Found,
    open: impl FnOnce(&mut Tx<'_>, Subject, Id) -> Result<Answer, StoreError>,
) -> Result<Answer, StoreError> {
    let (passkey, credential) = match found {
        Found::Nobody => return refuse(tx, moment, visitor, None, "passkey_unknown"),
        Found::Unproven(owner, Unproven::Wrong) => return refuse(tx, moment, visitor, Some(*owner), "passkey_wrong"),
        Found::Unproven(owner, Unproven::Copied) => return refuse(tx, moment, visitor, Some(*owner), "passkey_copied"),
        Found::Proven { passkey, credential } => (passkey, credential),
    };
    // Removed meanwhile, or another answer came first, whose counter this one has not passed.
    let present = store::by_credential(tx, &passkey.digest)?;
    let Some(present) = present.filter(|one| one.credential == passkey.credential) else {
        return refuse(tx, moment, visitor, Some(passkey.owner), "passkey_changed");
    };
    let answer = open(tx, passkey.owner, passkey.id)?;
    if !matches!(answer, Answer::Refused) {
        let used = Passkey { credential: credential.clone(), last_used: Some(moment.now), ..present };
        store::save(tx, &used)?;
    }
    Ok(answer)
}

fn refuse(
    tx: &mut Tx<'_>,
    moment: &Moment,
    visitor: &Visitor,
    owner: Option<Subject>,
    why: &'static str,
) -> Result<Answer, StoreError> {
    match (visitor, owner) {
        (Visitor::Office(caller), Some(Subject::Office(user_id))) => login::refuse_passkey(tx, moment, user_id, caller, why)?,
        (Visitor::Office(caller), _) => {
            let event = Event::new(Actor::Visitor, "login.try").outcome(why).client(&caller.client);
            audit::record(tx, moment, event)?;
        }
        (Visitor::Staff(caller), Some(Subject::Staff(member))) => {
            staff::refuse_passkey(tx, moment, Some(member), caller, why)?;
        }
        (Visitor::Staff(caller), _) => staff::refuse_passkey(tx, moment, None, caller, why)?,
        (Visitor::Portal(caller), Some(Subject::Portal(user))) => {
            portal_login::refuse_passkey(tx, moment, Some(user), caller, why)?;
        }
        (Visitor::Portal(caller), _) => portal_login::refuse_passkey(tx, moment, None, caller, why)?,
    }
    Ok(Answer::Refused)
}
