//! Screens of マイページ and below (S4 12, spec 3).

mod attempts;
pub mod code;
pub mod devices;
pub mod home;
pub mod mail;
pub mod one;
pub mod password;
pub mod profile;
pub mod users;

use maud::{Markup, html};
use poem::http::StatusCode;

use super::flow::Acting;
use crate::app::App;
use crate::kernel::jst;
use crate::mail::outbox;
use crate::portal::{Bearer, HOME, PortalMenu};
use crate::web::components::{ButtonRow, Mark, notice};
use crate::web::{Answer, Visit, html as answer};

/// What led to a screen.
#[derive(Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

fn acting(app: &App, visit: &Visit, bearer: &Bearer) -> Acting {
    Acting { app: app.clone(), moment: app.moment(), bearer: bearer.clone(), network: visit.network.to_string() }
}

/// For who is known here and is not the main user: nothing was done.
fn only_main(visit: &Visit, bearer: &Bearer, menu: PortalMenu) -> Answer {
    let page = bearer.screen(visit, "この操作はできません", menu, None, true, |_| {
        html! {
            (notice(Mark::Warning, "主たる利用者だけが行えます", html! {
                p { "利用者の追加と管理は、この事業所・医療機関の主たる利用者だけが行えます。必要なときは、主たる利用者にご相談ください。" }
            }))
            (ButtonRow::only_back(HOME))
        }
    });
    Ok(answer(StatusCode::FORBIDDEN, page))
}

/// How far an invitation is, as of this page. The same for everybody who was invited.
fn delivery(row: Option<&outbox::Row>) -> Markup {
    html! {
        @match row.map(|row| (row.state, row.sent)) {
            Some((outbox::State::Sent, Some(at))) => { (jst::sentence_time(at)) "に、メールサーバーが案内のメールを受け取りました。" }
            Some((outbox::State::Sent, None)) => "メールサーバーが案内のメールを受け取りました。",
            Some((outbox::State::Waiting, _)) => "案内のメールを送信しています。",
            Some((outbox::State::Failed, _)) => "メールサーバーが案内のメールを受け付けませんでした。メールアドレスに誤りがないかお確かめください。",
            Some((outbox::State::Dropped, _)) | None => "案内のメールは送信していません。",
        }
    }
}
