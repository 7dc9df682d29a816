//! What the desk is shown of an institution and its users. Addresses are masked; nothing that opens anything is here.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{kind, number};
use crate::accounts;
use crate::app::App;
use crate::audit;
use crate::kernel::{Id, Prefecture, jst};
use crate::ledger::{self, Status};
use crate::login::Locks;
use crate::mail::outbox;
use crate::portal::{self, Institution, MOST_ADDITIONAL, Member, Standing, SuspendedBy, User, What};
use crate::store::{Reads, StoreError};
use crate::web::components::{Facts, Mark, Tone, badge, notice};

/// Entries of the history that are shown.
const HISTORY: usize = 12;

/// All that the screen shows.
pub(super) struct Found {
    pub(super) institution: Institution,
    pub(super) name: String,
    pub(super) standing: Standing,
    pub(super) people: Vec<Someone>,
    pub(super) history: Vec<audit::Entry>,
    /// 休止 or 廃止 in the ledger, or not there any more.
    ledger: Option<&'static str>,
    /// The office's user ID is suspended.
    id_suspended: bool,
    now: Timestamp,
}

/// A member with all that is known of them.
pub(super) struct Someone {
    pub(super) member: Member,
    pub(super) user: User,
    pub(super) locks: Locks,
    invitation: Option<outbox::Row>,
}

/// The institution of this id; `None` if the operators of this federation have none such.
pub(super) fn found(app: &App, r: &impl Reads, home: Prefecture, id: Id, now: Timestamp) -> Result<Option<Found>, StoreError> {
    let Some(institution) = portal::institution(r, id)?.filter(|one| one.home == home) else { return Ok(None) };
    let mut people = Vec::new();
    for member in portal::members_of(r, id)? {
        let Some(user) = portal::user(r, member.user)? else { continue };
        let door = portal::door(&app.keys, user.mail.as_str());
        let locks = portal::DOORS.locks(r, now, &app.config.lockout, &door)?;
        let invitation = portal::invitation(r, &member)?.map(|(_, row)| row);
        people.push(Someone { member, user, locks, invitation });
    }
    let (ledger, id_suspended) = match institution.what {
        What::Medical(_) => (None, false),
        What::Care(user_id) => {
            let entry = ledger::find(r, user_id.office())?;
            let suspended = accounts::find(r, user_id)?.is_some_and(|account| account.suspended);
            (entry.map_or(Some("事業所台帳にありません"), |entry| warning(entry.status)), suspended)
        }
    };
    Ok(Some(Found {
        name: portal::name_of(r, &institution)?,
        standing: portal::standing_of(r, &institution, now)?,
        history: audit::about(r, &format!("portal {id}"), HISTORY)?,
        institution,
        people,
        ledger,
        id_suspended,
        now,
    }))
}

const fn warning(status: Status) -> Option<&'static str> {
    match status {
        Status::Active => None,
        Status::Suspended => Some("事業所台帳の状態は「休止」です"),
        Status::Closed => Some("事業所台帳の状態は「廃止」です"),
    }
}

/// What an operator should know before doing anything. It blocks nothing (issue 4).
pub(super) fn warnings(found: &Found) -> Markup {
    html! {
        @if let Some(ledger) = found.ledger {
            (notice(Mark::Warning, ledger, html! {
                p { "ポータルの利用は自動では止まりません。必要なときは、利用者ごとに利用を停止してください。" }
            }))
        }
        @if found.id_suspended {
            (notice(Mark::Warning, "電子請求受付システムのユーザIDは利用停止中です", html! {
                p { "再開されるまで、新しい初回利用登録はできません。登録済みの利用者は、ポータルを引き続き利用できます。" }
            }))
        }
    }
}

