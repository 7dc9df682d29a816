//! What the desk is shown of an account. Addresses are masked; nothing that opens anything is here.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::super::model::Seen;
use crate::accounts::{self, Account, Kind, LastLogin, SecurityCode};
use crate::app::App;
use crate::audit;
use crate::first_login::{self, Done, Next, Step};
use crate::kernel::{MailAddress, OfficeKey, UserId, jst};
use crate::ledger;
use crate::login::{self, Locks, RefusedTries};
use crate::passkeys;
use crate::security::sessions::Subject;
use crate::store::{Reads, StoreError};
use crate::web::components::{Facts, Tone, badge};

/// Entries of the history that are shown.
const HISTORY: usize = 8;
/// Refused logins are counted over this many days.
const REFUSED_DAYS: i64 = 30;
/// Where their counting stops.
const REFUSED_MOST: usize = 1_000;

/// All that the screen shows.
pub(super) struct Found {
    pub(super) account: Account,
    pub(super) seen: Seen,
    pub(super) name: String,
    pub(super) history: Vec<audit::Entry>,
    pub(super) locks: Locks,
    pub(super) now: Timestamp,
    due: Next,
    open: usize,
    passkeys: usize,
    refused: RefusedTries,
}

/// The account of an office; `None` if it has none.
pub(super) fn found(app: &App, r: &impl Reads, office: OfficeKey, now: Timestamp) -> Result<Option<Found>, StoreError> {
    let user_id = UserId::of(office);
    let Some(account) = accounts::find(r, user_id)? else { return Ok(None) };
    let a_month_ago = now.saturating_sub(SignedDuration::from_hours(REFUSED_DAYS * 24)).unwrap_or(Timestamp::MIN);
    Ok(Some(Found {
        name: ledger::find(r, office)?.map_or_else(|| office.number.to_string(), |entry| entry.name),
        history: audit::about(r, &office.to_string(), HISTORY)?,
        locks: login::locks(r, &app.keys, &app.config.lockout, user_id, now)?,
        due: first_login::due(r, &app.config, &account, now)?,
        open: app.front.living(r, Subject::Office(user_id), now)?.len(),
        passkeys: passkeys::of_owner(r, Subject::Office(user_id))?.len(),
        refused: login::refused_tries(r, office, a_month_ago, now, REFUSED_MOST)?,
        seen: Seen::of(&app.keys, &account),
        account,
        now,
    }))
}

/// The state of an account in a small box.
#[must_use]
pub fn state_badge(account: &Account) -> Markup {
    if account.suspended {
        badge("利用停止", Tone::Bad)
    } else if account.password_disabled {
        badge("パスワード無効", Tone::Bad)
    } else if account.password.is_some() {
        badge("利用中", Tone::Good)
    } else {
        badge("初回ログイン前", Tone::Waiting)
    }
}

pub(super) fn account(found: &Found) -> Markup {
    let account = &found.account;
    let kind = match account.kind {
        Kind::New => "新規",
        Kind::Existing => "既存",
    };
    let code = account.security_code.as_ref().map_or("なし", SecurityCode::word);
    html! {
        (Facts::new()
            .row("ユーザID", html! { span.mono { (account.user_id) } })
            .row("区分", kind)
            .row("状態", state_badge(account))
            .row("次のログインで行う手続き", due(found))
            .row("仮パスワード", temporary(found))
            .row("最終ログイン", last(account.last_login.as_ref()))
            .row("その前のログイン", last(account.login_before.as_ref()))
            .row("ログイン中", format!("{}件", found.open))
            .row("セキュリティコード", code)
            .row("パスキー", format!("{}件", found.passkeys))
            .row("セキュリティ用メールアドレス", addresses(&account.security_mails))
            .row("お知らせ用メールアドレス", account.notice_mail.as_ref().map_or_else(|| "なし".to_owned(), MailAddress::masked)))
    }
}

fn last(login: Option<&LastLogin>) -> Markup {
    html! {
        @match login {
            None => "まだありません",
            Some(login) => {
                (jst::list_time(login.at))
                div.muted { "接続元 " (login.from) @if !login.agent.is_empty() { "、" (login.agent) } }
            }
        }
    }
}

fn addresses(all: &[MailAddress]) -> Markup {
    html! {
        (all.len()) "件"
        @if !all.is_empty() { ul.plain { @for one in all { li { (one.masked()) } } } }
    }
}

fn temporary(found: &Found) -> Markup {
    html! {
        @match found.account.live_temporary(found.now) {
            None => "ありません",
            Some(one) => {
                (jst::list(jst::date(one.expires))) "まで有効"
                @if let Some(at) = one.first_used { div.muted { (jst::list_time(at)) " に使用（新しいパスワードの設定待ち）" } }
            }
        }
    }
}

/// What an office meets that logs in now.
fn due(found: &Found) -> &'static str {
    let account = &found.account;
    match found.due {
        _ if account.suspended => "利用再開が必要です",
        Next::Free => "ありません",
        Next::Step(step) => step_title(step),
        Next::Closed if account.live_temporary(found.now).is_some() => "通知書の仮パスワードでの初回ログイン",
        Next::Closed => "通知書の発行または再設定が必要です",
    }
}

const fn step_title(step: Step) -> &'static str {
    match step {
        Step::Terms => "利用規約への同意",
        Step::Warning | Step::Password | Step::Done(Done::Password) => "パスワード変更",
        Step::NoticeMail | Step::Done(Done::NoticeMail) => "メールアドレス設定",
        Step::Addresses => "セキュリティ用メールアドレスの確認（そのまま使うか、置き換えるか）",
        Step::SecurityMail | Step::Done(Done::SecurityMail) => "セキュリティ用メールアドレス設定",
    }
}

pub(super) fn locks(found: &Found) -> Markup {
    let Locks { devices, until, strangers } = found.locks;
    let count = if found.refused.count >= REFUSED_MOST {
        format!("{REFUSED_MOST}回以上")
    } else {
        format!("{}回", found.refused.count)
    };
    let facts = Facts::new()
        .row("ロックされている端末", html! {
            @if let Some(until) = until { (badge(&format!("{devices}台"), Tone::Waiting)) div.muted { (jst::list_time(until)) " まで" } }
            @else { "ありません" }
        })
        .row("初めて使う端末から", html! {
            @if strangers { (badge("ログインできません", Tone::Waiting)) div.muted { "誤ったログインが続いたためです。" } } @else { "ログインできます" }
        })
        .row("ログインの失敗（直近30日間）", html! {
            (count) @if let Some(last) = found.refused.last { div.muted { "最後は " (jst::list_time(last)) } }
        });
    html! { (facts) }
}
