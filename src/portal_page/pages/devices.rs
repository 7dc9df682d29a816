//! 【ログイン中の端末】 of a user of the portal.

use std::collections::BTreeMap;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{Arrival, acting};
use crate::app::App;
use crate::kernel::Id;
use crate::login::{self, DEVICE, DEVICE_FORM};
use crate::passkeys;
use crate::portal::{self, Bearer, HOME, PortalMenu};
use crate::portal_page::flow::devices::{self, Ended, Which};
use crate::security;
use crate::store::StoreError;
use crate::web::components::{ButtonRow, Mark, error_summary, form_with_id, notice};
use crate::web::{Answer, Cookie, Errors, Form, Query, Visit, cookies, page, page_422, see_other};

const PATH: &str = "/portal/my/devices";
/// All sessions but the one that asks.
const OTHERS: &str = "others";
/// No session: which devices go without the one-time password.
const TRUST: &str = "trust";

/// 【ログイン中の端末】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer, Query(arrival): Query<Arrival>) -> Answer {
    page(screen(&app, &visit, &bearer, &arrival.notice, &Errors::default())?)
}

/// A button of the list. The devices are forgotten as well, so the password is asked again: a stolen session must not turn the user's own
/// machines into strangers. Who logs out themselves needs none, and stays known.
#[handler]
pub async fn end(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    let which = match form.get(DEVICE) {
        OTHERS => Some(Which::Others),
        TRUST => Some(Which::Trust),
        handle => Id::parse(handle).map(Which::One),
    };
    let Some(which) = which else { return see_other(PATH) };
    let own = which == Which::One(bearer.session.handle);
    if !own {
        let mut errors = Errors::default();
        let confirmed = portal::confirm(&app, &bearer, &form, visit.now).await?;
        if !login::confirmed(&mut errors, &confirmed) {
            return page_422(screen(&app, &visit, &bearer, "", &errors)?);
        }
    }
    let here = acting(&app, &visit, &bearer);
    let ended = app.store.write(move |tx| devices::end(tx, &here, which)).await?;
    if ended.sessions > 0 && own {
        let mut response = see_other("/portal/login?notice=logout")?;
        cookies::clear(&mut response, Cookie::Portal, visit.secure());
        return Ok(response);
    }
    see_other(match ended {
        Ended { untrusted: 1.., .. } => "/portal/my/devices?notice=trust",
        Ended { sessions: 0, .. } => PATH,
        Ended { forgotten: 0, .. } => "/portal/my/devices?notice=ended",
        Ended { .. } => "/portal/my/devices?notice=forgotten",
    })
}

fn screen(app: &App, visit: &Visit, bearer: &Bearer, told: &str, errors: &Errors) -> Result<Markup, StoreError> {
    let (sessions, places, trusted, passkeys) = app.store.read(|r| {
        let sessions = app.front.living(r, bearer.subject(), visit.now)?;
        let mut places = BTreeMap::new();
        for member in portal::memberships(r, bearer.user.id)? {
            if let Some(institution) = portal::institution(r, member.institution)? {
                places.insert(member.id, portal::name_of(r, &institution)?);
            }
        }
        let trusted = security::devices::of(r, &portal::trusted_owner(bearer.user.id))?.len();
        let passkeys = passkeys::of_owner(r, bearer.subject())?.len();
        Ok::<_, StoreError>((sessions, places, trusted, passkeys))
    })?;
    Ok(bearer.screen(visit, "ログイン中の端末", PortalMenu::My, None, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            (told_box(told))
            p.lead { "このIDで、いまログインしている端末です。心当たりのない端末は、【ログアウトさせる】ボタンを押してください。" }
            (form_with_id(DEVICE_FORM, PATH, csrf, html! {
                // The first button of a form is what the Enter key presses: none of the devices.
                button type="submit" disabled hidden {}
                (portal::password_again(bearer, visit.now, errors))
            }))
            (login::device_table(&sessions, bearer.session.handle, Some(&places)))
            p.note { "心当たりのない端末があったときは、パスワードも変更してください。パスワードを変更すると、ほかの端末はすべてログアウトします。" }
            @if passkeys > 0 {
                p.note {
                    "ログアウトさせた端末からも、その端末のパスキーでログインできます。心当たりのないパスキーは、"
                    a href="/portal/my/passkeys" { "パスキー" } "の画面で削除してください。"
                }
            }
            @if sessions.len() > 2 {
                p { button.button.danger type="submit" form=(DEVICE_FORM) name=(DEVICE) value=(OTHERS) { "ほかのすべての端末をログアウトさせる" } }
            }
            h2 { "ワンタイムパスワードの省略" }
            @if trusted == 0 {
                p { "ワンタイムパスワードの入力を省略する端末はありません。" }
            } @else {
                p { "ワンタイムパスワードの入力を省略する端末が" (trusted) "台あります。解除すると、次のログインから、この端末を含むすべての端末で入力が必要になります。" }
                p { button.button type="submit" form=(DEVICE_FORM) name=(DEVICE) value=(TRUST) { "ワンタイムパスワードの省略をすべて解除する" } }
            }
            (ButtonRow::only_back(HOME))
        }
    }))
}

fn told_box(told: &str) -> Markup {
    let title = match told {
        "ended" | "forgotten" => "ログアウトさせました",
        "trust" => "ワンタイムパスワードの省略を解除しました",
        _ => return html! {},
    };
    notice(
        Mark::Success,
        title,
        html! {
            @match told {
                "trust" => p { "次のログインから、どの端末でもワンタイムパスワードの入力が必要です。" },
                _ => p {
                    "その端末では、次の操作のときにログイン画面に戻ります。"
                    @if told == "forgotten" { "次にその端末からログインするときは、初めて使う端末として扱います。" }
                },
            }
        },
    )
}
