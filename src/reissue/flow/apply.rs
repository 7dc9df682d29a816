//! A1–A4: from the office number to the application sent. Each step is one transaction on the flow's row.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::super::model::{Application, Applying, Screen, Source, Stage, Typed};
use super::super::store::{self, flows};
use super::mark::{A_DAY, Arrival, receive};
use crate::codes::{self, Entered, Opened, Opening, Purpose, Resent};
use crate::config::Config;
use crate::kernel::{MailAddress, Moment, OfficeKey, OfficeNumber, Prefecture, UserId};
use crate::security::Keys;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};
use crate::{accounts, ledger};

/// The world of one step: time, settings, keys, and where the visitor is.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// Time and randomness.
    pub moment: Moment,
    /// Settings.
    pub config: &'a Config,
    /// For codes.
    pub keys: &'a Keys,
    /// Hash of the flow cookie.
    pub flow: [u8; 32],
    /// The client's network, as limits count it.
    pub network: String,
    /// The client's address, for the audit log.
    pub client: IpAddr,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this screen.
    To(Screen),
    /// The number is in no ledger of this installation. Said at once: office numbers are public.
    UnknownOffice,
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

/// New rows of visitors' flows from one network (D): whoever sends no cookie begins a flow with each form, and rows stay for a day.
/// Twice the codes that a network may ask for in an hour, so that it stops nobody whom that limit does not.
pub(super) const NEW_FLOWS: Rule = Rule { name: "reissue.flows", per: SignedDuration::from_hours(1), most: 60 };

/// The flow of this browser, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, config: &Config, now: Timestamp, key: [u8; 32]) -> Result<Option<Applying>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(flows::applying(r, key)?.filter(|flow| flow.at >= oldest))
}

/// A1 \[次へ\]: the office number and the contact address, twice.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn start(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    typed: Typed,
    number: OfficeNumber,
    contact: MailAddress,
) -> Result<Went, StoreError> {
    let now = visitor.moment.now;
    let before = current(tx, visitor.config, now, visitor.flow)?;
    let new = before.is_none();
    if new && let Allowance::Exceeded { again_at } = limits::peek(tx, now, NEW_FLOWS, &visitor.network)? {
        return Ok(Went::TooManyFlows { again_at });
    }
    let went = begin(tx, visitor, before, typed, number, contact)?;
    if new && matches!(went, Went::To(_)) {
        limits::hit(tx, now, NEW_FLOWS, &visitor.network)?;
    }
    Ok(went)
}

fn begin(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    before: Option<Applying>,
    typed: Typed,
    number: OfficeNumber,
    contact: MailAddress,
) -> Result<Went, StoreError> {
    let among = federations(tx, number)?;
    match among.as_slice() {
        [] => Ok(Went::UnknownOffice),
        [only] => go_on(tx, visitor, before, typed, OfficeKey::new(*only, number), contact, Vec::new()),
        _ => {
            let chosen = before.as_ref().and_then(|flow| flow.stage.office()).filter(|office| office.number == number);
            if let (Some(office), Some(flow)) = (chosen, &before) {
                // Came back to A1 without changing the office: what was chosen stays chosen.
                if flow.stage.among() == among {
                    return go_on(tx, visitor, before, typed, office, contact, among);
                }
            }
            let proven = proven(before.as_ref(), &contact);
            end_code(tx, before.as_ref())?;
            keep(tx, visitor, typed, Stage::Choosing { number, contact, proven, among })
        }
    }
}

/// A1 \[戻る\]: what was typed is kept as it is, and where the flow stands stays. A network that began too many flows keeps nothing more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn leave(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: Typed) -> Result<(), StoreError> {
    let now = visitor.moment.now;
    let before = current(tx, visitor.config, now, visitor.flow)?;
    if typed == before.as_ref().map(|flow| flow.typed.clone()).unwrap_or_default() {
        return Ok(());
    }
    if before.is_none() && limits::hit(tx, now, NEW_FLOWS, &visitor.network)? != Allowance::Fine {
        return Ok(());
    }
    let stage = before.map_or(Stage::Typing, |flow| flow.stage);
    flows::put_applying(tx, visitor.flow, &Applying { at: now, typed, stage })
}

