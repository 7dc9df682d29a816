//! Use cases: registering and removing by whoever is logged in, and logging in.

mod enter;
mod own;

pub(super) use enter::{Answer, Visitor, begin_login, enter, waiting_login};
pub(super) use own::{Acting, Holder, Went, begin, finish, held, remove, waiting};

use super::relying::RelyingError;
use crate::store::StoreError;
use crate::web::Fault;

/// Why no answer could be found.
#[derive(Debug, thiserror::Error)]
pub(super) enum FlowError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The library failed.
    #[error(transparent)]
    Relying(#[from] RelyingError),
}

impl From<FlowError> for Fault {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Relying(error) => Self::internal(error),
        }
    }
}
