//! Mail addresses as people type them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

/// A mail address: NFKC and trimmed, compared case-insensitively, written to in the spelling as stored (D). Domains without a dot
/// are accepted, as the seeds' samples have them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// A mail address as it was typed, twice: what a flow keeps for 戻る.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedTwice {
    /// The first field.
    pub address: String,
    /// The one for confirmation.
    pub again: String,
}

impl TypedTwice {
    /// As it is kept.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { address: text::kept(&self.address), again: text::kept(&self.again) }
    }
}

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAddressError {
    /// Nothing was typed.
    Empty,
    /// Longer than 254 characters, or a local part longer than 64.
    Long,
    /// Not of the form name@domain in the characters of internet mail.
    Form,
    /// A local part or domain with characters beyond ASCII, which most mail servers refuse.
    Internationalised,
}

impl fmt::Display for MailAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "メールアドレスを入力してください。",
            Self::Long => "メールアドレスが長すぎます。254文字以内で入力してください。",
            Self::Form => "メールアドレスの形が正しくありません。「名前@ドメイン」の形で、アドレスだけを入力してください。",
            Self::Internationalised => "日本語などを含むメールアドレスは使用できません。半角英数字のアドレスを入力してください。",
        })
    }
}

impl std::error::Error for MailAddressError {}

impl MailAddress {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`MailAddressError`]. Line breaks, display names and lists of addresses are refused, never cut.
    pub fn parse(input: &str) -> Result<Self, MailAddressError> {
        let clean = text::line(input);
        if clean.is_empty() {
            return Err(MailAddressError::Empty);
        }
        if clean.chars().count() > 254 {
            return Err(MailAddressError::Long);
        }
        let (local, domain) = clean.rsplit_once('@').ok_or(MailAddressError::Form)?;
        if clean.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(MailAddressError::Form);
        }
        if !clean.is_ascii() {
            return Err(MailAddressError::Internationalised);
        }
        if local.len() > 64 {
            return Err(MailAddressError::Long);
        }
        if !local_fits(local) || !domain_fits(domain) {
            return Err(MailAddressError::Form);
        }
        Ok(Self(clean))
    }

    /// The spelling that mail is sent to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for comparing and for keys.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// All but the first three characters of the local part hidden (spec 4, N-1): for notices and staff lists.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let shown: String = local.chars().take(3).collect();
        format!("{shown}***@{domain}")
    }
}

/// RFC 5321's dot-string, and also dots at the end or doubled, which old mobile carriers in Japan gave out.
fn local_fits(local: &str) -> bool {
    !local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
}

fn domain_fits(domain: &str) -> bool {
    !domain.is_empty()
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

impl PartialEq for MailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for MailAddress {}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Masked: addresses are personal data and must not reach a log.
impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(***)")
    }
}

impl From<MailAddress> for String {
    fn from(value: MailAddress) -> Self {
        value.0
    }
}

impl TryFrom<String> for MailAddress {
    type Error = MailAddressError;
    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::parse(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_normalised_and_compared_without_case() {
        let stored = MailAddress::parse("　Ｏffice@Example.JP ").map(|a| a.to_string());
        assert_eq!(stored.as_deref(), Ok("Office@Example.JP"));
        assert_eq!(MailAddress::parse("Office@Example.JP"), MailAddress::parse("office@example.jp"));
        assert!(MailAddress::parse("mailforsecurity-001@jp").is_ok(), "the seeds' samples have no dot in the domain");
        assert!(MailAddress::parse("old..phone.@example.jp").is_ok());
    }

    #[test]
    fn q39_line_breaks_display_names_and_lists_are_refused() {
        use MailAddressError as E;
        for (typed, error) in [
            ("", E::Empty),
            ("a@b\r\nBcc: c@d", E::Form),
            ("a\n@b", E::Form),
            ("田中 <a@b.jp>", E::Form),
            ("Tanaka<a@b.jp>", E::Form),
            ("a@b.jp,c@d.jp", E::Form),
            ("a@b.jp;c@d.jp", E::Form),
            ("a", E::Form),
            ("@b", E::Form),
            ("a@", E::Form),
            ("a@-b.jp", E::Form),
            ("a@b..jp", E::Form),
            ("介護@example.jp", E::Internationalised),
            ("a@介護.jp", E::Internationalised),
            ("a@\u{202E}介護.jp", E::Internationalised),
            ("a\u{0}@b.jp", E::Form),
        ] {
            assert_eq!(MailAddress::parse(typed), Err(error), "{typed}");
        }
        assert_eq!(MailAddress::parse(&format!("{}@b.jp", "a".repeat(65))), Err(E::Long));
        assert_eq!(MailAddress::parse(&format!("a@{}.jp", "介".repeat(200))), Err(E::Internationalised), "254 counts characters");
        assert_eq!(MailAddress::parse(&format!("a@{}", "b".repeat(1_000_000))), Err(E::Long));
    }

    #[test]
    fn notices_show_three_characters_of_the_local_part() {
        assert_eq!(MailAddress::parse("jigyousho@jp").map(|a| a.masked()).as_deref(), Ok("jig***@jp"));
        assert_eq!(MailAddress::parse("ab@jp").map(|a| a.masked()).as_deref(), Ok("ab***@jp"));
    }

    #[test]
    fn a_typed_address_is_kept_normalised_and_short() {
        let typed = TypedTwice { address: format!(" ａ@example.jp{}", " ".repeat(60_000)), again: "x".repeat(60_000) };
        let kept = typed.kept();
        assert_eq!((kept.address.as_str(), kept.again.len()), ("a@example.jp", text::LONGEST_KEPT));
    }
}
