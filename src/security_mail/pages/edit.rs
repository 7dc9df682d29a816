//! U3: the new address, or what is to be deleted; and the end.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{acting, seen, steps, went};
use crate::accounts::Account;
use crate::app::App;
use crate::kernel::{MailAddress, TypedTwice};
use crate::login::{self, MenuPage, Office};
use crate::security_mail::flow::{self, LIST};
use crate::security_mail::model::{Act, Editing, Screen};
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, mail_field, notice};
use crate::web::{Answer, Errors, Form, Twice, Visit, page, page_422};

const ADDRESS: &str = "address";
const AGAIN: &str = "address_again";
const LABEL: &str = "セキュリティ用メールアドレス";
const LABEL_AGAIN: &str = "セキュリティ用メールアドレス(確認用)";
const TWICE: Twice<'_> = Twice { first: (ADDRESS, LABEL), again: AGAIN };
/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

/// 【セキュリティ用メールアドレス設定】, 【セキュリティ用メールアドレス削除】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let flow = match seen(&app, &visit, &office, Screen::Edit)? {
        Ok(flow) => flow,
        Err(elsewhere) => return elsewhere,
    };
    let ask = !login::is_fresh(&office, visit.now);
    page(screen(&visit, &office, &flow.act, &flow.typed, &Errors::default(), ask))
}

/// \[次へ\]
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let flow = match seen(&app, &visit, &office, Screen::Edit)? {
        Ok(flow) => flow,
        Err(elsewhere) => return elsewhere,
    };
    let typed = TypedTwice { address: form.get(ADDRESS).to_owned(), again: form.get(AGAIN).to_owned() };
    let here = acting(&app, &visit, &office);
    if form.has(BACK) {
        let answer = app.store.write(move |tx| flow::keep(tx, &here, &typed)).await?;
        return went(&app, &visit, &office, &answer);
    }
    let mut errors = Errors::default();
    let new = if flow.act.is_deletion() { None } else { TWICE.check(&mut errors, &typed.address, &typed.again) };
    if !errors.is_empty() {
        let ask = !login::is_fresh(&office, visit.now);
        if ask {
            login::note_missing(&mut errors, &form);
        }
        return page_422(screen(&visit, &office, &flow.act, &typed, &errors, ask));
    }
    let confirmed = login::confirm(&app, &office, &form, visit.now).await?;
    if !login::confirmed(&mut errors, &confirmed) {
        return page_422(screen(&visit, &office, &flow.act, &typed, &errors, true));
    }
    let kept = typed.clone();
    match app.store.write(move |tx| flow::ask(tx, &here, &kept, new.clone())).await? {
        flow::Went::Field(sentence) => {
            errors.add(if flow.act.is_deletion() { "" } else { ADDRESS }, sentence);
            page_422(screen(&visit, &office, &flow.act, &typed, &errors, false))
        }
        other => went(&app, &visit, &office, &other),
    }
}

/// The form again: the last step has led back to it.
pub(super) fn refused(app: &App, visit: &Visit, office: &Office, why: &str) -> Answer {
    let flow = match seen(app, visit, office, Screen::Edit)? {
        Ok(flow) => flow,
        Err(elsewhere) => return elsewhere,
    };
    let mut errors = Errors::default();
    errors.add("", why);
    let ask = !login::is_fresh(office, visit.now);
    page_422(screen(visit, office, &flow.act, &flow.typed, &errors, ask))
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let flow = match seen(&app, &visit, &office, Screen::Done)? {
        Ok(flow) => flow,
        Err(elsewhere) => return elsewhere,
    };
    page(end(&visit, &office, &flow))
}

fn end(visit: &Visit, office: &Office, flow: &Editing) -> Markup {
    let sentence = match flow.act {
        Act::Add => "セキュリティ用メールアドレスを追加しました",
        Act::Change { .. } => "セキュリティ用メールアドレスを変更しました",
        Act::Delete { .. } => "セキュリティ用メールアドレスを削除しました",
    };
    office.screen(visit, "処理終了", MenuPage::User, Some(steps(&flow.act, Screen::Done)), false, |_| {
        html! {
            (notice(Mark::Success, sentence, html! {
                @if let Some(heard) = flow.heard { p { (heard.sentence()) } }
            }))
            @if let Some(contact) = office.account.contact() {
                (Facts::new().row("通知先", html! { span.address { (contact) } }))
            }
            (ButtonRow::forward_link("終了", LIST))
        }
    })
}

/// `ask`: whether the password is asked again.
fn screen(visit: &Visit, office: &Office, act: &Act, typed: &TypedTwice, errors: &Errors, ask: bool) -> Markup {
    let title = if act.is_deletion() {
        "セキュリティ用メールアドレス削除"
    } else {
        "セキュリティ用メールアドレス設定"
    };
    let again = html! { @if ask { (login::password_again(office, visit.now, errors)) } };
    let buttons = ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "list" });
    office.screen(visit, title, MenuPage::User, Some(steps(act, Screen::Edit)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @match act {
                Act::Delete { old } => {
                    p.lead { "次のセキュリティ用メールアドレスを削除します。よろしければ、【次へ】ボタンを押してください。" }
                    (deletion(&office.account, old))
                    (form(Screen::Edit.path(), csrf, html! { (again) (buttons) }))
                }
                Act::Add | Act::Change { .. } => {
                    p.lead { "セキュリティ用メールアドレスを入力し、【次へ】ボタンを押してください。" }
                    @if let Act::Change { old } = act {
                        (Facts::new().row("変更前のアドレス", html! { span.address { (old) } }))
                    }
                    (form(Screen::Edit.path(), csrf, html! {
                        (mail_field(ADDRESS, LABEL).required().value(&typed.address).error(errors.of(ADDRESS)))
                        (mail_field(AGAIN, LABEL_AGAIN).required().value(&typed.again)
                            .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                        (again)
                        @if let Some(contact) = office.account.contact() {
                            (notice(Mark::Info, "メールを2通お送りします", html! {
                                p { "はじめに、通知先（" span.address { (contact) } "）へワンタイムパスワードを、続いて、入力されたメールアドレスへ確認コードをお送りします。" }
                            }))
                        }
                        (buttons)
                    }))
                }
            }
        }
    })
}

fn deletion(account: &Account, old: &MailAddress) -> Markup {
    let next = account.security_mails.get(1).filter(|_| account.contact() == Some(old));
    html! {
        (Facts::new().row("削除するアドレス", html! { span.address { (old) } }))
        @if let Some(next) = next {
            (notice(Mark::Warning, "このメールアドレスは通知先です", html! {
                p { "削除すると、" span.address { (next) } " が通知先になります。" }
                p { "本人確認のワンタイムパスワードは、削除するこのメールアドレスへお送りします。受け取れない場合は、【戻る】ボタンを押し、先に通知先を変更してください。" }
            }))
        } @else if let Some(contact) = account.contact() {
            p.note { "本人確認のため、通知先（" span.address { (contact) } "）へワンタイムパスワードをお送りします。" }
        }
    }
}
