//! The answers to too many requests.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::answer::html as answer;
use super::components::{Back, ButtonRow, Mark, countdown, notice};
use super::layout::Shell;
use super::visit::Visit;
use crate::kernel::jst;

/// A page with status 429 that says in `Retry-After` when it may be tried again.
#[must_use]
pub fn come_again(visit: &Visit, page: Markup, again_at: Timestamp) -> Response {
    let left = again_at.duration_since(visit.now).as_secs().max(0) + 1;
    let mut response = answer(StatusCode::TOO_MANY_REQUESTS, page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(left));
    response
}

/// Too many logins were tried from this network. The same for whatever was typed, because nothing of it was looked at.
#[must_use]
pub fn too_many_logins(visit: &Visit, title: &'static str, login: &'static str, again_at: Timestamp) -> Response {
    let why = "お使いの回線から、短い時間に多くのログインが試みられました。";
    crowded(visit, title, login, again_at, why, "入力された内容は確認していません。", None)
}

/// Too many logins were tried from devices that the typed account does not know, as this one is. The same whether there is such an
/// account or not. `device` is where it can be made known, if there is such a place.
#[must_use]
pub fn too_many_new_devices(
    visit: &Visit,
    title: &'static str,
    login: &'static str,
    device: Option<&'static str>,
    again_at: Timestamp,
) -> Response {
    let why = "初めてログインする端末（ブラウザ）からのログインが、システム全体で集中しています。";
    let aside = "このIDでログインしたことのある端末（ブラウザ）からは、お待ちにならずにログインできます。今回の操作は、ログインの誤りとして数えていません。";
    crowded(visit, title, login, again_at, why, aside, device)
}

/// Too many forms of one flow came from this network. Nothing of this one was looked at.
#[must_use]
pub fn too_many_forms(visit: &Visit, title: &'static str, start: &'static str, again_at: Timestamp) -> Response {
    let (shell, back) = if start.starts_with("/portal") { (Shell::PortalVisitor, "/portal") } else { (Shell::Visitor, "/") };
    let body = html! {
        (notice(Mark::Error, "お手続きが混み合っています", html! {
            p {
                "お使いの回線から、短い時間に多くの操作が行われました。恐れ入りますが、あと"
                strong { (countdown(&visit.time, again_at.as_millisecond(), "0秒")) }
                "お待ちになってから（" (jst::hms(again_at)) "以降に）、もう一度お試しください。入力された内容は確認していません。お手続きの途中の方は、続きから行えます。"
            }
        }))
        (ButtonRow::forward_link("お手続きの画面へ", start).back(Back::Link(back)))
    };
    come_again(visit, visit.page(title, shell).error(true).render(body), again_at)
}

fn crowded(
    visit: &Visit,
    title: &'static str,
    login: &'static str,
    again_at: Timestamp,
    why: &str,
    aside: &str,
    device: Option<&'static str>,
) -> Response {
    // The portal asks for the same passwords at its first registration, which is no login.
    let (shell, back) = if login.starts_with("/portal") { (Shell::PortalVisitor, "/portal") } else { (Shell::Visitor, "/") };
    let (again, button) = if login.ends_with("/login") {
        ("もう一度ログインしてください。", "ログイン画面へ")
    } else {
        ("もう一度お試しください。", "お手続きの画面へ")
    };
    let body = html! {
        (notice(Mark::Error, "ログインが混み合っています", html! {
            p {
                (why) "恐れ入りますが、あと"
                strong { (countdown(&visit.time, again_at.as_millisecond(), "0秒")) }
                "お待ちになってから（" (jst::hms(again_at)) "以降に）、" (again) (aside)
            }
        }))
        @if let Some(device) = device {
            p { "お急ぎのときは、セキュリティ用メールアドレスで端末を確認すると、お待ちにならずにログインできます。" }
            p { a href=(device) { "端末を確認する" } }
        }
        (ButtonRow::forward_link(button, login).back(Back::Link(back)))
    };
    come_again(visit, visit.page(title, shell).error(true).render(body), again_at)
}
