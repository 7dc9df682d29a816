//! One printing: how far it is, what to look after, and the PDF, once.

use maud::{Markup, html};
use poem::handler;
use poem::http::{HeaderValue, header};
use poem::web::{Data, Path};

use super::{PATH, letters_screen, parts};
use crate::app::App;
use crate::kernel::{Id, jst, text};
use crate::letters::print::Choice;
use crate::letters::store::{self, Batch, Stage};
use crate::letters::{Letter, flow};
use crate::staff::Desk;
use crate::store::{Reads, StoreError};
use crate::web::components::{
    Column, DataTable, Mark, empty_state, error_summary, form, hidden, notice, post_button, text_field,
};
use crate::web::{Answer, Errors, Fault, Form, Kept, Visit, attachment, see_other};

/// The printing with this id.
#[handler]
pub fn show(app: Data<&App>, visit: Visit, desk: Desk, Path(id): Path<String>, kept: Kept) -> Answer {
    let reason = kept.form().map_or("", |form| form.get("reason"));
    render(&app, &visit, &desk, &id, reason, &Errors::default())
}

/// \[PDFを受け取る\]: hands the PDF out, once, never kept by anybody on the way.
#[handler]
pub async fn pdf(app: Data<&App>, visit: Visit, desk: Desk, Path(id): Path<String>, _form: Form) -> Answer {
    let batch = find(&app, &desk, &id)?;
    match flow::deliver(&app, &desk, visit.client, batch.id).await? {
        Some(pdf) => {
            let name = jst::list_time(batch.at).replace(['/', ':'], "").replace(' ', "-");
            attachment(&format!("letters-{name}.pdf"), "application/pdf", pdf.expose().clone())
        }
        None => {
            let mut errors = Errors::default();
            errors.add("", "このPDFはすでに受け取られたか、受け取る前にサーバーから消えています（期限の30分が過ぎた、受け取らない印刷が重なった、サーバーが再起動した）。必要な場合は、理由を入力してもう一度印刷してください。");
            render(&app, &visit, &desk, &id, "", &errors)
        }
    }
}

/// \[もう一度印刷する\]: all letters of this printing anew, with new passwords.
#[handler]
pub async fn again(app: Data<&App>, visit: Visit, desk: Desk, Path(id): Path<String>, form: Form) -> Answer {
    let batch = find(&app, &desk, &id)?;
    let token = Id::parse(form.get("token")).ok_or(Fault::BadRequest("a print form without its token"))?;
    let (typed, reason) = (form.get("reason"), text::line(form.get("reason")));
    let mut errors = Errors::default();
    if reason.is_empty() {
        errors.add("reason", "理由を入力してください。");
        return render(&app, &visit, &desk, &id, typed, &errors);
    }
    let choices = batch.printed.iter().map(|(letter, _)| Choice::Letter(*letter)).collect();
    match flow::order(&app, &desk, visit.client, token, choices, reason).await? {
        Ok(batch) => see_other(&format!("{PATH}/batches/{batch}")),
        Err(refused) => {
            errors.add("reason", refused);
            render(&app, &visit, &desk, &id, typed, &errors)
        }
    }
}

fn find(app: &App, desk: &Desk, id: &str) -> Result<Batch, Fault> {
    let id = Id::parse(id).ok_or(Fault::NotFound)?;
    let batch = app.store.read(|r| store::batch(r, id))?;
    batch.filter(|batch| desk.sees(batch.prefecture)).ok_or(Fault::NotFound)
}

fn render(app: &App, visit: &Visit, desk: &Desk, id: &str, reason: &str, errors: &Errors) -> Answer {
    let batch = find(app, desk, id)?;
    let letters = app.store.read(|r| letters(r, &batch))?;
    let held = batch.stage == Stage::Ready && app.press().holds(batch.id, visit.now);
    let screen = letters_screen(desk, visit, "通知書の印刷").refused(!errors.is_empty());
    let mut response = screen.answer(html! {
        (error_summary(&errors.list()))
        (stage(&batch, held, visit))
        @if !batch.left_out.is_empty() {
            (notice(Mark::Warning, &format!("印刷しなかったものが{}件あります", batch.left_out.len()), html! {
                ul { @for (label, why) in &batch.left_out { li { @if !why.contains(label.as_str()) && label.starts_with('U') { (label) "：" } (why) } } }
            }))
        }
        @if !batch.unprintable.is_empty() {
            (notice(Mark::Warning, "書体にない文字を〓で印刷した通知書があります", html! {
                p { "手書きで補うなど、発送前にご確認ください。" }
                ul { @for (number, characters) in &batch.unprintable { li { (number) "：" (characters) } } }
            }))
        }
        @if !letters.is_empty() || batch.stage != Stage::Printing {
            section.card {
                h2 { "印刷した通知書" }
                @if letters.is_empty() { (empty_state("印刷した通知書はありません", html! {})) } @else { (table(&letters)) }
            }
        }
        @if !letters.is_empty() && batch.stage != Stage::Printing { (again_form(app, visit, &batch, reason, errors)) }
    })?;
    if batch.stage == Stage::Printing {
        // Also without the script the page looks again by itself.
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    Ok(response)
}

type Line = (Letter, String, String);

fn letters(r: &impl Reads, batch: &Batch) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    for (id, number) in &batch.printed {
        if let Some(letter) = store::find(r, *id)? {
            let name = parts::office_name(r, &letter)?;
            lines.push((letter, number.to_string(), name));
        }
    }
    Ok(lines)
}

