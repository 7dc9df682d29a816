//! One office: its entry, its account, its applications and letters, and what happened.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::{PATH, address, history, status_badge};
use crate::account_desk::state_badge;
use crate::accounts::{self, Account, Kind};
use crate::app::App;
use crate::audit;
use crate::kernel::{OfficeKey, OfficeNumber, UserId, jst, text};
use crate::ledger::flow::{self, Refused};
use crate::ledger::model::{Entry, Status};
use crate::letters::{self, Letter};
use crate::login::{self, RefusedTries};
use crate::reissue::{self, Application};
use crate::staff::{Desk, Nav, Role, screen};
use crate::store::StoreError;
use crate::web::components::{Column, DataTable, Facts, Mark, Tone, badge, empty_state, error_summary, form, notice, text_field};
use crate::web::{Answer, Errors, Fault, Form, Kept, Query, Visit, see_other};

/// Most applications, and entries of the log on one page, that are shown.
const ROWS: usize = 50;
/// Refused logins are counted over this many days.
const REFUSED_DAYS: i64 = 30;
/// Where their counting stops.
const REFUSED_MOST: usize = 1_000;

/// What led here.
#[derive(Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    done: String,
    /// The history continues behind this entry.
    #[serde(default)]
    before: String,
}

/// What was typed into the two forms of this screen.
#[derive(Default)]
struct Typed<'a> {
    postal_code: &'a str,
    reason: &'a str,
}

impl<'a> Typed<'a> {
    fn of(form: &'a Form) -> Self {
        Self { postal_code: form.get("postal_code"), reason: form.get("reason") }
    }
}

/// The office of this number in the federation's own ledger.
#[handler]
pub fn show(
    app: Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(number): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let office = of_path(&desk, &number)?;
    let typed = kept.form().map(Typed::of).unwrap_or_default();
    render(&app, &visit, &desk, office, &typed, &arrived, &Errors::default())
}

/// \[郵便番号を登録する\]
#[handler]
pub async fn postal_code(app: Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, form: Form) -> Answer {
    let office = of_path(&desk, &number)?;
    let typed = form.get("postal_code");
    match flow::fill_in_postal_code(&app, &desk, visit.client, office, typed).await? {
        Ok(()) => see_other(&format!("{PATH}/{}?done=postal_code", office.number)),
        Err(Refused::Unknown) => Err(Fault::NotFound),
        Err(refused) => refuse(&app, &visit, &desk, office, "postal_code", &Typed::of(&form), refused),
    }
}

/// \[パスワードを無効にする\]
#[handler]
pub async fn disable_password(app: Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, form: Form) -> Answer {
    let office = of_path(&desk, &number)?;
    match flow::disable_password(&app, &desk, visit.client, office, text::line(form.get("reason"))).await? {
        Ok(()) => see_other(&format!("{PATH}/{}?done=disabled", office.number)),
        Err(refused) => refuse(&app, &visit, &desk, office, "reason", &Typed::of(&form), refused),
    }
}

fn refuse(app: &App, visit: &Visit, desk: &Desk, office: OfficeKey, field: &str, typed: &Typed<'_>, refused: Refused) -> Answer {
    let mut errors = Errors::default();
    errors.add(field, refused);
    render(app, visit, desk, office, typed, &Arrived::default(), &errors)
}

/// The office of this desk's federation with the number in the path.
fn of_path(desk: &Desk, number: &str) -> Result<OfficeKey, Fault> {
    let number = OfficeNumber::parse(number).map_err(|_| Fault::NotFound)?;
    Ok(OfficeKey::new(desk.prefecture(), number))
}

/// All that the screen shows.
struct Office {
    entry: Entry,
    account: Option<Account>,
    applications: Vec<Application>,
    letters: Vec<Letter>,
    /// One more than is shown, if there is more.
    history: Vec<audit::Entry>,
    refused: RefusedTries,
}

