//! Where a browser stands in the form: one record under the hash of the flow cookie.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ask, Contact, InquiryNumber};
use crate::config::{Category, ID_APPLICATION};
use crate::kernel::{Prefecture, text};
use crate::portal::{self, Medical};

/// Most characters of what is written.
pub const TEXT_MOST: usize = 2_000;
/// Most characters of it that a flow keeps: a little more than is taken, so that nobody's text is cut before they are told.
const TEXT_KEPT: usize = TEXT_MOST + 500;

/// The screens of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Q1: the categories.
    Category,
    /// Q2: the content.
    Content,
    /// Q3 送信確認.
    Check,
    /// Q4 処理終了.
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Category => "/portal/contact",
            Self::Content => "/portal/contact/content",
            Self::Check => "/portal/contact/check",
            Self::Done => "/portal/contact/done",
        }
    }
}

/// What was typed, so that 戻る and 変更 show it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 大カテゴリー.
    pub category: String,
    /// 中カテゴリー, as [`item_word`].
    pub item: String,
    /// The person.
    pub person: portal::Draft,
    /// 事業所番号または医療機関コード.
    pub number: String,
    /// 都道府県, where there are several.
    pub prefecture: String,
    /// お問い合わせ内容 or 連絡事項.
    pub text: String,
    /// 医療機関コード.
    pub code: String,
    /// 医療機関の名称.
    pub institution: String,
    /// 郵便番号.
    pub postal_code: String,
    /// 住所.
    pub address: String,
    /// Its telephone.
    pub telephone: String,
}

impl Draft {
    /// As a flow keeps it.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self {
            category: text::kept(&self.category),
            item: text::kept(&self.item),
            person: self.person.kept(),
            number: text::kept(&self.number),
            prefecture: text::kept(&self.prefecture),
            text: text::paragraph(&self.text).chars().take(TEXT_KEPT).collect(),
            code: text::kept(&self.code),
            institution: text::kept(&self.institution),
            postal_code: text::kept(&self.postal_code),
            address: text::kept(&self.address),
            telephone: text::kept(&self.telephone),
        }
    }

    /// The same with another category.
    #[must_use]
    pub fn with_category(self, category: &str, item: &str) -> Self {
        Self { category: text::kept(category), item: text::kept(item), ..self }
    }
}

/// An inquiry that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The federation whose operators are to see it.
    pub home: Prefecture,
    /// What is asked for.
    pub kind: Ask,
    /// Both categories.
    pub category: (String, String),
    /// Who asks.
    pub contact: Contact,
    /// What they wrote.
    pub text: String,
    /// The institution of an application.
    pub medical: Option<Medical>,
}

/// The flow of a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// What was typed.
    pub draft: Draft,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Q1: what was chosen waits for the way back.
    Typing,
    /// Q2: both categories are chosen.
    Content,
    /// Q3.
    Checking(Box<Asked>),
    /// Q4.
    Done {
        /// 受付番号.
        number: InquiryNumber,
        /// Whether M-10 went out.
        mailed: bool,
    },
}

impl Stage {
    /// The screen where it goes on.
    #[must_use]
    pub const fn home(&self) -> Screen {
        match self {
            Self::Typing => Screen::Category,
            Self::Content => Screen::Content,
            Self::Checking(_) => Screen::Check,
            Self::Done { .. } => Screen::Done,
        }
    }
}

/// The value of a 中カテゴリー in the form: several 大カテゴリー have one of the same name.
#[must_use]
pub fn item_word(category: &str, item: &str) -> String {
    format!("{category} / {item}")
}

/// Both categories as config names them, with what is asked for; `None` if it does not have them (any more).
#[must_use]
pub fn listed(all: &[Category], category: &str, item: &str) -> Option<(Ask, (String, String))> {
    let group = all.iter().find(|one| one.name == category)?;
    let own = group.items.iter().find(|one| item == one.as_str() || item == item_word(&group.name, one))?;
    let kind = if (group.name.as_str(), own.as_str()) == ID_APPLICATION { Ask::IdApplication } else { Ask::General };
    Some((kind, (group.name.clone(), own.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Portal;

    #[test]
    fn a_pair_of_categories_must_be_in_config() {
        let all = Portal::default().categories;
        let kind = |category: &str, item: &str| listed(&all, category, item).map(|(kind, _)| kind);
        let (other, id) = ID_APPLICATION;
        assert_eq!(kind(other, id), Some(Ask::IdApplication));
        assert_eq!(kind(other, &item_word(other, id)), Some(Ask::IdApplication));
        assert_eq!(kind("ログイン", "その他"), Some(Ask::General));
        for (category, item) in
            [("", ""), (other, ""), ("", id), ("ログイン", id), ("ログイン", &*item_word(other, id)), ("x", "その他")]
        {
            assert_eq!(kind(category, item), None, "{category} {item}");
        }
    }

    #[test]
    fn what_a_flow_keeps_is_cut() {
        let long = "あ".repeat(9_999);
        let draft = Draft { text: long.clone(), institution: long, ..Draft::default() };
        let kept = draft.kept();
        assert_eq!((kept.text.chars().count(), kept.institution.chars().count()), (TEXT_KEPT, text::LONGEST_KEPT));
    }
}
