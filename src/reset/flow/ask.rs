//! R1 and R2, and the first screen of a device: who it is, and a code is on its way.

use jiff::{SignedDuration, Timestamp};

use super::super::model::{Flow, Screen, Stage, Typed, Way};
use super::{Visitor, is_closed, registered};
use crate::accounts;
use crate::audit;
use crate::codes::{self, Opened, Opening, Purpose, Resent};
use crate::config::Config;
use crate::kernel::{MailAddress, OfficeKey, OfficeNumber, Prefecture, UserId};
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{StoreError, Tx};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
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

/// New rows of flows from one network: whoever sends no cookie begins a flow with each form, and rows stay for a day. Twice the codes that
/// a network may ask for in an hour, so that it stops nobody whom that limit does not.
const NEW_FLOWS: Rule = Rule { name: "reset.flows", per: SignedDuration::from_hours(1), most: 60 };

/// R1 \[次へ\]: the office number and an address.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ask(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    typed: Typed,
    number: OfficeNumber,
    address: MailAddress,
) -> Result<Went, StoreError> {
    begin(tx, visitor, |tx, before| {
        let among = accounts::prefectures_with_id(tx, number)?;
        match among.as_slice() {
            [] => {
                let prefecture = without_id(visitor.config, number);
                let office = OfficeKey::new(prefecture, number);
                // The list above reads a row for each prefecture that it finds.
                accounts::find(tx, UserId::of(office))?;
                go_on(tx, visitor, before, typed, office, address, Vec::new())
            }
            [only] => go_on(tx, visitor, before, typed, OfficeKey::new(*only, number), address, Vec::new()),
            _ => match chosen(before.as_ref(), number, &among) {
                // Came back to R1 without changing the office: what was chosen stays chosen.
                Some(office) => go_on(tx, visitor, before, typed, office, address, among),
                None => {
                    end_code(tx, before.as_ref())?;
                    visitor.keep(tx, typed, Stage::Choosing { number, address, among }).map(Went::To)
                }
            },
        }
    })
}

/// 端末の確認 \[次へ\]: the user ID, which says which office it is, and an address.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ask_device(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    typed: Typed,
    user_id: UserId,
    address: MailAddress,
) -> Result<Went, StoreError> {
    begin(tx, visitor, |tx, before| go_on(tx, visitor, before, typed, user_id.office(), address, Vec::new()))
}

fn begin<'t>(
    tx: &mut Tx<'t>,
    visitor: &Visitor<'_>,
    step: impl FnOnce(&mut Tx<'t>, Option<Flow>) -> Result<Went, StoreError>,
) -> Result<Went, StoreError> {
    let now = visitor.moment.now;
    let before = visitor.current(tx)?;
    let new = before.is_none();
    if new && let Allowance::Exceeded { again_at } = limits::peek(tx, now, NEW_FLOWS, &visitor.network)? {
        return Ok(Went::TooManyFlows { again_at });
    }
    let went = step(tx, before)?;
    if new && matches!(went, Went::To(_)) {
        limits::hit(tx, now, NEW_FLOWS, &visitor.network)?;
    }
    Ok(went)
}

/// \[戻る\] of the first screen: what was typed is kept as it is, and where the flow stands stays. A network that began too many flows
/// keeps nothing more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn leave(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: Typed) -> Result<(), StoreError> {
    let before = visitor.current(tx)?;
    if typed == before.as_ref().map(|flow| flow.typed.clone()).unwrap_or_default() {
        return Ok(());
    }
    if before.is_none() && limits::hit(tx, visitor.moment.now, NEW_FLOWS, &visitor.network)? != Allowance::Fine {
        return Ok(());
    }
    let stage = before.map_or(Stage::Typing, |flow| flow.stage);
    visitor.keep(tx, typed, stage).map(drop)
}

/// R2 \[次へ\]: one of those listed.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn choose(tx: &mut Tx<'_>, visitor: &Visitor<'_>, prefecture: Prefecture) -> Result<Went, StoreError> {
    let Some(flow) = visitor.current(tx)? else { return Ok(Went::To(Screen::Ask)) };
    let Some((number, address)) = flow.stage.pair().filter(|_| flow.stage.among().contains(&prefecture)) else {
        return Ok(Went::To(visitor.home(Some(&flow))));
    };
    let (address, typed, among) = (address.clone(), flow.typed.clone(), flow.stage.among().to_vec());
    go_on(tx, visitor, Some(flow), typed, OfficeKey::new(prefecture, number), address, among)
}

