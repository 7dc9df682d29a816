//! Invented offices with valid check digits, and a ledger file of them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use uketsuke::kernel::{OfficeKey, OfficeNumber, Prefecture, UserId};

use crate::Outcome;

/// The federations of the installations that are measured. Three hundred thousand offices are those of the whole country; four
/// federations share them here, so that each ledger is larger than any real one.
pub const PREFECTURES: [u8; 4] = [7, 13, 27, 40];

/// The `n`th office: federations take turns.
pub fn key(n: usize) -> OfficeKey {
    let prefecture = PREFECTURES[n % PREFECTURES.len()];
    let nine = format!("{prefecture:02}7{:06}", n / PREFECTURES.len());
    let number = (0..10).filter_map(|digit| OfficeNumber::parse(&format!("{nine}{digit}")).ok()).find(|n| n.check_digit_fits());
    let number = number.expect("one of ten digits is the check digit");
    OfficeKey::new(Prefecture::new(prefecture).expect("a prefecture"), number)
}

pub fn user(n: usize) -> UserId {
    UserId::of(key(n))
}

/// The first offices in order, in the `uketsuke` format.
pub fn write_ledger(path: &Path, offices: usize) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法")?;
    for n in 0..offices {
        let office = key(n);
        let (prefecture, number) = (office.prefecture, office.number);
        writeln!(
            out,
            "{prefecture},{number},見本ケアプランセンター{n}号,ミホンケアプランセンター,{:03}-{:04},{}見本市架空町{}丁目{}番{}号,見本ビル{}階,0{}-{:03}-{:04},,社会福祉法人見本会{},有効,電子",
            n % 999,
            n % 9999,
            prefecture.name(),
            n % 9 + 1,
            n % 97 + 1,
            n % 31 + 1,
            n % 11 + 1,
            n % 89 + 10,
            n % 997,
            n % 9973,
            n % 4001,
        )?;
    }
    Ok(out.flush()?)
}
