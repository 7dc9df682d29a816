//! Which step an office is at, computed from what its account says. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::accounts::{Account, Kind};
use crate::kernel::{Id, MailAddress, TypedTwice, jst};

/// What cannot be read from the account: how far the steps have been walked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When the temporary password that opened the door was first used: another one begins anew.
    #[serde(default)]
    pub begun: Option<Timestamp>,
    /// 【警告】 has been read.
    #[serde(default)]
    pub warned: bool,
    /// The 【処理終了】 that has not been left by \[終了\] yet.
    #[serde(default)]
    pub shown: Option<Done>,
}

/// After what a 【処理終了】 stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    /// 【パスワード変更】
    Password,
    /// 【メールアドレス設定】
    NoticeMail,
    /// 【確認コード入力】
    SecurityMail,
}

/// A step that is due before the pages of an office open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 【利用規約】
    Terms,
    /// 【警告】
    Warning,
    /// 【パスワード変更】
    Password,
    /// 【処理終了】
    Done(Done),
    /// 【メールアドレス設定】
    NoticeMail,
    /// Whether the security addresses are kept or replaced.
    Addresses,
    /// 【セキュリティ用メールアドレス設定】, and with it 【確認コード入力】.
    SecurityMail,
}

impl Step {
    /// Its page.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Terms => "/first-login/terms",
            Self::Warning => "/first-login/warning",
            Self::Password => "/first-login/password",
            Self::Done(Done::Password) => "/first-login/done",
            Self::NoticeMail => "/first-login/mail",
            Self::Done(Done::NoticeMail) => "/first-login/mail/done",
            Self::Addresses => "/first-login/addresses",
            Self::SecurityMail => "/first-login/address",
            Self::Done(Done::SecurityMail) => "/first-login/address/done",
        }
    }
}

/// What comes next for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The session opens nothing: its temporary password came back, was replaced or has expired, or there is no password any more.
    Closed,
    /// This step, and nothing else, is open.
    Step(Step),
    /// The pages of the office are open.
    Free,
}

impl Next {
    /// Where a browser belongs.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Closed => "/login?notice=temporary",
            Self::Step(step) => step.path(),
            Self::Free => "/office",
        }
    }
}

/// All that decides the next step.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The account as it is now.
    pub account: &'a Account,
    /// How far its steps have been walked.
    pub progress: Option<&'a Progress>,
    /// The session was opened with a temporary password.
    pub limited: bool,
    /// The security address was put off in this session.
    pub deferred: bool,
    /// The newest version of the terms.
    pub terms: u32,
    /// The last day (JST) on which an existing office may do without a security address.
    pub grace_until: Date,
    /// Now.
    pub now: Timestamp,
}

/// Whether an office may still do without a security address: one that was here before it became required, up to the last day (JST),
/// that day included.
#[must_use]
pub fn may_put_off(kind: Kind, grace_until: Date, now: Timestamp) -> bool {
    kind == Kind::Existing && jst::date(now) <= grace_until
}

/// The first step that is not done.
#[must_use]
pub fn next(f: &Facts<'_>) -> Next {
    let account = f.account;
    let temporary = account.live_temporary(f.now).filter(|temporary| temporary.first_used.is_some());
    let closed = if f.limited { temporary.is_none() } else { account.password.is_none() };
    if closed {
        return Next::Closed;
    }
    let warned = f.progress.is_some_and(|progress| progress.warned && progress.begun == temporary.and_then(|one| one.first_used));
    let new = account.kind == Kind::New;
    let put_off = f.deferred && may_put_off(account.kind, f.grace_until, f.now);
    // In the order in which they are walked.
    let steps = [
        f.progress.and_then(|progress| progress.shown).map(Step::Done),
        // Existing offices without an agreement count as having agreed to the first version.
        account.terms.map_or(new || f.terms > 1, |agreed| agreed.version < f.terms).then_some(Step::Terms),
        f.limited.then_some(if warned { Step::Password } else { Step::Warning }),
        (new && account.notice_answered.is_none() && account.notice_mail.is_none()).then_some(Step::NoticeMail),
        (account.review_addresses && !account.security_mails.is_empty()).then_some(Step::Addresses),
        (account.security_mails.is_empty() && !put_off).then_some(Step::SecurityMail),
    ];
    steps.into_iter().flatten().next().map_or(Next::Free, Next::Step)
}

/// Which row of numbered steps a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// All that a new office goes through.
    New,
    /// The new password after a reissue.
    Reissue,
    /// A security address, of an office that was here before.
    Address,
}

/// The row that the page of `step` shows.
#[must_use]
pub fn course(account: &Account, step: Step) -> Course {
    match step {
        _ if account.kind == Kind::New && account.settled.is_none() => Course::New,
        Step::Warning | Step::Password | Step::Done(Done::Password) => Course::Reissue,
        _ => Course::Address,
    }
}

/// The labels of a row.
#[must_use]
pub const fn steps(course: Course) -> &'static [&'static str] {
    match course {
        Course::New => &["パスワード変更", "メールアドレス設定", "セキュリティ用メールアドレス設定", "確認コード入力", "終了"],
        Course::Reissue => &["パスワード変更", "終了"],
        Course::Address => &["セキュリティ用メールアドレス設定", "確認コード入力", "終了"],
    }
}

/// The current one of a row, from 1. 【確認コード入力】 is no step of its own: it belongs to [`Step::SecurityMail`] or [`Step::Addresses`].
#[must_use]
pub const fn position(course: Course, step: Step, at_code: bool) -> usize {
    let before = match course {
        Course::New => 2,
        Course::Reissue | Course::Address => 0,
    };
    match step {
        Step::Terms | Step::Warning | Step::Password => 1,
        Step::Done(Done::Password) => match course {
            Course::Reissue => 2,
            Course::New | Course::Address => 1,
        },
        // Of new offices alone: other rows have no such step, and begin.
        Step::NoticeMail | Step::Done(Done::NoticeMail) => {
            if before == 0 {
                1
            } else {
                before
            }
        }
        Step::Addresses | Step::SecurityMail if at_code => before + 2,
        Step::Addresses | Step::SecurityMail => before + 1,
        Step::Done(Done::SecurityMail) => before + 3,
    }
}

/// A security address on its way into the account, in one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registering {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// As typed, for \[戻る\].
    pub typed: TypedTwice,
    /// What was sent a code, once \[次へ\] was pressed.
    pub asked: Option<Asked>,
}

/// An address that was sent a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where the code went.
    pub address: MailAddress,
    /// The challenge.
    pub challenge: Id,
    /// It is to take the place of all that are registered.
    pub replaces: bool,
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
