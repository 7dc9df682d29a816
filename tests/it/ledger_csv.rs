//! Ledger files: both formats, every encoding, and what is refused.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use uketsuke::kernel::Prefecture;
use uketsuke::ledger::csv::{Entry, Format, LedgerError, LedgerReader, LedgerRow, ReadOptions, RejectWriter, RowError};
use uketsuke::ledger::encoding::{Encoding, EncodingError};
use uketsuke::ledger::{ClaimMethod, Status};

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/ledger/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn open<R: Read>(input: R, options: &ReadOptions) -> Result<LedgerReader<R>, LedgerError> {
    LedgerReader::open(input, options, |_| ())
}

type Sorted = (Vec<LedgerRow>, Vec<RowError>);

fn sorted<R: Read>(input: R, options: &ReadOptions) -> Result<Sorted, LedgerError> {
    let (mut rows, mut rejected) = (Vec::new(), Vec::new());
    for entry in open(input, options)? {
        match entry? {
            Entry::Row(row) => rows.push(*row),
            Entry::Rejected(row) => rejected.push(row),
        }
    }
    Ok((rows, rejected))
}

fn rows(bytes: &[u8]) -> Vec<LedgerRow> {
    let (rows, rejected) = sorted(bytes, &ReadOptions::default()).expect("readable");
    assert_eq!(rejected, []);
    rows
}

fn without_line(mut row: LedgerRow) -> LedgerRow {
    row.line = 0;
    row
}

#[test]
fn uketsuke_format_in_every_encoding_and_column_order_says_the_same() {
    let plain = rows(&fixture("uketsuke-utf8.csv"));
    assert_eq!(plain, rows(&fixture("uketsuke-bom-other-order.csv")));
    assert_eq!(plain, rows(&fixture("uketsuke-cp932.csv")));
    let [first, second, third, fourth] = plain.as_slice() else { panic!("{plain:?}") };
    assert_eq!((first.prefecture.name(), first.number.as_str()), ("福島県", "0799900014"));
    assert_eq!((first.name.as_str(), first.address.as_str()), ("さくらの里デイサービス", "福島県福島市見本町1番地1"));
    assert_eq!((first.postal_code.as_deref(), first.building.as_deref()), (Some("960-0001"), Some("見本ビル2階")));
    assert_eq!((first.status, first.claim_method), (Status::Active, Some(ClaimMethod::Electronic)));
    assert_eq!(first.line, 2);
    assert_eq!(second.name, "髙橋訪問看護ステーション①", "names stay as they are written");
    assert_eq!(second.kana.as_deref(), Some("タカハシホウモンカンゴステーション"));
    assert_eq!((second.postal_code.as_deref(), second.status), (Some("960-0002"), Status::Suspended));
    assert_eq!((third.name.as_str(), third.postal_code.as_deref()), ("特別養護老人ホーム \"みほん\"、東館", None));
    assert_eq!((third.status, third.claim_method), (Status::Closed, Some(ClaimMethod::Paper)));
    assert_eq!((fourth.prefecture.name(), fourth.postal_code.as_deref()), ("東京都", Some("100-0001")));
    assert_eq!((fourth.status, fourth.claim_method), (Status::Active, None));
}

#[test]
fn mhlw_rows_of_one_office_add_up_to_its_services() {
    for file in ["mhlw-bom.csv", "mhlw-cp932.csv"] {
        let mut offices: BTreeMap<_, LedgerRow> = BTreeMap::new();
        for row in rows(&fixture(file)) {
            let key = row.key();
            match offices.get_mut(&key) {
                Some(office) => office.services.extend(row.services),
                None => drop(offices.insert(key, row)),
            }
        }
        let services: Vec<usize> = offices.values().map(|office| office.services.len()).collect();
        assert_eq!(services, [2, 2, 1, 1], "{file}");
        let hospital = offices.values().next().expect("four");
        assert_eq!(hospital.services, ["訪問リハビリテーション", "通所リハビリテーション"]);
        assert_eq!((hospital.name.as_str(), hospital.prefecture.name()), ("みほん病院", "福島県"));
        assert_eq!(hospital.corporation.as_deref(), Some("医療法人みほん"));
        assert_eq!((hospital.postal_code.as_deref(), hospital.claim_method), (None, None));
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let lines: Vec<u64> = rows(&fixture("mhlw-bom.csv")).iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 5, 6, 7, 8], "the second row has a line break inside quotes");
}

