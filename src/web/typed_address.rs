//! Mail addresses in forms, typed once or twice: the same sentences wherever somebody types one.

use super::Errors;
use crate::kernel::MailAddress;
use crate::kernel::mail_address::MailAddressError;

/// The address in a field; else what is wrong stands beside it.
pub fn typed_address(errors: &mut Errors, (field, label): (&str, &str), typed: &str) -> Option<MailAddress> {
    match MailAddress::parse(typed) {
        Err(MailAddressError::Empty) => {
            errors.add(field, format!("{label}を入力してください。"));
            None
        }
        parsed => errors.check(field, parsed),
    }
}

/// A mail address that is typed twice: two fields with what they are called.
#[derive(Clone, Copy, Debug)]
pub struct Twice<'a> {
    /// Field and label.
    pub first: (&'a str, &'a str),
    /// The field for confirmation. Its label is that of the first with (確認用).
    pub again: &'a str,
}

impl Twice<'_> {
    /// The address, if both fields hold it; else what is wrong stands beside them.
    pub fn check(&self, errors: &mut Errors, typed: &str, again: &str) -> Option<MailAddress> {
        let (address, label) = (typed_address(errors, self.first, typed), self.first.1);
        if again.trim().is_empty() {
            errors.add(self.again, format!("{label}(確認用)を入力してください。"));
        } else if let Some(address) = &address
            && MailAddress::parse(again).ok().as_ref() != Some(address)
        {
            errors.add(self.again, format!("{label}と一致しません。同じメールアドレスを入力してください。"));
        }
        address.filter(|_| !errors.has(self.again))
    }
}
