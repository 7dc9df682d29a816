//! One mail, and how it looks on the wire.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox, Message};

use super::SendError;

/// A plain-text mail to one address (spec 4).
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The bare address, as stored; a display name is refused here.
    pub to: String,
    /// `noreply@example.jp` or `受付窓口 <noreply@example.jp>`.
    pub from: String,
    /// Where answers go, if anywhere; same forms as `from`.
    pub reply_to: Option<String>,
    /// The title, unencoded.
    pub subject: String,
    /// The text; line ends may be LF or CRLF.
    pub body: String,
    /// The same on every retry of one mail, so that a double delivery can be told: `id@domain`, brackets optional.
    pub message_id: String,
    /// The `Date` field.
    pub date: Timestamp,
}

impl fmt::Debug for OutgoingMail {
    // Bodies carry codes and passwords, the other fields personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("message_id", &self.message_id).field("date", &self.date).finish_non_exhaustive()
    }
}

/// A mail ready for a connection: both envelope addresses and seven-bit bytes.
pub(super) struct Composed {
    pub(super) sender: Address,
    pub(super) recipient: Address,
    pub(super) bytes: Vec<u8>,
}

impl Composed {
    /// Builds the message. Refuses whatever could start a header line of its own (q39).
    pub(super) fn of(mail: &OutgoingMail) -> Result<Self, SendError> {
        let lines = [&mail.to, &mail.from, &mail.subject, &mail.message_id];
        let mut lines = lines.into_iter().chain(&mail.reply_to);
        if lines.any(|line| line.contains(char::is_control)) {
            return Err(refused("宛先、差出人または件名に改行などの制御文字があります"));
        }
        let to = address(&mail.to).ok_or_else(|| refused("宛先のメールアドレスの形が正しくありません"))?;
        let bad_from = || SendError::temporary("設定の差出人または返信先の形が正しくありません");
        let from = mailbox(&mail.from).ok_or_else(bad_from)?;
        // Given here, because otherwise lettre reads the addresses back out of the header and fails on quoted ones.
        let envelope =
            Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(|_| refused("メールを組み立てられませんでした"))?;
        let mut builder = Message::builder()
            .envelope(envelope)
            .date(SystemTime::from(mail.date))
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.as_str())
            .message_id(Some(message_id(&mail.message_id)?))
            .header(AutoSubmitted)
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &mail.reply_to {
            builder = builder.reply_to(mailbox(reply_to).ok_or_else(bad_from)?);
        }
        // Base64 whatever the text: seven-bit safe, no line too long, and no dot, bare CR or trailing blank
        // that a relay could stumble over.
        let text = mail.body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let body = Body::new_with_encoding(text.into_bytes(), ContentTransferEncoding::Base64)
            .map_err(|_| refused("本文を符号化できませんでした"))?;
        let message = builder.body(body).map_err(|_| refused("メールを組み立てられませんでした"))?;
        Ok(Self { sender: from.email, recipient: to, bytes: message.formatted() })
    }
}

fn refused(reason: &str) -> SendError {
    SendError::permanent(reason)
}

fn message_id(text: &str) -> Result<String, SendError> {
    let id = text.trim_start_matches('<').trim_end_matches('>');
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>@".contains(c));
    match id.split_once('@') {
        Some((left, right)) if plain(left) && plain(right) => Ok(format!("<{id}>")),
        _ => Err(refused("Message-ID の形が正しくありません")),
    }
}

/// A display name and an address, or an address alone.
fn mailbox(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    let Some((name, rest)) = text.rsplit_once('<') else {
        return address(text).map(|address| Mailbox::new(None, address));
    };
    let address = address(rest.strip_suffix('>')?)?;
    let name = name.trim().trim_matches('"').trim();
    let name = (!name.is_empty()).then(|| name.to_owned());
    Some(Mailbox::new(name, address))
}

