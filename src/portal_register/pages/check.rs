//! 【登録内容の確認】 and 【処理終了】.

use jiff::SignedDuration;
use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::user::replacing;
use super::{Open, STEPS, current, elsewhere, home, open, visitor};
use crate::accounts::Account;
use crate::app::App;
use crate::kernel::{MailAddress, jst};
use crate::ledger;
use crate::mail::outbox;
use crate::portal::{self, INITIAL_DAYS, Member, Person};
use crate::portal_register::flow::user::{self as flow, Registered};
use crate::portal_register::model::{Registering, Screen, shown};
use crate::store::StoreError;
use crate::web::components::{Back, ButtonRow, Facts, Mark, checkbox, error_summary, form, hidden, notice, print_button};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Errors, Fault, Form, Visit, page, see_other};

/// What the screen has shown.
const SHOWN: &str = "shown";
/// The box that says that a main user is to be replaced.
const REPLACE: &str = "replace";
const UNTICKED: &str = "これまでの主たる利用者と交代することを確認し、チェックを入れてください。";

/// 【登録内容の確認】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    draw(&app, &visit, StatusCode::OK, &Errors::default(), None)
}

/// \[登録\]
#[handler]
pub async fn register(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let here = visitor(&app, &visit, visit.flow().ok_or(Fault::Elsewhere(Screen::Ask.path().to_owned()))?);
    let (seen, replaces) = (form.get(SHOWN).to_owned(), form.has(REPLACE));
    let mut errors = Errors::default();
    let told = match app.store.write(move |tx| flow::register(tx, &here, &seen, replaces)).await? {
        Registered::Done => return see_other(Screen::Done.path()),
        Registered::Elsewhere(place) => return elsewhere(place),
        Registered::Unticked => {
            errors.add(REPLACE, UNTICKED);
            return draw(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, &errors, None);
        }
        Registered::Other => {
            let told = notice(
                Mark::Error,
                "表示していた内容は登録していません",
                html! {
                    p { "この画面を開いたあとに、ほかの画面で登録が変わりました。いまの内容をお確かめのうえ、もう一度【登録】ボタンを押してください。" }
                },
            );
            return draw(&app, &visit, StatusCode::CONFLICT, &errors, Some(told));
        }
        Registered::Suspended => suspended(&app, &visit)?,
        Registered::TooMany { again_at } => notice(
            Mark::Error,
            "登録していません",
            html! {
                p { "この事業所の登録情報の変更が短い時間に続いたため、受け付けを一時的に止めています。" (jst::sentence_time(again_at)) "以降に、もう一度【登録】ボタンを押してください。" }
            },
        ),
    };
    draw(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, &errors, Some(told))
}

/// Staff have suspended the main user, or who has this address: whom to call.
fn suspended(app: &App, visit: &Visit) -> Result<Markup, Fault> {
    let account = open(app, visit)?.ok().map(|open| open.account);
    let federation = account.and_then(|account| {
        let home = portal::home_of(&app.config, account.user_id.office().prefecture);
        app.config.federation_of(home)
    });
    Ok(notice(
        Mark::Error,
        "登録していません",
        html! {
            p { "主たる利用者、または入力されたメールアドレスの利用者は、介護情報基盤ポータルの運営が利用を停止しています。この画面からは登録できません。" }
            p {
                "お手数ですが、お電話でお問い合わせください。"
                @if let Some(federation) = federation { br; (federation.name) " " (federation.department) " " span.tel { "電話 " (federation.telephone) } }
            }
        },
    ))
}

fn draw(app: &App, visit: &Visit, status: StatusCode, errors: &Errors, told: Option<Markup>) -> Answer {
    let open = match open(app, visit)? {
        Ok(open) => open,
        Err(answer) => return answer,
    };
    // Nothing typed yet, or not all of it.
    let (Ok(person), Ok(mail)) = (Person::read(&open.flow.draft), MailAddress::parse(&open.flow.draft.mail.address)) else {
        return see_other(Screen::User.path());
    };
    let office = app.store.read(|r| ledger::find(r, open.account.user_id.office()))?.map(|entry| entry.name);
    Ok(web::html(status, screen(visit, &open, &facts(&open.account, office.as_deref(), &person, &mail), errors, told)))
}

fn facts(account: &Account, office: Option<&str>, person: &Person, mail: &MailAddress) -> Markup {
    let occupation = if person.occupation.is_empty() { "（入力なし）" } else { &person.occupation };
    let office = office.unwrap_or("（台帳に登録がありません）");
    html! {
        (Facts::new()
            .row("事業所名", office)
            .row("ユーザID", html! { span.mono { (account.user_id) } })
            .row_with_change("氏名", &person.name, "/portal/register/user#name")
            .row_with_change("氏名カナ", &person.kana, "/portal/register/user#kana")
            .row_with_change("メールアドレス", html! { span.address { (mail) } }, "/portal/register/user#mail_address")
            .row_with_change("電話番号", &person.telephone, "/portal/register/user#telephone")
            .row_with_change("部署", &person.department, "/portal/register/user#department")
            .row_with_change("職種", occupation, "/portal/register/user#occupation"))
    }
}

