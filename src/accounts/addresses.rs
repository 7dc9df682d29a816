//! セキュリティ用メールアドレス of an account: at most five, the first is the 通知先. Pure.

use std::fmt;

use super::Account;
use crate::kernel::MailAddress;

/// How many security addresses an account may have (S1).
pub const MOST_ADDRESSES: usize = 5;

/// Why the list of addresses is left as it is. `Display` is the sentence for the person who wanted it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// It stands in the list already.
    Taken,
    /// There are [`MOST_ADDRESSES`].
    Full,
    /// The only one: without any, nobody could be reached.
    Last,
    /// The address to be changed is not in the list (any more).
    Unknown,
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("このメールアドレスはすでに登録されています。"),
            Self::Full => write!(
                f,
                "登録できるのは{MOST_ADDRESSES}つまでです。登録済みのメールアドレスを変更するか、削除してから追加してください。"
            ),
            Self::Last => {
                f.write_str("最後の1つは削除できません。別のメールアドレスに変更するか、追加してから削除してください。")
            }
            Self::Unknown => {
                f.write_str("このメールアドレスは登録されていません。一覧をお確かめのうえ、もう一度操作してください。")
            }
        }
    }
}

impl std::error::Error for AddressFault {}

impl Account {
    /// 通知先: where one-time passwords go.
    #[must_use]
    pub fn contact(&self) -> Option<&MailAddress> {
        self.security_mails.first()
    }

    /// Adds an address at the end of the list.
    ///
    /// # Errors
    /// [`AddressFault::Taken`], [`AddressFault::Full`]; the list stays as it is.
    pub fn add_address(&mut self, new: MailAddress) -> Result<(), AddressFault> {
        if self.security_mails.contains(&new) {
            return Err(AddressFault::Taken);
        }
        if self.security_mails.len() >= MOST_ADDRESSES {
            return Err(AddressFault::Full);
        }
        self.security_mails.push(new);
        Ok(())
    }

    /// Puts an address in the place of another: who was the 通知先 stays it.
    ///
    /// # Errors
    /// [`AddressFault::Unknown`], [`AddressFault::Taken`]; the list stays as it is.
    pub fn change_address(&mut self, old: &MailAddress, new: MailAddress) -> Result<(), AddressFault> {
        let place = self.place_of(old)?;
        if self.security_mails.contains(&new) {
            return Err(AddressFault::Taken);
        }
        self.security_mails[place] = new;
        Ok(())
    }

    /// Takes an address out of the list. The next one becomes the 通知先 if it was the first.
    ///
    /// # Errors
    /// [`AddressFault::Unknown`], [`AddressFault::Last`]; the list stays as it is.
    pub fn drop_address(&mut self, old: &MailAddress) -> Result<(), AddressFault> {
        let place = self.place_of(old)?;
        if self.security_mails.len() == 1 {
            return Err(AddressFault::Last);
        }
        self.security_mails.remove(place);
        Ok(())
    }

    /// Makes an address the 通知先: it comes to the front, the others keep their order.
    ///
    /// # Errors
    /// [`AddressFault::Unknown`]; the list stays as it is.
    pub fn choose_contact(&mut self, which: &MailAddress) -> Result<(), AddressFault> {
        let place = self.place_of(which)?;
        self.security_mails[..=place].rotate_right(1);
        Ok(())
    }

    /// One address in the place of all; gives those that are gone. Nothing is left to be asked about them.
    pub fn replace_addresses(&mut self, new: MailAddress) -> Vec<MailAddress> {
        self.review_addresses = false;
        std::mem::replace(&mut self.security_mails, vec![new])
    }

    fn place_of(&self, address: &MailAddress) -> Result<usize, AddressFault> {
        self.security_mails.iter().position(|one| one == address).ok_or(AddressFault::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

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

    fn names(account: &Account) -> String {
        account.security_mails.iter().map(|one| &one.as_str()[..1]).collect()
    }

    #[test]
    fn a_sixth_address_and_one_that_is_there_are_refused() {
        let mut account = with("");
        assert_eq!(account.contact(), None);
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(account.add_address(address(name)), Ok(()));
        }
        assert_eq!(account.add_address(address("f")), Err(AddressFault::Full));
        assert_eq!(account.add_address(address("A")), Err(AddressFault::Taken), "case makes no other address");
        assert_eq!((names(&account).as_str(), account.contact()), ("abcde", Some(&address("a"))));
    }

    #[test]
    fn a_change_keeps_its_place_and_takes_no_address_that_is_there() {
        let mut account = with("abc");
        assert_eq!(account.change_address(&address("B"), address("x")), Ok(()));
        for there in ["a", "x"] {
            assert_eq!(account.change_address(&address("x"), address(there)), Err(AddressFault::Taken));
        }
        assert_eq!(account.change_address(&address("b"), address("y")), Err(AddressFault::Unknown), "changed elsewhere");
        assert_eq!(names(&account), "axc");
    }

    #[test]
    fn the_last_address_cannot_be_dropped() {
        let mut account = with("ab");
        assert_eq!(account.drop_address(&address("z")), Err(AddressFault::Unknown));
        assert_eq!(account.drop_address(&address("a")), Ok(()));
        assert_eq!(account.contact(), Some(&address("b")));
        assert_eq!(account.drop_address(&address("b")), Err(AddressFault::Last));
        assert_eq!(names(&account), "b");
    }

    #[test]
    fn the_contact_comes_to_the_front_and_the_others_keep_their_order() {
        let mut account = with("abcd");
        assert_eq!(account.choose_contact(&address("c")), Ok(()));
        assert_eq!(names(&account), "cabd");
        assert_eq!(account.choose_contact(&address("c")), Ok(()));
        assert_eq!(account.choose_contact(&address("z")), Err(AddressFault::Unknown));
        assert_eq!(names(&account), "cabd");
    }

    #[test]
    fn replacing_gives_the_old_ones_and_nothing_is_left_to_ask() {
        let mut account = with("abc");
        account.review_addresses = true;
        let old = account.replace_addresses(address("n"));
        assert_eq!(old, [address("a"), address("b"), address("c")]);
        assert!(names(&account) == "n" && !account.review_addresses);
    }
}
