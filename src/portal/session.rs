//! What keeps a session of the portal open.

use poem::Response;
use poem::handler;
use poem::http::{HeaderValue, StatusCode};

use super::guard::Bearer;
use crate::web::{Answer, Fault, Form};

/// \[操作を続ける\]: the request itself counts as use; the answer says when the session ends now.
#[handler]
pub fn extend(bearer: Bearer, _form: Form) -> Answer {
    let ends = HeaderValue::from_str(&bearer.session_ends_ms().to_string()).map_err(Fault::internal)?;
    Ok(Response::builder().status(StatusCode::NO_CONTENT).header("X-Session-Ends", ends).finish())
}
