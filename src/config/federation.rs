//! `[[federation]]`: the 連合会 of this installation, what letters and mails say of each.

use serde::{Deserialize, Serialize};

use super::error::Findings;
use super::mail::one_line;
use crate::kernel::Prefecture;

/// One federation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federation {
    /// The prefecture it answers for.
    #[serde(with = "two_digits")]
    pub prefecture: Prefecture,
    /// Full name, as letters show it.
    pub name: String,
    /// The desk that answers, as letters show it.
    pub department: String,
    /// Telephone of that desk.
    pub telephone: String,
    /// Postal code, `123-4567`.
    pub postal_code: String,
    /// Postal address.
    pub address: String,
    /// The federation's own paragraph in M-3 and M-4 (return envelope …); may have several lines, may be empty.
    #[serde(default)]
    pub paragraph: String,
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("federation", "連合会の一覧（[[federation]] を連合会ごとに1つ）"),
    ("federation.prefecture", "都道府県番号（\"01\"から\"47\"までの2桁の文字列、重複なし）"),
    ("federation.name", "連合会の名称"),
    ("federation.department", "担当課の名称"),
    ("federation.telephone", "担当課の電話番号"),
    ("federation.postal_code", "郵便番号（例 \"100-0001\"）"),
    ("federation.address", "住所"),
    ("federation.paragraph", "受領・結果のメールに添える連合会からの案内文"),
];

/// A federation's checks are keyed `federation.<index>.<key>`.
pub(super) fn validate(all: &[Federation], found: &mut Findings) {
    for (index, one) in all.iter().enumerate() {
        let key = |name: &str| format!("federation.{index}.{name}");
        let unique = !all[..index].iter().any(|other| other.prefecture == one.prefecture);
        found.expect(&key("prefecture"), unique);
        for (name, value) in
            [("name", &one.name), ("department", &one.department), ("telephone", &one.telephone), ("address", &one.address)]
        {
            found.expect(&key(name), one_line(value));
        }
        found.expect(&key("postal_code"), is_postal_code(&one.postal_code));
    }
}

fn is_postal_code(text: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(area, rest)| digits(area, 3) && digits(rest, 4))
}

/// The two federations of the demo. Invented: no real telephone number or postal address.
pub(super) fn demo() -> Vec<Federation> {
    [7, 13].into_iter().filter_map(Prefecture::new).map(demo_one).collect()
}

fn demo_one(prefecture: Prefecture) -> Federation {
    let name = prefecture.name();
    Federation {
        prefecture,
        name: format!("{name}国保連合会（デモ）"),
        department: "介護保険課 電子請求担当".into(),
        telephone: format!("0000-{prefecture}-0000"),
        postal_code: format!("000-00{prefecture}"),
        address: format!("{name}デモ市架空町1-2-3 国保会館"),
        paragraph: "返信用封筒（切手を貼り、宛先を書いたもの）を上記の住所までお送りください。".into(),
    }
}

/// In files and variables a prefecture is its two-digit string: TOML has no integer `07`.
mod two_digits {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::kernel::Prefecture;

    pub fn serialize<S: Serializer>(value: &Prefecture, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Prefecture, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Prefecture::parse(&text).filter(|prefecture| prefecture.to_string() == text);
        known.ok_or_else(|| de::Error::custom("no prefecture code"))
    }
}
