//! Searching one prefecture's ledger by number, name, kana, telephone or address.
//!
//! Each entry has a short text made for searching; a search reads those of its prefecture one after the other. Ten thousand of them,
//! more than most federations have, take a few milliseconds, so there is no index to keep in step with the generations. A whole number,
//! which is what clerks type most, is looked up.

use super::model::Entry;
use super::store::{DOCUMENTS, entry_in, ledger};
use crate::kernel::{OfficeKey, OfficeNumber, Prefecture, text};
use crate::store::{Reads, Span, StoreError};

/// Words of one search; further ones would narrow nothing down and cost each entry a look.
const WORDS_MOST: usize = 16;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The first entries: those whose number begins with what was typed, then the others, each in order of number.
    pub entries: Vec<Entry>,
    /// How many there are in all.
    pub total: usize,
}

/// Offices of one prefecture in which every word of `input` occurs: in the number, the name, the kana, the telephone number (with or
/// without hyphens), the address or the corporation. The whole number of an office finds that office alone. An empty text finds all.
/// Reads the whole ledger of the prefecture: run it on `store.search`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn search(r: &impl Reads, prefecture: Prefecture, input: &str, limit: usize) -> Result<Found, StoreError> {
    let Some(ledger) = ledger(r, prefecture)? else { return Ok(Found::default()) };
    if let Ok(number) = OfficeNumber::parse(input)
        && let Some(entry) = entry_in(r, OfficeKey::new(prefecture, number), ledger.current)?
    {
        return Ok(Found { entries: vec![entry], total: 1 });
    }
    let words: Vec<Word> = input.split_whitespace().filter_map(Word::new).take(WORDS_MOST).collect();
    let (mut first, mut rest, mut total) = (Vec::new(), Vec::new(), 0);
    r.each(&DOCUMENTS, &Span::prefix(&(prefecture, ledger.current)), |(_, _, number), document| {
        if words.iter().all(|word| word.is_in(&document)) {
            total += 1;
            let group = if words.iter().any(|word| document.starts_with(&word.text)) { &mut first } else { &mut rest };
            if group.len() < limit {
                group.push(number);
            }
        }
        Ok(true)
    })?;
    let mut entries = Vec::new();
    for number in first.into_iter().chain(rest).take(limit) {
        entries.extend(entry_in(r, OfficeKey::new(prefecture, number), ledger.current)?);
    }
    Ok(Found { entries, total })
}

/// The text of an entry that is searched, one field a line, the number first and the digits of the telephone last.
pub(super) fn document(entry: &Entry) -> String {
    let address = format!("{}{}", entry.address, entry.building);
    let lines = [entry.key.number.as_str(), &entry.name, &entry.kana, &address, &entry.corporation].map(comparable);
    format!("{}\n{}", lines.join("\n"), digits(&entry.telephone))
}

fn comparable(input: &str) -> String {
    text::search_form(input).chars().map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c }).collect()
}

fn digits(input: &str) -> String {
    text::code(input).chars().filter(char::is_ascii_digit).collect()
}

struct Word {
    text: String,
    /// Digits without their hyphens, where there is nothing else in the word.
    digits: Option<String>,
}

impl Word {
    fn new(input: &str) -> Option<Self> {
        let text = comparable(input);
        let only_digits = text.chars().all(|c| c.is_ascii_digit() || "-()".contains(c));
        let digits = digits(&text);
        (!text.is_empty()).then_some(Self { text, digits: (only_digits && digits.len() >= 3).then_some(digits) })
    }

    fn is_in(&self, document: &str) -> bool {
        document.contains(&self.text)
            || self.digits.as_ref().is_some_and(|digits| {
                let telephone = document.rsplit('\n').next().unwrap_or_default();
                telephone.contains(digits) || document.starts_with(digits)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Status, find, prefectures_of, put, set_postal_code};
    use super::*;
    use crate::store::Store;

    fn key(prefecture: u8, number: &str) -> OfficeKey {
        OfficeKey::new(Prefecture::new(prefecture).unwrap(), OfficeNumber::parse(number).unwrap())
    }

    fn filled() -> Store {
        let store = Store::in_memory().unwrap();
        let rows = [
            (7, "0770100001", "ケアプランセンターさくら", "ケアプランセンターサクラ", "024-000-0001", "福島県福島市架空町１－２"),
            (7, "0770100002", "デイサービスもみじ", "デイサービスモミジ", "0240-00-0002", "福島県郡山市見本"),
            (13, "0770100001", "ケアプランセンターさくら", "", "", "東京都架空区"),
        ];
        let entries = rows.map(|(prefecture, number, name, kana, telephone, address)| Entry {
            kana: kana.to_owned(),
            telephone: telephone.to_owned(),
            address: address.to_owned(),
            ..Entry::new(key(prefecture, number), name)
        });
        store.write_blocking(move |tx| entries.iter().try_for_each(|entry| put(tx, entry))).unwrap();
        store
    }

    fn hits(store: &Store, prefecture: u8, text: &str) -> Vec<String> {
        let found = store.read(|r| search(r, Prefecture::new(prefecture).unwrap(), text, 10)).unwrap();
        assert_eq!(found.total, found.entries.len());
        found.entries.iter().map(|entry| entry.key.number.to_string()).collect()
    }

    #[test]
    fn an_office_is_found_by_number_name_kana_telephone_and_address() {
        let store = filled();
        for text in
            ["0770100001", "07701-00001", "さくら", "サクラ", "ｻｸﾗ", "024-000-0001", "0240000001", "架空町1-2", "センター 福島市"]
        {
            assert_eq!(hits(&store, 7, text), ["0770100001"], "{text}");
        }
        assert_eq!(hits(&store, 7, ""), ["0770100001", "0770100002"]);
        assert_eq!(hits(&store, 7, "さくら もみじ"), [""; 0]);
    }

    #[test]
    fn a_whole_number_finds_its_office_without_reading_the_ledger() {
        let store = filled();
        let reads = |text: &str| {
            let before = store.counts().read;
            let found = store.read(|r| search(r, Prefecture::new(7).unwrap(), text, 10)).unwrap();
            (found.total, store.counts().read - before)
        };
        for text in ["0770100001", "０７７０１－００００１", " 07701 00001 "] {
            assert_eq!(reads(text), (1, 2), "{text}: the ledger's row and the entry");
        }
        assert_eq!(reads("0770199999"), (0, 4), "one that is not there may still be a telephone number");
    }

    #[test]
    fn a_search_never_leaves_its_prefecture() {
        let store = filled();
        assert_eq!(hits(&store, 7, "東京都"), [""; 0]);
        assert_eq!(hits(&store, 1, "さくら"), [""; 0]);
        let found = store.read(|r| search(r, Prefecture::new(13).unwrap(), "さくら", 10)).unwrap();
        assert_eq!(found.entries[0].address, "東京都架空区");
        let both = store.read(|r| prefectures_of(r, key(7, "0770100001").number)).unwrap();
        assert_eq!(both.iter().map(|p| p.number()).collect::<Vec<_>>(), [7, 13]);
    }

    #[test]
    fn a_postal_code_filled_in_at_the_desk_is_kept() {
        let store = filled();
        let office = key(7, "0770100002");
        assert!(store.write_blocking(move |tx| set_postal_code(tx, office, "960-0001")).unwrap());
        assert!(!store.write_blocking(move |tx| set_postal_code(tx, key(13, "0770100002"), "960-0001")).unwrap());
        let entry = store.read(|r| find(r, office)).unwrap().unwrap();
        assert_eq!((entry.postal_code.as_str(), entry.status), ("960-0001", Status::Active));
    }
}
