//! The input of the templates L-1 and L-3.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;

use super::reading::reading;
use super::sheet::{Batch, CoverRow, LetterSheet, Occasion, Sender, SheetError};
use crate::kernel::Secret;

/// What the templates read; the comments at their heads describe the same shape.
#[derive(Serialize)]
pub(super) struct Input {
    federation: Sender,
    login_url: String,
    login_qr: String,
    batch: String,
    printed_on: String,
    rows: Vec<CoverRow>,
    letters: Vec<LetterInput>,
}

#[derive(Serialize)]
struct LetterInput {
    number: String,
    reason: Occasion,
    issued_on: String,
    valid_until: String,
    office_number: String,
    office_name: String,
    postal_code: String,
    address: String,
    building: String,
    user_id: String,
    boxes: Vec<PasswordBox>,
}

#[derive(Serialize)]
struct PasswordBox {
    char: char,
    class: &'static str,
    reading: &'static str,
}

/// Builds the input; `prepare` makes a text printable.
pub(super) fn input(batch: &Batch, prepare: &dyn Fn(&str) -> String) -> Result<Input, SheetError> {
    let sender = &batch.sender;
    let mut rows = batch.cover_rows();
    for row in &mut rows {
        row.office_name = prepare(&row.office_name);
    }
    Ok(Input {
        federation: Sender {
            name: prepare(&sender.name),
            department: prepare(&sender.department),
            telephone: prepare(&sender.telephone),
            postal_code: prepare(&sender.postal_code),
            address: prepare(&sender.address),
        },
        login_url: prepare(&batch.login_url),
        login_qr: qr_svg(&batch.login_url)?,
        batch: prepare(&batch.name),
        printed_on: prepare(&batch.printed_on),
        rows,
        letters: batch.letters.iter().map(|letter| letter_input(prepare, letter)).collect::<Result<_, _>>()?,
    })
}

fn letter_input(prepare: &dyn Fn(&str) -> String, letter: &LetterSheet) -> Result<LetterInput, SheetError> {
    Ok(LetterInput {
        number: letter.number.clone(),
        reason: letter.occasion,
        issued_on: letter.issued_on.clone(),
        valid_until: letter.valid_until.clone(),
        office_number: letter.office_number.clone(),
        office_name: prepare(&letter.office_name),
        postal_code: prepare(&letter.postal_code),
        address: prepare(&letter.address),
        building: prepare(&letter.building),
        user_id: letter.user_id.clone(),
        boxes: boxes(&letter.password).ok_or_else(|| SheetError::Password(letter.number.clone()))?,
    })
}

fn boxes(password: &Secret<String>) -> Option<Vec<PasswordBox>> {
    let boxes: Vec<_> = password
        .expose()
        .chars()
        .map(|char| reading(char).map(|r| PasswordBox { char, class: r.class, reading: r.kana }))
        .collect::<Option<_>>()?;
    (boxes.len() == 16).then_some(boxes)
}

/// The QR code as SVG, with the white margin of four modules that readers need.
fn qr_svg(url: &str) -> Result<String, SheetError> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M)?;
    Ok(code.render::<svg::Color>().module_dimensions(4, 4).build())
}

/// Invented letters with which the templates are tried when the process starts: one of each kind.
pub(super) fn sample() -> serde_json::Value {
    let letter = |occasion, number: &str, building: &str| LetterSheet {
        number: number.to_owned(),
        control_number: "U202601000001".to_owned(),
        occasion,
        issued_on: "令和08年01月10日".to_owned(),
        valid_until: "令和08年02月09日".to_owned(),
        office_number: "0799999999".to_owned(),
        office_name: "見本ケアプランセンター".to_owned(),
        postal_code: "960-0000".to_owned(),
        address: "福島県福島市見本町１番１号".to_owned(),
        building: building.to_owned(),
        prefecture: "福島県".to_owned(),
        user_id: "KJ070799999999".to_owned(),
        password: Secret::new("K3MrRT3H7x2p9Qa8".to_owned()),
    };
    let batch = Batch {
        sender: Sender {
            name: "見本県国民健康保険団体連合会".to_owned(),
            department: "介護福祉課 介護保険係".to_owned(),
            telephone: "024-000-0000".to_owned(),
            postal_code: "960-0000".to_owned(),
            address: "福島県福島市見本町２番２号".to_owned(),
        },
        login_url: "https://uketsuke.example.jp/login".to_owned(),
        name: "見本".to_owned(),
        printed_on: "令和08年01月10日".to_owned(),
        letters: vec![
            letter(Occasion::Reissue, "202601-000001-01", "見本ビル３階"),
            letter(Occasion::First, "202601-000002-01", ""),
        ],
    };
    input(&batch, &str::to_owned).ok().and_then(|input| serde_json::to_value(input).ok()).unwrap_or_default()
}