/// The office is known: to R4 if this flow has proved the address, back to R3 if its code is still good, else a new code.
fn go_on(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    before: Option<Flow>,
    typed: Typed,
    office: OfficeKey,
    address: MailAddress,
    among: Vec<Prefecture>,
) -> Result<Went, StoreError> {
    if let Some(stage) = still_good(tx, visitor, before.as_ref(), office, &address)? {
        return visitor.keep(tx, typed, stage).map(Went::To);
    }
    // Both are asked in any case: a question that is left out can be measured.
    let (registered, closed) =
        (registered(tx, office, &address)?.is_some(), is_closed(tx, visitor.moment.now, office, &address)?);
    let sends = registered && !closed;
    let opening = Opening {
        purpose: purpose(visitor.way),
        browser: visitor.flow,
        address: address.clone(),
        account: office.number.to_string(),
        prefecture: Some(office.prefecture),
        sends,
        network: visitor.network.clone(),
    };
    match codes::open(tx, &visitor.moment, visitor.keys, visitor.config, opening)? {
        Opened::TooMany { again_at } => Ok(Went::TooMany { again_at }),
        Opened::Open(challenge) => {
            end_code(tx, before.as_ref())?;
            let event = visitor.event(visitor.asked(), office, &address).outcome(if sends { "sent" } else { "silent" });
            audit::record(tx, &visitor.moment, event)?;
            visitor.keep(tx, typed, Stage::Proving { office, address, among, challenge }).map(Went::To)
        }
    }
}

/// Where this flow stands with the same office and address, if that can be gone on with.
fn still_good(
    tx: &Tx<'_>,
    visitor: &Visitor<'_>,
    before: Option<&Flow>,
    office: OfficeKey,
    address: &MailAddress,
) -> Result<Option<Stage>, StoreError> {
    let now = visitor.moment.now;
    let same = |flow: &&Flow| flow.stage.office() == Some(office) && flow.stage.pair().is_some_and(|(_, to)| to == address);
    let Some(flow) = before.filter(same).filter(|flow| !flow.is_late(&visitor.config.code, now)) else { return Ok(None) };
    let good = match &flow.stage {
        Stage::Proving { challenge, .. } => codes::view(tx, &visitor.config.code, *challenge, now)?
            .is_some_and(|view| view.end.is_none() && now < view.valid_until),
        // A proof is good for the account as it was then.
        Stage::Proven { revision, .. } => registered(tx, office, address)?.is_some_and(|account| account.revision == *revision),
        Stage::Typing | Stage::Choosing { .. } | Stage::Done { .. } => false,
    };
    Ok(good.then(|| flow.stage.clone()))
}

/// \[再送\]. `Err(screen)` if this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, visitor: &Visitor<'_>) -> Result<Result<Resent, Screen>, StoreError> {
    let flow = visitor.current(tx)?;
    let Some(Stage::Proving { office, address, challenge, .. }) = flow.as_ref().map(|flow| &flow.stage) else {
        return Ok(Err(visitor.home(flow.as_ref())));
    };
    let (registered, closed) =
        (registered(tx, *office, address)?.is_some(), is_closed(tx, visitor.moment.now, *office, address)?);
    codes::restrict(tx, *challenge, registered && !closed)?;
    codes::resend(tx, &visitor.moment, visitor.config, *challenge, visitor.flow, &visitor.network).map(Ok)
}

pub(super) const fn purpose(way: Way) -> Purpose {
    match way {
        Way::Reset => Purpose::Reset,
        Way::Device => Purpose::NewDevice,
    }
}

/// The federation under which a number without a user ID runs: its own, if it is one of ours. No screen says which.
fn without_id(config: &Config, number: OfficeNumber) -> Prefecture {
    let own = Prefecture::parse(&number.as_str()[..2]);
    let ours = own.filter(|prefecture| config.federation_of(*prefecture).is_some());
    ours.or_else(|| config.federation.first().map(|federation| federation.prefecture))
        .or(own)
        .expect("a number begins with a prefecture")
}

fn chosen(before: Option<&Flow>, number: OfficeNumber, among: &[Prefecture]) -> Option<OfficeKey> {
    let stage = &before?.stage;
    stage.office().filter(|office| office.number == number && stage.among() == among)
}

fn end_code(tx: &mut Tx<'_>, before: Option<&Flow>) -> Result<(), StoreError> {
    before.and_then(|flow| flow.stage.challenge()).map_or(Ok(()), |old| codes::replace(tx, old))
}
