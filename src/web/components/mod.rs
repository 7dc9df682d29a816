//! The parts screens are made of. Each is a small builder that stands directly in `html!`; none knows a feature.
//!
//! Rules they keep (quality bar 2, 5, 49–58): a label for every field, 必須 in words, support and error text tied to the field,
//! no `maxlength`, no HTML5 validation, no inline style or handler, everything usable without the script. A field's id is its name.
//!
//! A form page, whole:
//!
//! ```
//! use maud::{Markup, html};
//! use uketsuke::web::components::{
//!     Back, ButtonRow, Mark, error_summary, form, help_details, notice, password_field, text_field,
//! };
//! use uketsuke::web::layout::{Clock, HelpDesk, Page, ServerTime, Shell};
//!
//! const STEPS: [&str; 3] = ["パスワード変更", "確認", "終了"];
//!
//! /// `errors` pairs a field's name with its sentence, in the order of the fields; `typed` is what was sent, shown again.
//! fn screen(now: &ServerTime, desks: &[HelpDesk], csrf: &str, typed: &str, errors: &[(&str, &str)]) -> Markup {
//!     let error = |field: &str| errors.iter().find(|(name, _)| *name == field).map(|(_, sentence)| *sentence);
//!     Page::new("パスワード変更", Shell::Visitor, Clock::At(now), desks)
//!         .steps(&STEPS, 1)
//!         .error(!errors.is_empty())
//!         .render(html! {
//!             (error_summary(errors))
//!             p.lead { "新しいパスワードを入力し、【変更】ボタンを押してください。" }
//!             (form("/password", csrf, html! {
//!                 (text_field("user_id", "ユーザID").value(typed).required().autocomplete("username").error(error("user_id")))
//!                 (password_field("new_password", "新しいパスワード").required().autocomplete("new-password")
//!                     .support("8文字以上16文字以下").error(error("new_password")))
//!                 (notice(Mark::Info, "ご注意", html! { p { "前のパスワードは使えなくなります。" } }))
//!                 (help_details("パスワードについて", html! { p { "英字と数字を1文字以上含めてください。" } }))
//!                 (ButtonRow::forward("変更").back(Back::Link("/login")))
//!             }))
//!         })
//! }
//! let now = ServerTime { hms: "12:00:00".into(), epoch_ms: 0 };
//! let page = screen(&now, &[], "token", "KJ07", &[("new_password", "入力してください。")]).into_string();
//! assert!(page.contains(r##"<a href="#new_password">入力してください。</a>"##));
//! assert!(page.contains(r#"aria-invalid="true""#));
//! ```
//!
//! Layout classes for bodies: `p.lead` (what to do, first on a screen), `p.note` (the ※ lines), `ul.plain`, `.stack` (children spaced apart),
//! `.card` (a white box of its own; the body of a visitor's screen is one already), `.columns` (two boxes side by side on wide pages), `.vh` (heard, not seen), `.num` (figures aligned).
//! A form cannot stand in another: where 再送 or a long explanation stands between fields and buttons, use `form_with_id` and `ButtonRow::of_form`.
//! A link that looks like a button: `a.button` or `a.button.primary`. htmx attributes are written `data-hx-…`, so that pages stay valid HTML.

mod choice;
mod compare;
mod countdown;
mod dashboard;
mod door;
mod field;
mod form;
mod message;
mod password;
mod qr;
mod table;
mod timeline;

pub use choice::{CheckBox, Choice, Group, RadioCards, Select, checkbox, radio_cards, select};
pub use compare::{CompareRow, comparison};
pub use countdown::{countdown, resend_form};
pub use dashboard::{Bar, Tile, bar_chart, tiles};
pub use door::door;
pub use field::{Field, code_field, date_field, mail_field, password_field, search_field, text_field, textarea};
pub use form::{Back, ButtonRow, error_summary, form, form_with_id, hidden, link_button, post_button, search_form};
pub use message::{Mark, Tone, badge, copy_button, empty_state, help_details, notice, paragraphs, print_button};
pub use password::{PasswordRule, password_rules, suggest_password};
pub use qr::qr;
pub use table::{Column, DataTable, Facts, pager};
pub use timeline::{Reached, TimelineItem, timeline};

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;
