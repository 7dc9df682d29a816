//! Screens of 【ユーザ情報変更】 and below.

pub mod devices;
pub mod mail;
pub mod menu;
pub mod password;

use maud::{Markup, html};

use super::flow::ChangeError;
use crate::login::{MenuPage, Office};
use crate::web::components::{ButtonRow, Mark, notice};
use crate::web::{Fault, Visit};

/// 【ユーザ情報変更】
const MENU: &str = "/office/user";

/// Steps of a change of one thing.
const fn steps(title: &'static str) -> [&'static str; 3] {
    ["ユーザ情報変更", title, "終了"]
}

impl From<ChangeError> for Fault {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Moved | ChangeError::Ended => {
                Self::internal("a change that came too late is answered by its own screen")
            }
            ChangeError::Store(error) => error.into(),
            ChangeError::Busy(busy) => busy.into(),
        }
    }
}

/// 【処理終了】 of a change.
fn done(visit: &Visit, office: &Office, of: &'static str, sentence: &str, text: &Markup) -> Markup {
    office.screen(visit, "処理終了", MenuPage::User, Some((&steps(of), 3)), false, |_| {
        html! {
            (notice(Mark::Success, sentence, html! { (text) }))
            (ButtonRow::forward_link("終了", MENU))
        }
    })
}