#[test]
fn every_fault_of_a_row_is_told_with_line_and_column_and_harms_no_other() {
    let (good, rejected) = sorted(fixture("rejected.csv").as_slice(), &ReadOptions::default()).expect("readable");
    let told: Vec<(u64, Option<&str>)> = rejected.iter().map(|row| (row.line, row.column.as_deref())).collect();
    let expected = [
        (2, Some("事業所番号")),
        (3, Some("都道府県番号")),
        (4, Some("事業所名")),
        (5, Some("住所")),
        (6, Some("郵便番号")),
        (7, Some("状態")),
        (8, Some("請求方法")),
        (9, Some("事業所名")),
        (10, Some("住所")),
        (11, None),
        (12, None),
        (13, None),
        (15, Some("事業所名")),
    ];
    assert_eq!(told, expected);
    assert!(rejected[0].to_string().starts_with("2行目（事業所番号）: 事業所番号は10桁"), "{}", rejected[0]);
    assert!(rejected[0].reason.contains("先頭の0"), "{}", rejected[0]);
    assert!(rejected[2].reason.contains("空です"));
    assert!(rejected[9].reason.contains("見出しは12列、この行は13列"));
    assert!(rejected[10].reason.contains("閉じていません") && rejected[11].reason.contains("使い方"));
    let [good] = good.as_slice() else { panic!("{good:?}") };
    assert_eq!((good.number.as_str(), good.line), ("0799900022", 16), "numbers are read forgivingly");
}

#[test]
fn q44_rejected_rows_are_written_defused() {
    let bytes = fixture("rejected.csv");
    let mut reader = open(bytes.as_slice(), &ReadOptions::default()).expect("readable");
    let header = reader.header().to_vec();
    let mut out = RejectWriter::new(Vec::new(), &header).expect("memory");
    for entry in reader.by_ref() {
        if let Entry::Rejected(row) = entry.expect("readable") {
            out.write(&row).expect("memory");
        }
    }
    let text = String::from_utf8(out.finish().expect("memory")).expect("UTF-8");
    assert!(text.starts_with("\u{FEFF}行,列,理由,都道府県番号,事業所番号,"), "{text}");
    assert!(text.contains(",'=cmd|' /C calc'!A0,"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("3,都道府県番号,都道府県番号は01から47")), "{text}");
    assert_eq!(text.matches("\r\n").count(), 14);
}

#[test]
fn a_missing_or_doubled_column_is_named() {
    let header = "都道府県番号,事業所番号,事業所名,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";
    let missing = sorted(header.as_bytes(), &ReadOptions::default()).expect_err("no カナ").to_string();
    assert!(missing.contains("事業所名カナ") && !missing.contains("方書"), "{missing}");
    let doubled = format!("{header},事業所名カナ,住所");
    let doubled = sorted(doubled.as_bytes(), &ReadOptions::default()).expect_err("住所 twice").to_string();
    assert!(doubled.contains("住所"), "{doubled}");
    let options = ReadOptions { format: Some(Format::Uketsuke), ..ReadOptions::default() };
    let other = sorted(fixture("mhlw-bom.csv").as_slice(), &options).expect_err("another format");
    assert!(matches!(other, LedgerError::MissingColumns { format: Format::Uketsuke, .. }), "{other}");
    assert!(matches!(sorted(io::empty(), &ReadOptions::default()), Err(LedgerError::Empty)));
    assert!(matches!(sorted("\"a\nb".as_bytes(), &ReadOptions::default()), Err(LedgerError::Header { .. })));
}

#[test]
fn a_wrong_encoding_ends_the_file_with_its_line() {
    let options = ReadOptions { encoding: Encoding::Utf8, ..ReadOptions::default() };
    let wrong = sorted(fixture("uketsuke-cp932.csv").as_slice(), &options).expect_err("CP932");
    assert!(matches!(wrong, LedgerError::Encoding(EncodingError::Malformed { line: 1, .. })), "{wrong}");
    let mut mixed = fixture("uketsuke-utf8.csv");
    mixed.extend_from_slice(&fixture("uketsuke-cp932.csv"));
    let mut reader = open(mixed.as_slice(), &ReadOptions::default()).expect("a good header");
    let last = reader.by_ref().last().expect("entries").expect_err("CP932 below UTF-8").to_string();
    assert!(last.starts_with("6行目にUTF-8として"), "{last}");
    assert!(reader.next().is_none(), "an error is the end");
}

#[test]
fn rows_of_another_prefecture_are_rejected_where_one_is_given() {
    let options = ReadOptions { prefecture: Prefecture::parse("13"), ..ReadOptions::default() };
    let (good, rejected) = sorted(fixture("mhlw-bom.csv").as_slice(), &options).expect("readable");
    assert_eq!((good.len(), rejected.len()), (1, 5));
    assert!(rejected[0].reason.contains("福島県"), "{}", rejected[0]);
}

/// A file that is never in memory: `head`, then `row` over and over.
struct Endless {
    head: Vec<u8>,
    row: Vec<u8>,
    left: u64,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.head.len() && self.left > 0 {
            self.left -= 1;
            self.at = 0;
            self.head.clone_from(&self.row);
        }
        let count = (&self.head[self.at..]).read(buf)?;
        self.at += count;
        Ok(count)
    }
}

