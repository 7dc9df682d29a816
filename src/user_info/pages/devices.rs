//! 【ログイン中の端末】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::MENU;
use crate::app::App;
use crate::kernel::Id;
use crate::login::{self, DEVICE, DEVICE_FORM, MenuPage, Office};
use crate::passkeys;
use crate::security::sessions::Subject;
use crate::store::StoreError;
use crate::user_info::flow::{self, Ended, Which};
use crate::web::components::{ButtonRow, Mark, error_summary, form_with_id, notice};
use crate::web::{Answer, Cookie, Errors, Form, Query, Visit, cookies, page, page_422, see_other};

const PATH: &str = "/office/user/devices";
const ENDED: &str = "/office/user/devices?notice=ended";
/// And the devices are strangers again.
const FORGOTTEN: &str = "/office/user/devices?notice=forgotten";
/// All sessions but the one that asks.
const OTHERS: &str = "others";

/// What led here.
#[derive(Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// 【ログイン中の端末】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office, Query(arrival): Query<Arrival>) -> Answer {
    page(screen(&app, &visit, &office, &arrival.notice, &Errors::default())?)
}

/// \[ログアウトさせる\], \[ほかのすべての端末をログアウトさせる\]. The devices are forgotten as well, so the password is asked again: a
/// stolen session must not turn the office's own machines into strangers. Who logs out themselves needs none, and stays known.
#[handler]
pub async fn end(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let which = match form.get(DEVICE) {
        OTHERS => Some(Which::Others),
        handle => Id::parse(handle).map(Which::One),
    };
    let Some(which) = which else { return see_other(PATH) };
    let own = which == Which::One(office.session.handle);
    if !own {
        let mut errors = Errors::default();
        let confirmed = login::confirm_to_end(&app, &office, &form, visit.now).await?;
        if !login::confirmed(&mut errors, &confirmed) {
            return page_422(screen(&app, &visit, &office, "", &errors)?);
        }
    }
    let ended = flow::end_sessions(&app, &office, which).await?;
    if ended.sessions > 0 && own {
        let mut response = see_other("/login?notice=logout")?;
        cookies::clear(&mut response, Cookie::Office, visit.secure());
        return Ok(response);
    }
    see_other(match ended {
        Ended { sessions: 0, .. } => PATH,
        Ended { forgotten: 0, .. } => ENDED,
        Ended { .. } => FORGOTTEN,
    })
}

fn screen(app: &App, visit: &Visit, office: &Office, told: &str, errors: &Errors) -> Result<Markup, StoreError> {
    let sessions = app.store.read(|r| app.front.living(r, office.session.subject, visit.now))?;
    let passkeys = app.store.read(|r| passkeys::of_owner(r, Subject::Office(office.account.user_id)))?;
    Ok(office.screen(visit, "ログイン中の端末", MenuPage::User, None, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if matches!(told, "ended" | "forgotten") {
                (notice(Mark::Success, "ログアウトさせました", html! {
                    p {
                        "その端末では、次の操作のときにログイン画面に戻ります。"
                        @if told == "forgotten" { "次にその端末からログインするときは、初めて使う端末として扱います。" }
                    }
                }))
            }
            p.lead { "このユーザIDで、いまログインしている端末です。心当たりのない端末は、【ログアウトさせる】ボタンを押してください。" }
            (form_with_id(DEVICE_FORM, PATH, csrf, html! {
                // The first button of a form is what the Enter key presses: none of the devices.
                button type="submit" disabled hidden {}
                (login::password_again(office, visit.now, errors))
            }))
            (login::device_table(&sessions, office.session.handle, None))
            p.note { "心当たりのない端末があったときは、パスワードも変更してください。パスワードを変更すると、ほかの端末はすべてログアウトします。" }
            @if !passkeys.is_empty() {
                p.note {
                    "ログアウトさせた端末からも、その端末のパスキーでログインできます。心当たりのないパスキーは、"
                    a href="/office/user/passkeys" { "パスキー" } "の画面で削除してください。"
                }
            }
            @if sessions.len() > 2 {
                p { button.button.danger type="submit" form=(DEVICE_FORM) name=(DEVICE) value=(OTHERS) { "ほかのすべての端末をログアウトさせる" } }
            }
            (ButtonRow::only_back(MENU))
        }
    }))
}
