//! 【セキュリティ用メールアドレス設定】: whether the registered ones are still good, and the field for a new one.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow::{self, Asking};
use super::super::model::{Next, Step, may_put_off};
use super::{BACK, BACK_LOGS_OUT, CODE, elsewhere, log_out, other_step, screen};
use crate::accounts::Kind;
use crate::app::App;
use crate::codes::{self, Sort};
use crate::kernel::TypedTwice;
use crate::login::{self, LoginError, Office};
use crate::web::components::{Back, ButtonRow, Choice, checkbox, error_summary, form, mail_field, radio_cards};
use crate::web::{Answer, Errors, Form, Twice, Visit, form_page, page, see_other};

/// The page of [`Step::SecurityMail`], which also serves whoever replaces all addresses.
const PATH: &str = Step::SecurityMail.path();
const TITLE: &str = "セキュリティ用メールアドレス設定";

const WAY: &str = "way";
const KEEP: &str = "keep";
const REPLACE: &str = "replace";
const ADDRESS: &str = "address";
const AGAIN: &str = "address_again";
const LATER: &str = "later";
const TWICE: Twice<'_> = Twice { first: (ADDRESS, "セキュリティ用メールアドレス"), again: AGAIN };

/// Keep or replace, after a letter.
#[handler]
pub fn review(visit: Visit, office: Office) -> Answer {
    match office.next {
        Next::Step(Step::Addresses) => page(choice(&visit, &office, &Errors::default())),
        next => elsewhere(&visit, next),
    }
}

/// \[次へ\] there.
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    if office.next != Next::Step(Step::Addresses) {
        return elsewhere(&visit, office.next);
    }
    match form.get(WAY) {
        KEEP => match flow::keep(&app, &office).await {
            Ok(next) => see_other(next.path()),
            Err(error) => other_step(&visit, error),
        },
        REPLACE => see_other(PATH),
        _ => {
            let mut errors = Errors::default();
            errors.add(WAY, "登録済みのメールアドレスをどうするかを選択してください。");
            form_page(true, choice(&visit, &office, &errors))
        }
    }
}

fn choice(visit: &Visit, office: &Office, errors: &Errors) -> Markup {
    let choices = [
        Choice::new(KEEP, "登録済みのメールアドレスをそのまま使う"),
        Choice::new(REPLACE, "すべて使えないため、新しいメールアドレスに置き換える").detail(html! {
            p.note { "新しいメールアドレスを確認できたときに、登録済みのメールアドレスはすべて削除されます。削除されるメールアドレスには、そのことをお知らせします。" }
        }),
    ];
    screen(visit, office, TITLE, Step::Addresses, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "登録済みのセキュリティ用メールアドレスを今もお使いになれるかをご確認のうえ、【次へ】ボタンを押してください。" }
            section.stack {
                h2 { "登録済みのセキュリティ用メールアドレス" }
                ul.addresses { @for address in &office.account.security_mails { li.address { (address.masked()) } } }
                p.note { "第三者に知られないように、一部を伏せて表示しています。" }
            }
            (form(Step::Addresses.path(), csrf, html! {
                (radio_cards(WAY, "メールアドレスの確認", &choices).required().error(errors.of(WAY)))
                (ButtonRow::forward("次へ"))
            }))
        }
    })
}

/// Where the field stands, and for what.
struct Place {
    /// In the place of all that are registered.
    replaces: bool,
    /// It can be put off.
    may_wait: bool,
    /// The password is asked again.
    asks: bool,
}

/// Whether the password is asked again before an address is registered: never in the first login itself (spec 2), but wherever else the
/// step is due. A stolen session must not make an address of the thief's the one that resets the password.
fn asks(visit: &Visit, office: &Office) -> bool {
    let of_first_login = office.session.first_steps && !office.session.deferred;
    !of_first_login && !login::is_fresh(office, visit.now)
}

impl Place {
    fn of(app: &App, visit: &Visit, office: &Office) -> Option<Self> {
        match office.next {
            Next::Step(Step::SecurityMail) => {
                let grace_until = app.config.security_mail.grace_until;
                let may_wait = may_put_off(office.account.kind, grace_until, visit.now);
                Some(Self { replaces: false, may_wait, asks: asks(visit, office) })
            }
            Next::Step(Step::Addresses) => Some(Self { replaces: true, may_wait: false, asks: asks(visit, office) }),
            _ => None,
        }
    }
}

/// 【セキュリティ用メールアドレス設定】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let Some(place) = Place::of(&app, &visit, &office) else { return elsewhere(&visit, office.next) };
    let row = app.store.read(|r| flow::registering(r, &app.config, &office, visit.now))?;
    let typed = row.map(|row| row.typed).unwrap_or_default();
    page(draw(&app, &visit, &office, &place, &typed, false, &Errors::default()))
}

