//! What waits, counted again every 20 seconds while a queue stands open. Works on the page's own count without the script.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::{IntoResponse as _, Request, Response, handler};
use serde::Deserialize;

use super::super::flow::desk::queue::{Waiting, waiting};
use super::QUEUE;
use crate::app::App;
use crate::staff::Desk;
use crate::web::{Answer, BACKGROUND, Query, html as answer_html, see_other};

/// What the page knows: when it was made, and the counts it shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Known {
    since: String,
    was: String,
}

/// The count as a fragment; 204 if the page shows it already, so that nothing is read aloud again. A browser that comes here itself
/// is sent to the queue.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub fn count(Data(app): Data<&App>, desk: Desk, Query(known): Query<Known>, request: &Request) -> Answer {
    let mut response = if request.headers().contains_key("hx-request") {
        let since = known.since.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX);
        let counts = app.store.read(|r| waiting(r, desk.prefecture(), since))?;
        if fingerprint(&counts) == known.was {
            Response::builder().status(StatusCode::NO_CONTENT).finish()
        } else {
            answer_html(StatusCode::OK, fragment(&counts, since)).into_response()
        }
    } else {
        see_other(QUEUE)?
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("HX-Request"));
    Ok(response)
}

/// The count with the live region around it, made at `now`.
pub(super) fn frame(counts: &Waiting, now: Timestamp) -> Markup {
    html! { div.live-count role="status" { (fragment(counts, now)) } }
}

fn fragment(counts: &Waiting, since: Timestamp) -> Markup {
    let address = format!("{QUEUE}/count?since={}&was={}", since.as_millisecond(), fingerprint(counts));
    let all = counts.received + counts.under_review + counts.inquiring;
    html! {
        // Once the session has ended the answer is the login page: without this id in it, the count goes away.
        p #live-count data-hx-get=(address) data-hx-trigger="every 20s" data-hx-swap="outerHTML" data-hx-select="#live-count"
            data-hx-headers={ "{\"" (BACKGROUND) "\":\"1\"}" } {
            "未処理 " strong { (all) } "件"
            span.muted { "（受付済 " (counts.received) "・審査中 " (counts.under_review) "・照会中 " (counts.inquiring) "）" }
            @if counts.new > 0 {
                " " a.new-arrivals href=(QUEUE) { "新しい申請が" (counts.new) "件届きました。一覧を更新する" }
            }
        }
    }
}

fn fingerprint(counts: &Waiting) -> String {
    format!("{}-{}-{}-{}", counts.received, counts.under_review, counts.inquiring, counts.new)
}
