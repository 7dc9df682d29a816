//! Challenges and the rule by which an entry is judged (spec 2, "Passwords and codes"). Pure: codes are handed in.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::purpose::{Purpose, Sort};
use crate::config;
use crate::kernel::secret::same;
use crate::kernel::{Id, MailAddress, Prefecture, clock, text};

/// Why a challenge takes no more entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The right code was entered: codes work once.
    Used,
    /// All tries were spent.
    Spent,
    /// The flow went on with another challenge.
    Replaced,
}

/// An open question to a mail address. The code itself is stored nowhere: it is derived from the challenge's id and `issue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge<K> {
    /// What the code is for.
    pub purpose: Purpose,
    /// Hash of the cookie of the browser that asked; no other browser can answer.
    pub browser: [u8; 32],
    /// Where the code goes.
    pub address: MailAddress,
    /// For which account, as mail limits count it: an office number, or a user's address.
    pub account: String,
    /// Whose federation signs the mail; `None` if there is none.
    pub prefecture: Option<Prefecture>,
    /// Whether mails leave at all. A reset with a wrong address runs through everything and sends nothing.
    pub sends: bool,
    /// The newest code's number, from 1. Only 再送 raises it, and ends the older code.
    pub issue: u32,
    /// The key that codes of this challenge are derived with.
    pub key: K,
    /// When the challenge was opened.
    pub opened: Timestamp,
    /// When the newest code was asked for; its life runs from here.
    pub requested: Timestamp,
    /// Wrong entries that are still forgiven. 再送 does not raise it.
    pub tries_left: u32,
    /// Why it is over, if it is.
    pub end: Option<End>,
    /// The outbox row of the newest code.
    #[serde(default)]
    pub mail: Option<Id>,
    /// What the code lets happen, for its mail to name: an address.
    #[serde(default)]
    pub regards: Option<String>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The newest code; the challenge is used up.
    Right,
    /// Not the code. So many tries are left, at least one.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// A code that 再送 has replaced. Counts as a wrong entry.
    Old {
        /// Tries left, at least one.
        left: u32,
    },
    /// Its time is over. Not counted.
    Expired,
    /// The tries are spent, now or before, or the challenge belongs to another browser or flow.
    Ended,
    /// The right code was entered before.
    Used,
}

impl<K> Challenge<K> {
    /// The last instant before which the newest code works.
    #[must_use]
    pub fn valid_until(&self, rules: &config::Code) -> Timestamp {
        later(self.requested, rules.valid())
    }

    /// From when on 再送 sends again.
    #[must_use]
    pub fn resend_from(&self, rules: &config::Code) -> Timestamp {
        later(self.requested, rules.resend())
    }

    /// Whether the newest code was asked for by a clock that was ahead and has been set right: it would work, and keep 再送 waiting,
    /// until that day.
    #[must_use]
    pub fn is_void(&self, now: Timestamp) -> bool {
        clock::is_ahead(self.requested, now)
    }

    /// Whether the code of `issue` may still be delivered.
    #[must_use]
    pub fn deliverable(&self, issue: u32, rules: &config::Code, now: Timestamp) -> bool {
        self.sends && self.end.is_none() && issue == self.issue && !self.is_over(rules, now)
    }

    fn is_over(&self, rules: &config::Code, now: Timestamp) -> bool {
        now >= self.valid_until(rules) || self.is_void(now)
    }

    /// Judges an entry and counts it. `code` gives the code of an issue, `None` where its key is gone, which
    /// nothing matches; `typed` is as typed.
    pub fn enter(&mut self, typed: &str, code: impl Fn(u32) -> Option<String>, rules: &config::Code, now: Timestamp) -> Entered {
        match self.end {
            Some(End::Used) => return Entered::Used,
            Some(End::Spent | End::Replaced) => return Entered::Ended,
            None => {}
        }
        if self.is_over(rules, now) {
            return Entered::Expired;
        }
        let typed = text::code(typed);
        let is = |issue: u32| code(issue).is_some_and(|code| same(typed.as_bytes(), code.as_bytes()));
        // Nobody was sent the code of a challenge that sends none: whoever types it has guessed.
        if is(self.issue) && self.sends {
            self.end = Some(End::Used);
            return Entered::Right;
        }
        self.tries_left = self.tries_left.saturating_sub(1);
        if self.tries_left == 0 {
            self.end = Some(End::Spent);
            return Entered::Ended;
        }
        let left = self.tries_left;
        if (1..self.issue).any(is) { Entered::Old { left } } else { Entered::Wrong { left } }
    }
}

/// Whether this is what a code looks like; anything else is told at once and costs no try.
#[must_use]
pub fn looks_like(typed: &str, sort: Sort) -> bool {
    let typed = text::code(typed);
    typed.len() == sort.digits() as usize && typed.bytes().all(|b| b.is_ascii_digit())
}

