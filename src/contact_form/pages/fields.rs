//! The fields of Q2: drawn, taken from a form, and read.

use maud::{Markup, html};

use crate::app::App;
use crate::contact_form::model::{Ask, Asked, Contact, Draft, TEXT_MOST};
use crate::kernel::{MedicalCode, Prefecture, text};
use crate::ledger;
use crate::portal::{self, Medical, Person};
use crate::web::components::{Choice, mail_field, select, text_field, textarea};
use crate::web::{Errors, Form, Twice};

const NAME: &str = "name";
const MAIL: &str = "mail_address";
const MAIL_AGAIN: &str = "mail_address_again";
const TWICE: Twice<'_> = Twice { first: (MAIL, "メールアドレス"), again: MAIL_AGAIN };
const TELEPHONE: &str = "telephone";
const NUMBER: &str = "number";
const PREFECTURE: &str = "prefecture";
const TEXT: &str = "text";
const CODE: &str = "medical_code";
const INSTITUTION: &str = "medical_name";
const POSTAL_CODE: &str = "postal_code";
const ADDRESS: &str = "address";
const ITS_TELEPHONE: &str = "medical_telephone";
/// A field that no person sees and programs fill in (D).
pub(super) const DECOY: &str = "website";

/// The longest 氏名 and 事業所番号または医療機関コード.
const LINE: usize = 40;
/// The longest name of an institution.
const INSTITUTION_MOST: usize = 100;
/// The longest address of an institution.
const ADDRESS_MOST: usize = 200;

const TELEPHONE_FORM: &str = "電話番号は、0から始まる10桁または11桁の数字で入力してください（例: 03-1234-5678）。";

/// What was typed into the fields of Q2.
pub(super) fn typed(form: &Form) -> Draft {
    let text = |name: &str| form.get(name).to_owned();
    Draft {
        category: String::new(),
        item: String::new(),
        person: portal::typed(form),
        number: text(NUMBER),
        prefecture: text(PREFECTURE),
        text: text(TEXT),
        code: text(CODE),
        institution: text(INSTITUTION),
        postal_code: text(POSTAL_CODE),
        address: text(ADDRESS),
        telephone: text(ITS_TELEPHONE),
    }
}

/// The inquiry, if every field fits; else what is wrong stands beside them.
pub(super) fn read(app: &App, kind: Ask, category: &(String, String), draft: &Draft, errors: &mut Errors) -> Option<Asked> {
    match kind {
        Ask::General => {
            let prefecture = prefecture(app, draft, errors);
            let name = line(errors, NAME, "氏名", &draft.person.name, LINE);
            let mail = TWICE.check(errors, &draft.person.mail.address, &draft.person.mail.again);
            let telephone = optional_telephone(errors, &draft.person.telephone);
            let number = optional_line(errors, NUMBER, "事業所番号または医療機関コード", &draft.number);
            let text = written(errors, "お問い合わせ内容", &draft.text, true);
            let person = Person { name: name?, telephone: telephone?, ..Person::default() };
            let contact = Contact { person, mail: mail?, number: number? };
            Some(Asked { home: prefecture?, kind, category: category.clone(), contact, text: text?, medical: None })
        }
        Ask::IdApplication => {
            let medical = medical(draft, errors);
            let user = portal::read_user(&draft.person, errors);
            let text = written(errors, "連絡事項", &draft.text, false);
            let ((person, mail), medical) = (user?, medical?);
            let home = portal::home_of(&app.config, medical.code.prefecture());
            let contact = Contact { person, mail, number: String::new() };
            Some(Asked { home, kind, category: category.clone(), contact, text: text?, medical: Some(medical) })
        }
    }
}

fn medical(draft: &Draft, errors: &mut Errors) -> Option<Medical> {
    let code = errors.check(CODE, MedicalCode::parse(&draft.code));
    let name = line(errors, INSTITUTION, "医療機関の名称", &draft.institution, INSTITUTION_MOST);
    let postal_code = ledger::postal_code(&draft.postal_code);
    if postal_code.is_none() {
        errors.add(POSTAL_CODE, "郵便番号を7桁の数字で入力してください（例: 960-8031）。");
    }
    let address = line(errors, ADDRESS, "住所", &draft.address, ADDRESS_MOST);
    let telephone = text::telephone(&draft.telephone);
    if telephone.is_none() {
        let empty = text::line(&draft.telephone).is_empty();
        errors.add(ITS_TELEPHONE, if empty { "医療機関の電話番号を入力してください。" } else { TELEPHONE_FORM });
    }
    Some(Medical { code: code?, name: name?, postal_code: postal_code?, address: address?, telephone: telephone? })
}

/// The federation whose operators are asked: the only one, or the one that was chosen.
fn prefecture(app: &App, draft: &Draft, errors: &mut Errors) -> Option<Prefecture> {
    match app.config.federation.as_slice() {
        [only] => Some(only.prefecture),
        all => {
            let chosen = Prefecture::parse(&draft.prefecture).filter(|chosen| all.iter().any(|one| one.prefecture == *chosen));
            if chosen.is_none() {
                errors.add(PREFECTURE, "都道府県を選択してください。");
            }
            chosen
        }
    }
}

