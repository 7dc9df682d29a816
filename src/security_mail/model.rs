//! Where an office stands on its way through U3: one record for each session. Pure.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Account, AddressFault, Heard, MOST_ADDRESSES};
use crate::codes::Purpose;
use crate::kernel::{Id, MailAddress, TypedTwice};

/// What is being done to the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// An address is added.
    Add,
    /// An address takes the place of another.
    Change {
        /// The other.
        old: MailAddress,
    },
    /// An address is taken out.
    Delete {
        /// It.
        old: MailAddress,
    },
}

impl Act {
    /// The act that a button of the list stands for; `which` is a place in the list. `None` if there is none such.
    #[must_use]
    pub fn read(word: &str, which: Option<usize>, account: &Account) -> Option<Self> {
        let old = || which.and_then(|which| account.security_mails.get(which)).cloned();
        match word {
            // Without any, nobody could be asked for a one-time password: the first is registered at login.
            "add" => account.contact().map(|_| Self::Add),
            "change" => old().map(|old| Self::Change { old }),
            "delete" => old().map(|old| Self::Delete { old }),
            _ => None,
        }
    }

    /// What its one-time password is asked for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::Add => Purpose::AddAddress,
            Self::Change { .. } => Purpose::ChangeAddress,
            Self::Delete { .. } => Purpose::DeleteAddress,
        }
    }

    /// The address that it adds or takes out: what whoever enters the one-time password lets happen.
    #[must_use]
    pub const fn regards<'a>(&'a self, new: Option<&'a MailAddress>) -> Option<&'a MailAddress> {
        match self {
            Self::Add | Self::Change { .. } => new,
            Self::Delete { old } => Some(old),
        }
    }

    /// Whether nothing is to be typed.
    #[must_use]
    pub const fn is_deletion(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    /// Whether the list is one in which it can be begun.
    ///
    /// # Errors
    /// [`AddressFault`], as [`Act::carry_out`] would end whatever is typed.
    pub fn may_begin(&self, account: &Account) -> Result<(), AddressFault> {
        match self {
            Self::Add if account.security_mails.len() >= MOST_ADDRESSES => Err(AddressFault::Full),
            Self::Change { old } if !account.security_mails.contains(old) => Err(AddressFault::Unknown),
            Self::Add | Self::Change { .. } => Ok(()),
            Self::Delete { old } => account.clone().drop_address(old),
        }
    }

    /// Does it. `new` is the address that was proved; a deletion has none.
    ///
    /// # Errors
    /// [`AddressFault`]; the list stays as it is.
    pub fn carry_out(&self, account: &mut Account, new: Option<MailAddress>) -> Result<(), AddressFault> {
        match (self, new) {
            (Self::Add, Some(new)) => account.add_address(new),
            (Self::Change { old }, Some(new)) => account.change_address(old, new),
            (Self::Delete { old }, _) => account.drop_address(old),
            (_, None) => Err(AddressFault::Unknown),
        }
    }
}

/// The flow of U3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editing {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// What is being done.
    pub act: Act,
    /// Where it stands.
    pub stage: Stage,
    /// What was typed.
    pub typed: TypedTwice,
    /// Who was told, once it is done.
    #[serde(default)]
    pub heard: Option<Heard>,
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The address is typed, or the deletion confirmed.
    Typing,
    /// A one-time password is on its way to the 通知先.
    Asking {
        /// The new address; a deletion has none.
        new: Option<MailAddress>,
        /// The 通知先 at that time. If it is another later, the list was changed meanwhile.
        contact: MailAddress,
        /// The challenge.
        challenge: Id,
    },
    /// It was right. A confirmation code is on its way to the new address.
    Proving {
        /// The new address.
        new: MailAddress,
        /// Who was asked for the one-time password.
        contact: MailAddress,
        /// The challenge.
        challenge: Id,
    },
    /// Done.
    Done,
}

/// The screens of U3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// 【セキュリティ用メールアドレス設定】 or 【セキュリティ用メールアドレス削除】
    Edit,
    /// 【ワンタイムパスワード入力】
    Otp,
    /// 【確認コード入力】
    Code,
    /// 【処理終了】
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Edit => "/office/user/addresses/edit",
            Self::Otp => "/office/user/addresses/otp",
            Self::Code => "/office/user/addresses/code",
            Self::Done => "/office/user/addresses/done",
        }
    }
}