fn stage(batch: &Batch, held: bool, visit: &Visit) -> Markup {
    let count = batch.printed.len();
    match batch.stage {
        Stage::Printing => notice(
            Mark::Info,
            "PDFを作成しています",
            html! {
                p { (batch.wanted.len()) "件中" (batch.done) "件まで進みました。しばらくお待ちください。" }
                p { a href={ (PATH) "/batches/" (batch.id) } { "最新の状態を表示する" } }
            },
        ),
        Stage::Ready if count == 0 => notice(Mark::Warning, "印刷できる通知書がありませんでした", html! {}),
        Stage::Ready if held => notice(
            Mark::Success,
            &format!("{count}通のPDFができました"),
            html! {
                p { "PDFには仮パスワードが記載されています。受け取れるのは一度だけで、サーバーには残りません。30分以内に受け取り、印刷後はファイルを削除してください。" }
                (post_button(&format!("{PATH}/batches/{}/pdf", batch.id), &visit.csrf(), "PDFを受け取る", "primary", &[]))
            },
        ),
        Stage::Ready => notice(
            Mark::Error,
            "PDFは受け取られないまま、サーバーから消えました",
            html! {
                p { "受け取りの期限（30分）が過ぎたか、受け取られない印刷が重なったか、サーバーが再起動しました。" }
                p { "この印刷の仮パスワードはどこにも残っていません。下の「もう一度印刷する」から印刷し直してください。" }
            },
        ),
        Stage::Delivered(at) => notice(
            if taken_by_another(batch) { Mark::Warning } else { Mark::Info },
            &format!("PDFは{}に受け取り済みです", jst::list_time(at)),
            html! {
                @if let Some(taker) = &batch.taken_by {
                    p { "受け取った職員：" (taker.name) @if taken_by_another(batch) { "（印刷した職員：" (batch.by.name) "）" } }
                }
                @if taken_by_another(batch) {
                    p { "仮パスワードが記載されています。受け取りに心当たりがない場合は、通知書を発送せずに、もう一度印刷してください。前の仮パスワードは使えなくなります。" }
                }
                p { "封入したら、" a href={ (PATH) "/posting" } { "発送済にする" } "の画面で発行番号を入力してください。" }
            },
        ),
        Stage::Failed => notice(
            Mark::Error,
            "PDFを作成できませんでした",
            html! {
                p { "下の「もう一度印刷する」をお試しください。続けて失敗する場合は、システム管理者にご連絡ください。" }
            },
        ),
    }
}

fn taken_by_another(batch: &Batch) -> bool {
    batch.taken_by.as_ref().is_some_and(|taker| taker.id != batch.by.id)
}

fn table(letters: &[Line]) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Number("順"),
        Column::Head("発行番号"),
        Column::Short("管理番号"),
        Column::Text("事業所"),
        Column::Text("現在の状態"),
    ];
    let mut table = DataTable::new("印刷した通知書", &COLUMNS);
    for (place, (letter, number, name)) in (1..).zip(letters) {
        table.push(vec![
            html! { (place) },
            html! { a.mono href={ (PATH) "/" (letter.id) } { (number) } },
            parts::occasion(letter),
            parts::office_cell(letter.office.number.as_str(), name),
            parts::state_badge(letter.state),
        ]);
    }
    html! { (table) }
}

fn again_form(app: &App, visit: &Visit, batch: &Batch, reason: &str, errors: &Errors) -> Markup {
    html! {
        section.card {
            h2 { "もう一度印刷する" }
            p { "PDFを受け取れなかったときや、用紙に印刷できなかったときに使います。仮パスワードは新しくなり、枝番が1つ増えます。古い通知書は破棄してください。" }
            (form(&format!("{PATH}/batches/{}/again", batch.id), &visit.csrf(), html! {
                (hidden("token", &Id::new(&app.random).to_string()))
                (text_field("reason", "理由").value(reason).required().error(errors.of("reason")))
                div.buttons { button.button type="submit" { "もう一度印刷する" } }
            }))
        }
    }
}
