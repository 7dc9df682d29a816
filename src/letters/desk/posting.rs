//! 発送済にする: by the numbers on the letters, typed or scanned, many at once.

use jiff::civil::Date;
use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{PATH, letters_screen};
use crate::app::App;
use crate::kernel::{jst, text};
use crate::letters::flow::{self, Posted};
use crate::letters::post::Posting;
use crate::staff::Desk;
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, notice, text_field, textarea};
use crate::web::{Answer, Errors, Form, Visit};

/// Most lines of one form.
const MOST: usize = 500;

/// The empty form.
#[handler]
pub fn show(visit: Visit, desk: Desk) -> Answer {
    let today = jst::list(jst::date(visit.now));
    screen(&visit, &desk, "", &today, &[], &Errors::default())
}

/// [発送済にする]: each line for itself; those refused stay in the form.
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    let mut errors = Errors::default();
    let lines = Posting::parse_lines(form.get("numbers"));
    if lines.is_empty() {
        errors.add("numbers", "発行番号を入力してください。");
    }
    if lines.len() > MOST {
        errors.add("numbers", format!("一度に入力できるのは{MOST}行までです。"));
    }
    let on = errors.check("on", day(form.get("on")).ok_or("発送日を2026/01/20のように入力してください。"));
    if let Some(on) = on
        && on > jst::date(visit.now)
    {
        errors.add("on", crate::letters::Refused::PostedAhead);
    }
    let Some(on) = on.filter(|_| errors.is_empty()) else {
        return screen(&visit, &desk, form.get("numbers"), form.get("on"), &[], &errors);
    };
    let posted = flow::post(&app, &desk, lines, on).await?;
    let mut left = Vec::new();
    for (posting, outcome) in &posted {
        if let Err(refused) = outcome {
            let sentence = refused.to_string();
            let told = if sentence.contains(&posting.given) { sentence } else { format!("{}：{sentence}", posting.given) };
            errors.add("numbers", told);
            left.push(format!("{} {}", posting.given, posting.tracking).trim().to_owned());
        }
    }
    screen(&visit, &desk, &left.join("\n"), form.get("on"), &posted, &errors)
}

/// A day as lists show it, or with hyphens as date fields send it.
fn day(input: &str) -> Option<Date> {
    text::line(input).replace('/', "-").parse().ok()
}

fn screen(visit: &Visit, desk: &Desk, numbers: &str, on: &str, posted: &[Posted], errors: &Errors) -> Answer {
    let joined = errors.list().iter().filter(|(field, _)| *field == "numbers").map(|(_, told)| *told).collect::<Vec<_>>();
    let in_field = (!joined.is_empty()).then(|| joined.join(" "));
    letters_screen(desk, visit, "発送済にする").refused(!errors.is_empty()).answer(html! {
        (error_summary(&errors.list()))
        (done(posted))
        p.lead { "投函する通知書の発行番号を、枝番まで入力するか、バーコードリーダーで読み取ってください。再印刷で無効になった通知書は受け付けません。" }
        (form(&format!("{PATH}/posting"), &visit.csrf(), html! {
            (textarea("numbers", "発行番号", 8).value(numbers).required().error(in_field.as_deref())
                .support("1行に1通（例 202601-000001-01）。追跡番号があれば、空白で区切って続けてください。"))
            (text_field("on", "発送日").value(on).required().short().error(errors.of("on")).support("例 2026/01/20"))
            (ButtonRow::forward("発送済にする").back(Back::Link("/staff/letters?list=printed")))
        }))
    })
}

fn done(posted: &[Posted]) -> Markup {
    let good: Vec<_> = posted.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()).collect();
    if good.is_empty() {
        return html! {};
    }
    notice(
        Mark::Success,
        &format!("{}通を発送済にしました", good.len()),
        html! {
            ul { @for letter in good { li.mono { (letter.number.map(|number| number.to_string()).unwrap_or_default()) } } }
        },
    )
}
