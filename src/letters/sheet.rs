//! From the data of letters to paper: what L-1 and L-3 say, turned into the input of their templates. Pure: the numbers,
//! dates and passwords come from the caller, nothing is stored.

use serde::Serialize;
use thiserror::Error;

use super::template_input::{self, input};
use crate::config::Federation;
use crate::kernel::Secret;
use crate::pdf::{PdfError, TemplateFile, Typesetter};

const LETTER: &str = "reissue_letter.typ";
const COVER: &str = "cover_list.typ";
const TITLE: &str = "電子請求ログイン情報再発行通知書";

/// The templates of this room, to be handed to [`Typesetter::new`].
pub const TEMPLATES: [TemplateFile; 2] = [
    TemplateFile {
        name: LETTER,
        source: include_str!("../../assets/letters/reissue_letter.typ"),
        sample: template_input::sample,
    },
    TemplateFile { name: COVER, source: include_str!("../../assets/letters/cover_list.typ"), sample: template_input::sample },
];

/// Why a letter comes; decides its opening sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// An application was approved.
    Reissue,
    /// The office never had an ID; the letter has the same title all the same (S2).
    First,
}

/// The federation as printed.
#[derive(Debug, Clone, Serialize)]
pub struct Sender {
    /// Full name, 〇〇県国民健康保険団体連合会.
    pub name: String,
    /// Department and section, may be empty.
    pub department: String,
    /// Telephone as printed.
    pub telephone: String,
    /// Postal code without 〒.
    pub postal_code: String,
    /// Address in one line.
    pub address: String,
}

impl From<&Federation> for Sender {
    fn from(federation: &Federation) -> Self {
        Self {
            name: federation.name.clone(),
            department: federation.department.clone(),
            telephone: federation.telephone.clone(),
            postal_code: federation.postal_code.clone(),
            address: federation.address.clone(),
        }
    }
}

/// One letter. Dates are already written in era (令和08年01月10日).
#[derive(Debug, Clone)]
pub struct LetterSheet {
    /// 発行番号-枝番.
    pub number: String,
    /// 管理番号 of the application, for the cover list only; empty at a first issue.
    pub control_number: String,
    /// Why the letter comes.
    pub occasion: Occasion,
    /// 発行日.
    pub issued_on: String,
    /// Last day on which the temporary password is accepted.
    pub valid_until: String,
    /// 事業所番号.
    pub office_number: String,
    /// 事業所名, of any length.
    pub office_name: String,
    /// Postal code without 〒.
    pub postal_code: String,
    /// Ledger address.
    pub address: String,
    /// 方書, may be empty.
    pub building: String,
    /// Name of the prefecture, for the cover list.
    pub prefecture: String,
    /// ユーザID.
    pub user_id: String,
    /// 仮パスワード: 16 ASCII letters and digits.
    pub password: Secret<String>,
}

/// What is printed in one go: a cover list and its letters.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The federation that sends them.
    pub sender: Sender,
    /// Address of the login page, for the QR code. Holds no secret.
    pub login_url: String,
    /// What the batch is called on the cover list, may be empty.
    pub name: String,
    /// Day of printing, in era.
    pub printed_on: String,
    /// The letters, in the order of the pages.
    pub letters: Vec<LetterSheet>,
}

/// One line of the cover list L-3. Has no place for a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverRow {
    /// Place in the batch, from 1.
    pub position: usize,
    /// 発行番号-枝番.
    pub number: String,
    /// 管理番号, empty at a first issue.
    pub control_number: String,
    /// 事業所番号.
    pub office_number: String,
    /// 事業所名.
    pub office_name: String,
    /// Name of the prefecture.
    pub prefecture: String,
}

/// A letter with characters that will be printed as 〓 (spec 4: the clerk is warned).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprintable {
    /// 発行番号-枝番.
    pub number: String,
    /// The characters, each once.
    pub characters: Vec<char>,
}

