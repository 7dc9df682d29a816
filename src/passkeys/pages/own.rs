//! 【パスキー】 and 【パスキーの登録】, in whichever frame.

use maud::{Markup, html};

use super::super::flow::{self, Went};
use super::super::model::{self, Ceremony, MOST, Passkey, Purpose};
use super::frame::Frame;
use super::{Asking, CREDENTIAL, NO_SCRIPT};
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::login;
use crate::web::components::{
    Back, ButtonRow, Choice, Mark, empty_state, error_summary, form, help_details, hidden, notice, radio_cards, text_field,
};
use crate::web::{Answer, Errors, Fault, Form, form_page, page, see_other};

const TITLE: &str = "パスキー";
const NEW: &str = "パスキーの登録";

const OVER: &str =
    "時間がたったか、ほかの画面で操作されたため、登録を中止しました。お手数ですが、もう一度【次へ】ボタンを押してください。";
const NOT_AN_ANSWER: &str = "パスキーを登録できませんでした。もう一度【登録】ボタンを押し、画面の案内に従って操作してください。";
const TAKEN: &str = "このパスキーは、すでに登録されています。";
const IMPOSSIBLE: &str = "このシステムのアドレスでは、パスキーを使えません。";

/// What led to the list.
#[derive(Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// The list.
pub(super) fn list(app: &App, frame: &Frame, arrival: &Arrival) -> Answer {
    let told = match arrival.notice.as_str() {
        "added" => Some(("パスキーを登録しました", "次回から、ログイン画面の【パスキーでログイン】ボタンでログインできます。")),
        "removed" => Some((
            "パスキーを削除しました",
            "そのパスキーで開かれていたほかのログインも終了しました。端末に残っているパスキーは、このシステムでは使えません。端末の設定からも削除してください。",
        )),
        _ => None,
    };
    let told = told.map(|(title, text)| notice(Mark::Success, title, html! { p { (text) } }));
    page(list_screen(frame, &flow::held(app, &frame.acting())?, "", &Errors::default(), told))
}

/// The first screen of a registration; the second while a ceremony waits. `typed` is a name that came too late: it is proposed again.
pub(super) fn new(app: &App, frame: &Frame, typed: &str) -> Answer {
    match flow::waiting(app, &frame.acting())? {
        Some(ceremony) => page(name_screen(frame, &ceremony, proposed(&ceremony), "", &Errors::default())),
        None => page(first_screen(frame, typed, &Errors::default())),
    }
}

/// \[次へ\]
pub(super) async fn begin(app: &App, frame: &Frame, sent: &Form) -> Answer {
    let relying = frame.relying().ok_or(Fault::NotFound)?;
    let (typed, mut errors) = (sent.get("name"), Errors::default());
    let confirmed = frame.confirm_anew(app, sent).await?;
    if !login::confirmed(&mut errors, &confirmed) {
        return form_page(true, first_screen(frame, typed, &errors));
    }
    let mut acting = frame.acting();
    if let Ok(name) = model::name(typed) {
        acting.agent = name;
    }
    match flow::begin(app, &relying, &acting).await? {
        Went::Full => full(app, frame),
        Went::Done => see_other(&frame.below("new")),
        _ => see_other(frame.list()),
    }
}

/// \[登録\]
pub(super) async fn register(app: &App, frame: &Frame, sent: &Form) -> Answer {
    let (relying, acting) = (frame.relying().ok_or(Fault::NotFound)?, frame.acting());
    let (typed, answer, mut errors) = (sent.get("name"), sent.get(CREDENTIAL), Errors::default());
    let waiting = flow::waiting(app, &acting)?;
    let name = errors.check("name", model::name(typed));
    if answer.is_empty() {
        errors.add("", NO_SCRIPT);
    }
    if let (Some(ceremony), false) = (&waiting, errors.is_empty()) {
        return form_page(true, name_screen(frame, ceremony, typed, answer, &errors));
    }
    // Of a form that comes too late nothing is to be mended: the registration begins anew.
    let went = flow::finish(app, &relying, &acting, &name.unwrap_or_default(), answer).await?;
    let why = match went {
        Went::Done => return see_other(&format!("{}?notice=added", frame.list())),
        Went::Full => return full(app, frame),
        Went::NotAnAnswer => NOT_AN_ANSWER,
        Went::Taken => TAKEN,
        Went::Over | Went::Closed | Went::NotThere => {
            let mut errors = Errors::default();
            errors.add("", OVER);
            return form_page(true, first_screen(frame, typed, &errors));
        }
    };
    errors.add("", why);
    let Some(ceremony) = waiting else { return see_other(&frame.below("new")) };
    form_page(true, name_screen(frame, &ceremony, typed, "", &errors))
}

/// \[削除\]
pub(super) async fn remove(app: &App, frame: &Frame, sent: &Form) -> Answer {
    let (acting, chosen, mut errors) = (frame.acting(), sent.get("passkey"), Errors::default());
    let id = Id::parse(chosen);
    if id.is_none() {
        errors.add("passkey", "削除するパスキーを選んでください。");
        if !frame.is_fresh() {
            login::note_missing(&mut errors, sent);
        }
    } else {
        let confirmed = frame.confirm_to_end(app, sent).await?;
        // Whatever is wrong stands among the errors now.
        let _ = login::confirmed(&mut errors, &confirmed);
    }
    if let (Some(id), true) = (id, errors.is_empty()) {
        match flow::remove(app, &acting, id).await? {
            Went::NotThere => errors.add("passkey", "選んだパスキーは、すでに削除されています。"),
            Went::Closed => return see_other(frame.list()),
            _ => return see_other(&format!("{}?notice=removed", frame.list())),
        }
    }
    form_page(true, list_screen(frame, &flow::held(app, &acting)?, chosen, &errors, None))
}