/// An envelope address in ASCII. Domains may lack a dot (`mailforsecurity-001@jp`, S1) and may be Japanese.
///
/// Japanese carriers gave out addresses that no RFC allows (`a..b@`, `a.@`): such a local part is quoted, which
/// means the same mailbox.
fn address(text: &str) -> Option<Address> {
    let (user, domain) = text.rsplit_once('@')?;
    let domain = match domain.is_ascii() {
        true => domain.to_owned(),
        false => url::Host::parse(domain).ok()?.to_string(),
    };
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots = user.starts_with('.') || user.ends_with('.') || user.contains("..");
    let user = match dots && user.chars().all(atom) {
        true => format!("\"{user}\""),
        false => user.to_owned(),
    };
    // A local part outside ASCII would need SMTPUTF8, which few servers of the receivers speak.
    user.is_ascii().then_some(())?;
    Address::new(user, domain).ok()
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no vacation notices come back.
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> OutgoingMail {
        OutgoingMail {
            to: "tantou@example.jp".into(),
            from: "受付窓口 <noreply@example.jp>".into(),
            reply_to: None,
            subject: "確認コード発行通知(介護保険)".into(),
            body: "確認コード: 4821\n.\r\nFrom here\r.\r".into(),
            message_id: "m1@example.jp".into(),
            date: "2026-01-10T01:02:03Z".parse().unwrap(),
        }
    }

    #[test]
    fn on_the_wire_it_is_seven_bit_with_crlf_only() {
        let composed = Composed::of(&mail()).unwrap();
        let text = String::from_utf8(composed.bytes).unwrap();
        assert!(text.is_ascii());
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        for line in [
            "Auto-Submitted: auto-generated\r\n",
            "Message-ID: <m1@example.jp>\r\n",
            "Date: Sat, 10 Jan 2026 01:02:03 +0000\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Transfer-Encoding: base64\r\n",
            "MIME-Version: 1.0\r\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn q39_control_characters_in_header_fields_are_refused() {
        let attack = "x\r\nBcc: dare@example.jp";
        let with = |change: &dyn Fn(&mut OutgoingMail)| {
            let mut mail = mail();
            change(&mut mail);
            Composed::of(&mail).err()
        };
        let permanent = |e: Option<SendError>| e.is_some_and(|e| !e.is_temporary());
        for attack in [attack, "x\nBcc: a@example.jp", "x\ry", "x\0y", "x\u{85}y"] {
            assert!(permanent(with(&|m| m.to = format!("{attack}@example.jp"))));
            assert!(permanent(with(&|m| m.to = format!("a@example.jp{attack}"))));
            assert!(permanent(with(&|m| m.subject = attack.into())));
            assert!(permanent(with(&|m| m.from = format!("{attack} <a@example.jp>"))));
            assert!(permanent(with(&|m| m.reply_to = Some(attack.into()))));
            assert!(permanent(with(&|m| m.message_id = attack.into())));
        }
    }

    #[test]
    fn one_recipient_and_no_display_name() {
        for to in [
            "a@example.jp, b@example.jp",
            "a@example.jp b@example.jp",
            "A <a@example.jp>",
            "<a@example.jp>",
            "a@example.jp> SIZE=1",
            "担当@example.jp",
            "a@",
            "@example.jp",
            "a",
            "",
        ] {
            let mut mail = mail();
            mail.to = to.into();
            assert!(Composed::of(&mail).is_err_and(|e| !e.is_temporary()), "{to}");
        }
    }

    #[test]
    fn unusual_but_real_addresses_are_accepted() {
        for (typed, sent) in [
            ("mailforsecurity-001@jp", "mailforsecurity-001@jp"),
            ("a..b@docomo.example.jp", "\"a..b\"@docomo.example.jp"),
            ("a.@ezweb.example.jp", "\"a.\"@ezweb.example.jp"),
            ("a+b/c=d@example.jp", "a+b/c=d@example.jp"),
            ("tantou@介護.example.jp", "tantou@xn--xmq029l.example.jp"),
        ] {
            let sent_to = address(typed).map(|a| a.to_string());
            assert_eq!(sent_to.as_deref(), Some(sent));
        }
    }

    #[test]
    fn a_bad_sender_is_our_own_mistake_and_keeps_the_mail_waiting() {
        let mut mail = mail();
        mail.from = "nobody".into();
        assert!(Composed::of(&mail).is_err_and(|e| e.is_temporary()));
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", mail());
        assert!(!shown.contains("4821") && !shown.contains("tantou"), "{shown}");
    }
}
