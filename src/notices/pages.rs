//! 【お知らせ】 after login.

use maud::html;
use poem::handler;
use poem::web::Data;

use super::store;
use crate::app::App;
use crate::kernel::jst;
use crate::login::{MenuPage, Office};
use crate::web::components::{Facts, empty_state};
use crate::web::{Answer, Visit, page};

/// The page an office lands on: the public notices for everybody and of its own federation, and when and from where the account was last opened.
#[handler]
pub fn office(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let own = office.account.user_id.office().prefecture;
    let mut news = app.store.read(|r| store::public(r, visit.now))?;
    news.retain(|one| one.prefecture.is_none_or(|place| place == own));
    let today = jst::date(visit.now);
    let markup = office.screen(&visit, "お知らせ", MenuPage::Notices, None, false, |_| {
        html! {
            @if let Some(last) = &office.account.login_before {
                (Facts::new().row("前回のログイン", format!("{}（{}）", jst::sentence_time(last.at), last.from)))
            }
            h2 { "お知らせ一覧" }
            @if news.is_empty() { (empty_state("お知らせはありません", html! {})) }
            @else {
                ul.news {
                    @for one in &news {
                        li {
                            time { (one.from.map(jst::list).unwrap_or_default()) }
                            span {
                                @if one.is_new(today) { span.new-mark { "New" } }
                                a href={ "/notices/" (one.id) } { (one.shown_title()) }
                            }
                        }
                    }
                }
            }
        }
    });
    page(markup)
}