pub(super) fn institution(found: &Found) -> Markup {
    let (one, standing) = (&found.institution, &found.standing);
    let facts = Facts::new().row("種別", kind(one)).row("名称", &found.name);
    let facts = match &one.what {
        What::Care(user_id) => {
            facts.row("事業所番号", html! { span.mono { (number(one)) } }).row("ユーザID", html! { span.mono { (user_id) } })
        }
        What::Medical(medical) => facts
            .row("医療機関コード", html! { span.mono { (number(one)) } })
            .row("所在地", html! { "〒" (medical.postal_code) " " (medical.address) })
            .row("電話番号", html! { span.tel { (medical.telephone) } }),
    };
    html! {
        (facts
            .row("登録日", jst::list(jst::date(one.created)))
            .row("主たる利用者のログイン", if standing.entered { "済み" } else { "まだ" })
            .row("最新の利用規約への同意", if standing.agreed { "済み" } else { "まだ" })
            .row("追加の利用者", format!("{}名／{MOST_ADDITIONAL}名", standing.additional)))
    }
}

pub(super) fn person(found: &Found, one: &Someone) -> Markup {
    let (member, user) = (&one.member, &one.user);
    html! {
        (Facts::new()
            .row("氏名", html! { (member.person.name) span.under { (member.person.kana) } })
            .row("役割", if member.main { "主たる利用者" } else { "追加の利用者" })
            .row("状態", state(found, one))
            .row("メールアドレス", user.mail.masked())
            .row("電話番号", html! { span.tel { (member.person.telephone) } })
            .row("部署", html! { (member.person.department) @if !member.person.occupation.is_empty() { "、" (member.person.occupation) } })
            .row("最終ログイン", last(user))
            .row("ご案内のメール", invitation(one))
            .row("ログインのロック", locks(&one.locks)))
    }
}

fn state(found: &Found, one: &Someone) -> Markup {
    let (member, user) = (&one.member, &one.user);
    match member.suspended {
        Some(suspended) if suspended.by == SuspendedBy::Staff => html! {
            (badge("利用停止（運営による）", Tone::Bad))
            div.muted { (jst::list_time(suspended.at)) "から" }
            @if suspended.may_be_replaced { div.muted { "次の初回利用登録または発行による交代を認めています。" } }
        },
        Some(suspended) => html! {
            (badge("利用停止（主たる利用者による）", Tone::Waiting))
            div.muted { (jst::list_time(suspended.at)) "から" }
        },
        None if user.opens_by_password() && member.entered.is_some() => badge("利用中", Tone::Good),
        None if user.opens_by_password() => badge("初回ログイン前（パスワードあり）", Tone::Waiting),
        None if user.initial_is_live(found.now) => html! {
            (badge("初回ログイン前", Tone::Waiting))
            @if let Some(initial) = user.initial { div.muted { "初期パスワードは" (jst::list_time(initial.expires)) "まで" } }
        },
        None => badge("初期パスワード期限切れ", Tone::Bad),
    }
}

fn last(user: &User) -> Markup {
    html! {
        @match &user.last_login {
            None => "まだありません",
            Some(login) => (jst::list_time(login.at)),
        }
    }
}

fn invitation(one: &Someone) -> Markup {
    html! {
        @match &one.invitation {
            None => "―",
            Some(row) => {
                @match row.state {
                    outbox::State::Waiting => (badge("送信待ち", Tone::New)),
                    outbox::State::Sent => (badge("送信済", Tone::Good)),
                    outbox::State::Failed => (badge("送信失敗", Tone::Bad)),
                    outbox::State::Dropped => (badge("送信取りやめ", Tone::Quiet)),
                }
                " " (jst::list_time(row.sent.unwrap_or(row.posted)))
                @if let (outbox::State::Failed, Some(error)) = (row.state, &row.last_error) {
                    div.mail-error { "メールサーバーの応答： " (error) }
                }
            }
        }
    }
}

fn locks(locks: &Locks) -> Markup {
    html! {
        @if !locks.any() { "ありません" }
        @if locks.devices > 0 {
            (locks.devices) "台の端末がロックされています"
            @if let Some(until) = locks.until { "（" (jst::list_time(until)) "まで）" }
        }
        @if locks.strangers { div { "初めて使う端末からはログインできません" } }
    }
}