fn endless(row: &str, times: u64) -> Endless {
    let text = String::from_utf8(fixture("uketsuke-utf8.csv")).expect("UTF-8");
    let header = text.lines().next().expect("a header");
    Endless { head: format!("{header}\n").into_bytes(), row: row.as_bytes().to_vec(), left: times, at: 0 }
}

#[test]
fn q44_a_field_of_ten_million_characters_is_one_rejected_row() {
    for opening in ["07,", "07,\""] {
        let good = fixture("uketsuke-utf8.csv");
        let header = good.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
        let row = "あいうえおかきくけこ".repeat(1_000).into_bytes();
        let huge = Endless { head: opening.into(), row, left: 1_000, at: 0 };
        let input = good[..header].chain(huge).chain(&b"\n"[..]).chain(&good[header..]);
        let (rows, rejected) = sorted(input, &ReadOptions::default()).expect("readable");
        assert_eq!((rows.len(), rejected.len()), (4, 1));
        assert!(rejected[0].reason.contains("長すぎます"), "{}", rejected[0]);
        assert!(rejected[0].fields.concat().len() < 1_000, "what is kept of it is short");
    }
}

#[test]
fn q44_a_file_beyond_the_limit_is_refused() {
    let options = ReadOptions { max_bytes: 1_000_000, ..ReadOptions::default() };
    let row = "07,0799900014,名,,,住所,,,,,有効,電子\n";
    let refused = sorted(endless(row, u64::MAX), &options).expect_err("too large");
    assert!(matches!(refused, LedgerError::TooLarge { limit: 1_000_000 }), "{refused}");
}

#[test]
fn progress_counts_the_bytes_of_the_file() {
    let told = Arc::new(AtomicU64::new(0));
    let bytes = fixture("uketsuke-cp932.csv");
    let heard = told.clone();
    let progress = move |read| {
        assert!(read >= heard.swap(read, Ordering::SeqCst), "never backwards");
    };
    let reader = LedgerReader::open(bytes.as_slice(), &ReadOptions::default(), progress).expect("readable");
    assert_eq!(reader.count(), 4);
    assert_eq!(told.load(Ordering::SeqCst), u64::try_from(bytes.len()).expect("small"));
}

#[test]
fn many_rows_pass_through() {
    let row = "07,0799900014,さくらの里,サクラノサト,960-0001,福島県福島市見本町1,,024-555-0101,,見本会,有効,電子\n";
    let reader = open(endless(row, 20_000), &ReadOptions::default()).expect("readable");
    let good = reader.filter(|entry| matches!(entry, Ok(Entry::Row(_)))).count();
    assert_eq!(good, 20_000);
}

fn cell() -> impl Strategy<Value = String> {
    "[ぁ-んァ-ヶ一-龠a-z0-9\",= -]{1,12}".prop_map(|text| format!("名{text}名"))
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let options = ReadOptions::default();
        let _ = sorted(bytes.as_slice(), &options);
        let mut below = fixture("uketsuke-utf8.csv");
        below.extend_from_slice(&bytes);
        let _ = sorted(below.as_slice(), &options);
        let _ = sorted(below.as_slice(), &ReadOptions { encoding: Encoding::Cp932, ..options });
    }

    #[test]
    fn no_text_makes_the_reader_panic_or_lose_a_good_row(text in "[\",\r\na0７あ]{0,200}") {
        let mut bytes = fixture("uketsuke-utf8.csv");
        bytes.extend_from_slice(text.as_bytes());
        let (rows, _) = sorted(bytes.as_slice(), &ReadOptions::default()).expect("valid UTF-8 under a good header");
        prop_assert_eq!(rows.len(), 4);
    }

    #[test]
    fn what_a_writer_of_csv_writes_is_read_back(names in proptest::collection::vec((cell(), cell()), 1..8), cp932: bool) {
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(["状態", "都道府県番号", "事業所番号", "事業所名", "事業所名カナ", "郵便番号", "住所", "方書", "電話番号",
            "FAX番号", "法人名", "請求方法"]).expect("memory");
        for (name, address) in &names {
            out.write_record(["休止", "07", "0799900014", name, "", "", address, "", "", "", "", "紙"]).expect("memory");
        }
        let text = String::from_utf8(out.into_inner().expect("memory")).expect("UTF-8");
        let (encoded, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
        let bytes = if cp932 && !lost { encoded.into_owned() } else { text.into_bytes() };
        let read: Vec<(String, String)> = rows(&bytes).into_iter().map(without_line).map(|r| (r.name, r.address)).collect();
        prop_assert_eq!(read, names);
    }
}
