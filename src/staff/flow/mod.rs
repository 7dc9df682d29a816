//! Use cases: what the administrator does with staff, enrolling, logging in.

pub mod administer;
pub mod enrol;
pub mod login;
pub mod mails;
pub mod news;
pub mod seat;
pub mod session;
pub mod sweep;
mod tries;

use crate::audit::Event;
use crate::kernel::Id;
use crate::login::LoginError;
use crate::security::Busy;
use crate::store::{Reads, StoreError};
use crate::web::Fault;

use super::Scope;
use super::model::Member;
use super::store;

/// Why no answer could be found.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many hashes wait.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The session is over: the password that was asked for again was wrong too often.
    #[error("the session has ended")]
    Ended,
}

impl From<LoginError> for FlowError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => Self::Store(error),
            LoginError::Busy(busy) => Self::Busy(busy),
            LoginError::Ended => Self::Ended,
        }
    }
}

impl From<FlowError> for Fault {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Busy(busy) => busy.into(),
            FlowError::Ended => Self::Elsewhere("/staff/login?notice=reauth".to_owned()),
        }
    }
}

/// Whether a member may enter at this moment.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn may_enter(r: &impl Reads, member: Id) -> Result<bool, StoreError> {
    Ok(store::find(r, member)?.is_some_and(|member| member.may_enter()))
}

/// What a member's devices are remembered under.
fn device_owner(member: Id) -> String {
    format!("staff {member}")
}

/// An entry about a member that the member's own federation may read.
pub(super) fn of_member(event: Event, member: &Member) -> Event {
    let event = event.subject(member.id);
    match member.scope {
        Scope::One(prefecture) => event.prefecture(prefecture),
        Scope::All => event,
    }
}
