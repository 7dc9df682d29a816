//! Reading printed letters as a person would: off the page. Needs `pdftotext` (Debian's poppler-utils).

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The text of each page.
pub fn pages(pdf: &[u8]) -> Vec<String> {
    let mut reader = Command::new("pdftotext")
        .args(["-raw", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext is installed (apt install poppler-utils)");
    let (mut input, bytes) = (reader.stdin.take().unwrap(), pdf.to_vec());
    let feeding = std::thread::spawn(move || input.write_all(&bytes));
    let output = reader.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut pages: Vec<String> = text.split('\u{c}').map(str::to_owned).collect();
    pages.retain(|page| !page.trim().is_empty());
    pages
}

/// What stands on one letter.
#[derive(Clone, Debug)]
pub struct Printed {
    pub user_id: String,
    pub password: String,
    /// 発行番号-枝番.
    pub number: String,
    pub text: String,
}

/// The letters of a print, without its cover list.
pub fn letters(pdf: &[u8]) -> Vec<Printed> {
    pages(pdf).into_iter().filter(|page| page.contains("仮パスワード")).map(|page| letter(&page)).collect()
}

fn letter(page: &str) -> Printed {
    let words: Vec<&str> = page.split_whitespace().collect();
    let user_id = words.iter().find(|word| word.starts_with("KJ") && word.len() == 14).unwrap_or_else(|| panic!("{page}"));
    let number = words.iter().find_map(|word| number(word)).unwrap_or_else(|| panic!("{page}"));
    // Each box holds its class, its reading and the character, which is the only word of one letter or digit.
    let after = page.split("仮パスワード").skip(1).collect::<Vec<_>>().join(" ");
    let boxes = after.split_whitespace().filter(|word| word.len() == 1 && word.chars().all(|c| c.is_ascii_alphanumeric()));
    let password: String = boxes.take(16).collect();
    assert_eq!(password.len(), 16, "{page}");
    Printed { user_id: (*user_id).to_owned(), password, number, text: page.to_owned() }
}

/// 202601-000001-01, also with a label stuck to it.
fn number(word: &str) -> Option<String> {
    let at = word.find(|c: char| c.is_ascii_digit())?;
    let number: String = word[at..].chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    let parts: Vec<usize> = number.split('-').map(str::len).collect();
    (parts == [6, 6, 2]).then_some(number)
}
