//! 【マイページ】: who one is here, who else is, and the ways to all that can be changed.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::Arrival;
use super::attempts::{self, Attempt};
use crate::app::App;
use crate::kernel::{ClientNetwork, jst};
use crate::passkeys::Relying;
use crate::portal::{self, Bearer, HOME, MOST_ADDITIONAL, Member, PortalMenu, User};
use crate::portal_page::flow::users;
use crate::portal_page::model::state_words;
use crate::store::StoreError;
use crate::web::components::{Column, DataTable, Facts, Mark, Tone, badge, door, notice, post_button};
use crate::web::{Answer, Query, Visit, page, see_other};

/// What the page shows.
struct Shown {
    members: Vec<(Member, User)>,
    /// The other places of this user, with their names.
    places: Vec<(Member, String)>,
    attempts: Vec<Attempt>,
}

/// 【マイページ】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer, Query(arrival): Query<Arrival>) -> Answer {
    let Some(me) = &bearer.member else { return see_other(portal::FIRST) };
    let shown = load(&app, &visit, &bearer, me)?;
    page(bearer.screen(&visit, "マイページ", PortalMenu::My, None, false, |csrf| {
        html! {
            (told(&arrival.notice))
            @if let Some(last) = &bearer.user.login_before {
                @let from = ClientNetwork::masked_text(&last.from);
                @let from = if last.agent.is_empty() { from } else { format!("{from}、{}", last.agent) };
                (Facts::new().row("前回のログイン", html! { (jst::sentence_time(last.at)) " " span.muted { "接続元 " (from) } }))
            }
            (attempts::part(&shown.attempts))
            h2 { "登録情報" }
            (profile(&bearer, me))
            h2 { "利用者の一覧 " span.muted { (shown.members.len()) "/" (MOST_ADDITIONAL + 1) "名" } }
            (members(&shown.members, me, visit.now))
            @if me.main { (adding(shown.members.len())) }
            h2 { "設定の変更" }
            ul.doors {
                (door("/portal/my/profile", false, "登録情報の変更", "氏名、電話番号、部署などを変更します。"))
                (door("/portal/my/mail", false, "メールアドレス変更", "ログインのIDになっているメールアドレスを変更します。"))
                (door("/portal/my/password", false, "パスワード変更", "ログインに使うパスワードを変更します。"))
                (door("/portal/my/devices", false, "ログイン中の端末", "いまログインしている端末を確認し、ログアウトさせます。"))
                @if Relying::of(&visit.front().public_url).is_some() {
                    (door("/portal/my/passkeys", false, "パスキー", "パスワードを入力せずにログインできるパスキーを、登録または削除します。"))
                }
                (door("/portal/my/steps", false, "介護情報基盤ポータルの利用準備", "ご利用開始までの手順と、次に行うことを確認します。"))
            }
            @if !shown.places.is_empty() {
                h2 { "事業所の切り替え" }
                p { "ほかの事業所・医療機関の利用者としても登録されています。切り替えると、この画面で入力中の内容は送信できなくなります。" }
                ul.plain {
                    @for (member, name) in &shown.places {
                        li { (name) " " (post_button("/portal/my/place", csrf, &format!("「{name}」に切り替える"), "small", &[("place", &member.id.to_string())])) }
                    }
                }
            }
        }
    }))
}

fn load(app: &App, visit: &Visit, bearer: &Bearer, me: &Member) -> Result<Shown, StoreError> {
    app.store.read(|r| {
        let mut members = Vec::new();
        for member in portal::members_of(r, me.institution)? {
            let user = portal::user(r, member.user)?;
            members.extend(user.map(|user| (member, user)));
        }
        let mut places = Vec::new();
        for member in portal::memberships(r, me.user)? {
            if member.id != me.id
                && member.is_usable()
                && let Some(institution) = portal::institution(r, member.institution)?
            {
                places.push((member, portal::name_of(r, &institution)?));
            }
        }
        let attempts = attempts::of(r, &app.keys, &bearer.user, visit.now)?;
        Ok(Shown { members, places, attempts })
    })
}

fn told(word: &str) -> Markup {
    let sentence = match word {
        "profile" => "登録情報を変更しました",
        "removed" => "利用者を削除しました",
        "handed_over" => "主たる利用者を引き継ぎました",
        _ => return html! {},
    };
    notice(Mark::Success, sentence, html! {})
}

/// The address is masked: the page may stand open on a counter.
fn profile(bearer: &Bearer, me: &Member) -> Markup {
    let or_none = |text: &str| if text.is_empty() { "―".to_owned() } else { text.to_owned() };
    let person = &me.person;
    html! {
        (Facts::new()
            .row("事業所・医療機関", &bearer.name)
            .row("役割", role(me))
            .row("氏名", &person.name)
            .row("氏名カナ", &person.kana)
            .row("ID（メールアドレス）", html! { span.address { (bearer.user.mail.masked()) } })
            .row("電話番号", &person.telephone)
            .row("部署", &person.department)
            .row("職種", or_none(&person.occupation)))
    }
}

fn role(member: &Member) -> &'static str {
    if member.main { "主たる利用者" } else { "追加の利用者" }
}

fn members(all: &[(Member, User)], me: &Member, now: Timestamp) -> Markup {
    let columns = [
        Column::Head("氏名"),
        Column::Short("役割"),
        Column::Text("メールアドレス"),
        Column::Text("状態"),
        Column::Short("操作"),
    ];
    let mut table = DataTable::new("利用者の一覧", &columns);
    for (member, user) in all {
        let own = member.id == me.id;
        // The main user manages the others; an additional one only themselves.
        let manages = me.main != own;
        table.push(vec![
            html! { (member.person.name) @if own { " " (badge("ご自身", Tone::Quiet)) } },
            html! { (role(member)) },
            html! { span.address { (user.mail.masked()) } },
            html! { (state_words(member, now)) },
            html! {
                @if manages {
                    a.button.small href={ (HOME) "/users/" (member.id) } { span.vh { (member.person.name) "さんを" } "管理" }
                } @else { span.muted { "―" } }
            },
        ]);
    }
    html! { (table) }
}

/// S4 12: up to four more.
fn adding(users: usize) -> Markup {
    html! {
        @if users > MOST_ADDITIONAL {
            p.note { "追加できる利用者は最大" (MOST_ADDITIONAL) "名です。これ以上追加するには、使わなくなった利用者を削除してください。" }
        } @else {
            p { a.button.primary href=(users::EDIT) { "ユーザ新規登録" } }
        }
    }
}
