//! Records of notices and the rule of their days. Pure.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::{Id, Prefecture};

/// A public notice is marked New for this many days from the first (spec 3, P1).
pub const NEW_DAYS: i64 = 30;

/// What a feature tells an office's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number in spec 4, e.g. `N-1`.
    pub kind: &'static str,
    /// The title in the list.
    pub title: String,
    /// The text, plain, with line breaks.
    pub body: String,
}

/// A notice in an office's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// Its id.
    pub id: Id,
    /// Its number in spec 4.
    pub kind: String,
    /// When it came.
    pub at: Timestamp,
    /// The title.
    pub title: String,
    /// The text, plain, with line breaks.
    pub body: String,
    /// When the office opened it.
    #[serde(default)]
    pub read: Option<Timestamp>,
}

/// A notice on the top menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Public {
    /// Its id.
    pub id: Id,
    /// The federation that published it; `None` concerns everybody.
    #[serde(default)]
    pub prefecture: Option<Prefecture>,
    /// The title without 【重要】.
    pub title: String,
    /// The text, plain, with line breaks.
    pub body: String,
    /// Shown as 【重要】.
    #[serde(default)]
    pub important: bool,
    /// 提示開始日 (JST). `None` is a draft.
    pub from: Option<Date>,
    /// The last day it is shown (JST); `None` is without end.
    #[serde(default)]
    pub until: Option<Date>,
}

impl Public {
    /// Whether it is shown on this day.
    #[must_use]
    pub fn is_shown(&self, today: Date) -> bool {
        self.from.is_some_and(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }

    /// Whether it still counts as new on this day.
    #[must_use]
    pub fn is_new(&self, today: Date) -> bool {
        self.is_shown(today)
            && self.from.and_then(|from| from.checked_add(Span::new().days(NEW_DAYS)).ok()).is_some_and(|end| today < end)
    }

    /// The title as lists show it.
    #[must_use]
    pub fn shown_title(&self) -> String {
        if self.important { format!("【重要】{}", self.title) } else { self.title.clone() }
    }
}

/// A line of 最新バージョン.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub id: Id,
    /// ソフトウェア名 with its version.
    pub name: String,
    /// 更新日付.
    pub updated: Date,
    /// The first day it is shown (JST). `None` is a draft.
    pub from: Option<Date>,
    /// The last day it is shown (JST); `None` is without end.
    #[serde(default)]
    pub until: Option<Date>,
}

impl Version {
    /// Whether it is shown on this day.
    #[must_use]
    pub fn is_shown(&self, today: Date) -> bool {
        self.from.is_some_and(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_public_notice_is_shown_from_until_and_new_for_30_days() {
        let mut one = Public {
            id: Id::from_bytes([0; 16]),
            prefecture: None,
            title: "機能変更について".into(),
            body: String::new(),
            important: true,
            from: Some(date(2026, 1, 20)),
            until: Some(date(2026, 3, 31)),
        };
        for (day, shown, new) in [
            (date(2026, 1, 19), false, false),
            (date(2026, 1, 20), true, true),
            (date(2026, 2, 18), true, true),
            (date(2026, 2, 19), true, false),
            (date(2026, 3, 31), true, false),
            (date(2026, 4, 1), false, false),
        ] {
            assert_eq!((one.is_shown(day), one.is_new(day)), (shown, new), "{day}");
        }
        assert_eq!(one.shown_title(), "【重要】機能変更について");
        one.from = None;
        assert!(!one.is_shown(date(2026, 2, 1)), "a draft is never shown");
    }
}