/// Why a batch could not be set.
#[derive(Debug, Error)]
pub enum SheetError {
    /// A password is not 16 ASCII letters and digits. Names the letter, not the password.
    #[error("the temporary password of letter {0} is not 16 letters and digits")]
    Password(String),
    /// The login address is too long for a QR code.
    #[error("the login address does not fit into a QR code: {0}")]
    LoginUrl(#[from] qrcode::types::QrError),
    /// Typst refused.
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

impl Batch {
    /// The lines of the cover list.
    pub fn cover_rows(&self) -> Vec<CoverRow> {
        self.letters
            .iter()
            .zip(1..)
            .map(|(letter, position)| CoverRow {
                position,
                number: letter.number.clone(),
                control_number: letter.control_number.clone(),
                office_number: letter.office_number.clone(),
                office_name: letter.office_name.clone(),
                prefecture: letter.prefecture.clone(),
            })
            .collect()
    }

    /// The letters in which a character will be printed as 〓.
    pub fn unprintable(&self, typesetter: &Typesetter) -> Vec<Unprintable> {
        let mut found = Vec::new();
        for letter in &self.letters {
            let text = [&*letter.office_name, &*letter.address, &*letter.building].concat();
            let characters = typesetter.missing_glyphs(&text);
            if !characters.is_empty() {
                found.push(Unprintable { number: letter.number.clone(), characters });
            }
        }
        found
    }
}

/// Sets the cover list and one page for each letter into one PDF. Blocks: about two milliseconds a letter.
///
/// # Errors
/// See [`SheetError`]; nothing is printed unless all of it can be.
pub fn typeset_batch(typesetter: &Typesetter, batch: &Batch) -> Result<Vec<u8>, SheetError> {
    let input = input(batch, &|text| typesetter.prepare(text).text)?;
    Ok(typesetter.render(&[COVER, LETTER], TITLE, &input)?)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static TYPESETTER: LazyLock<Typesetter> = LazyLock::new(|| Typesetter::new(&TEMPLATES, None).unwrap());

    fn letter(n: usize) -> LetterSheet {
        LetterSheet {
            number: format!("202601-{n:06}-01"),
            control_number: format!("U202601{n:06}"),
            occasion: Occasion::Reissue,
            issued_on: "令和08年01月10日".to_owned(),
            valid_until: "令和08年02月09日".to_owned(),
            office_number: "0770199999".to_owned(),
            office_name: "社会福祉法人あづま会　居宅介護支援事業所ふくろう".to_owned(),
            postal_code: "960-0000".to_owned(),
            address: "福島県福島市見本町１番１号".to_owned(),
            building: "見本ビル９階".to_owned(),
            prefecture: "福島県".to_owned(),
            user_id: "KJ070770199999".to_owned(),
            password: Secret::new("W3MrxT3HQ7i2wX9g".to_owned()),
        }
    }

    fn batch(letters: Vec<LetterSheet>) -> Batch {
        Batch {
            sender: Sender {
                name: "見本県国民健康保険団体連合会".to_owned(),
                department: "介護福祉課　介護保険係".to_owned(),
                telephone: "024-000-0000".to_owned(),
                postal_code: "960-0000".to_owned(),
                address: "福島県福島市見本町２番２号".to_owned(),
            },
            login_url: "https://uketsuke.example.jp/login".to_owned(),
            name: "令和08年01月10日 第１回".to_owned(),
            printed_on: "令和08年01月10日".to_owned(),
            letters,
        }
    }

    fn pages(batch: &Batch) -> usize {
        let input = input(batch, &|text| TYPESETTER.prepare(text).text).unwrap();
        TYPESETTER.count_pages(&[COVER, LETTER], TITLE, &input).unwrap()
    }

    #[test]
    fn each_built_in_template_can_be_set_with_its_sample() {
        for template in TEMPLATES {
            assert!(TYPESETTER.render(&[template.name], TITLE, &(template.sample)()).is_ok(), "{}", template.name);
        }
    }

    #[test]
    fn a_batch_is_a_cover_list_and_one_page_for_each_letter() {
        let batch = batch((1..=3).map(letter).collect());
        assert_eq!(pages(&batch), 1 + 3);
        let pdf = typeset_batch(&TYPESETTER, &batch).unwrap();
        assert!(pdf.starts_with(b"%PDF"));
    }

    #[test]
    fn long_names_and_addresses_wrap_inside_their_page() {
        let mut long = letter(1);
        long.office_name = "長い名前の事業所".repeat(15);
        long.address = "福島県いわき市平字長町".repeat(8);
        long.building = "見本第二ビルディング".repeat(6);
        assert_eq!(long.office_name.chars().count(), 120);
        assert_eq!(pages(&batch(vec![long, letter(2)])), 1 + 2);
    }

    #[test]
    fn a_password_that_cannot_be_read_aloud_is_refused_without_being_shown() {
        for bad in ["short7", "あいうえおかきくけこさしすせそた", "K3MrRT3H7x2p9Qa!"] {
            let mut letter = letter(7);
            letter.password = Secret::new(bad.to_owned());
            let error = typeset_batch(&TYPESETTER, &batch(vec![letter])).unwrap_err();
            assert!(matches!(&error, SheetError::Password(number) if number == "202601-000007-01"));
            assert!(!format!("{error} {error:?}").contains(bad));
        }
    }

    #[test]
    fn debug_of_a_batch_and_the_cover_rows_hold_no_password() {
        let batch = batch(vec![letter(1)]);
        assert!(!format!("{batch:?}").contains("W3Mr"));
        let rows = serde_json::to_string(&batch.cover_rows()).unwrap();
        assert!(!rows.contains("W3Mr") && rows.contains("202601-000001-01"));
    }

    #[test]
    fn the_clerk_is_told_which_letter_has_characters_to_replace() {
        let mut odd = letter(2);
        odd.address.push('\u{E123}');
        let found = batch(vec![letter(1), odd]).unprintable(&TYPESETTER);
        assert_eq!(found, [Unprintable { number: "202601-000002-01".to_owned(), characters: vec!['\u{E123}'] }]);
    }
}
