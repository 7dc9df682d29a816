//! Answers of handlers.

use maud::Markup;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse as _, Response};

use super::fault::Fault;

/// What a handler gives back.
pub type Answer = Result<Response, Fault>;

/// A page.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn page(markup: Markup) -> Answer {
    Ok(html(StatusCode::OK, markup))
}

/// A page that answers a refused form.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn page_422(markup: Markup) -> Answer {
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, markup))
}

/// A page with the status that fits: 422 if the form was refused.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn form_page(refused: bool, markup: Markup) -> Answer {
    if refused { page_422(markup) } else { page(markup) }
}

/// The next screen, to be fetched with GET.
///
/// # Errors
/// [`Fault::Internal`] if the path cannot stand in a header.
pub fn see_other(path: &str) -> Answer {
    let value = HeaderValue::from_str(path).map_err(Fault::internal)?;
    Ok(Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, value).finish())
}

/// A file to be saved, never kept by anybody on the way.
///
/// # Errors
/// [`Fault::Internal`] if the name cannot stand in a header; `name` is ASCII.
pub fn attachment(name: &str, kind: &'static str, bytes: Vec<u8>) -> Answer {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(Fault::internal)?;
    Ok(Response::builder()
        .content_type(kind)
        .header(header::CONTENT_DISPOSITION, disposition)
        .header(header::CACHE_CONTROL, "no-store")
        .body(bytes))
}

/// A page with any status.
#[must_use]
pub fn html(status: StatusCode, markup: Markup) -> Response {
    markup.with_status(status).into_response()
}
