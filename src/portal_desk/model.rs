//! What an operator does with a member, and when. Pure.

use crate::kernel::text;
use crate::portal::{Member, User};

/// Longest reason, in characters.
pub(super) const REASON_MOST: usize = 500;

/// What operators do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// 利用を停止する.
    Suspend,
    /// 利用を再開する: only what staff have set.
    Release,
    /// 交代を認める: the next registration may replace a main user who is suspended.
    Allow,
    /// 初期パスワードを再送する.
    Invite,
    /// ロックを解除する.
    Unlock,
}

/// Why something was not done. Each is a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("理由を入力してください。")]
    ReasonMissing,
    #[error("理由は{REASON_MOST}文字以内の1行で入力してください。")]
    ReasonForm,
    #[error("現在、ロックされている端末も、誤ったログインの記録もありません。")]
    NothingLocked,
}

impl Act {
    /// In the order of the screen.
    pub(super) const ALL: [Self; 5] = [Self::Suspend, Self::Release, Self::Allow, Self::Invite, Self::Unlock];

    /// The word in forms and addresses.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Release => "release",
            Self::Allow => "allow",
            Self::Invite => "invite",
            Self::Unlock => "unlock",
        }
    }

    /// Reads [`Self::word`].
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// What the log calls it.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Suspend => "portal.staff_suspend",
            Self::Release => "portal.staff_release",
            Self::Allow => "portal.staff_allow",
            Self::Invite => "portal.staff_invite",
            Self::Unlock => "portal.staff_unlock",
        }
    }

    /// Whether the member is such that this can be done. A suspension by the main user is theirs to lift; one by staff goes over it.
    pub(super) fn fits(self, member: &Member, user: &User) -> bool {
        match self {
            Self::Suspend => !member.is_suspended_by_staff(),
            Self::Release => member.is_suspended_by_staff(),
            Self::Allow => {
                let waits = |suspended: crate::portal::Suspended| !suspended.may_be_replaced;
                member.main && member.is_suspended_by_staff() && member.suspended.is_some_and(waits)
            }
            // Who has a password never gets an initial one: パスワードを忘れた方 helps.
            Self::Invite => member.is_usable() && !user.opens_by_password(),
            // Whether there is anything to forget lies in other tables.
            Self::Unlock => true,
        }
    }
}

/// A member as a form has shown it: whoever clicks decides on what they have seen. Locks come and go by themselves and are no part of it.
pub(super) fn seen(member: &Member) -> String {
    format!("{}.{}", member.state_word(), u8::from(member.main))
}

/// A reason as it was typed, made fit to be kept.
pub(super) fn reason(typed: &str) -> Result<String, Refused> {
    let line = text::line(typed);
    if line.is_empty() {
        Err(Refused::ReasonMissing)
    } else if line.chars().count() > REASON_MOST || line.chars().any(char::is_control) {
        Err(Refused::ReasonForm)
    } else {
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::kernel::{Clock, Id, MailAddress, Moment, Random};
    use crate::portal::{Person, Suspended, SuspendedBy};

    #[test]
    fn each_act_is_offered_where_there_is_something_to_do() {
        let now = Timestamp::UNIX_EPOCH;
        let moment = Moment::new(&Clock::manual(now), &Random::seeded(1));
        let user = User::new(Id::from_bytes([1; 16]), MailAddress::parse("a@example.jp").unwrap(), now);
        let offered =
            |member: &Member| Act::ALL.into_iter().filter(|act| act.fits(member, &user)).map(Act::word).collect::<Vec<_>>();
        let mut member = Member::new(&moment, Id::from_bytes([2; 16]), user.id, true, Person::default());
        assert_eq!(offered(&member), ["suspend", "invite", "unlock"]);
        let suspended = |by, may_be_replaced| Some(Suspended { by, at: now, may_be_replaced });
        member.suspended = suspended(SuspendedBy::Main, false);
        assert_eq!(offered(&member), ["suspend", "unlock"], "what the main user has set is theirs to lift");
        let before = seen(&member);
        member.suspended = suspended(SuspendedBy::Staff, false);
        assert_eq!(offered(&member), ["release", "allow", "unlock"]);
        assert_ne!(seen(&member), before);
        member.suspended = suspended(SuspendedBy::Staff, true);
        assert_eq!(offered(&member), ["release", "unlock"]);
        member.main = false;
        member.suspended = suspended(SuspendedBy::Staff, false);
        assert_eq!(offered(&member), ["release", "unlock"], "only a main user is replaced by a registration");
    }

    #[test]
    fn a_reason_is_one_line_of_1_to_500_characters() {
        assert_eq!(reason("  漏えい\u{200B} "), Ok("漏えい".to_owned()));
        for (typed, refused) in
            [("", Refused::ReasonMissing), ("一\n二", Refused::ReasonForm), (&*"あ".repeat(501), Refused::ReasonForm)]
        {
            assert_eq!(reason(typed), Err(refused), "{typed:?}");
        }
    }
}