/// The first `digits` decimal digits that a MAC gives, leading zeros kept. 64 bits over 10^6 values: no value is favoured by
/// more than one part in 10^13.
#[must_use]
pub fn cut(mac: &[u8; 32], digits: u32) -> String {
    let (head, _) = mac.split_first_chunk::<8>().expect("32 bytes hold 8");
    let number = u64::from_be_bytes(*head) % 10_u64.pow(digits);
    format!("{number:0width$}", width = digits as usize)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn challenge() -> Challenge<()> {
        Challenge {
            purpose: Purpose::ReissueContact,
            browser: [0; 32],
            address: MailAddress::parse("jigyousho@example.jp").unwrap(),
            account: "1311111111".into(),
            prefecture: None,
            sends: true,
            issue: 1,
            key: (),
            opened: at(0),
            requested: at(0),
            tries_left: 5,
            end: None,
            mail: None,
            regards: None,
        }
    }

    /// The code of issue n is n four times.
    fn code(issue: u32) -> Option<String> {
        Some(issue.to_string().repeat(4))
    }

    fn enter(challenge: &mut Challenge<()>, typed: &str, seconds: i64) -> Entered {
        challenge.enter(typed, code, &config::Code::default(), at(seconds))
    }

    #[test]
    fn q12_a_code_works_once() {
        let mut one = challenge();
        assert_eq!(enter(&mut one, "1111", 10), Entered::Right);
        assert_eq!(enter(&mut one, "1111", 11), Entered::Used);
    }

    #[test]
    fn q13_a_code_dies_at_30_minutes() {
        for (seconds, answer) in [(29 * 60 + 59, Entered::Right), (30 * 60, Entered::Expired), (30 * 60 + 1, Entered::Expired)] {
            assert_eq!(enter(&mut challenge(), "1111", seconds), answer);
        }
        let mut one = challenge();
        assert_eq!(enter(&mut one, "0000", 1_801), Entered::Expired);
        assert_eq!(one.tries_left, 5, "an entry after the end is not counted");
    }

    #[test]
    fn a_code_of_a_clock_that_was_ahead_works_no_more_when_it_is_set_right() {
        for (ahead, answer) in [(4 * 60, Entered::Right), (9 * 3600, Entered::Expired), (365 * 24 * 3600, Entered::Expired)] {
            assert_eq!(enter(&mut challenge(), "1111", -ahead), answer);
            assert_eq!(challenge().deliverable(1, &config::Code::default(), at(-ahead)), answer == Entered::Right);
        }
    }

    #[test]
    fn q16_sixth_try_fails_though_right() {
        let mut one = challenge();
        for left in [4, 3, 2, 1] {
            assert_eq!(enter(&mut one, "0000", 10), Entered::Wrong { left });
        }
        assert_eq!(enter(&mut one, "0000", 10), Entered::Ended);
        assert_eq!(enter(&mut one, "1111", 10), Entered::Ended);
    }

    #[test]
    fn q16_resending_does_not_give_tries_back_and_an_old_code_is_named_so() {
        let mut one = challenge();
        assert_eq!(enter(&mut one, "0000", 10), Entered::Wrong { left: 4 });
        one.issue = 2;
        one.requested = at(100);
        assert_eq!(enter(&mut one, "1111", 110), Entered::Old { left: 3 });
        assert_eq!(enter(&mut one, "2222", 110), Entered::Right);
    }

    #[test]
    fn the_30_minutes_run_from_the_last_resend() {
        let mut one = challenge();
        one.issue = 2;
        one.requested = at(1_000);
        assert_eq!(enter(&mut one.clone(), "2222", 2_799), Entered::Right);
        assert_eq!(enter(&mut one, "2222", 2_800), Entered::Expired);
    }

    #[test]
    fn no_mail_leaves_for_an_older_issue_an_ended_challenge_or_after_30_minutes() {
        let rules = config::Code::default();
        let one = challenge();
        assert!(one.deliverable(1, &rules, at(1_799)));
        assert!(!one.deliverable(1, &rules, at(1_800)));
        assert!(!Challenge { issue: 2, ..one.clone() }.deliverable(1, &rules, at(1)));
        assert!(!Challenge { sends: false, ..one.clone() }.deliverable(1, &rules, at(1)));
        assert!(!Challenge { end: Some(End::Used), ..one }.deliverable(1, &rules, at(1)));
    }

    #[test]
    fn q21_the_code_of_a_challenge_that_sends_nothing_is_wrong_like_any_other() {
        let (mut decoy, mut real) = (Challenge { sends: false, ..challenge() }, challenge());
        for left in [4, 3, 2, 1] {
            assert_eq!(enter(&mut decoy, "1111", 10), Entered::Wrong { left });
            assert_eq!(enter(&mut real, "0000", 10), Entered::Wrong { left });
        }
        assert_eq!((enter(&mut decoy, "1111", 10), decoy.end), (Entered::Ended, Some(End::Spent)));
    }

    #[test]
    fn nothing_matches_a_code_whose_key_is_gone() {
        let rules = config::Code::default();
        assert_eq!(challenge().enter("", |_| None, &rules, at(1)), Entered::Wrong { left: 4 });
    }

    #[test]
    fn q52_codes_are_typed_forgivingly_and_other_things_cost_no_try() {
        assert_eq!(enter(&mut challenge(), " １１-１１ ", 10), Entered::Right);
        for (typed, looks) in
            [("１２３−４", true), ("0000", true), ("123", false), ("12345", false), ("12a4", false), ("", false)]
        {
            assert_eq!(looks_like(typed, Sort::Confirmation), looks, "{typed}");
        }
    }

    #[test]
    fn q11_leading_zeros_are_kept() {
        let mut mac = [0; 32];
        mac[7] = 42;
        assert_eq!(cut(&mac, 4), "0042");
        assert_eq!(cut(&mac, 6), "000042");
        mac[..8].copy_from_slice(&1_234_567_890_u64.to_be_bytes());
        assert_eq!((cut(&mac, 4), cut(&mac, 6)), ("7890".into(), "567890".into()));
    }
}
