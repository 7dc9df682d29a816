//! The list of 【ログイン中の端末】, with a button for each: the same for offices and users of the portal.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::kernel::{ClientNetwork, Id, jst};
use crate::security::sessions::Session;
use crate::web::components::{Column, DataTable, Tone, badge};

/// The name of the field: a session's public name, or a word of the screen's own.
pub const DEVICE: &str = "device";
/// The form that all buttons of the list belong to: the password, where it is asked, is typed once.
pub const DEVICE_FORM: &str = "devices";

/// These sessions; `own` is the public name of the one that looks. `places` names where each works, where that differs.
#[must_use]
pub fn device_table(sessions: &[Session], own: Id, places: Option<&BTreeMap<Id, String>>) -> Markup {
    let mut columns = vec![Column::Head("端末")];
    columns.extend(places.map(|_| Column::Text("利用先")));
    columns.extend([Column::Short("ログイン日時"), Column::Short("最終操作"), Column::Short("接続元"), Column::Short("操作")]);
    let mut table = DataTable::new("ログイン中の端末", &columns);
    for session in sessions {
        let agent = if session.agent.is_empty() { "不明な端末" } else { &session.agent };
        let mut cells = vec![html! { (agent) @if session.handle == own { " " (badge("この端末", Tone::Good)) } }];
        if let Some(places) = places {
            let place = session.place.and_then(|place| places.get(&place));
            cells.push(html! { (place.map_or("―", String::as_str)) });
        }
        cells.extend([
            html! { (jst::list_time(session.created)) },
            html! { (jst::list_time(session.last_seen)) },
            html! { (ClientNetwork::masked_text(&session.address)) },
            button(session, agent),
        ]);
        table.push(cells);
    }
    html! { (table) }
}

fn button(session: &Session, agent: &str) -> Markup {
    html! {
        button.button.small type="submit" form=(DEVICE_FORM) name=(DEVICE) value=(session.handle) {
            span.vh { (jst::list_time(session.created)) "にログインした" (agent) "を" } "ログアウトさせる"
        }
    }
}
