//! The screens: looking after one's passkeys, and logging in with one.
//!
//! The page asks the browser by a script (`assets/js/passkey.js`); what it answers is sent by an ordinary form. Without the script the list and
//! the removal work, and the rest says what is missing.

mod frame;
pub mod login;
pub mod office;
mod own;
pub mod portal;
pub mod staff;

use maud::{Markup, html};

use super::relying::Relying;
use crate::web::Visit;
use crate::web::components::{ButtonRow, Mark, form_with_id, hidden, notice, post_button};

/// The name of the field that holds what the browser has answered.
const CREDENTIAL: &str = "credential";

/// Told where the script has not run.
const NO_SCRIPT: &str =
    "パスキーにはJavaScriptが必要です。ブラウザの設定でJavaScriptを有効にしてから、もう一度操作してください。";

/// \[パスキーでログイン\] on a login page. Only the script shows it: without one it would lead nowhere.
#[must_use]
pub fn login_offer(visit: &Visit, begin: &str) -> Markup {
    html! {
        @if Relying::of(&visit.front().public_url).is_some() {
            div.passkey-offer.stack data-passkey-offer="" hidden {
                p { "パスキーを登録している方は、パスワードなどを入力せずにログインできます。" }
                (post_button(begin, &visit.csrf(), "パスキーでログイン", "", &[]))
            }
        }
    }
}

/// A form that the script sends with the browser's answer.
struct Asking<'a> {
    /// `create` or `get`.
    kind: &'static str,
    /// What the browser is to sign.
    options: &'a str,
    action: &'a str,
    csrf: &'a str,
    /// An answer that came before and is good, beside something else that is not.
    answer: &'a str,
    fields: Markup,
    buttons: ButtonRow<'a>,
}

impl Asking<'_> {
    fn render(self) -> Markup {
        html! {
            div.stack data-passkey=(self.kind) data-options=(self.options) {
                div data-passkey-without="" { (notice(Mark::Warning, "", html! { p { (NO_SCRIPT) } })) }
                div data-passkey-told="" role="alert" {}
                (form_with_id("passkey-form", self.action, self.csrf, html! {
                    (hidden(CREDENTIAL, self.answer))
                    (self.fields)
                    (self.buttons)
                }))
            }
        }
    }
}
