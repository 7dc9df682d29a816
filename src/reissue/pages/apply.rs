//! A1 【ログイン情報再発行申請】 and A2 【請求先都道府県選択】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{Here, STEPS, current, home};
use crate::app::App;
use crate::codes::{self, Sort};
use crate::kernel::OfficeNumber;
use crate::lost::{self, NUMBER};
use crate::reissue::flow::apply::{self as flow, Went};
use crate::reissue::model::{Screen, Stage, Typed};
use crate::web::components::{Back, ButtonRow, error_summary, form, hidden, mail_field};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, FlowCookie, Form, Twice, Visit, page, page_422, see_other};

const CONTACT: &str = "contact";
const AGAIN: &str = "contact_again";
const TWICE: Twice<'_> = Twice { first: (CONTACT, "通知先メールアドレス"), again: AGAIN };
/// See [`FlowCookie::offer`].
const FLOW: &str = "flow";

/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

const UNKNOWN: &str = "この事業所番号は、事業所台帳に登録がありません。番号をお確かめください。番号が正しい場合は、請求先の国保連合会へお電話ください。";

/// A1, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let typed = current(&app, &visit)?.map(|flow| flow.typed).unwrap_or_default();
    page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), &typed, &Errors::default()))
}

/// A1 \[次へ\]
#[handler]
pub async fn start(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let typed =
        Typed { number: form.get(NUMBER).to_owned(), contact: form.get(CONTACT).to_owned(), again: form.get(AGAIN).to_owned() };
    if form.has(BACK) {
        return leave(&app, &visit, form.get(FLOW), &typed).await;
    }
    let mut errors = Errors::default();
    let number = errors.check(NUMBER, OfficeNumber::parse(&typed.number));
    let contact = TWICE.check(&mut errors, &typed.contact, &typed.again);
    let (Some(number), Some(contact), true) = (number, contact, errors.is_empty()) else {
        return page_422(screen(&visit, FlowCookie::offer(&visit, &app.random, form.get(FLOW)), &typed, &errors));
    };
    let cookie = FlowCookie::of_form(&visit, &app.random, form.get(FLOW));
    let (here, kept) = (Here::new(&app, &visit, cookie.key), typed.kept());
    let went = app.store.write(move |tx| flow::start(tx, &here.visitor(), kept.clone(), number, contact.clone())).await?;
    match went {
        Went::To(screen) => return cookie.keep(&visit, see_other(screen.path())),
        Went::UnknownOffice => errors.add(NUMBER, UNKNOWN),
        Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::Confirmation, again_at)),
        Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
    }
    page_422(screen(&visit, FlowCookie::offer(&visit, &app.random, form.get(FLOW)), &typed, &errors))
}

/// A1 \[戻る\]: to P4, with the choice that led here still made.
async fn leave(app: &App, visit: &Visit, offered: &str, typed: &Typed) -> Answer {
    let cookie = FlowCookie::of_form(visit, &app.random, offered);
    let (here, kept) = (Here::new(app, visit, cookie.key), typed.kept());
    app.store.write(move |tx| flow::leave(tx, &here.visitor(), kept.clone())).await?;
    cookie.keep(visit, see_other("/lost?way=letter"))
}

/// The live check under 事業所番号: a fragment. It says early what \[次へ\] would say, and the check digit's warning.
#[handler]
pub fn check_number(app: Data<&App>, form: Form) -> Answer {
    lost::check_number(&form, |number| Ok(app.store.read(|r| flow::federations(r, number))?.is_empty().then_some(UNKNOWN)))
}

fn screen(visit: &Visit, flow: Option<String>, typed: &Typed, errors: &Errors) -> Markup {
    visit.page(STEPS[1], Shell::Visitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "ログイン情報の再発行を申請します。事業所番号と、申請の状況をお知らせするメールアドレスを入力し、【次へ】ボタンを押してください。" }
        (form(Screen::Apply.path(), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            (lost::number_field(&typed.number, errors.of(NUMBER), "/reissue/number"))
            (mail_field(CONTACT, "通知先メールアドレス").required().value(&typed.contact)
                .support("審査の結果などをお知らせします。メールを確認できるアドレスを入力してください。").error(errors.of(CONTACT)))
            (mail_field(AGAIN, "通知先メールアドレス(確認用)").required().value(&typed.again)
                .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
            div {
                p.note { "国保連合会から、通知先メールアドレスや、事業所台帳に登録された電話番号などへ、再発行についてご連絡する場合があります。" }
                p.note {
                    "申請が承認されると、事業所台帳に登録された住所へ、ユーザIDとログイン用の仮パスワードを記載した「ログイン情報再発行通知書」を郵送します。"
                    "返信用封筒を先にお送りいただくなど、国保連合会からお願いをする場合がありますので、"
                    strong { "国保連合会の案内（ホームページ等）に従ってください。" }
                }
                p.note { "申請できるのは、介護事業所のログイン情報だけです。代理人のログイン情報を紛失した場合は、国保連合会へお問い合わせください。" }
            }
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}

/// A2, only where there is something to choose.
#[handler]
pub fn prefecture(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    match flow.as_ref().map(|flow| &flow.stage) {
        Some(stage) if stage.sees(Screen::Choose) => page(choice(&visit, stage, &Errors::default())),
        _ => home(flow.as_ref()),
    }
}

/// A2 \[次へ\]
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let flow = current(&app, &visit)?;
    let Some(stage) = flow.as_ref().map(|flow| &flow.stage).filter(|stage| stage.sees(Screen::Choose)) else {
        return home(flow.as_ref());
    };
    let mut errors = Errors::default();
    let chosen = lost::chosen_prefecture(&form, stage.among(), &mut errors);
    let (Some(chosen), Some(key)) = (chosen, visit.flow()) else {
        return page_422(choice(&visit, stage, &errors));
    };
    let here = Here::new(&app, &visit, key);
    match app.store.write(move |tx| flow::choose(tx, &here.visitor(), chosen)).await? {
        Went::To(screen) => return see_other(screen.path()),
        Went::UnknownOffice => return see_other(Screen::Apply.path()),
        Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::Confirmation, again_at)),
        Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
    }
    page_422(choice(&visit, stage, &errors))
}

fn choice(visit: &Visit, stage: &Stage, errors: &Errors) -> Markup {
    let choosing = lost::Choosing {
        steps: &STEPS,
        lead: "ログイン情報の再発行を申請します。",
        note: "この事業所番号は、複数の都道府県に登録があります。ログイン情報を再発行する都道府県を選んでください。",
        among: stage.among(),
        chosen: stage.office(),
        action: Screen::Choose.path(),
        back: Screen::Apply.path(),
    };
    choosing.screen(visit, errors)
}
