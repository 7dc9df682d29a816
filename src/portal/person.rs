//! What is typed about a person: one reading for the registration, new users, the profile and inquiries (D). Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::{TypedTwice, text};

/// The longest 氏名.
const NAME: usize = 40;
/// The longest 氏名カナ and 部署.
const LINE: usize = 60;
/// The longest 職種.
const OCCUPATION: usize = 40;

/// A person at one institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// 氏名.
    pub name: String,
    /// 氏名カナ, in katakana.
    pub kana: String,
    /// 電話番号.
    pub telephone: String,
    /// 部署.
    pub department: String,
    /// 職種; may be empty.
    pub occupation: String,
}

/// The same as it was typed, kept by flows for 戻る.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 氏名.
    #[serde(default)]
    pub name: String,
    /// 氏名カナ.
    #[serde(default)]
    pub kana: String,
    /// メールアドレス, where it is asked for.
    #[serde(default)]
    pub mail: TypedTwice,
    /// 電話番号.
    #[serde(default)]
    pub telephone: String,
    /// 部署.
    #[serde(default)]
    pub department: String,
    /// 職種.
    #[serde(default)]
    pub occupation: String,
}

/// A field of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonField {
    /// 氏名.
    Name,
    /// 氏名カナ.
    Kana,
    /// 電話番号.
    Telephone,
    /// 部署.
    Department,
    /// 職種.
    Occupation,
}

impl PersonField {
    /// Its name in forms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kana => "kana",
            Self::Telephone => "telephone",
            Self::Department => "department",
            Self::Occupation => "occupation",
        }
    }

    /// Its label (S4).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "氏名",
            Self::Kana => "氏名カナ",
            Self::Telephone => "電話番号",
            Self::Department => "部署",
            Self::Occupation => "職種",
        }
    }
}

/// Why a field is not taken. `Display` of [`PersonFaults`]' parts is the sentence beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonFault {
    /// Nothing was typed.
    Empty,
    /// More than so many characters.
    Long(usize),
    /// Characters or a form that it does not have.
    Form,
}

/// All fields that are not taken, in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFaults(pub Vec<(PersonField, PersonFault)>);

impl PersonFaults {
    /// Field and sentence of each.
    pub fn sentences(&self) -> impl Iterator<Item = (PersonField, String)> + '_ {
        self.0.iter().map(|(field, fault)| (*field, sentence(*field, *fault)))
    }
}

impl fmt::Display for PersonFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentences().try_for_each(|(_, sentence)| f.write_str(&sentence))
    }
}

impl std::error::Error for PersonFaults {}

fn sentence(field: PersonField, fault: PersonFault) -> String {
    let label = field.label();
    match (fault, field) {
        (PersonFault::Empty, _) => format!("{label}を入力してください。"),
        (PersonFault::Long(most), _) => format!("{label}は{most}文字以内で入力してください。"),
        (PersonFault::Form, PersonField::Kana) => "氏名カナは、カタカナで入力してください。".to_owned(),
        (PersonFault::Form, PersonField::Telephone) => {
            "電話番号は、0から始まる10桁または11桁の数字で入力してください（例: 03-1234-5678）。".to_owned()
        }
        (PersonFault::Form, _) => format!("{label}に使えない文字が含まれています。"),
    }
}

impl Draft {
    /// As a flow keeps it.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self {
            name: text::kept(&self.name),
            kana: text::kept(&self.kana),
            mail: self.mail.kept(),
            telephone: text::kept(&self.telephone),
            department: text::kept(&self.department),
            occupation: text::kept(&self.occupation),
        }
    }

    /// A person as the form shows it before anything is typed.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let Person { name, kana, telephone, department, occupation } = person.clone();
        Self { name, kana, mail: TypedTwice::default(), telephone, department, occupation }
    }
}

