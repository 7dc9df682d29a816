//! P1 【トップメニュー】 and 【お知らせ】, the text of one public notice.

use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::Kept;
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::notices::{self, Public, Version};
use crate::store::StoreError;
use crate::web::components::{ButtonRow, Tone, badge, door, empty_state, paragraphs};
use crate::web::layout::{Clock, Page, Shell};
use crate::web::{Answer, Fault, Visit, page};

/// P1. The same for everybody: no cookie is set and nothing is written.
#[handler]
pub fn show(app: Data<&App>, kept: Data<&Kept>, visit: Visit) -> Answer {
    let html = kept.get(visit.now, &visit.time, || {
        let (news, versions) =
            app.store.read(|r| Ok::<_, StoreError>((notices::public(r, visit.now)?, notices::versions(r, visit.now)?)))?;
        Ok(render(&visit, &news, &versions).into_string())
    })?;
    Ok(Response::builder().content_type("text/html; charset=utf-8").body(html))
}

fn render(visit: &Visit, news: &[Public], versions: &[Version]) -> Markup {
    let today = jst::date(visit.now);
    Page::new("トップメニュー", Shell::Visitor, Clock::Marker, &visit.front().help).links(visit.front().links).open().render(html! {
        div.columns.main-aside {
            nav aria-label="手続き" {
                ul.doors {
                    (door("/login", true, "ログイン", "ユーザIDとパスワードをお持ちの方"))
                    (door("/lost", false, "パスワード等を紛失した方はこちら", "ログイン情報の再設定・再発行、新しくユーザIDを取得する方"))
                    (door("/status", false, "申請状況の確認", "管理番号をお手元にご用意ください"))
                    (door("/portal", false, "介護情報基盤ポータル", "初回利用登録、ログイン、お問い合わせ"))
                }
            }
            section.card {
                h2 { "お知らせ一覧" }
                @if news.is_empty() { (empty_state("お知らせはありません", html! {})) }
                @else {
                    ul.news {
                        @for one in news {
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
                @if !versions.is_empty() {
                    h2 { "最新バージョン" }
                    table.table {
                        thead { tr { th scope="col" { "ソフトウェア名" } th scope="col" { "更新日付" } } }
                        tbody { @for one in versions { tr { td data-label="ソフトウェア名" { (one.name) } td.short data-label="更新日付" { (jst::list(one.updated)) } } } }
                    }
                }
            }
        }
    })
}

/// The text of a public notice. One that is not shown today is not there.
#[handler]
pub fn notice(app: Data<&App>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = Id::parse(&id).ok_or(Fault::NotFound)?;
    let found = app.store.read(|r| notices::public_one(r, id))?;
    let one = found.filter(|one| one.is_shown(jst::date(visit.now))).ok_or(Fault::NotFound)?;
    let inside = visit.session.as_ref().is_some_and(|session| !session.limited);
    let back = if inside { "/office" } else { "/" };
    page(visit.page("お知らせ", Shell::Visitor).render(html! {
        p { "提示開始日 " (one.from.map(jst::list).unwrap_or_default()) }
        h2 {
            @if one.important { (badge("重要", Tone::Bad)) " " }
            (one.title)
        }
        (paragraphs(&one.body))
        (ButtonRow::only_back(back))
    }))
}
