//! For machines: is the process there, and can it do its work?

use poem::http::StatusCode;
use poem::{Response, handler};

use super::Visit;
use crate::store::StoreError;

/// `/healthz`: the process answers.
#[handler]
pub fn healthz() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// `/readyz`: the database can be written and mails are sent.
#[handler]
pub fn readyz(visit: Visit) -> Response {
    match visit.front().store.ready() {
        Err(StoreError::Moved(_)) => plain(StatusCode::SERVICE_UNAVAILABLE, "the database file was moved or removed\n"),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the database cannot be written\n"),
        Ok(()) if !visit.front().alive.all() => plain(StatusCode::SERVICE_UNAVAILABLE, "jobs are not worked off\n"),
        Ok(()) => plain(StatusCode::OK, "ready\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text)
}
