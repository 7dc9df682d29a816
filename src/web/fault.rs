//! What ends a request without its page: each becomes a page with an operation id and whom to call, never with details.

use poem::error::ResponseError;
use poem::http::StatusCode;

use crate::security::Busy;
use crate::store::StoreError;

/// Why a handler gives no page. Expected outcomes of a use case are not faults: they are pages of their own.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is nothing here, or nothing that this person may know of.
    #[error("not found")]
    NotFound,
    /// There is something here, but not to be asked for in this way. Holds the methods that are.
    #[error("wrong method")]
    WrongMethod(&'static str),
    /// The person is known and may not do this.
    #[error("forbidden")]
    Forbidden,
    /// The form does not belong to this browser's present session: logged out, timed out, or sent from elsewhere.
    #[error("the form is stale")]
    StaleForm,
    /// Nothing was done, and the browser goes on at this path of ours.
    #[error("sent on")]
    Elsewhere(String),
    /// The body is no form of ours.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// The body is larger than the route allows.
    #[error("too large")]
    TooLarge,
    /// Too much at once; the answer carries Retry-After.
    #[error("busy")]
    Busy,
    /// The store failed.
    #[error("{0}")]
    Store(StoreError),
    /// Something that should not happen. The text goes to the log only.
    #[error("{0}")]
    Internal(String),
}

impl Fault {
    /// Anything that should not happen.
    pub fn internal(what: impl ToString) -> Self {
        Self::Internal(what.to_string())
    }

    /// The HTTP status.
    #[must_use]
    pub fn code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forbidden | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Store(StoreError::DiskFull { .. } | StoreError::Moved(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl ResponseError for Fault {
    fn status(&self) -> StatusCode {
        self.code()
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Busy> for Fault {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
