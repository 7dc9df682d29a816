//! The invented offices: their ledger entries and what login they have.

use crate::kernel::{MailAddress, OfficeKey, OfficeNumber, Prefecture};
use crate::ledger::{ClaimMethod, Entry, Status};

/// What login an office has when the demo begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// None: it claims on paper or media, or never asked for one.
    Nothing,
    /// 既存, with the password of the demo and this many security mail addresses.
    Existing(u8),
    /// 新規, first login done, with one security mail address and one for お知らせ.
    New,
    /// 新規, made by a first issue on the first day of the story; its letter waits or is on its way.
    Letter,
    /// As [`Has::Existing`] with one address, but closed by the federation.
    Suspended,
}

/// One invented office.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Prefecture number of the federation.
    pub place: u8,
    /// Its number among the samples of this prefecture; the office number is made from it.
    pub serial: u8,
    name: &'static str,
    kana: &'static str,
    building: &'static str,
    status: Status,
    claim: ClaimMethod,
    /// What login it has.
    pub has: Has,
}

const fn sample(place: u8, serial: u8, name: &'static str, kana: &'static str, has: Has) -> Sample {
    let claim = if matches!(has, Has::Nothing) { ClaimMethod::Paper } else { ClaimMethod::Electronic };
    Sample { place, serial, name, kana, building: "", status: Status::Active, claim, has }
}

impl Sample {
    const fn at(mut self, building: &'static str) -> Self {
        self.building = building;
        self
    }

    const fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    const fn claims(mut self, claim: ClaimMethod) -> Self {
        self.claim = claim;
        self
    }
}

/// The number that has user IDs in both prefectures; its entry in 13 is [`elsewhere`].
pub const IN_BOTH: (u8, u8) = (7, 3);

/// The office whose letter cannot be posted because the ledger has no postal code.
pub const WITHOUT_POSTAL_CODE: (u8, u8) = (7, 13);

/// Has a fixed security code: that of the demo.
pub const WITH_CODE: (u8, u8) = (7, 18);

/// Has an authenticator app.
pub const WITH_APP: (u8, u8) = (13, 12);

/// Every office.
pub const OFFICES: [Sample; 40] = [
    sample(7, 1, "見本デイサービスセンター", "ミホンデイサービスセンター", Has::Existing(1)),
    sample(7, 2, "架空訪問介護ステーション", "カクウホウモンカイゴステーション", Has::Existing(2)),
    sample(7, 3, "ひなた居宅介護支援事業所", "ヒナタキョタクカイゴシエンジギョウショ", Has::Existing(5)).at("ひなたビル3階"),
    sample(7, 4, "グループホームこもれび", "グループホームコモレビ", Has::Existing(0)),
    sample(7, 5, "みずうみ福祉用具", "ミズウミフクシヨウグ", Has::Suspended),
    sample(7, 6, "髙﨑記念訪問看護ステーション", "タカサキキネンホウモンカンゴステーション", Has::Existing(1)),
    sample(
        7,
        7,
        "特別養護老人ホーム架空の里 併設 短期入所生活介護・介護予防短期入所生活介護事業所ひだまりユニット",
        "トクベツヨウゴロウジンホームカクウノサト",
        Has::Existing(1),
    ),
    sample(7, 8, "小規模多機能ホームはなみずき", "ショウキボタキノウホームハナミズキ", Has::Nothing),
    sample(7, 9, "あおぞら訪問入浴", "アオゾラホウモンニュウヨク", Has::Nothing).claims(ClaimMethod::Media),
    sample(7, 10, "もみじ通所リハビリテーション", "モミジツウショリハビリテーション", Has::Existing(1)).status(Status::Suspended),
    sample(7, 11, "ヘルパーステーションやまびこ", "ヘルパーステーションヤマビコ", Has::Existing(1)).status(Status::Closed),
    sample(7, 12, "かわせみ地域包括支援センター", "カワセミチイキホウカツシエンセンター", Has::Existing(0))
        .at("架空市保健福祉館2階"),
    sample(7, 13, "すずらん定期巡回ステーション", "スズランテイキジュンカイステーション", Has::Existing(0)),
    sample(7, 14, "しらかば通所介護", "シラカバツウショカイゴ", Has::Letter),
    sample(7, 15, "訪問看護ほたる", "ホウモンカンゴホタル", Has::Letter),
    sample(7, 16, "ケアプランつばめ", "ケアプランツバメ", Has::Letter),
    sample(7, 17, "デイホームたんぽぽ", "デイホームタンポポ", Has::New),
    sample(7, 18, "介護老人保健施設みちしるべ", "カイゴロウジンホケンシセツミチシルベ", Has::Existing(1)),
    sample(7, 19, "ショートステイせせらぎ", "ショートステイセセラギ", Has::Existing(1)),
    sample(7, 20, "訪問リハビリこぶし", "ホウモンリハビリコブシ", Has::Existing(0)),
    sample(7, 21, "架空市社会福祉協議会 訪問介護事業所", "カクウシシャカイフクシキョウギカイ", Has::Existing(1)),
    sample(7, 22, "福祉用具レンタルかけはし", "フクシヨウグレンタルカケハシ", Has::Existing(1)),
    sample(7, 23, "夜間対応型訪問介護みみずく", "ヤカンタイオウガタホウモンカイゴミミズク", Has::Existing(1)),
    sample(7, 24, "看護小規模多機能あじさい", "カンゴショウキボタキノウアジサイ", Has::Existing(1)),
    sample(7, 25, "デイサービスこだま", "デイサービスコダマ", Has::Nothing).status(Status::Closed),
    sample(13, 1, "東見本ケアセンター", "ヒガシミホンケアセンター", Has::Existing(1)).at("東見本ビル5階"),
    sample(13, 2, "訪問介護サービス いちょう", "ホウモンカイゴサービスイチョウ", Has::Existing(2)),
    sample(13, 3, "ケアプランセンター はるかぜ", "ケアプランセンターハルカゼ", Has::Existing(1)),
    sample(13, 4, "グループホーム ゆずりは", "グループホームユズリハ", Has::Existing(0)),
    sample(13, 5, "訪問看護リハビリステーション ポラリス見本", "ホウモンカンゴリハビリステーションポラリスミホン", Has::New),
    sample(13, 6, "デイサービス 椿", "デイサービスツバキ", Has::Nothing),
    sample(13, 7, "有料老人ホーム 架空の丘", "ユウリョウロウジンホームカクウノオカ", Has::Existing(1)),
    sample(13, 8, "ショートステイ 青葉", "ショートステイアオバ", Has::Existing(1)).status(Status::Suspended),
    sample(13, 9, "福祉用具の見本堂", "フクシヨウグノミホンドウ", Has::Existing(1)),
    sample(13, 10, "居宅支援 かもめ", "キョタクシエンカモメ", Has::Letter),
    sample(13, 11, "通所リハビリ 架空クリニック", "ツウショリハビリカクウクリニック", Has::Letter),
    sample(13, 12, "小規模多機能 すみれ", "ショウキボタキノウスミレ", Has::Existing(1)),
    sample(13, 13, "訪問入浴 ゆあみ", "ホウモンニュウヨクユアミ", Has::Nothing).claims(ClaimMethod::Media),
    sample(13, 14, "見本区高齢者支援センター", "ミホンクコウレイシャシエンセンター", Has::Existing(1)),
    sample(13, 15, "介護医療院 みどり", "カイゴイリョウインミドリ", Has::Existing(1)),
];

