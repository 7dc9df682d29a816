//! U2 【セキュリティ用メールアドレス一覧】 in its three shapes: none, one, two to five.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{STEPS, acting, number, went};
use crate::accounts::{self, Account, Heard, MOST_ADDRESSES};
use crate::app::App;
use crate::kernel::MailAddress;
use crate::login::{self, MenuPage, Office};
use crate::security_mail::flow::{self, Went, Wish};
use crate::security_mail::model::Why;
use crate::web::components::{
    Back, ButtonRow, Column, DataTable, Mark, error_summary, form, form_with_id, help_details, hidden, notice,
};
use crate::web::{Answer, Errors, Form, Query, Visit, page, page_422};

const BEGIN: &str = "/office/user/addresses/begin";
const CONTACT: &str = "/office/user/addresses/contact";
/// The form that the radio buttons of the table belong to.
const CHOOSE: &str = "choose";

/// What led here.
#[derive(Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// U2
#[handler]
pub fn show(visit: Visit, office: Office, Query(arrival): Query<Arrival>) -> Answer {
    let told = (arrival.notice == "contact").then(|| {
        notice(
            Mark::Success,
            "通知先を変更しました",
            html! {
                p { "ワンタイムパスワードは、これから新しい通知先へお送りします。" (Heard::of(&office.account).sentence()) }
            },
        )
    });
    let ask = !login::is_fresh(&office, visit.now);
    page(screen(&visit, &office, &Shown { account: &office.account, errors: &Errors::default(), chosen: 0, ask, told }))
}

/// \[追加\], \[変更\], \[削除\]
#[handler]
pub async fn begin(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let wish = Wish { act: form.get("act").to_owned(), which: number(&form, "which"), revision: number(&form, "revision") };
    let here = acting(&app, &visit, &office);
    let answer = app.store.write(move |tx| flow::begin(tx, &here, &wish)).await?;
    went(&app, &visit, &office, &answer)
}

/// \[通知先を変更\]
#[handler]
pub async fn contact(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let (which, revision) = (number(&form, "contact"), number(&form, "revision"));
    // Said before anything is asked: a form that names a revision still to come would be right by the time it is written, without the
    // password having been asked for.
    if revision != Some(office.account.revision) {
        return went(&app, &visit, &office, &Went::List(Why::Moved));
    }
    // What is refused or changes nothing anyway asks for no password.
    if which.is_some_and(|which: usize| which != 0) {
        let mut errors = Errors::default();
        let confirmed = login::confirm(&app, &office, &form, visit.now).await?;
        if !login::confirmed(&mut errors, &confirmed) {
            let chosen = which.unwrap_or_default();
            let shown = Shown { account: &office.account, errors: &errors, chosen, ask: true, told: None };
            return page_422(screen(&visit, &office, &shown));
        }
    }
    let here = acting(&app, &visit, &office);
    let answer = app.store.write(move |tx| flow::choose(tx, &here, which, revision)).await?;
    went(&app, &visit, &office, &answer)
}

/// The list as it is now, with the reason why nothing was done.
pub(super) fn refused(app: &App, visit: &Visit, office: &Office, why: &str) -> Answer {
    let mut errors = Errors::default();
    errors.add("", why);
    let present = app.store.read(|r| accounts::find(r, office.account.user_id))?;
    let account = present.as_ref().unwrap_or(&office.account);
    let ask = !login::is_fresh(office, visit.now);
    page_422(screen(visit, office, &Shown { account, errors: &errors, chosen: 0, ask, told: None }))
}

/// What the list shows.
struct Shown<'a> {
    account: &'a Account,
    errors: &'a Errors,
    /// The radio button that is on.
    chosen: usize,
    /// Whether the choice of the 通知先 asks for the password.
    ask: bool,
    told: Option<Markup>,
}

fn screen(visit: &Visit, office: &Office, shown: &Shown<'_>) -> Markup {
    let steps = Some((&STEPS[..2], 2));
    office.screen(visit, STEPS[1], MenuPage::User, steps, !shown.errors.is_empty(), |csrf| {
        let addresses = &shown.account.security_mails;
        let revision = shown.account.revision.to_string();
        html! {
            (error_summary(&shown.errors.list()))
            @if let Some(told) = &shown.told { (told) }
            @if addresses.is_empty() {
                p.lead {
                    "セキュリティ用メールアドレスが登録されていません。ログイン時に表示されるセキュリティ用メールアドレス設定画面から、セキュリティ用メールアドレスを登録してください。"
                }
                (ButtonRow::only_back("/office/user"))
            } @else {
                (lead(addresses.len()))
                (table(visit, office, shown, csrf, &revision))
                @if addresses.len() < MOST_ADDRESSES {
                    (form(BEGIN, csrf, html! {
                        (hidden("act", "add")) (hidden("revision", &revision))
                        (ButtonRow::forward("追加").back(Back::Link("/office/user")))
                    }))
                } @else {
                    (ButtonRow::only_back("/office/user"))
                }
            }
        }
    })
}