fn render(
    app: &App,
    visit: &Visit,
    desk: &Desk,
    office: OfficeKey,
    typed: &Typed<'_>,
    arrived: &Arrived,
    errors: &Errors,
) -> Answer {
    let before = arrived.before.parse().ok();
    let a_month_ago = visit.now.saturating_sub(SignedDuration::from_hours(REFUSED_DAYS * 24)).unwrap_or(Timestamp::MIN);
    let found = app.store.read(|r| {
        let Some(entry) = super::super::find(r, office)? else { return Ok::<_, StoreError>(None) };
        Ok(Some(Office {
            entry,
            account: accounts::find(r, UserId::of(office))?,
            applications: reissue::of_office(r, office, ROWS)?,
            letters: letters::of_office(r, office)?,
            history: audit::about_before(r, &office.to_string(), before, ROWS + 1)?,
            refused: login::refused_tries(r, office, a_month_ago, visit.now, REFUSED_MOST)?,
        }))
    })?;
    let Office { entry, account, applications, letters, mut history, refused } = found.ok_or(Fault::NotFound)?;
    let more = history.len() > ROWS;
    history.truncate(ROWS);
    let csrf = visit.csrf();
    let screen = screen(desk, visit, &entry.name, Nav::Ledger).refused(!errors.is_empty());
    screen.beside(status_badge(entry.status)).answer(html! {
        (error_summary(&errors.list()))
        (done_box(&arrived.done, &entry, account.as_ref()))
        @if entry.status != Status::Active {
            (notice(Mark::Warning, &format!("台帳の状態が「{}」の事業所です", entry.status.name()), html! {
                p { "過去の月の請求のため、申請やログインはできます。審査のときにご確認ください。" }
            }))
        }
        div.columns.main-aside {
            div.stack {
                section.card { h2 { "台帳の内容" } (facts(&entry)) (postal_code_form(&entry, &csrf, typed.postal_code, errors)) }
                section.card { h2 { "ユーザID" } (account_part(desk, account.as_ref(), office, visit, typed.reason, errors)) }
                section.card { h2 { "再発行申請" } (applications_part(&applications)) }
                section.card { h2 { "通知書" } (letters_part(&letters)) }
            }
            section.card #history {
                h2 { "経過" }
                (refused_line(&refused))
                (history::timeline_of(&history))
                (other_pages(office, before.is_some(), history.last().filter(|_| more)))
            }
        }
        p { a href=(PATH) { "検索に戻る" } }
    })
}

/// Refused logins, which anybody may cause, are counted and not listed.
fn refused_line(refused: &RefusedTries) -> Markup {
    let count = if refused.count >= REFUSED_MOST { format!("{REFUSED_MOST}回以上") } else { format!("{}回", refused.count) };
    html! {
        @if let Some(last) = refused.last {
            p.note { "ログインできなかった回数（直近" (REFUSED_DAYS) "日間）：" (count) "（最後は" (jst::list_time(last)) "）" }
        }
    }
}

/// The ways to older and to the newest entries of the history.
fn other_pages(office: OfficeKey, is_older: bool, last: Option<&audit::Entry>) -> Markup {
    let here = format!("{PATH}/{}", office.number);
    html! {
        @if let Some(last) = last { p { a href={ (here) "?before=" (last.sequence) "#history" } { "これより前の経過を見る" } } }
        @if is_older { p { a href={ (here) "#history" } { "最新の経過に戻る" } } }
    }
}

/// What the form that led here has done, if it still is so.
fn done_box(done: &str, entry: &Entry, account: Option<&Account>) -> Markup {
    match done {
        "postal_code" if !entry.postal_code.is_empty() => {
            notice(Mark::Success, "郵便番号を登録しました", html! { p { "〒" (entry.postal_code) } })
        }
        "disabled" if account.is_some_and(|account| account.password_disabled) => {
            notice(Mark::Success, "パスワードを無効にしました", html! { p { "ログイン中の利用者はログアウトされました。" } })
        }
        _ => html! {},
    }
}

fn facts(entry: &Entry) -> Markup {
    let or_dash = |value: &str| if value.is_empty() { "―".to_owned() } else { value.to_owned() };
    let facts = Facts::new()
        .row("事業所番号", html! { span.mono { (entry.key.number) } @if !entry.key.number.check_digit_fits() { " " (badge("検査数字が合いません", Tone::Waiting)) } })
        .row("事業所名", html! { (entry.name) @if !entry.kana.is_empty() { br; small.muted { (entry.kana) } } })
        .row("郵便番号", or_dash(&entry.postal_code))
        .row("住所", or_dash(&address(entry)))
        .row("電話番号", or_dash(&entry.telephone))
        .row("FAX番号", or_dash(&entry.fax))
        .row("法人名", or_dash(&entry.corporation))
        .row("請求方法", or_dash(entry.claim_method.name()));
    if entry.services.is_empty() {
        html! { (facts) }
    } else {
        html! { (facts.row("サービス", entry.services.join("、"))) }
    }
}

