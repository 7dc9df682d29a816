//! What was secret on the way, and the search for it.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD};
use uketsuke::staff::Authenticator;

/// What must be found nowhere.
#[derive(Default)]
pub struct Secrets {
    /// Texts, and bytes that stand behind them.
    pub texts: Vec<String>,
    pub bytes: Vec<Vec<u8>>,
    /// Codes are too short to be sought as such: they are told from other digits by standing alone.
    pub codes: Vec<String>,
}

impl Secrets {
    pub fn text(&mut self, text: &str) {
        self.texts.push(text.to_owned());
        let query: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        self.texts.push(query);
        for decoded in [BASE64URL_NOPAD.decode(text.as_bytes()), BASE64.decode(text.as_bytes())].into_iter().flatten() {
            if decoded.len() >= 16 {
                self.bytes.push(decoded);
            }
        }
    }

    /// A cookie or a form's token, and what is secret in one of several parts.
    pub fn signed(&mut self, value: &str) {
        self.text(value);
        // Of 32 bytes; beside it stand ids, which are no secrets.
        value.split('.').filter(|part| part.len() >= 43).for_each(|part| self.text(part));
    }

    pub fn authenticator(&mut self, secret: &Authenticator) {
        let bytes: &[u8] = secret.secret().expose();
        self.texts.extend([BASE32_NOPAD.encode(bytes), secret.in_groups()]);
        self.bytes.push(bytes.to_vec());
    }

    pub fn found_in(&self, raw: &[u8]) -> Vec<String> {
        let holds = |wanted: &[u8]| raw.windows(wanted.len()).any(|window| window == wanted);
        let texts = self.texts.iter().filter(|text| holds(text.as_bytes())).cloned();
        let bytes = self.bytes.iter().filter(|bytes| holds(bytes)).map(|bytes| format!("{bytes:02x?}"));
        texts.chain(bytes).collect()
    }

    /// Codes in the forms in which a record would hold them. Four digits by themselves stand in any file by chance; with their length in
    /// front, or as the whole of a JSON string, they do not.
    pub fn codes_in(&self, raw: &[u8]) -> Vec<String> {
        let holds = |wanted: &[u8]| raw.windows(wanted.len()).any(|window| window == wanted);
        let stored = |code: &str| {
            let length = u8::try_from(code.len()).unwrap();
            // MessagePack: a short string, a string, bytes.
            let packed: [&[u8]; 3] = [&[0xA0 | length], &[0xD9, length], &[0xC4, length]];
            packed.iter().any(|head| holds(&[*head, code.as_bytes()].concat())) || holds(format!("\"{code}\"").as_bytes())
        };
        self.codes.iter().filter(|code| stored(code)).cloned().collect()
    }
}

/// Whether these digits stand in the text with no digit or letter beside them.
pub fn stands_alone(text: &str, digits: &str) -> bool {
    let beside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
    text.match_indices(digits)
        .any(|(at, _)| !beside(text[..at].chars().next_back()) && !beside(text[at + digits.len()..].chars().next()))
}