fn full_sentence() -> String {
    format!("登録できるパスキーは{MOST}個までです。使わないパスキーを削除してから、登録してください。")
}

fn full(app: &App, frame: &Frame) -> Answer {
    let mut errors = Errors::default();
    errors.add("", full_sentence());
    form_page(true, list_screen(frame, &flow::held(app, &frame.acting())?, "", &errors, None))
}

fn proposed(ceremony: &Ceremony) -> &str {
    match &ceremony.purpose {
        Purpose::Register { proposed, .. } => proposed,
        Purpose::Enter { .. } => "",
    }
}

fn list_screen(frame: &Frame, held: &[Passkey], chosen: &str, errors: &Errors, told: Option<Markup>) -> Markup {
    frame.page(TITLE, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if let Some(told) = told { (told) }
            p.lead { "パスキーを登録すると、指紋、顔、端末の暗証番号などで確認して、パスワードを入力せずにログインできます。これまでどおり、パスワードでもログインできます。" }
            @if held.is_empty() {
                (empty_state("登録されているパスキーはありません", html! {}))
            } @else {
                (removal(frame, held, chosen, csrf, errors))
            }
            @if frame.relying().is_none() {
                p.note { (IMPOSSIBLE) }
                (ButtonRow::only_back(frame.back()))
            } @else if held.len() >= MOST {
                p.note { (full_sentence()) }
                (ButtonRow::only_back(frame.back()))
            } @else {
                (ButtonRow::forward_link("パスキーを追加", &frame.below("new")).back(Back::Link(frame.back())))
            }
            (help(frame))
        }
    })
}

fn removal(frame: &Frame, held: &[Passkey], chosen: &str, csrf: &str, errors: &Errors) -> Markup {
    let ids: Vec<String> = held.iter().map(|one| one.id.to_string()).collect();
    // There is nothing to choose from.
    let chosen = if let [only] = ids.as_slice() { only } else { chosen };
    let choices: Vec<Choice<'_>> = held
        .iter()
        .zip(&ids)
        .map(|(one, id)| {
            let used = one.last_used.map_or_else(|| "まだ使われていません".to_owned(), jst::list_time);
            Choice::new(id, &one.name).detail(html! {
                div { "登録日時: " (jst::list_time(one.created)) }
                div { "最後に使った日時: " (used) }
            })
        })
        .collect();
    html! {
        (form(&frame.below("remove"), csrf, html! {
            (radio_cards("passkey", "登録されているパスキー", &choices).chosen(chosen).error(errors.of("passkey")))
            h2 { "パスキーの削除" }
            p { "端末をなくしたときや、使わなくなったときは、上の一覧で選び、【削除】ボタンを押してください。" }
            (frame.password_again(errors))
            div { button.button.danger type="submit" { "削除" } }
        }))
    }
}

fn first_screen(frame: &Frame, name: &str, errors: &Errors) -> Markup {
    frame.page(NEW, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if frame.relying().is_none() {
                p.lead { (IMPOSSIBLE) }
                (ButtonRow::only_back(frame.list()))
            } @else {
                p.lead { "いまお使いの端末、スマートフォン、またはセキュリティキーを、パスキーとして登録します。【次へ】ボタンを押してください。" }
                div data-passkey-without="" { (notice(Mark::Warning, "", html! { p { (NO_SCRIPT) } })) }
                (form(&frame.below("begin"), csrf, html! {
                    @if model::name(name).is_ok() { (hidden("name", name)) }
                    (frame.password_anew(errors))
                    (ButtonRow::forward("次へ").back(Back::Link(frame.list())))
                }))
                (help(frame))
            }
        }
    })
}

fn name_screen(frame: &Frame, ceremony: &Ceremony, typed: &str, answer: &str, errors: &Errors) -> Markup {
    frame.page(NEW, !errors.is_empty(), |csrf| {
        let fields = text_field("name", "パスキーの名前").required().value(typed).error(errors.of("name"));
        let action = frame.below("new");
        let asking = Asking {
            kind: "create",
            options: &ceremony.options,
            action: &action,
            csrf,
            answer,
            fields: html! { (fields.support("どの端末かわかる名前（40文字まで）")) },
            buttons: ButtonRow::forward("登録").back(Back::Link(frame.list())),
        };
        html! {
            (error_summary(&errors.list()))
            p.lead { "名前を確かめて、【登録】ボタンを押してください。続いて表示される端末の案内に従って、指紋、顔、暗証番号などで確認します。" }
            (asking.render())
        }
    })
}

fn help(frame: &Frame) -> Markup {
    help_details(
        "パスキーとは",
        html! {
            p { "パスワードの代わりに、端末やセキュリティキーに保存された鍵でログインするしくみです。指紋や顔の情報は端末の中だけで使われ、このシステムには送られません。" }
            p { "パスキーでログインするときは、" (frame.besides()) "の入力も要りません。ほかの人も使う端末には、登録しないでください。" }
            p { "端末をなくしたときは、この画面でその端末のパスキーを削除してください。" }
        },
    )
}
