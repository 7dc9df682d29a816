//! 【ログイン中の端末】

use std::net::IpAddr;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::MENU;
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::login::{MenuPage, Office};
use crate::security::sessions::Session;
use crate::user_info::flow::{self, Which};
use crate::web::components::{ButtonRow, Column, DataTable, Mark, Tone, badge, hidden, notice, post_button};
use crate::web::{Answer, Cookie, Form, Query, Visit, cookies, page, see_other};

const PATH: &str = "/office/user/devices";
const ENDED: &str = "/office/user/devices?notice=ended";
/// The name of the field: a session's public name, or [`OTHERS`].
const DEVICE: &str = "device";
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
    let sessions = app.store.read(|r| flow::living(r, &app, &office))?;
    let told = arrival.notice == "ended";
    page(office.screen(&visit, "ログイン中の端末", MenuPage::User, None, false, |csrf| {
        html! {
            @if told {
                (notice(Mark::Success, "ログアウトさせました", html! {
                    p { "その端末では、次の操作のときにログイン画面に戻ります。" }
                }))
            }
            p.lead { "このユーザIDで、いまログインしている端末です。心当たりのない端末は、【ログアウトさせる】ボタンを押してください。" }
            (table(&office, &sessions, csrf))
            p.note { "心当たりのない端末があったときは、パスワードも変更してください。パスワードを変更すると、ほかの端末はすべてログアウトします。" }
            @if sessions.len() > 2 {
                (post_button(PATH, csrf, "ほかのすべての端末をログアウトさせる", "danger", &[(DEVICE, OTHERS)]))
            }
            (ButtonRow::only_back(MENU))
        }
    }))
}

/// \[ログアウトさせる\], \[ほかのすべての端末をログアウトさせる\]
#[handler]
pub async fn end(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let which = match form.get(DEVICE) {
        OTHERS => Some(Which::Others),
        handle => Id::parse(handle).map(Which::One),
    };
    let Some(which) = which else { return see_other(PATH) };
    let ended = flow::end_sessions(&app, &office, which).await?;
    if ended > 0 && which == Which::One(office.session.handle) {
        let mut response = see_other("/login?notice=logout")?;
        cookies::clear(&mut response, Cookie::Office, visit.secure());
        return Ok(response);
    }
    see_other(if ended > 0 { ENDED } else { PATH })
}

fn table(office: &Office, sessions: &[Session], csrf: &str) -> Markup {
    let columns = [
        Column::Head("端末"),
        Column::Short("ログイン日時"),
        Column::Short("最終操作"),
        Column::Short("接続元"),
        Column::Short("操作"),
    ];
    let mut table = DataTable::new("ログイン中の端末", &columns);
    for session in sessions {
        let own = session.handle == office.session.handle;
        let agent = if session.agent.is_empty() { "不明な端末" } else { &session.agent };
        table.push(vec![
            html! { (agent) @if own { " " (badge("この端末", Tone::Good)) } },
            html! { (jst::list_time(session.created)) },
            html! { (jst::list_time(session.last_seen)) },
            html! { (network(&session.address)) },
            button(csrf, session, agent),
        ]);
    }
    html! { (table) }
}

fn button(csrf: &str, session: &Session, agent: &str) -> Markup {
    html! {
        form.row-button method="post" action=(PATH) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            (hidden(DEVICE, &session.handle.to_string()))
            button.button.small type="submit" {
                span.vh { (jst::list_time(session.created)) "にログインした" (agent) "を" } "ログアウトさせる"
            }
        }
    }
}

/// Enough to tell one's own line from another's; the whole address would tell whoever reads over a shoulder more than is needed.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.*")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}:*")
        }
        Err(_) => "不明".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_far_as_its_network() {
        for (address, shown) in [
            ("203.0.113.9", "203.0.113.*"),
            ("::ffff:203.0.113.9", "203.0.113.*"),
            ("2001:db8:0:12:3:4:5:6", "2001:db8:0:12:*"),
            ("", "不明"),
        ] {
            assert_eq!(network(address), shown);
        }
    }
}
