//! The fields of a person in forms: the same at the registration, ユーザ新規登録, the profile and inquiries.

use maud::{Markup, html};

use super::person::{Draft, Person, PersonFaults, PersonField};
use crate::kernel::{MailAddress, TypedTwice};
use crate::web::components::{mail_field, text_field};
use crate::web::{Errors, Form, Twice};

const MAIL: &str = "mail_address";
const MAIL_AGAIN: &str = "mail_address_again";
const MAIL_LABEL: &str = "メールアドレス";
const TWICE: Twice<'_> = Twice { first: (MAIL, MAIL_LABEL), again: MAIL_AGAIN };

/// What was typed into the fields of [`user_fields`] or [`person_fields`].
#[must_use]
pub fn typed(form: &Form) -> Draft {
    let text = |field: PersonField| form.get(field.name()).to_owned();
    Draft {
        name: text(PersonField::Name),
        kana: text(PersonField::Kana),
        mail: TypedTwice { address: form.get(MAIL).to_owned(), again: form.get(MAIL_AGAIN).to_owned() },
        telephone: text(PersonField::Telephone),
        department: text(PersonField::Department),
        occupation: text(PersonField::Occupation),
    }
}

/// The person, if every field fits; else what is wrong stands beside them.
pub fn read_person(draft: &Draft, errors: &mut Errors) -> Option<Person> {
    let read = Person::read(draft);
    note(&read, errors, |_| true);
    read.ok()
}

/// The same with the mail address that is typed twice.
pub fn read_user(draft: &Draft, errors: &mut Errors) -> Option<(Person, MailAddress)> {
    let read = Person::read(draft);
    // In the order of the form: the address stands behind the names.
    let is_name = |field: PersonField| matches!(field, PersonField::Name | PersonField::Kana);
    note(&read, errors, is_name);
    let mail = TWICE.check(errors, &draft.mail.address, &draft.mail.again);
    note(&read, errors, |field| !is_name(field));
    read.ok().zip(mail)
}

fn note(read: &Result<Person, PersonFaults>, errors: &mut Errors, which: impl Fn(PersonField) -> bool) {
    if let Err(faults) = read {
        for (field, sentence) in faults.sentences().filter(|(field, _)| which(*field)) {
            errors.add(field.name(), sentence);
        }
    }
}

/// 《氏名》《氏名カナ》《電話番号》《部署》《職種》.
#[must_use]
pub fn person_fields(draft: &Draft, errors: &Errors) -> Markup {
    html! { (names(draft, errors)) (work(draft, errors)) }
}

/// 《氏名》《氏名カナ》《メールアドレス》《メールアドレス(確認用)》《電話番号》《部署》《職種》.
#[must_use]
pub fn user_fields(draft: &Draft, errors: &Errors) -> Markup {
    html! {
        (names(draft, errors))
        (mail_field(MAIL, MAIL_LABEL).value(&draft.mail.address).required().error(errors.of(MAIL))
            .support("ログインのIDになり、初期パスワードとワンタイムパスワードが届きます。ご本人だけが読めるアドレスを入力してください。"))
        (mail_field(MAIL_AGAIN, "メールアドレス(確認用)").value(&draft.mail.again).required().error(errors.of(MAIL_AGAIN)))
        (work(draft, errors))
    }
}

fn names(draft: &Draft, errors: &Errors) -> Markup {
    let (name, kana) = (PersonField::Name, PersonField::Kana);
    html! {
        (text_field(name.name(), name.label()).value(&draft.name).required().autocomplete("name").error(errors.of(name.name())))
        (text_field(kana.name(), kana.label()).value(&draft.kana).required().error(errors.of(kana.name()))
            .support("カタカナで入力してください。ひらがなで入力してもかまいません。"))
    }
}

fn work(draft: &Draft, errors: &Errors) -> Markup {
    let [telephone, department, occupation] = [PersonField::Telephone, PersonField::Department, PersonField::Occupation];
    html! {
        (text_field(telephone.name(), telephone.label()).value(&draft.telephone).required().autocomplete("tel").short()
            .error(errors.of(telephone.name())).support("例: 03-1234-5678"))
        (text_field(department.name(), department.label()).value(&draft.department).required().error(errors.of(department.name())))
        (text_field(occupation.name(), occupation.label()).value(&draft.occupation).error(errors.of(occupation.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_in_the_order_of_the_form() {
        let mut errors = Errors::default();
        assert_eq!(read_user(&Draft::default(), &mut errors), None);
        let fields: Vec<&str> = errors.list().iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["name", "kana", "mail_address", "mail_address_again", "telephone", "department"]);
        let shown = user_fields(&Draft::default(), &errors).into_string();
        let places: Vec<_> = fields.iter().map(|field| shown.find(&format!("name=\"{field}\"")).unwrap()).collect();
        assert!(places.is_sorted(), "{shown}");
        let draft = Draft { name: "佐藤".to_owned(), ..Draft::default() };
        let mut errors = Errors::default();
        assert_eq!(read_person(&draft, &mut errors), None);
        assert!(!errors.has("name") && errors.has("kana") && !errors.has("mail_address"));
        assert!(person_fields(&draft, &errors).into_string().contains("value=\"佐藤\""));
    }
}