impl Stage {
    /// The screen of this state.
    #[must_use]
    pub const fn home(&self) -> Screen {
        match self {
            Self::Typing => Screen::Edit,
            Self::Asking { .. } => Screen::Otp,
            Self::Proving { .. } => Screen::Code,
            Self::Done => Screen::Done,
        }
    }

    /// Whether this state may see a screen: its own, and the first until it is done, so that something can be changed.
    #[must_use]
    pub fn sees(&self, screen: Screen) -> bool {
        screen == self.home() || (screen == Screen::Edit && *self != Self::Done)
    }

    /// The challenge that waits for a code.
    #[must_use]
    pub const fn challenge(&self) -> Option<Id> {
        match self {
            Self::Asking { challenge, .. } | Self::Proving { challenge, .. } => Some(*challenge),
            Self::Typing | Self::Done => None,
        }
    }

    /// Whether a code for this very address, asked for at this very 通知先, is on its way.
    #[must_use]
    pub fn waits_for(&self, wanted: Option<&MailAddress>, at: &MailAddress) -> bool {
        match self {
            Self::Asking { new, contact, .. } => new.as_ref() == wanted && contact == at,
            Self::Proving { new, contact, .. } => Some(new) == wanted && contact == at,
            Self::Typing | Self::Done => false,
        }
    }
}

/// Why the list stays as it is. `Display` is what the office is told there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The screen showed an older list, or another screen has changed it.
    Moved,
    /// Too many wrong codes.
    Over,
    /// A rule of the list.
    Fault(AddressFault),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved => f.write_str("一覧が変わっています。いまの一覧をお確かめのうえ、もう一度操作してください。"),
            Self::Over => f.write_str(
                "コードの誤りが続いたため、操作を中止しました。一覧は変わっていません。はじめからやり直してください。",
            ),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Kind;
    use crate::kernel::UserId;

    fn address(name: &str) -> MailAddress {
        MailAddress::parse(&format!("{name}@example.jp")).unwrap()
    }

    fn with(names: &str) -> Account {
        let mut account = Account::new(UserId::parse("KJ131311111111").unwrap(), Kind::Existing, Timestamp::UNIX_EPOCH);
        account.security_mails = names.chars().map(|name| address(&name.to_string())).collect();
        account
    }

    #[test]
    fn a_button_of_the_list_is_read_by_its_place_and_nothing_else_is() {
        let account = with("ab");
        let old = address("b");
        assert_eq!(Act::read("add", None, &account), Some(Act::Add));
        assert_eq!(Act::read("change", Some(1), &account), Some(Act::Change { old: old.clone() }));
        assert_eq!(Act::read("delete", Some(1), &account), Some(Act::Delete { old }));
        for (word, which) in [("change", None), ("change", Some(2)), ("delete", Some(usize::MAX)), ("", Some(0)), ("Add", None)] {
            assert_eq!(Act::read(word, which, &account), None, "{word} {which:?}");
        }
        assert_eq!(Act::read("add", None, &with("")), None, "the first is registered at login");
    }

    #[test]
    fn what_cannot_end_well_is_not_begun() {
        let delete = |name| Act::Delete { old: address(name) };
        assert_eq!(Act::Add.may_begin(&with("abcd")), Ok(()));
        assert_eq!(Act::Add.may_begin(&with("abcde")), Err(AddressFault::Full));
        assert_eq!(delete("a").may_begin(&with("ab")), Ok(()));
        assert_eq!(delete("a").may_begin(&with("a")), Err(AddressFault::Last));
        assert_eq!(delete("x").may_begin(&with("ab")), Err(AddressFault::Unknown));
        assert_eq!(Act::Change { old: address("x") }.may_begin(&with("ab")), Err(AddressFault::Unknown));
        assert_eq!(Act::Change { old: address("a") }.may_begin(&with("a")), Ok(()), "one can always be changed");
    }

    #[test]
    fn a_code_that_was_asked_for_another_address_or_at_another_contact_is_not_waited_for() {
        let challenge = Id::from_bytes([1; 16]);
        let stage = Stage::Asking { new: Some(address("n")), contact: address("a"), challenge };
        assert!(stage.waits_for(Some(&address("N")), &address("a")));
        assert!(!stage.waits_for(Some(&address("m")), &address("a")));
        assert!(!stage.waits_for(Some(&address("n")), &address("b")));
        assert!(!stage.waits_for(None, &address("a")));
        assert!(stage.sees(Screen::Edit) && stage.sees(Screen::Otp) && !stage.sees(Screen::Code) && !stage.sees(Screen::Done));
        assert!(!Stage::Done.sees(Screen::Edit));
    }
}