fn postal_code_form(entry: &Entry, csrf: &str, typed: &str, errors: &Errors) -> Markup {
    let error = errors.of("postal_code");
    let missing = entry.postal_code.is_empty();
    let fields = html! {
        (form(&format!("{PATH}/{}/postal-code", entry.key.number), csrf, html! {
            (text_field("postal_code", "郵便番号").value(typed).short().error(error)
                .support("通知書は窓あき封筒で送るため、郵便番号が必要です。台帳の取込に郵便番号がないときは、ここで登録した番号を残します。"))
            div.buttons { button.button type="submit" { "郵便番号を登録する" } }
        }))
    };
    html! {
        details.move open[missing || error.is_some() || !typed.is_empty()] {
            summary.button.small { "郵便番号を" @if missing { "補う" } @else { "登録し直す" } }
            div.move-body { (fields) }
        }
    }
}

fn account_part(
    desk: &Desk,
    account: Option<&Account>,
    office: OfficeKey,
    visit: &Visit,
    typed: &str,
    errors: &Errors,
) -> Markup {
    let error = errors.of("reason");
    let Some(account) = account else {
        return html! { (empty_state("ユーザIDはまだありません", html! { p { "再発行申請を承認すると発行されます。" } })) };
    };
    let kind = match account.kind {
        Kind::New => "新規",
        Kind::Existing => "既存",
    };
    let last = account.last_login.as_ref().map_or_else(|| "まだありません".to_owned(), |last| jst::list_time(last.at));
    let temporary = account
        .live_temporary(visit.now)
        .map_or_else(|| "ありません".to_owned(), |temporary| format!("{}まで有効", jst::list(jst::date(temporary.expires))));
    html! {
        (Facts::new()
            .row("ユーザID", html! { span.mono { (account.user_id) } })
            .row("区分", kind)
            .row("状態", state_badge(account))
            .row("発行中の仮パスワード", temporary)
            .row("最終ログイン", last)
            .row("セキュリティ用メールアドレス", format!("{}件", account.security_mails.len())))
        p { a href={ (PATH) "/" (office.number) "/account" } { "ユーザの管理（利用の停止・再開、ロックの解除など）" } }
        @if desk.may(Role::Approver) && account.usable_password().is_some() {
            h3 { "パスワードを無効にする" }
            p { "パスワードが第三者に知られたときに使います。ログイン中の利用者はログアウトされ、通知書または再設定によらなければログインできなくなります。" }
            (form(&format!("{PATH}/{}/disable-password", office.number), &visit.csrf(), html! {
                (text_field("reason", "理由").value(typed).required().error(error))
                div.buttons { button.button.danger type="submit" { "パスワードを無効にする" } }
            }))
        }
    }
}

fn applications_part(applications: &[Application]) -> Markup {
    const COLUMNS: [Column<'_>; 3] = [Column::Head("管理番号"), Column::Short("受付日"), Column::Text("状態")];
    if applications.is_empty() {
        return empty_state("申請はありません", html! {});
    }
    let mut table = DataTable::new("再発行申請", &COLUMNS);
    for one in applications {
        table.push(vec![
            html! { a.mono href={ "/staff/applications/" (one.number) } { (one.number) } },
            html! { (jst::list(jst::date(one.received))) },
            html! { (one.state) },
        ]);
    }
    html! { (table) }
}

fn letters_part(letters: &[Letter]) -> Markup {
    const COLUMNS: [Column<'_>; 4] =
        [Column::Head("発行番号"), Column::Short("印刷日"), Column::Short("有効期限"), Column::Text("状態")];
    if letters.is_empty() {
        return empty_state("通知書はありません", html! {});
    }
    let day = |at: Option<jiff::Timestamp>| at.map_or_else(|| "―".to_owned(), |at| jst::list(jst::date(at)));
    let ended = |letter: &Letter| matches!(letter.state, letters::State::Returned | letters::State::Withdrawn);
    let mut table = DataTable::new("通知書", &COLUMNS);
    for letter in letters {
        let number = letter.number.map_or_else(|| "印刷前".to_owned(), |number| number.to_string());
        table.push(vec![
            html! { a.mono href={ "/staff/letters/" (letter.id) } { (number) } },
            html! { (day(letter.printed_at())) },
            html! { @if ended(letter) { "失効" } @else { (day(letter.valid_until)) } },
            html! { (letter.state) },
        ]);
    }
    html! { (table) }
}
