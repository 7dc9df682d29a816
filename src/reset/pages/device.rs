//! 【端末の確認】: who cannot log in with a device that is not known, because strangers are refused, lets it in by a one-time password.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{ADDRESS, ADDRESS_FIELD, BACK, DEVICE_STEPS, FLOW, Here, crowded, current, home, is_device, one_time};
use crate::app::App;
use crate::codes::{self, Sort};
use crate::kernel::{UserId, text};
use crate::lost;
use crate::reset::flow::ask::{self as flow, Went};
use crate::reset::model::{Screen, Stage, Typed, Way};
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, hidden, mail_field, notice, text_field};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, FlowCookie, Form, Visit, page, page_422, see_other, typed_address};

const WAY: Way = Way::Device;
const USER_ID: &str = "user_id";

/// 【端末の確認】, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let typed = current(&app, &visit, WAY)?.map(|flow| flow.typed).unwrap_or_default();
    page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), &typed, &Errors::default()))
}

/// \[次へ\]
#[handler]
pub async fn start(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit, WAY) {
        return Ok(crowded);
    }
    let typed = Typed { who: form.get(USER_ID).to_owned(), address: form.get(ADDRESS).to_owned() };
    let cookie = FlowCookie::of_form(&visit, &app.random, form.get(FLOW));
    let (here, kept) = (Here::new(&app, &visit, WAY, cookie.key), typed.kept());
    if form.has(BACK) {
        app.store.write(move |tx| flow::leave(tx, &here.visitor(), kept.clone())).await?;
        return cookie.keep(&visit, see_other("/login"));
    }
    let mut errors = Errors::default();
    let user_id = UserId::parse(&text::capital_code(&typed.who));
    if typed.who.trim().is_empty() {
        errors.add(USER_ID, "ユーザIDを入力してください。");
    } else if user_id.is_none() {
        errors.add(USER_ID, "ユーザIDは、KJから始まる14桁で入力してください。");
    }
    let address = typed_address(&mut errors, ADDRESS_FIELD, &typed.address);
    if let (Some(user_id), Some(address)) = (user_id, address) {
        match app.store.write(move |tx| flow::ask_device(tx, &here.visitor(), kept.clone(), user_id, address.clone())).await? {
            Went::To(screen) => return cookie.keep(&visit, see_other(WAY.path(screen))),
            Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::OneTime, again_at)),
            Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
        }
    }
    page_422(screen(&visit, FlowCookie::offer(&visit, &app.random, form.get(FLOW)), &typed, &errors))
}

fn screen(visit: &Visit, flow: Option<String>, typed: &Typed, errors: &Errors) -> Markup {
    visit.page(DEVICE_STEPS[0], Shell::Visitor).steps(&DEVICE_STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "初めて使う端末からログインできないときは、ワンタイムパスワードで端末を確認できます。ユーザIDと登録済みのセキュリティ用メールアドレスを入力し、【次へ】ボタンを押してください。" }
        (form(WAY.path(Screen::Ask), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            (text_field(USER_ID, "ユーザID").required().value(&typed.who).autocomplete("username")
                .support("KJから始まる14桁。大文字と小文字は区別しません。").error(errors.of(USER_ID)))
            (mail_field(ADDRESS, "セキュリティ用メールアドレス").required().value(&typed.address).autocomplete("email")
                .support("登録済みのアドレスを、登録したとおりに入力してください。ワンタイムパスワードをお送りします。")
                .error(errors.of(ADDRESS)))
            p.note { "確認のあと、ログイン画面でパスワードを入力してください。パスワードがわからない方は、" a href="/lost" { "パスワード等を紛失した方はこちら" } "からお手続きください。" }
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}

/// 【ワンタイムパスワード入力】
#[handler]
pub fn code(app: Data<&App>, visit: Visit) -> Answer {
    one_time::show(&app, &visit, WAY)
}

/// \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    one_time::enter(&app, &visit, WAY, &form).await
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    one_time::resend(&app, &visit, WAY).await
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit, WAY)?;
    let Some(Stage::Done { user_id, device }) = flow.as_ref().map(|flow| &flow.stage) else {
        return home(&app, &visit, WAY, flow.as_ref());
    };
    let mut response = page(visit.page("処理終了", Shell::Visitor).steps(&DEVICE_STEPS, 3).render(html! {
        (notice(Mark::Success, "この端末を確認しました。", html! {
            p { "ユーザID " span.mono { (user_id) } " で、この端末からログインできます。【ログイン画面へ】ボタンを押して、パスワードを入力してください。" }
        }))
        p { "登録されているすべてのメールアドレスへ、端末を確認したことをお知らせするメールをお送りしました。" }
        (ButtonRow::forward_link("ログイン画面へ", "/login"))
    }))?;
    is_device(&app, &visit, &mut response, *device);
    Ok(response)
}