fn lead(count: usize) -> Markup {
    html! {
        p.lead {
            @if count < MOST_ADDRESSES {
                "セキュリティ用メールアドレスを追加する場合、【追加】ボタンを押してください。" br;
            } @else {
                (MOST_ADDRESSES) "つ登録されているため、これ以上は追加できません。追加するには、使わないメールアドレスを削除してください。" br;
            }
            "セキュリティ用メールアドレスを変更する場合、対象のセキュリティ用メールアドレスの【変更】ボタンを押してください。"
            @if count > 1 {
                br;
                "セキュリティ用メールアドレスを削除する場合、対象のセキュリティ用メールアドレスの【削除】ボタンを押してください。"
            }
        }
        div {
            p.note {
                "セキュリティ用メールアドレスは複数登録することを推奨しており、最大" (MOST_ADDRESSES) "つまで登録できます。"
                "すべてのセキュリティ用メールアドレスが使用できなくなると、再度登録するためにはサポート窓口（国保連合会）への申請及び本人確認が必要です。"
            }
            p.note { "お知らせメールの通知先と同じメールアドレスを登録することも可能です。" }
        }
        (help_details("通知先について", html! {
            p { "通知先は、ログイン後の操作で本人確認を行うときに、ワンタイムパスワードをお送りするメールアドレスです。1つだけ選べます。" }
            p { "登録情報が変更されたときのお知らせは、通知先かどうかにかかわらず、登録されているすべてのメールアドレスへお送りします。" }
        }))
    }
}

fn table(visit: &Visit, office: &Office, shown: &Shown<'_>, csrf: &str, revision: &str) -> Markup {
    let addresses = &shown.account.security_mails;
    let several = addresses.len() > 1;
    let columns =
        [Column::Short("通知先"), Column::Head("セキュリティ用メールアドレス"), Column::Short("変更"), Column::Short("削除")];
    let columns = if several { &columns[..] } else { &columns[..3] };
    let mut table = DataTable::new("登録されているセキュリティ用メールアドレス", columns);
    for (at, address) in addresses.iter().enumerate() {
        let button = |act, label| button(csrf, (act, label), at, address, revision);
        let mut cells = vec![
            if several {
                radio(at, shown.chosen, address)
            } else {
                html! { "選択中" }
            },
            html! { span.address { (address) } },
            button("change", "変更"),
        ];
        if several {
            cells.push(button("delete", "削除"));
        }
        table.push(cells);
    }
    if !several {
        return html! { (table) };
    }
    html! {
        fieldset.bare {
            legend.vh { "通知先の選択" }
            (table)
        }
        (form_with_id(CHOOSE, CONTACT, csrf, html! {
            (hidden("revision", revision))
            p { "通知先を変える場合、一覧の「通知先」で選び、【通知先を変更】ボタンを押してください。" }
            @if shown.ask { (login::password_again(office, visit.now, shown.errors)) }
            button.button type="submit" { "通知先を変更" }
        }))
    }
}

fn radio(at: usize, chosen: usize, address: &MailAddress) -> Markup {
    let id = if at == 0 { "contact".to_owned() } else { format!("contact-{}", at + 1) };
    html! {
        span.pick {
            input type="radio" id=(id) name="contact" value=(at) form=(CHOOSE) checked[at == chosen];
            label for=(id) {
                span.vh { (address) "を通知先に: " }
                // Of the two words the stylesheet shows the one that fits the button as it is now.
                span.picked { "選択中" } span.unpicked { "選ぶ" }
            }
        }
    }
}

fn button(csrf: &str, (act, label): (&str, &str), at: usize, address: &MailAddress, revision: &str) -> Markup {
    html! {
        form.row-button method="post" action=(BEGIN) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            (hidden("act", act)) (hidden("which", &at.to_string())) (hidden("revision", revision))
            button.button.small type="submit" { span.vh { (address) "を" } (label) }
        }
    }
}