fn line(errors: &mut Errors, field: &str, label: &str, typed: &str, most: usize) -> Option<String> {
    let line = text::line(typed);
    let wrong = match line.chars().count() {
        0 => format!("{label}を入力してください。"),
        count if count > most => format!("{label}は{most}文字以内で入力してください。"),
        _ if line.chars().any(char::is_control) => format!("{label}に使えない文字が含まれています。"),
        _ => return Some(line),
    };
    errors.add(field, wrong);
    None
}

fn optional_line(errors: &mut Errors, field: &str, label: &str, typed: &str) -> Option<String> {
    if text::line(typed).is_empty() { Some(String::new()) } else { line(errors, field, label, typed, LINE) }
}

fn optional_telephone(errors: &mut Errors, typed: &str) -> Option<String> {
    if text::line(typed).is_empty() {
        return Some(String::new());
    }
    let read = text::telephone(typed);
    if read.is_none() {
        errors.add(TELEPHONE, TELEPHONE_FORM);
    }
    read
}

fn written(errors: &mut Errors, label: &str, typed: &str, required: bool) -> Option<String> {
    let text = text::paragraph(typed);
    let wrong = match text.chars().count() {
        0 if required => format!("{label}を入力してください。"),
        count if count > TEXT_MOST => format!("{label}は{TEXT_MOST}文字以内で入力してください（現在{count}文字）。"),
        _ if text::has_control(&text) => format!("{label}に使えない文字が含まれています。"),
        _ => return Some(text),
    };
    errors.add(TEXT, wrong);
    None
}

/// All fields of Q2.
pub(super) fn fields(app: &App, kind: Ask, draft: &Draft, errors: &Errors) -> Markup {
    html! {
        @match kind {
            Ask::General => (general(app, draft, errors)),
            Ask::IdApplication => (application(draft, errors)),
        }
        // Whoever sees it or hears it leaves it empty.
        div.vh aria-hidden="true" {
            label for=(DECOY) { "この欄には何も入力しないでください" }
            input type="text" id=(DECOY) name=(DECOY) tabindex="-1" autocomplete="off";
        }
    }
}

fn general(app: &App, draft: &Draft, errors: &Errors) -> Markup {
    let federations = &app.config.federation;
    let values: Vec<String> = federations.iter().map(|one| one.prefecture.to_string()).collect();
    let choices: Vec<Choice<'_>> =
        federations.iter().zip(&values).map(|(one, value)| Choice::new(value, one.prefecture.name())).collect();
    let person = &draft.person;
    html! {
        @if federations.len() > 1 {
            (select(PREFECTURE, "都道府県", &choices).chosen(&draft.prefecture).empty("選択してください").required()
                .support("事業所または医療機関の所在地の都道府県を選択してください。").error(errors.of(PREFECTURE)))
        }
        (text_field(NAME, "氏名").value(&person.name).required().autocomplete("name").error(errors.of(NAME)))
        (mail_field(MAIL, "メールアドレス").value(&person.mail.address).required().error(errors.of(MAIL))
            .support("受付のお知らせと回答をお送りします。"))
        (mail_field(MAIL_AGAIN, "メールアドレス(確認用)").value(&person.mail.again).required().error(errors.of(MAIL_AGAIN)))
        (text_field(TELEPHONE, "電話番号").value(&person.telephone).autocomplete("tel").short().error(errors.of(TELEPHONE))
            .support("任意。例: 03-1234-5678"))
        (text_field(NUMBER, "事業所番号または医療機関コード").value(&draft.number).autocomplete("off").short().error(errors.of(NUMBER))
            .support("任意。お分かりになる場合に入力してください。"))
        (textarea(TEXT, "お問い合わせ内容", 8).value(&draft.text).required().error(errors.of(TEXT))
            .support("2000文字以内で入力してください。パスワードやワンタイムパスワードは書かないでください。"))
    }
}

fn application(draft: &Draft, errors: &Errors) -> Markup {
    html! {
        fieldset.bare {
            legend { h2 { "医療機関" } }
            (text_field(CODE, "医療機関コード").value(&draft.code).required().autocomplete("off").numeric().short().error(errors.of(CODE))
                .support("都道府県番号（2桁）、点数表番号（1桁）と7桁の番号を続けた10桁です。例: 0719900011"))
            (text_field(INSTITUTION, "医療機関の名称").value(&draft.institution).required().autocomplete("organization")
                .error(errors.of(INSTITUTION)))
            (text_field(POSTAL_CODE, "郵便番号").value(&draft.postal_code).required().autocomplete("postal-code").short()
                .error(errors.of(POSTAL_CODE)).support("例: 960-8031"))
            (text_field(ADDRESS, "住所").value(&draft.address).required().autocomplete("street-address").error(errors.of(ADDRESS)))
            (text_field(ITS_TELEPHONE, "医療機関の電話番号").value(&draft.telephone).required().autocomplete("off").short()
                .error(errors.of(ITS_TELEPHONE)).support("申請の確認のため、代表電話などへおかけすることがあります。例: 024-123-4567"))
        }
        fieldset.bare {
            legend { h2 { "担当者（主たる利用者になる方）" } }
            (portal::user_fields(&draft.person, errors))
        }
        (textarea(TEXT, "連絡事項", 4).value(&draft.text).error(errors.of(TEXT)).support("任意。2000文字以内で入力してください。"))
    }
}