fn screen(visit: &Visit, open: &Open, facts: &Markup, errors: &Errors, told: Option<Markup>) -> Markup {
    let seen = shown(open.main.as_ref().map(|(main, _)| main), &open.flow.draft);
    let failed = told.is_some() || !errors.is_empty();
    visit.page("登録内容の確認", Shell::PortalVisitor).steps(&STEPS, 3).error(failed).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = &told { div role="alert" { (told) } }
        p.lead { "主たる利用者を登録します。内容を確認し、【登録】ボタンを押してください。" }
        @if let Some(masked) = open.replaced() { (replacing(&masked)) }
        (form(Screen::Check.path(), &visit.csrf(), html! {
            (hidden(SHOWN, &seen))
            (facts)
            p.note { "このメールアドレスがログインのIDになります。お間違えがないよう、十分ご注意ください。" }
            @if open.replaces() {
                (checkbox(REPLACE, "これまでの主たる利用者と交代します", false).error(errors.of(REPLACE)))
            }
            (ButtonRow::forward("登録").back(Back::Link(Screen::User.path())))
        }))
    })
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    let flow = match current(&app, &visit)? {
        Some(flow) if flow.home(&app.config.code, visit.now) == Screen::Done => flow,
        other => return home(&app, &visit, other.as_ref()),
    };
    let found = app.store.read(|r| {
        let Some((member, mail)) = flow::registered(r, &flow.stage)? else { return Ok(None) };
        let row = portal::invitation(r, &member)?.map(|(_, row)| row);
        Ok::<_, StoreError>(Some((member, mail, row)))
    })?;
    match found {
        Some((member, mail, row)) => page(end(&app, &visit, &flow, &member, &mail, row.as_ref())),
        // Another registration has taken this one's place.
        None => see_other(super::CHANGED),
    }
}

/// The same whether somebody has an account already or not: who types an address must not learn that.
fn end(app: &App, visit: &Visit, flow: &Registering, member: &Member, mail: &MailAddress, row: Option<&outbox::Row>) -> Markup {
    let until = member.invited.saturating_add(SignedDuration::from_hours(24 * INITIAL_DAYS)).unwrap_or(member.invited);
    let correctable = flow.proven(&app.config.code, visit.now).is_some_and(|proven| flow::corrects(&proven, member));
    visit.page("処理終了", Shell::PortalVisitor).steps(&STEPS, 3).render(html! {
        (notice(Mark::Success, "ユーザ登録を受け付けました。", html! {
            p { "初期パスワードを " strong.address { (mail) } " 宛にお送りします。" }
        }))
        (Facts::new()
            .row("ID（メールアドレス）", html! { span.address { (mail) } })
            .row("初期パスワードの有効期限", format!("{}（{INITIAL_DAYS}日間）", jst::sentence_time(until)))
            .row("メールの状況", sending(row)))
        p.note { "すでに介護情報基盤ポータルのIDとしてお使いのメールアドレスのときは、初期パスワードはありません。お使いのパスワードでログインしてください。" }
        section.stack {
            h2 { "このあとの流れ" }
            ol {
                li { "【ログイン】で、ID（メールアドレス）とメールに記載の初期パスワードを入力します。" }
                li { "【パスワード変更】で、ご自身で決めたパスワードを設定します。" }
                li { "【利用規約】をご確認のうえ、同意します。" }
                li { "【マイページ】が開きます。「ユーザ新規登録」から、最大で4名の利用者を追加できます。" }
            }
        }
        @if correctable {
            section.stack {
                h2 { "メールアドレスに誤りがあるとき" }
                p { "登録した内容は、いまから訂正できます。訂正すると、新しいご案内のメールをお送りします。" }
                p { a.button href=(Screen::User.path()) { "登録内容を訂正する" } }
            }
        } @else {
            p.note { "メールアドレスに誤りがあったときは、もう一度【初回利用登録】を行ってください。" }
        }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("ログイン画面へ", "/portal/login"))
    })
}

/// As of this page: nothing asks again.
fn sending(row: Option<&outbox::Row>) -> String {
    match row {
        Some(row) if row.state == outbox::State::Failed => {
            "メールサーバーがこの宛先へのメールを受け付けませんでした。メールアドレスに誤りがないかお確かめください。".to_owned()
        }
        Some(outbox::Row { sent: Some(at), .. }) => format!("{}に、メールサーバーがこのメールを受け取りました。", jst::hm(*at)),
        _ => "メールを送信しています。届くまで数分程度かかる場合があります。".to_owned(),
    }
}