/// A2 \[次へ\]: the billing prefecture, one of those listed.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn choose(tx: &mut Tx<'_>, visitor: &Visitor<'_>, prefecture: Prefecture) -> Result<Went, StoreError> {
    let Some(flow) = current(tx, visitor.config, visitor.moment.now, visitor.flow)? else { return Ok(Went::To(Screen::Apply)) };
    if !flow.stage.sees(Screen::Choose) || !flow.stage.among().contains(&prefecture) {
        return Ok(Went::To(flow.stage.home()));
    }
    let (number, contact) = match &flow.stage {
        Stage::Choosing { number, contact, .. } => (*number, contact.clone()),
        Stage::Proving { office, contact, .. } | Stage::Checking { office, contact, .. } => (office.number, contact.clone()),
        Stage::Sent { .. } => return Ok(Went::To(Screen::Done)),
        Stage::Typing => return Ok(Went::To(Screen::Apply)),
    };
    let (typed, among) = (flow.typed.clone(), flow.stage.among().to_vec());
    go_on(tx, visitor, Some(flow), typed, OfficeKey::new(prefecture, number), contact, among)
}

/// The office is known: to A4 if this flow has proven the address, back to A3 if its code is still on its way, else a new code.
fn go_on(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    before: Option<Applying>,
    typed: Typed,
    office: OfficeKey,
    contact: MailAddress,
    among: Vec<Prefecture>,
) -> Result<Went, StoreError> {
    let now = visitor.moment.now;
    if proven(before.as_ref(), &contact).is_some() {
        return keep(tx, visitor, typed, Stage::Checking { office, contact, among });
    }
    if let Some(Stage::Proving { office: same, contact: to, challenge, .. }) = before.as_ref().map(|flow| &flow.stage) {
        let view = codes::view(tx, &visitor.config.code, *challenge, now)?;
        if *same == office && *to == contact && view.is_some_and(|view| view.end.is_none() && now < view.valid_until) {
            let challenge = *challenge;
            return keep(tx, visitor, typed, Stage::Proving { office, contact, among, challenge });
        }
    }
    let opening = Opening {
        purpose: Purpose::ReissueContact,
        browser: visitor.flow,
        address: contact.clone(),
        account: office.number.to_string(),
        prefecture: Some(office.prefecture),
        sends: true,
        network: visitor.network.clone(),
    };
    match codes::open(tx, &visitor.moment, visitor.keys, visitor.config, opening)? {
        Opened::TooMany { again_at } => Ok(Went::TooMany { again_at }),
        Opened::Open(challenge) => {
            end_code(tx, before.as_ref())?;
            keep(tx, visitor, typed, Stage::Proving { office, contact, among, challenge })
        }
    }
}

/// A3 \[再送\]. `Err(screen)` if this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, visitor: &Visitor<'_>) -> Result<Result<Resent, Screen>, StoreError> {
    let Some(flow) = current(tx, visitor.config, visitor.moment.now, visitor.flow)? else { return Ok(Err(Screen::Apply)) };
    let Some(challenge) = flow.stage.challenge() else { return Ok(Err(flow.stage.home())) };
    codes::resend(tx, &visitor.moment, visitor.config, challenge, visitor.flow, &visitor.network).map(Ok)
}

/// A3 \[次へ\]: the code. The right one leads to A4. `Err(screen)` if this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn prove(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: &str) -> Result<Result<Entered, Screen>, StoreError> {
    let Some(flow) = current(tx, visitor.config, visitor.moment.now, visitor.flow)? else { return Ok(Err(Screen::Apply)) };
    let Stage::Proving { office, contact, among, challenge } = flow.stage.clone() else { return Ok(Err(flow.stage.home())) };
    let answer = codes::enter(tx, visitor.attempt(challenge, Purpose::ReissueContact), typed)?;
    if answer == Entered::Right {
        keep(tx, visitor, flow.typed, Stage::Checking { office, contact, among })?;
    }
    Ok(Ok(answer))
}

/// What A4 shows, as its form says it back: one browser may hold the screens of two offices, and only one flow.
#[must_use]
pub fn checked(office: OfficeKey, contact: &MailAddress) -> String {
    format!("{office} {}", contact.key())
}

/// How \[送信\] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// On to this screen.
    To(Screen),
    /// The flow holds another application than the screen had shown; nothing was sent.
    Other(Screen),
    /// As many were sent for this office as a day takes; nothing was sent, and the flow stays where it is.
    TooMany {
        /// When the next one may be sent.
        again_at: Timestamp,
    },
}

