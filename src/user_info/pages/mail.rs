//! 【メールアドレス設定】: where お知らせメール go.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{MENU, steps};
use crate::accounts::{self, Account, Heard};
use crate::app::App;
use crate::kernel::MailAddress;
use crate::login::{self, MOVED, MenuPage, Office};
use crate::user_info::flow::{self, ChangeError};
use crate::web::components::{Back, ButtonRow, Choice, Facts, error_summary, form, mail_field, radio_cards};
use crate::web::{Answer, Errors, Form, Query, Twice, Visit, page, page_422, see_other};

const TITLE: &str = "メールアドレス設定";
const PATH: &str = "/office/user/mail";
const WAY: &str = "mail_choice";
const MAIL: &str = "mail";
const AGAIN: &str = "mail_again";
const LABEL: &str = "新しいメールアドレス";
const LABEL_AGAIN: &str = "新しいメールアドレス(確認用)";
const TWICE: Twice<'_> = Twice { first: (MAIL, LABEL), again: AGAIN };

/// What was typed.
#[derive(Clone, Copy)]
struct Typed<'a> {
    way: &'a str,
    mail: &'a str,
    again: &'a str,
}

const NOTHING: Typed<'_> = Typed { way: "register", mail: "", again: "" };

/// 【メールアドレス設定】
#[handler]
pub fn show(visit: Visit, office: Office) -> Answer {
    let ask = !login::is_fresh(&office, visit.now);
    let errors = &Errors::default();
    page(screen(&visit, &office, &Shown { present: &office.account, typed: NOTHING, errors, ask }))
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let typed = Typed { way: form.get(WAY), mail: form.get(MAIL), again: form.get(AGAIN) };
    let mut errors = Errors::default();
    let new = read(&office, &typed, &mut errors);
    let ask = !login::is_fresh(&office, visit.now);
    let Some(new) = new.filter(|_| errors.is_empty()) else {
        if ask {
            login::note_missing(&mut errors, &form);
        }
        return page_422(screen(&visit, &office, &Shown { present: &office.account, typed, errors: &errors, ask }));
    };
    let confirmed = login::confirm(&app, &office, &form, visit.now).await?;
    if !login::confirmed(&mut errors, &confirmed) {
        return page_422(screen(&visit, &office, &Shown { present: &office.account, typed, errors: &errors, ask: true }));
    }
    match flow::change_notice_mail(&app, &office, new).await {
        Ok(heard) => see_other(&format!("/office/user/mail/done?told={}", heard.word())),
        Err(ChangeError::Moved) => {
            errors.add("", MOVED);
            let present = app.store.read(|r| accounts::find(r, office.account.user_id))?;
            let shown = Shown { present: present.as_ref().unwrap_or(&office.account), typed, errors: &errors, ask: false };
            page_422(screen(&visit, &office, &shown))
        }
        Err(ChangeError::Ended) => see_other(MENU),
        Err(error) => Err(error.into()),
    }
}

/// The address that was typed, or none; the radio button decides whether the fields count.
fn read(office: &Office, typed: &Typed<'_>, errors: &mut Errors) -> Option<Option<MailAddress>> {
    let present = office.account.notice_mail.as_ref();
    match typed.way {
        "none" if present.is_none() => {
            errors.add(WAY, "メールアドレスは登録されていません。");
            None
        }
        "none" => Some(None),
        "register" => {
            let new = TWICE.check(errors, typed.mail, typed.again)?;
            if present == Some(&new) {
                errors.add(MAIL, "現在登録されているメールアドレスと同じです。");
                return None;
            }
            Some(Some(new))
        }
        _ => {
            errors.add(WAY, "メールアドレスを登録するかどうかを選んでください。");
            None
        }
    }
}

/// What led to 【処理終了】.
#[derive(Default, serde::Deserialize)]
pub struct Arrival {
    /// Who was told, as [`Heard::word`].
    #[serde(default)]
    told: String,
}

/// 【処理終了】
#[handler]
pub fn done(visit: Visit, office: Office, Query(arrival): Query<Arrival>) -> Answer {
    let text = html! {
        @match &office.account.notice_mail {
            Some(address) => p { "お知らせメールを、" span.address { (address) } " へお送りします。" },
            None => p { "お知らせメールはお送りしません。お知らせは、ログイン後の画面でご確認ください。" },
        }
        @if let Some(heard) = Heard::from_word(&arrival.told) { p { (heard.sentence()) } }
    };
    page(super::done(&visit, &office, TITLE, "メールアドレス設定を変更しました", &text))
}

/// What the screen shows.
struct Shown<'a> {
    /// The account as it is now.
    present: &'a Account,
    typed: Typed<'a>,
    errors: &'a Errors,
    /// Whether the password is asked again.
    ask: bool,
}

fn screen(visit: &Visit, office: &Office, shown: &Shown<'_>) -> Markup {
    let Shown { present, typed, errors, ask } = shown;
    let choices = [
        Choice::new("register", "メールアドレスを登録する").detail(html! { p { "下の2つの欄に入力してください。" } }),
        Choice::new("none", "メールアドレスを登録しない").detail(html! { p { "お知らせメールは届かなくなります。" } }),
    ];
    office.screen(visit, TITLE, MenuPage::User, Some((&steps(TITLE), 2)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "電子請求受付システムからのお知らせメールを受け取るためのメールアドレスを設定し、【変更】ボタンを押してください。" }
            (Facts::new().row("現在のメールアドレス", html! {
                @match &present.notice_mail {
                    Some(address) => span.address { (address) },
                    None => "登録されていません",
                }
            }))
            (form(PATH, csrf, html! {
                (radio_cards(WAY, "お知らせメール", &choices).chosen(typed.way).required().error(errors.of(WAY)))
                (mail_field(MAIL, LABEL).value(typed.mail).error(errors.of(MAIL)))
                (mail_field(AGAIN, LABEL_AGAIN).value(typed.again)
                    .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                @if *ask { (login::password_again(office, visit.now, errors)) }
                (ButtonRow::forward("変更").back(Back::Link(MENU)))
            }))
        }
    })
}
