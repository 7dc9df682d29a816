//! `[portal]`: 介護情報基盤ポータル.

use serde::{Deserialize, Serialize};

use super::error::Findings;
use super::mail::one_line;

/// 大カテゴリー and 中カテゴリー by which a medical institution applies for its ID (S4): an installation without them has no way in for them.
pub const ID_APPLICATION: (&str, &str) = ("その他", "介護情報基盤ポータルのID発行申請");

/// The portal's inquiry form (spec 2, S4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Portal {
    /// 大カテゴリー with their 中カテゴリー, in the order shown.
    pub categories: Vec<Category>,
}

/// One 大カテゴリー.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Its 中カテゴリー.
    pub items: Vec<String>,
}

impl Default for Portal {
    fn default() -> Self {
        let category =
            |name: &str, items: &[&str]| Category { name: name.into(), items: items.iter().map(|item| (*item).into()).collect() };
        Self {
            categories: vec![
                category("ログイン", &["ログインできない", "ワンタイムパスワードが届かない", "その他"]),
                category("利用者の登録", &["初回利用登録", "利用者の追加・変更", "その他"]),
                category(ID_APPLICATION.0, &[ID_APPLICATION.1, "その他"]),
            ],
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    (
        "portal.categories",
        "お問い合わせ区分の一覧（「その他」に「介護情報基盤ポータルのID発行申請」を含むこと。例 [{ name = \"その他\", items = [\"介護情報基盤ポータルのID発行申請\"] }]）",
    ),
    ("portal.categories.name", "大カテゴリーの名称（重複なし）"),
    ("portal.categories.items", "中カテゴリーの名称の一覧（1つ以上）"),
];

impl Portal {
    pub(super) fn validate(&self, found: &mut Findings) {
        let (name, item) = ID_APPLICATION;
        let has_way_in = |one: &Category| one.name == name && one.items.iter().any(|other| other == item);
        found.expect("portal.categories", self.categories.iter().any(has_way_in));
        for (index, one) in self.categories.iter().enumerate() {
            let unique = !self.categories[..index].iter().any(|other| other.name == one.name);
            found.expect(&format!("portal.categories.{index}.name"), one_line(&one.name) && unique);
            let named = !one.items.is_empty() && one.items.iter().all(|item| one_line(item));
            found.expect(&format!("portal.categories.{index}.items"), named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_for_id_applications_must_be_there() {
        let fits = |name: &str, items: &[&str]| {
            let items = items.iter().map(|item| (*item).to_owned()).collect();
            let mut found = Findings::default();
            Portal { categories: vec![Category { name: name.to_owned(), items }] }.validate(&mut found);
            found.0.is_empty()
        };
        let (name, item) = ID_APPLICATION;
        assert!(fits(name, &["その他", item]));
        assert!(!fits(name, &["その他"]) && !fits("ログイン", &[item]));
        let mut found = Findings::default();
        Portal::default().validate(&mut found);
        Portal { categories: vec![] }.validate(&mut found);
        assert_eq!(found.0.len(), 1, "the built-in list fits, none does not");
    }
}
