//! Letters by state.

use maud::html;

use super::{PATH, ROWS, letters_screen, parts};
use crate::app::App;
use crate::letters::model::State;
use crate::letters::store;
use crate::staff::Desk;
use crate::store::StoreError;
use crate::web::components::{Column, DataTable, empty_state};
use crate::web::{Answer, Visit};

pub(super) fn show(app: &App, visit: &Visit, desk: &Desk, state: State) -> Answer {
    const COLUMNS: [Column<'_>; 6] = [
        Column::Head("発行番号"),
        Column::Short("管理番号"),
        Column::Text("事業所"),
        Column::Short("印刷日"),
        Column::Short("発送日"),
        Column::Short("有効期限"),
    ];
    let prefecture = desk.prefecture();
    let (tabs, letters) = app.store.read(|r| {
        let mut letters = Vec::new();
        for letter in store::in_state(r, prefecture, state, true, ROWS)? {
            let name = parts::office_name(r, &letter)?;
            letters.push((letter, name));
        }
        if state == State::Printed {
            // As the cover lists have them, to be gone through side by side.
            letters.sort_by_key(|(letter, _)| letter.number);
        }
        Ok::<_, StoreError>((parts::tabs(r, prefecture, state)?, letters))
    })?;
    let caption = format!("{}の通知書", state.title());
    let mut table = DataTable::new(&caption, &COLUMNS);
    for (letter, name) in &letters {
        table.push(vec![
            html! { a.mono href={ (PATH) "/" (letter.id) } { (parts::number_or_dash(letter)) } },
            parts::occasion(letter),
            parts::office_cell(letter.office.number.as_str(), name),
            html! { (parts::day(letter.printed_at())) },
            html! { (letter.posted_on().map_or_else(|| "―".to_owned(), crate::kernel::jst::list)) },
            html! { @if state == State::Returned { "失効" } @else { (parts::day(letter.valid_until)) } },
        ]);
    }
    letters_screen(desk, visit, "通知書").answer(html! {
        (tabs)
        section.card {
            h2 { (caption) }
            @if letters.is_empty() { (empty_state(&format!("{caption}はありません"), html! {})) } @else { (table) }
            @if letters.len() == ROWS { p.note { "新しいものから" (ROWS) "通を表示しています。" } }
        }
    })
}
