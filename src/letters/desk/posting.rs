//! 発送済にする: by the numbers on the letters, ticked in the list of printed ones or typed, many at once.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{PATH, ROWS, letters_screen, parts};
use crate::app::App;
use crate::kernel::{day, jst, text};
use crate::letters::flow::{self, Posted};
use crate::letters::model::{Letter, State};
use crate::letters::post::{Posting, carries_live_password};
use crate::letters::store;
use crate::staff::Desk;
use crate::store::{Reads, StoreError};
use crate::web::components::{Back, ButtonRow, Column, DataTable, Mark, error_summary, form, notice, text_field, textarea};
use crate::web::{Answer, Errors, Form, Kept, Visit};

/// Most letters of one form, ticked and typed together.
const MOST: usize = 500;
/// Characters of a number that cannot be read that are repeated in its sentence.
const NAMED: usize = 40;

/// The form: empty, or as it was typed before the login.
#[handler]
pub fn show(app: Data<&App>, visit: Visit, desk: Desk, kept: Kept) -> Answer {
    let typed = match kept.form() {
        Some(form) => Typed {
            ticked: form.all("ticked").into_iter().map(text::line).collect(),
            numbers: form.get("numbers").to_owned(),
            on: form.get("on").to_owned(),
        },
        None => Typed { ticked: Vec::new(), numbers: String::new(), on: jst::list(jst::date(visit.now)) },
    };
    screen(&app, &visit, &desk, &typed, &[], &Errors::default())
}

/// What stands in the form.
struct Typed {
    ticked: Vec<String>,
    numbers: String,
    on: String,
}

/// \[発送済にする\]: each letter for itself; those refused stay in the form.
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    let mut errors = Errors::default();
    let mut lines = Posting::parse_lines(form.get("numbers"), MOST + 1);
    let ticked: Vec<String> = form.all("ticked").into_iter().map(text::line).collect();
    // The list has no place for the post's number: what is both ticked and typed counts as typed.
    for posting in ticked.iter().flat_map(|number| Posting::parse_lines(number, 1)) {
        if lines.iter().all(|line| line.number.is_none() || line.number != posting.number) {
            lines.push(posting);
        }
    }
    if lines.is_empty() {
        errors.add("numbers", "発送する通知書を一覧から選択するか、発行番号を入力してください。");
    }
    if lines.len() > MOST {
        errors.add("numbers", format!("一度に発送済にできるのは{MOST}通までです。"));
    }
    let on = errors.check("on", day::parse(form.get("on")).ok_or("発送日を2026/01/20のように入力してください。"));
    if let Some(on) = on
        && on > jst::date(visit.now)
    {
        errors.add("on", crate::letters::Refused::PostedAhead);
    }
    let Some(on) = on.filter(|_| errors.is_empty()) else {
        let typed = Typed { ticked, numbers: form.get("numbers").to_owned(), on: form.get("on").to_owned() };
        return screen(&app, &visit, &desk, &typed, &[], &errors);
    };
    let posted = flow::post(&app, &desk, visit.client, lines, on).await?;
    let mut left = Vec::new();
    for (posting, outcome) in &posted {
        if let Err(refused) = outcome {
            let sentence = refused.to_string();
            let told =
                if sentence.contains(&posting.given) { sentence } else { format!("{}：{sentence}", named(&posting.given)) };
            errors.add("numbers", told);
            if !ticked.contains(&posting.given) {
                left.push(format!("{} {}", posting.given, posting.tracking).trim().to_owned());
            }
        }
    }
    let typed = Typed { ticked, numbers: left.join("\n"), on: form.get("on").to_owned() };
    screen(&app, &visit, &desk, &typed, &posted, &errors)
}

/// What was typed in the place of a number, in short: the line itself stays in the field.
fn named(given: &str) -> String {
    match given.char_indices().nth(NAMED) {
        Some((end, _)) => format!("{}…", &given[..end]),
        None => given.to_owned(),
    }
}

fn screen(app: &App, visit: &Visit, desk: &Desk, typed: &Typed, posted: &[Posted], errors: &Errors) -> Answer {
    let printed = app.store.read(|r| printed(r, desk))?;
    let joined = errors.list().iter().filter(|(field, _)| *field == "numbers").map(|(_, told)| *told).collect::<Vec<_>>();
    let in_field = (!joined.is_empty()).then(|| joined.join(" "));
    letters_screen(desk, visit, "発送済にする").refused(!errors.is_empty()).answer(html! {
        (error_summary(&errors.list()))
        (done(posted))
        p.lead { "投函する通知書の発行番号を、一覧で選択するか、枝番まで入力してください。再印刷で無効になった通知書は受け付けません。" }
        section.card {
            (form(&format!("{PATH}/posting"), &visit.csrf(), html! {
                @if !printed.is_empty() { h2 { "印刷済の通知書から選択する" } (list(&printed, &typed.ticked)) }
                @if printed.len() == ROWS { p.note { "新しいものから" (ROWS) "通を表示しています。" } }
                (textarea("numbers", "発行番号", 6).value(&typed.numbers).error(in_field.as_deref())
                    .support("一覧で選択しないものを、1行に1通（例 202601-000001-01）。追跡番号があれば、空白で区切って続けてください。"))
                (text_field("on", "発送日").value(&typed.on).required().short().error(errors.of("on")).support("例 2026/01/20"))
                (ButtonRow::forward("発送済にする").back(Back::Link("/staff/letters?list=printed")))
            }))
        }
    })
}

/// A letter that lies printed, with the office's name, and whether its password still opens.
type Line = (Letter, String, bool);

/// The printed letters of this desk by their numbers, as the cover lists have them.
fn printed(r: &impl Reads, desk: &Desk) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    for letter in store::in_state(r, desk.prefecture(), State::Printed, true, ROWS)? {
        let (name, live) = (parts::office_name(r, &letter)?, carries_live_password(r, &letter)?);
        lines.push((letter, name, live));
    }
    lines.sort_by_key(|(letter, ..)| letter.number);
    Ok(lines)
}

/// What is ticked carries the 枝番 that the clerk has seen: a reprint in between is refused, not posted unseen.
fn list(printed: &[Line], ticked: &[String]) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Short("選択"),
        Column::Head("発行番号"),
        Column::Short("管理番号"),
        Column::Text("事業所"),
        Column::Short("印刷日"),
    ];
    let mut table = DataTable::new("印刷済の通知書", &COLUMNS).id("printed");
    for (letter, name, live) in printed {
        let number = parts::number_or_dash(letter);
        let pick = html! {
            @if *live {
                input.pick type="checkbox" name="ticked" value=(number) aria-label={ (number) " " (name) "を選択" } checked[ticked.contains(&number)];
            } @else {
                "無効"
            }
        };
        table.push(vec![
            pick,
            html! { a.mono href={ (PATH) "/" (letter.id) } { (number) } },
            parts::occasion(letter),
            parts::office_cell(letter.office.number.as_str(), name),
            html! { (parts::day(letter.printed_at())) },
        ]);
    }
    html! { (table) }
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
