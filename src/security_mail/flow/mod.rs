//! Use cases, each one write transaction: begin, the two codes, the end, and the choice of the 通知先.

mod begin;
mod contact;
mod finish;
mod otp;

pub use begin::{Wish, ask, begin, keep};
pub use contact::choose;
pub use otp::{answer_code, answer_otp, resend};

use jiff::Timestamp;

use super::model::{Editing, Screen, Why};
use super::{model, store};
use crate::app::App;
use crate::codes::{self, Entered, Purpose};
use crate::kernel::{Id, Moment, TypedTwice};
use crate::login::Office;
use crate::store::{Reads, StoreError, Tx};

/// 【セキュリティ用メールアドレス一覧】
pub const LIST: &str = "/office/user/addresses";

/// What a step needs of its request, owned, so that the writer thread can have it.
#[derive(Clone)]
pub struct Acting {
    /// Settings and keys.
    pub app: App,
    /// Time and randomness.
    pub moment: Moment,
    /// Who acts, as the guard saw them.
    pub office: Office,
    /// The client's network, as limits count it.
    pub network: String,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this page.
    To(&'static str),
    /// Back to the list, which says why.
    List(Why),
    /// Back to what was typed, with this sentence beside it.
    Field(String),
    /// The code was looked at and is not right.
    Entered(Entered),
    /// The screen was drawn for another code: this one was not looked at.
    Overtaken,
}

impl Went {
    fn home(flow: Option<&Editing>) -> Self {
        Self::To(flow.map_or(LIST, |flow| flow.stage.home().path()))
    }
}

/// The flow of this session, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, app: &App, session: &[u8; 32], now: Timestamp) -> Result<Option<Editing>, StoreError> {
    let oldest = now.saturating_sub(app.config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::find(r, session)?.filter(|flow| flow.at >= oldest))
}

impl Acting {
    fn key(&self) -> &[u8; 32] {
        &self.office.session_key
    }

    fn current(&self, r: &impl Reads) -> Result<Option<Editing>, StoreError> {
        current(r, &self.app, self.key(), self.moment.now)
    }

    fn attempt(&self, id: Id, purpose: Purpose) -> codes::Attempt<'_> {
        let (keys, rules) = (&self.app.keys, &self.app.config.code);
        codes::Attempt { id, browser: *self.key(), purpose, now: self.moment.now, keys, rules }
    }

    fn opening(&self, purpose: Purpose, address: crate::kernel::MailAddress) -> codes::Opening {
        let office = self.office.account.user_id.office();
        codes::Opening {
            purpose,
            browser: *self.key(),
            address,
            account: office.number.to_string(),
            prefecture: Some(office.prefecture),
            sends: true,
            network: self.network.clone(),
        }
    }

    fn put(&self, tx: &mut Tx<'_>, act: model::Act, stage: model::Stage, typed: TypedTwice) -> Result<Went, StoreError> {
        let screen: Screen = stage.home();
        store::put(tx, self.key(), &Editing { at: self.moment.now, act, stage, typed, heard: None })?;
        Ok(Went::To(screen.path()))
    }

    /// The flow is over: its code works no more, and the list says why.
    fn stop(&self, tx: &mut Tx<'_>, flow: &Editing, why: Why) -> Result<Went, StoreError> {
        end_code(tx, Some(flow))?;
        store::forget(tx, self.key())?;
        Ok(Went::List(why))
    }
}

fn end_code(tx: &mut Tx<'_>, flow: Option<&Editing>) -> Result<(), StoreError> {
    flow.and_then(|flow| flow.stage.challenge()).map_or(Ok(()), |old| codes::replace(tx, old))
}
