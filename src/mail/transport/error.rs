//! Why a mail did not go out, in words that staff may read.

/// Longest server reply quoted in a reason, in characters.
const REPLY_LIMIT: usize = 160;

/// A mail that was not taken over. The reason is a short Japanese sentence with the server's reply, free of
/// mail content and secrets, so that it can be stored, logged and shown to staff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again later may help: 4xx, connection trouble, time-outs, and whatever is wrong with our own
    /// settings rather than with this mail (authentication, certificates, refused sender).
    #[error("{reason}")]
    Temporary {
        /// What happened.
        reason: String,
    },
    /// This mail will never be accepted: 5xx for its recipient or content, or an unusable address.
    #[error("{reason}")]
    Permanent {
        /// What happened.
        reason: String,
    },
}

impl SendError {
    pub(super) fn temporary(reason: impl Into<String>) -> Self {
        Self::Temporary { reason: reason.into() }
    }

    pub(super) fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into() }
    }

    /// The sentence for staff.
    pub fn reason(&self) -> &str {
        match self {
            Self::Temporary { reason } | Self::Permanent { reason } => reason,
        }
    }

    /// Whether a later try may succeed.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary { .. })
    }
}

/// Makes a server's reply fit for a stored reason: one line, short, without control characters.
///
/// A server may quote what it refused. Words with a digit that also stand in one of `secrets` (the mail's
/// body, our own password) are masked, which covers codes and passwords of every kind we send.
pub(super) fn quotable(reply: &str, secrets: &[&str]) -> String {
    let masked: Vec<&str> = reply
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if is_secret(word, secrets) { "***" } else { word })
        .collect();
    let line = masked.join(" ");
    if line.chars().count() <= REPLY_LIMIT {
        return line;
    }
    let mut short: String = line.chars().take(REPLY_LIMIT).collect();
    short.push('…');
    short
}

fn is_secret(word: &str, secrets: &[&str]) -> bool {
    let runs = word.split(|c: char| !c.is_alphanumeric());
    let mut runs = runs.filter(|run| run.chars().count() >= 4 && run.contains(char::is_numeric));
    runs.any(|run| secrets.iter().any(|secret| secret.contains(run)))
        || secrets.iter().any(|secret| !secret.is_empty() && word.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotable_masks_codes_and_passwords_but_keeps_status_codes() {
        let body = "確認コードは 4821 です。仮パスワード Ab3dEf6hJk9mNp2q";
        assert_eq!(
            quotable("5.7.1 spam: \"4821\" Ab3dEf6hJk9mNp2q\r\nhunter-x refused", &[body, "hunter-x"]),
            "5.7.1 spam: *** *** *** refused"
        );
    }

    #[test]
    fn quotable_is_one_short_line() {
        let long = "x\u{7}\n".repeat(500);
        let line = quotable(&long, &[]);
        assert!(!line.contains(char::is_control));
        assert_eq!(line.chars().count(), REPLY_LIMIT + 1);
    }
}
