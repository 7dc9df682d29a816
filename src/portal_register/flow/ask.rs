//! After 初回利用登録 \[次へ\]: the office has shown who it is, and a one-time password goes to its 通知先.

use jiff::{SignedDuration, Timestamp};

use super::{Visitor, account_of};
use crate::accounts::Account;
use crate::codes::{self, Opened, Opening, Purpose};
use crate::login::Proof;
use crate::portal_register::model::{Registering, Screen, Stage};
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{StoreError, Tx};

/// How the step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this screen.
    To(Screen),
    /// The account was changed in the very moment.
    Changed,
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

/// New rows of flows from one network: a browser that keeps no cookie begins one with each form, and rows stay for a day (D).
const NEW_FLOWS: Rule = Rule { name: "portal.flows", per: SignedDuration::from_hours(1), most: 60 };

/// Password and code were right. Nothing is kept of who did not come so far.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn proved(tx: &mut Tx<'_>, visitor: &Visitor, proof: Proof) -> Result<Went, StoreError> {
    let now = visitor.moment.now;
    let before = visitor.current(tx)?;
    let new = before.is_none();
    if new && let Allowance::Exceeded { again_at } = limits::peek(tx, now, NEW_FLOWS, &visitor.network)? {
        return Ok(Went::TooManyFlows { again_at });
    }
    let Some(account) = account_of(tx, proof)? else { return Ok(Went::Changed) };
    let went = begin(tx, visitor, before, proof, &account)?;
    if new && matches!(went, Went::To(_)) {
        limits::hit(tx, now, NEW_FLOWS, &visitor.network)?;
    }
    Ok(went)
}

fn begin(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    before: Option<Registering>,
    proof: Proof,
    account: &Account,
) -> Result<Went, StoreError> {
    let good = match &before {
        Some(flow) => still_good(tx, visitor, flow, proof, account)?,
        None => None,
    };
    let stage = match (good, account.contact()) {
        (Some(stage), _) => stage,
        (None, None) => {
            end_code(tx, before.as_ref())?;
            Stage::NoAddress { user_id: proof.user_id }
        }
        (None, Some(address)) => {
            let office = proof.user_id.office();
            let opening = Opening {
                purpose: Purpose::PortalRegister,
                browser: visitor.flow,
                address: address.clone(),
                account: format!("portal {}", office.number),
                prefecture: Some(office.prefecture),
                sends: true,
                network: visitor.network.clone(),
            };
            match codes::open(tx, &visitor.moment, &visitor.app.keys, &visitor.app.config, opening)? {
                Opened::TooMany { again_at } => return Ok(Went::TooMany { again_at }),
                Opened::Open(challenge) => {
                    end_code(tx, before.as_ref())?;
                    Stage::Asking { proof, address: address.clone(), challenge }
                }
            }
        }
    };
    // What was typed for one office is not shown to who has the password of another, nor what a registration has ended with to who begins
    // the next.
    let same = |flow: &Registering| flow.stage.user_id() == proof.user_id && !matches!(flow.stage, Stage::Done { .. });
    let draft = before.filter(same).map(|flow| flow.draft).unwrap_or_default();
    visitor.keep(tx, draft, stage).map(Went::To)
}

/// Where this flow stands for the same office, if that can be gone on with: no second mail for who only went back.
fn still_good(
    tx: &Tx<'_>,
    visitor: &Visitor,
    flow: &Registering,
    proof: Proof,
    account: &Account,
) -> Result<Option<Stage>, StoreError> {
    let now = visitor.moment.now;
    let fits = |of: &Proof, address| *of == proof && account.contact() == Some(address);
    let good = match &flow.stage {
        Stage::Asking { proof: of, address, challenge } if fits(of, address) => {
            codes::view(tx, &visitor.app.config.code, *challenge, now)?
                .is_some_and(|view| view.end.is_none() && now < view.valid_until)
        }
        Stage::Proven { proof: of, address, .. } if fits(of, address) => !flow.is_late(&visitor.app.config.code, now),
        _ => false,
    };
    Ok(good.then(|| flow.stage.clone()))
}

fn end_code(tx: &mut Tx<'_>, before: Option<&Registering>) -> Result<(), StoreError> {
    before.and_then(|flow| flow.stage.challenge()).map_or(Ok(()), |old| codes::replace(tx, old))
}
