//! `[backup]`: regular backups.

use std::path::{Component, Path, PathBuf};

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Where backups go, when they are made and how many are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// Folder of the regular backups; `None`: none are made by the server itself.
    pub directory: Option<PathBuf>,
    /// Time of day in Japan.
    #[serde(with = "hours_and_minutes")]
    pub time: Time,
    /// Days of which the last backup is kept.
    pub keep_daily: u32,
    /// Months of which the first backup is kept besides.
    pub keep_monthly: u32,
    /// Copies are made by other means, so nobody is told that the server makes none.
    pub elsewhere: bool,
}

impl Default for Backup {
    fn default() -> Self {
        Self { directory: None, time: Time::constant(2, 0, 0, 0), keep_daily: 14, keep_monthly: 12, elsewhere: false }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("backup.directory", "定期バックアップを置くフォルダー（このインストール専用）"),
    ("backup.time", "時刻（日本時間、例 \"02:00\"）"),
    ("backup.keep_daily", "1から366までの整数（日分）"),
    ("backup.keep_monthly", "0から120までの整数（月分）"),
    ("backup.elsewhere", "true か false（true: ほかの方法でとっているので、知らせは要らない）"),
];

impl Backup {
    /// Whether anything cares for copies: the server, or somebody else as the administrator says.
    #[must_use]
    pub fn is_arranged(&self) -> bool {
        self.directory.is_some() || self.elsewhere
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("backup.directory", self.directory.as_ref().is_none_or(|path| !path.as_os_str().is_empty()));
        found.expect("backup.keep_daily", (1..=366).contains(&self.keep_daily));
        found.expect("backup.keep_monthly", (0..=120).contains(&self.keep_monthly));
    }
}

impl Backup {
    /// Beside the data, one lost disk or one emptied folder would take both.
    pub(super) fn validate_place(&self, data_folder: &Path, found: &mut Findings) {
        if self.directory.as_ref().is_some_and(|directory| plain(directory).starts_with(plain(data_folder))) {
            let sentence = "backup.directory には、データのフォルダー（server.data_dir）の外のフォルダーを書いてください";
            found.say("backup.directory", sentence);
        }
    }
}

/// A path without links as far as it is there, and without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain = plain.join(part).canonicalize().unwrap_or_else(|_| plain.join(part)),
        }
    }
    plain
}

/// A time of day as `"02:00"`.
mod hours_and_minutes {
    use jiff::civil::Time;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:02}:{:02}", time.hour(), time.minute()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = text.split_once(':').and_then(|(hours, minutes)| {
            let part = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
            Time::new(part(hours)?, part(minutes)?, 0, 0).ok()
        });
        read.ok_or_else(|| D::Error::custom("no time of day"))
    }
}
