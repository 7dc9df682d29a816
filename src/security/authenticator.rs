//! Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 seconds, which every app knows.

use jiff::Timestamp;
use totp_rs::{Builder, Totp};

use crate::kernel::{Random, Secret, text};

/// Bytes of a secret: 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// Who issues the codes, as the app shows it beside the member's name.
const ISSUER: &str = "電子請求受付";

/// The secret shared with somebody's authenticator app.
#[derive(Clone, Debug)]
pub struct Authenticator(Secret<Vec<u8>>);

impl Authenticator {
    /// A new secret.
    #[must_use]
    pub fn new(random: &Random) -> Self {
        Self(Secret::new(random.bytes::<SECRET_BYTES>().to_vec()))
    }

    /// A secret that was kept sealed.
    #[must_use]
    pub fn from_secret(secret: Secret<Vec<u8>>) -> Self {
        Self(secret)
    }

    /// The raw secret, to be sealed.
    #[must_use]
    pub fn secret(&self) -> &Secret<Vec<u8>> {
        &self.0
    }

    /// The time step at which `typed` is right, one step early or late included. The caller keeps the newest step used and
    /// refuses it and all before it: a code works once.
    #[must_use]
    pub fn check(&self, typed: &str, now: Timestamp) -> Option<u64> {
        self.totp("").check(&text::code(typed), seconds(now))
    }

    /// Whether `typed` could be a code at all: six digits, however wide and spaced. What could not be costs no try.
    #[must_use]
    pub fn looks_like(typed: &str) -> bool {
        let code = text::code(typed);
        code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
    }

    /// The code of this instant, as the app shows it. For the demo and for tests.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> String {
        self.totp("").generate(seconds(now)).to_string()
    }

    /// The secret for typing it into an app: base32 in groups of four.
    #[must_use]
    pub fn in_groups(&self) -> String {
        let text = data_encoding::BASE32_NOPAD.encode(self.0.expose());
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// The address an app reads from the QR code; `name` is whose codes they are.
    #[must_use]
    pub fn address(&self, name: &str) -> Secret<String> {
        // A colon parts issuer and name in the address, so the name cannot hold one.
        Secret::new(self.totp(&name.replace(':', " ")).to_url().unwrap_or_default())
    }

    fn totp(&self, name: &str) -> Totp {
        let secret: &[u8] = self.0.expose();
        Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some(ISSUER)).build_noncompliant()
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn rfc() -> Authenticator {
        Authenticator::from_secret(Secret::new(b"12345678901234567890".to_vec()))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B of the RFC, cut to six digits.
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(rfc().code(at(second)), code);
            assert_eq!(rfc().check(code, at(second)), Some(second as u64 / 30));
        }
    }

    #[test]
    fn a_code_is_right_one_step_early_or_late_and_no_more() {
        let app = rfc();
        let now = at(1_000_000_015);
        let code = app.code(now);
        let step = Some(1_000_000_015 / 30);
        for late in [-30, 0, 30] {
            assert_eq!(app.check(&code, now + SignedDuration::from_secs(late)), step);
        }
        for late in [-60, 60] {
            assert_eq!(app.check(&code, now + SignedDuration::from_secs(late)), None);
        }
    }

    #[test]
    fn q52_codes_are_accepted_in_full_width_and_with_a_space() {
        assert!(rfc().check(" ２８７ ０８２", at(59)).is_some());
        assert!(Authenticator::looks_like(" ２８７ ０８２"));
        for wrong in ["", "28708", "2870820", "+28708", "abcdef"] {
            assert_eq!(rfc().check(wrong, at(59)), None, "{wrong}");
            assert!(!Authenticator::looks_like(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_address_names_issuer_and_member() {
        let address = rfc().address("佐藤:花子");
        let read = totp_rs::Totp::from_url(address.expose()).unwrap();
        assert_eq!((read.issuer(), read.account_name()), (Some(ISSUER), "佐藤 花子"));
        assert_eq!(read.generate(59).to_string(), "287082");
        assert_eq!(rfc().in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
