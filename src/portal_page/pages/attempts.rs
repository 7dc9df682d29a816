//! ログインできなかった記録 on マイページ: what the log has of tries with the user's address, as offices read it of theirs.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::audit::{self, Entry};
use crate::kernel::{ClientNetwork, clock, jst};
use crate::portal::{self, User};
use crate::security::Keys;
use crate::store::{Reads, StoreError};
use crate::web::components::{Column, DataTable, Mark, notice};

/// Tries that did not lead in are told for this many days.
const DAYS: i64 = 30;
/// How many are shown.
const SHOWN: usize = 20;
/// How many entries are looked at: a login that waited for its one-time password and got it leaves one as well.
const LOOKED_AT: usize = 100;
/// What the list is called.
const CAPTION: &str = "ログインできなかった記録";
/// Whoever comes in within this time of a wrong one-time password, from the same machine, has typed it wrongly themselves (D).
const SLIP: SignedDuration = SignedDuration::from_hours(1);

/// A try that did not lead in.
pub(super) struct Attempt {
    at: Timestamp,
    /// The network it came from, without the machine.
    from: String,
    reason: &'static str,
    /// Whoever tried knows the password that opens the account now, and may not be its user.
    warns: bool,
}

/// Those of the last days, newest first.
pub(super) fn of(r: &impl Reads, keys: &Keys, user: &User, now: Timestamp) -> Result<Vec<Attempt>, StoreError> {
    let since = now.saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MIN);
    let subject = portal::refused_subject(&portal::door(keys, user.mail.as_str()));
    let entries = audit::about(r, &subject, LOOKED_AT)?;
    let recent = entries.iter().filter(|entry| entry.at >= since && !clock::is_ahead(entry.at, now));
    Ok(recent.filter_map(|entry| attempt(entry, user)).collect())
}

fn attempt(entry: &Entry, user: &User) -> Option<Attempt> {
    let (reason, knew) = word(&entry.outcome)?;
    let client = entry.details.get("client").map_or("", String::as_str);
    let is_slip = [&user.last_login, &user.login_before].into_iter().flatten().any(|login| {
        let later = login.at.duration_since(entry.at);
        login.from == client && !later.is_negative() && later <= SLIP
    });
    // Who knew a password that has been replaced since knows nothing any more.
    let is_old = user.password_set.is_some_and(|set| set > entry.at);
    let from = ClientNetwork::masked_text(client);
    Some(Attempt { at: entry.at, from, reason, warns: knew && !is_slip && !is_old })
}

/// What it failed at, and whether whoever tried knew a password of the user.
fn word(outcome: &str) -> Option<(&'static str, bool)> {
    Some(match outcome {
        "wrong" => ("パスワードの誤り", false),
        "expired" => ("有効期限の過ぎた初期パスワード", false),
        "suspended" => ("利用停止中", true),
        "locked" => ("初めて使う端末からのログインの停止中", true),
        "device_locked" => ("誤りが続いたため、その端末からのログインを停止中", false),
        "changed" => ("ログインの途中で登録情報が変更された", true),
        "code_wrong" => ("ワンタイムパスワードの誤り", true),
        "code_over" => ("ワンタイムパスワードの誤りが続いたため終了", true),
        _ => return None,
    })
}

/// The part of the page; nothing where nobody tried.
pub(super) fn part(attempts: &[Attempt]) -> Markup {
    const COLUMNS: [Column<'_>; 3] = [Column::Short("日時"), Column::Short("接続元"), Column::Text("理由")];
    let Some(newest) = attempts.first() else { return html! {} };
    let warns = attempts.iter().any(|one| one.warns);
    let mut table = DataTable::new(CAPTION, &COLUMNS);
    // What must be seen is not pushed out by what strangers try.
    for one in attempts.iter().enumerate().filter(|(at, one)| *at < SHOWN || one.warns).map(|(_, one)| one) {
        table.push(vec![html! { (jst::list_time(one.at)) }, html! { (one.from) }, html! { (one.reason) }]);
    }
    html! {
        @if warns {
            (notice(Mark::Warning, "正しいパスワードを入力したのに、ログインできなかった記録があります", html! {
                p { "ご自身で行ったことかどうか、下の記録をご確認ください。お心当たりがないときは、パスワードが第三者に知られているおそれがあります。すぐに" a href="/portal/my/password" { "パスワードを変更" } "し、国保連合会へお電話ください。" }
            }))
        }
        details.fold open[warns] {
            summary {
                (CAPTION) "（直近" (DAYS) "日間）： " (attempts.len()) "回"
                @if attempts.len() >= LOOKED_AT { "以上" }
                "、最後は " (jst::list_time(newest.at))
            }
            (table)
            p.note { "誤りが続くと、その端末からのログインを一定時間停止します。接続元の末尾は伏せています。" }
        }
    }
}