impl Person {
    /// Reads what was typed.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(typed: &Draft) -> Result<Self, PersonFaults> {
        let mut faults = PersonFaults::default();
        let mut note = |field: PersonField, read: Result<String, PersonFault>| match read {
            Ok(text) => text,
            Err(fault) => {
                faults.0.push((field, fault));
                String::new()
            }
        };
        let person = Self {
            name: note(PersonField::Name, one_line(&typed.name, NAME)),
            kana: note(PersonField::Kana, kana(&typed.kana)),
            telephone: note(PersonField::Telephone, telephone(&typed.telephone)),
            department: note(PersonField::Department, one_line(&typed.department, LINE)),
            occupation: note(
                PersonField::Occupation,
                one_line(&typed.occupation, OCCUPATION).or_else(|fault| match fault {
                    PersonFault::Empty => Ok(String::new()),
                    other => Err(other),
                }),
            ),
        };
        if faults.0.is_empty() { Ok(person) } else { Err(faults) }
    }
}

fn one_line(typed: &str, most: usize) -> Result<String, PersonFault> {
    let text = text::line(typed);
    match text.chars().count() {
        0 => Err(PersonFault::Empty),
        count if count > most => Err(PersonFault::Long(most)),
        _ if text.chars().any(char::is_control) => Err(PersonFault::Form),
        _ => Ok(text),
    }
}

fn kana(typed: &str) -> Result<String, PersonFault> {
    let text = one_line(typed, LINE)?;
    text::kana(&text).ok_or(PersonFault::Form)
}

fn telephone(typed: &str) -> Result<String, PersonFault> {
    if text::line(typed).is_empty() {
        return Err(PersonFault::Empty);
    }
    text::telephone(typed).ok_or(PersonFault::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Draft {
        Draft {
            name: " 佐藤　花子 ".to_owned(),
            kana: "さとう はなこ".to_owned(),
            telephone: "０３ー１２３４ー５６７８".to_owned(),
            department: "事務".to_owned(),
            ..Draft::default()
        }
    }

    #[test]
    fn q52_a_person_is_read_forgivingly() {
        let person = Person::read(&typed()).unwrap();
        let read = [&person.name, &person.kana, &person.telephone, &person.department, &person.occupation];
        assert_eq!(read, ["佐藤 花子", "サトウ ハナコ", "03-1234-5678", "事務", ""]);
        assert_eq!(Person::read(&Draft::of(&person)), Ok(person));
    }

    #[test]
    fn every_field_that_does_not_fit_is_told_in_the_order_of_the_form() {
        let long = "あ".repeat(61);
        let faults = |change: fn(&mut Draft, &str)| {
            let mut typed = typed();
            change(&mut typed, &long);
            let faults = Person::read(&typed).unwrap_err();
            faults.sentences().map(|(field, sentence)| format!("{}: {sentence}", field.name())).collect::<Vec<_>>()
        };
        assert_eq!(
            faults(|typed, _| *typed = Draft::default()),
            [
                "name: 氏名を入力してください。",
                "kana: 氏名カナを入力してください。",
                "telephone: 電話番号を入力してください。",
                "department: 部署を入力してください。"
            ]
        );
        assert_eq!(faults(|typed, long| typed.name = long.to_owned()), ["name: 氏名は40文字以内で入力してください。"]);
        assert_eq!(faults(|typed, long| typed.kana = long.to_owned()), ["kana: 氏名カナは60文字以内で入力してください。"]);
        assert_eq!(faults(|typed, _| typed.kana = "佐藤".to_owned()), ["kana: 氏名カナは、カタカナで入力してください。"]);
        assert_eq!(
            faults(|typed, long| typed.occupation = long.to_owned()),
            ["occupation: 職種は40文字以内で入力してください。"]
        );
        assert_eq!(
            faults(|typed, _| typed.department = "事\n務".to_owned()),
            ["department: 部署に使えない文字が含まれています。"]
        );
        assert!(faults(|typed, _| typed.telephone = "031234567".to_owned())[0].starts_with("telephone: 電話番号は、0から始まる"));
    }

    #[test]
    fn what_a_flow_keeps_is_cut() {
        let draft = Draft { name: "あ".repeat(9_999), ..typed() };
        assert_eq!(draft.kept().name.chars().count(), text::LONGEST_KEPT);
    }
}
