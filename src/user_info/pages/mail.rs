//! 【メールアドレス設定】: where お知らせメール go.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{MENU, steps};
use crate::accounts::{self, Account};
use crate::app::App;
use crate::kernel::{MailAddress, TypedTwice};
use crate::login::{self, MOVED, MenuPage, Office};
use crate::user_info::flow::{self, ChangeError};
use crate::user_info::store::{Did, Typed};
use crate::web::components::{Back, ButtonRow, Choice, Facts, error_summary, form, mail_field, radio_cards};
use crate::web::{Answer, Errors, Form, Twice, Visit, page, page_422, see_other};

const TITLE: &str = "メールアドレス設定";
const PATH: &str = "/office/user/mail";
const WAY: &str = "mail_choice";
const MAIL: &str = "mail";
const AGAIN: &str = "mail_again";
const LABEL: &str = "新しいメールアドレス";
const LABEL_AGAIN: &str = "新しいメールアドレス(確認用)";
const TWICE: Twice<'_> = Twice { first: (MAIL, LABEL), again: AGAIN };

/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

/// 【メールアドレス設定】, with what was typed before \[戻る\].
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let ask = !login::is_fresh(&office, visit.now);
    let (_, typed) = flow::kept(&app, &office)?;
    let typed = &typed.unwrap_or_else(|| Typed { way: "register".to_owned(), mail: TypedTwice::default() });
    page(screen(&visit, &office, &Shown { present: &office.account, typed, errors: &Errors::default(), ask }))
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let mail = TypedTwice { address: form.get(MAIL).to_owned(), again: form.get(AGAIN).to_owned() };
    let typed = &Typed { way: form.get(WAY).to_owned(), mail };
    if form.has(BACK) {
        flow::keep(&app, &office, typed).await?;
        return see_other(MENU);
    }
    let mut errors = Errors::default();
    let new = read(&office, typed, &mut errors);
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
        Ok(()) => see_other("/office/user/mail/done"),
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
fn read(office: &Office, typed: &Typed, errors: &mut Errors) -> Option<Option<MailAddress>> {
    let present = office.account.notice_mail.as_ref();
    match typed.way.as_str() {
        "none" if present.is_none() => {
            errors.add(WAY, "メールアドレスは登録されていません。変更しない場合は、【戻る】ボタンを押してください。");
            None
        }
        "none" => Some(None),
        "register" => {
            let new = TWICE.check(errors, &typed.mail.address, &typed.mail.again)?;
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

/// 【処理終了】, of the session that has changed it.
#[handler]
pub fn done(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let (Some(Did::NoticeMail(heard)), _) = flow::kept(&app, &office)? else { return see_other(MENU) };
    let text = html! {
        @match &office.account.notice_mail {
            Some(address) => p { "お知らせメールを、" span.address { (address) } " へお送りします。" },
            None => p { "お知らせメールはお送りしません。お知らせは、ログイン後の画面でご確認ください。" },
        }
        p { (heard.sentence()) }
    };
    page(super::done(&visit, &office, TITLE, "メールアドレス設定を変更しました", &text))
}

/// What the screen shows.
struct Shown<'a> {
    /// The account as it is now.
    present: &'a Account,
    typed: &'a Typed,
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
                (radio_cards(WAY, "お知らせメール", &choices).chosen(&typed.way).required().error(errors.of(WAY)))
                (mail_field(MAIL, LABEL).value(&typed.mail.address).error(errors.of(MAIL)))
                (mail_field(AGAIN, LABEL_AGAIN).value(&typed.mail.again)
                    .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                @if *ask { (login::password_again(office, visit.now, errors)) }
                (ButtonRow::forward("変更").back(Back::Submit { name: BACK, value: "menu" }))
            }))
        }
    })
}