/// The key of a sample by prefecture and serial.
#[must_use]
pub fn key(place: u8, serial: u8) -> OfficeKey {
    let prefecture = Prefecture::new(place).expect("the samples name only prefectures that exist");
    // The district 99 is given to no office; the last digit is the one that fits the rule for check digits.
    let numbers = (0..10).filter_map(|check| OfficeNumber::parse(&format!("{prefecture}7990{serial:03}{check}")).ok());
    let number = numbers.into_iter().find(OfficeNumber::check_digit_fits);
    OfficeKey::new(prefecture, number.expect("one of ten digits is the check digit"))
}

impl Sample {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> OfficeKey {
        key(self.place, self.serial)
    }

    /// 事業所名.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its ledger entry.
    #[must_use]
    pub fn entry(&self) -> Entry {
        let Self { place, serial, .. } = *self;
        let city = if place == 7 { "福島県架空市見本町" } else { "東京都見本区架空" };
        let postal_code =
            if (place, serial) == WITHOUT_POSTAL_CODE { String::new() } else { format!("000-{place:02}{serial:02}") };
        Entry {
            kana: self.kana.to_owned(),
            postal_code,
            address: format!("{city}{}-{}-{}", 1 + serial % 4, 2 + serial % 7, serial),
            building: self.building.to_owned(),
            telephone: format!("0000-{place:02}-{serial:04}"),
            fax: format!("0000-{place:02}-9{serial:03}"),
            corporation: if serial.is_multiple_of(3) {
                "社会福祉法人見本会"
            } else {
                "株式会社架空ケアサービス"
            }
            .to_owned(),
            status: self.status,
            claim_method: self.claim,
            ..Entry::new(self.key(), self.name)
        }
    }

    /// An address of the office; `n` counts from 1.
    #[must_use]
    pub fn mail(&self, n: u8) -> MailAddress {
        mail(&format!("jimu{n}.{:02}-{:02}", self.place, self.serial))
    }
}

/// The entry of [`IN_BOTH`] in the ledger of 13.
#[must_use]
pub fn elsewhere() -> Entry {
    let own = OFFICES.iter().find(|office| (office.place, office.serial) == IN_BOTH).map(Sample::entry);
    let own = own.expect("the office is one of the samples");
    let prefecture = Prefecture::new(13).expect("13 is a prefecture");
    Entry { key: OfficeKey::new(prefecture, own.key.number), ..own }
}

/// An address at the domain that nobody has.
#[must_use]
pub fn mail(local: &str) -> MailAddress {
    MailAddress::parse(&format!("{local}@example.jp")).expect("letters, digits, dots and hyphens make an address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::text;

    #[test]
    fn every_office_is_invented_and_has_a_number_of_its_own() {
        let mut numbers = std::collections::HashSet::new();
        for office in &OFFICES {
            let entry = office.entry();
            assert!(numbers.insert(entry.key) && entry.key.number.check_digit_fits(), "{entry:?}");
            assert!(entry.telephone.starts_with("0000-") && entry.fax.starts_with("0000-"));
            assert!(entry.postal_code.is_empty() || entry.postal_code.starts_with("000-"));
            assert!(entry.address.contains("架空") && office.mail(1).as_str().ends_with("@example.jp"));
            assert!(!text::has_control(&entry.name) && !entry.kana.is_empty());
        }
        assert_eq!(elsewhere().key.number, key(IN_BOTH.0, IN_BOTH.1).number);
    }
}