/// A4 \[送信\]: takes the application in. A second \[送信\] of the same flow finds it sent and makes none. `shown`: what the form says
/// it had shown, if it says so.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn send(tx: &mut Tx<'_>, visitor: &Visitor<'_>, shown: Option<&str>) -> Result<Sending, StoreError> {
    let Some(flow) = current(tx, visitor.config, visitor.moment.now, visitor.flow)? else {
        return Ok(Sending::To(Screen::Apply));
    };
    let home = flow.stage.home();
    let held = match &flow.stage {
        Stage::Checking { office, contact, .. } => Some(checked(*office, contact)),
        stage => sent(tx, stage)?.and_then(|one| one.contact.map(|contact| checked(one.office, &contact))),
    };
    if let (Some(held), Some(shown)) = (held, shown)
        && held != shown
    {
        return Ok(Sending::Other(home));
    }
    let Stage::Checking { office, contact, .. } = flow.stage else { return Ok(Sending::To(home)) };
    if let Some(again_at) = used_up(tx, visitor, office, &contact)? {
        return Ok(Sending::TooMany { again_at });
    }
    let arrival = Arrival { office, contact: Some(contact), source: Source::Visitor, client: visitor.client };
    let one = receive(tx, &visitor.moment, &visitor.config.limits, arrival)?;
    keep(tx, visitor, Typed::default(), Stage::Sent { number: one.number })?;
    Ok(Sending::To(Screen::Done))
}

/// Counts an application, if the caps of its office have room for it; else says when they have.
///
/// Anybody may apply for any office: one must not be able to bury a desk, or an office in お知らせ. Nor may one close the form to the
/// office: a network has a third of the day's applications at most, and whoever has proven an address that is registered for the office
/// is counted apart from strangers. Who learns by it that an address is registered reads its mails, and so has M-12 as well.
fn used_up(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    office: OfficeKey,
    contact: &MailAddress,
) -> Result<Option<Timestamp>, StoreError> {
    let (now, most) = (visitor.moment.now, visitor.config.limits.applications_per_office_day);
    let rule = |name, most| Rule { name, per: A_DAY, most };
    let registered = accounts::find(tx, UserId::of(office))?.is_some_and(|account| account.told_addresses().contains(contact));
    let counted = if registered {
        vec![(rule("reissue.applications_registered", most), office.to_string())]
    } else {
        vec![
            (rule("reissue.applications_network", (most / 3).max(1)), format!("{office} {}", visitor.network)),
            (rule("reissue.applications", most), office.to_string()),
        ]
    };
    for (rule, who) in &counted {
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, *rule, who)? {
            return Ok(Some(again_at));
        }
    }
    counted.iter().try_for_each(|(rule, who)| limits::hit(tx, now, *rule, who).map(drop))?;
    Ok(None)
}

/// What A5 shows.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn sent(r: &impl Reads, stage: &Stage) -> Result<Option<Application>, StoreError> {
    match stage {
        Stage::Sent { number } => store::find(r, *number),
        _ => Ok(None),
    }
}

/// The prefectures to choose from: those with a user ID, or where there is none, those with a ledger entry; always such as have
/// a ledger entry, because the letter goes to its address. One needs no choice, none is an unknown office.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn federations(r: &impl Reads, number: OfficeNumber) -> Result<Vec<Prefecture>, StoreError> {
    let entries = ledger::prefectures_of(r, number)?;
    let with_id: Vec<_> = accounts::prefectures_with_id(r, number)?.into_iter().filter(|p| entries.contains(p)).collect();
    Ok(if with_id.is_empty() { entries } else { with_id })
}

fn proven(before: Option<&Applying>, contact: &MailAddress) -> Option<MailAddress> {
    before.and_then(|flow| flow.stage.proven()).filter(|proven| *proven == contact).cloned()
}

fn end_code(tx: &mut Tx<'_>, before: Option<&Applying>) -> Result<(), StoreError> {
    before.and_then(|flow| flow.stage.challenge()).map_or(Ok(()), |old| codes::replace(tx, old))
}

fn keep(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: Typed, stage: Stage) -> Result<Went, StoreError> {
    let screen = stage.home();
    flows::put_applying(tx, visitor.flow, &Applying { at: visitor.moment.now, typed, stage })?;
    Ok(Went::To(screen))
}

impl<'a> Visitor<'a> {
    pub(super) fn attempt(&'a self, challenge: crate::kernel::Id, purpose: Purpose) -> codes::Attempt<'a> {
        codes::Attempt {
            id: challenge,
            browser: self.flow,
            purpose,
            now: self.moment.now,
            keys: self.keys,
            rules: &self.config.code,
        }
    }
}