/// \[次へ\]
#[handler]
pub async fn start(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let Some(mut place) = Place::of(&app, &visit, &office) else { return elsewhere(&visit, office.next) };
    let typed = TypedTwice { address: form.get(ADDRESS).to_owned(), again: form.get(AGAIN).to_owned() };
    if form.has(BACK) {
        return go_back(&app, &visit, &office, &place, typed).await;
    }
    // A box that this page does not have (any more) was sent by a page of before: nothing is put off.
    if form.has(LATER) && !place.replaces {
        return match flow::defer(&app, &office).await {
            Ok(next) => see_other(next.path()),
            Err(error) => other_step(&visit, error),
        };
    }
    let mut errors = Errors::default();
    let address = TWICE.check(&mut errors, &typed.address, &typed.again);
    if place.asks {
        confirm(&app, &visit, &office, &form, &mut place, &mut errors).await?;
    }
    if let (Some(address), true) = (address, errors.is_empty()) {
        match flow::begin(&app, &office, visit.network.to_string(), typed.clone(), address).await {
            Ok(Asking::Sent) => return see_other(CODE),
            Ok(Asking::TooMany { again_at }) => errors.add("", codes::too_many(Sort::Confirmation, again_at)),
            Err(error) => return other_step(&visit, error),
        }
    }
    form_page(true, draw(&app, &visit, &office, &place, &typed, form.has(LATER), &errors))
}

/// Asks the password; not while something else has to be typed again anyway, which would cost a try for nothing.
async fn confirm(
    app: &App,
    visit: &Visit,
    office: &Office,
    form: &Form,
    place: &mut Place,
    errors: &mut Errors,
) -> Result<(), LoginError> {
    if errors.is_empty() {
        let confirmed = login::confirm(app, office, form, visit.now).await?;
        place.asks = !login::confirmed(errors, &confirmed);
    } else {
        login::note_missing(errors, form);
    }
    Ok(())
}

/// \[戻る\]: to the choice, with what was typed kept; out, where there was none.
async fn go_back(app: &App, visit: &Visit, office: &Office, place: &Place, typed: TypedTwice) -> Answer {
    if !place.replaces {
        return log_out(app, visit, office).await;
    }
    match flow::go_back(app, office, typed).await {
        Ok(()) => see_other(Step::Addresses.path()),
        Err(error) => other_step(visit, error),
    }
}

fn draw(app: &App, visit: &Visit, office: &Office, place: &Place, typed: &TypedTwice, later: bool, errors: &Errors) -> Markup {
    let existing = office.account.kind == Kind::Existing;
    let last_day = app.config.security_mail.grace_until.strftime("%Y年%m月%d日").to_string();
    let step = if place.replaces { Step::Addresses } else { Step::SecurityMail };
    screen(visit, office, TITLE, step, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "セキュリティ用メールアドレスを入力し、【次へ】ボタンを押してください。" }
            div.stack {
                @if place.replaces {
                    p { "確認コードを入力すると、登録済みのメールアドレスはすべて、ここで入力するメールアドレスに置き換わります。" }
                } @else if existing {
                    p { "セキュリティ強化のため、セキュリティ用メールアドレスの登録が必須となりました。" }
                }
                p { "セキュリティ用メールアドレスは、電子請求受付システムから送信されるセキュリティ強化のための情報（ワンタイムパスワード等）を受け取るために使用します。" }
                p.note { "パスワード紛失時の再設定等にご使用いただけます。" }
                p.note { "お知らせメールの通知先と同じメールアドレスを登録することも可能です。" }
            }
            (form(PATH, csrf, html! {
                (mail_field(ADDRESS, "セキュリティ用メールアドレス").required().value(&typed.address)
                    .support("このアドレスに、確認コードをお送りします。今すぐメールを確認できるアドレスを入力してください。").error(errors.of(ADDRESS)))
                (mail_field(AGAIN, "セキュリティ用メールアドレス(確認用)").required().value(&typed.again)
                    .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                @if place.asks { (login::password_again(office, visit.now, errors)) }
                @if place.may_wait {
                    section.stack {
                        p { "セキュリティ用メールアドレスをすぐに登録できない方は、こちらを選択してください。" (last_day) "まで、暫定的にセキュリティ用メールアドレスを登録せずにログインできます。" }
                        (checkbox(LATER, "セキュリティ用メールアドレスを登録せずにログインする", later).value("1"))
                    }
                }
                @let back = if place.replaces { Back::Submit { name: BACK, value: "1" } } else { Back::Submit { name: BACK, value: "logout" } };
                (ButtonRow::forward("次へ").back(back))
            }))
            @if !place.replaces { p.note { (BACK_LOGS_OUT) } }
        }
    })
}
