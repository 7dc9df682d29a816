//! R1 【ログイン情報再設定認証】 and R2 【請求先都道府県選択】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{ADDRESS, ADDRESS_FIELD, BACK, FLOW, Here, STEPS, crowded, current, home};
use crate::app::App;
use crate::codes::{self, Sort};
use crate::kernel::OfficeNumber;
use crate::lost::{self, NUMBER};
use crate::reset::flow::ask::{self as flow, Went};
use crate::reset::model::{Screen, Stage, Typed, Way};
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, hidden, mail_field, notice};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, FlowCookie, Form, Visit, page, page_422, see_other, typed_address};

const WAY: Way = Way::Reset;

/// R1, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit, WAY)?;
    let late = flow.as_ref().is_some_and(|flow| flow.is_late(&app.config.code, visit.now));
    let typed = flow.map(|flow| flow.typed).unwrap_or_default();
    let told = late.then(|| {
        let minutes = app.config.code.valid_minutes;
        notice(Mark::Warning, "パスワードは変更されていません", html! {
            p { "ワンタイムパスワードの入力から" (minutes) "分が過ぎたため、お手数ですが、もう一度【次へ】ボタンを押してお手続きください。" }
        })
    });
    page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), &typed, &Errors::default(), told))
}

/// R1 \[次へ\]
#[handler]
pub async fn start(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit, WAY) {
        return Ok(crowded);
    }
    let typed = Typed { who: form.get(NUMBER).to_owned(), address: form.get(ADDRESS).to_owned() };
    let cookie = FlowCookie::of_form(&visit, &app.random, form.get(FLOW));
    let (here, kept) = (Here::new(&app, &visit, WAY, cookie.key), typed.kept());
    if form.has(BACK) {
        app.store.write(move |tx| flow::leave(tx, &here.visitor(), kept.clone())).await?;
        return cookie.keep(&visit, see_other("/lost?way=registered"));
    }
    let mut errors = Errors::default();
    let number = errors.check(NUMBER, OfficeNumber::parse(&typed.who));
    let address = typed_address(&mut errors, ADDRESS_FIELD, &typed.address);
    if let (Some(number), Some(address)) = (number, address) {
        match app.store.write(move |tx| flow::ask(tx, &here.visitor(), kept.clone(), number, address.clone())).await? {
            Went::To(screen) => return cookie.keep(&visit, see_other(WAY.path(screen))),
            Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::OneTime, again_at)),
            Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
        }
    }
    page_422(screen(&visit, FlowCookie::offer(&visit, &app.random, form.get(FLOW)), &typed, &errors, None))
}

/// The live check under 事業所番号: a fragment. Only what the number itself says, never whether anybody has it.
#[handler]
pub fn check_number(form: Form) -> Answer {
    lost::check_number(&form, |_| Ok(None))
}

fn screen(visit: &Visit, flow: Option<String>, typed: &Typed, errors: &Errors, told: Option<Markup>) -> Markup {
    visit.page(STEPS[1], Shell::Visitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = told { (told) }
        p.lead { "ログイン情報を再設定するため、事業所の認証を行います。事業所番号と登録済みのセキュリティ用メールアドレスを入力し、【次へ】ボタンを押してください。" }
        (form(WAY.path(Screen::Ask), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            (lost::number_field(&typed.who, errors.of(NUMBER), "/reset/number"))
            (mail_field(ADDRESS, "セキュリティ用メールアドレス").required().value(&typed.address).autocomplete("email")
                .support("登録済みのアドレスを、登録したとおりに入力してください。ワンタイムパスワードをお送りします。")
                .error(errors.of(ADDRESS)))
            p.note { "複数のセキュリティ用メールアドレスを登録している場合は、メールを確認できるものを1つ入力してください。" }
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}

/// R2, only where there is something to choose.
#[handler]
pub fn prefecture(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit, WAY)?;
    match flow.as_ref().map(|flow| &flow.stage) {
        Some(stage) if !stage.among().is_empty() => page(choice(&visit, stage, &Errors::default())),
        _ => home(&app, &visit, WAY, flow.as_ref()),
    }
}

/// R2 \[次へ\]
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit, WAY) {
        return Ok(crowded);
    }
    let flow = current(&app, &visit, WAY)?;
    let Some(stage) = flow.as_ref().map(|flow| &flow.stage).filter(|stage| !stage.among().is_empty()) else {
        return home(&app, &visit, WAY, flow.as_ref());
    };
    let mut errors = Errors::default();
    let chosen = lost::chosen_prefecture(&form, stage.among(), &mut errors);
    let (Some(chosen), Some(key)) = (chosen, visit.flow()) else {
        return page_422(choice(&visit, stage, &errors));
    };
    let here = Here::new(&app, &visit, WAY, key);
    match app.store.write(move |tx| flow::choose(tx, &here.visitor(), chosen)).await? {
        Went::To(screen) => return see_other(WAY.path(screen)),
        Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::OneTime, again_at)),
        Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
    }
    page_422(choice(&visit, stage, &errors))
}

fn choice(visit: &Visit, stage: &Stage, errors: &Errors) -> Markup {
    let choosing = lost::Choosing {
        steps: &STEPS,
        lead: "ログイン情報を再設定するため、事業所の認証を行います。",
        note: "この事業所番号は、複数の都道府県にユーザIDがあります。ログイン情報を再設定する都道府県を選んでください。",
        among: stage.among(),
        chosen: stage.office(),
        action: WAY.path(Screen::Choose),
        back: WAY.path(Screen::Ask),
    };
    choosing.screen(visit, errors)
}
