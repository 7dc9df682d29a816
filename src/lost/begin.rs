//! What both ways out of P4 begin with: the office number, and the prefecture where a number has user IDs in several.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::kernel::{OfficeKey, OfficeNumber, Prefecture, jst};
use crate::store::StoreError;
use crate::web::components::{Back, ButtonRow, Choice, Field, Mark, error_summary, form, notice, select, text_field};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Form, Visit, page};

/// The name of the field 事業所番号.
pub const NUMBER: &str = "number";
const PREFECTURE: &str = "prefecture";

const CHECK_DIGIT: &str = "番号をお確かめください。入力に誤りがある可能性があります。このまま進むこともできます。";

/// 事業所番号, checked while it is typed by what stands at `check`.
#[must_use]
pub fn number_field<'a>(typed: &'a str, error: Option<&'a str>, check: &'a str) -> Field<'a> {
    text_field(NUMBER, "事業所番号")
        .required()
        .short()
        .value(typed)
        .autocomplete("off")
        .support("10桁の事業所番号を入力してください。例: 1311111111")
        .error(error)
        .live_check(check)
}

/// The live check: a fragment, empty where there is nothing to say. `refuses`: why this way cannot be gone with a number, if it cannot.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
pub fn check_number(sent: &Form, refuses: impl FnOnce(OfficeNumber) -> Result<Option<&'static str>, StoreError>) -> Answer {
    let typed = sent.get(NUMBER);
    let sentence = match OfficeNumber::parse(typed) {
        _ if typed.trim().is_empty() => None,
        Err(error) => Some(error.to_string()),
        Ok(number) => {
            let doubt = (!number.check_digit_fits()).then_some(CHECK_DIGIT);
            refuses(number)?.or(doubt).map(str::to_owned)
        }
    };
    page(html! { @if let Some(sentence) = sentence { (notice(Mark::Warning, "", html! { p { (sentence) } })) } })
}

/// 【請求先都道府県選択】, only where there is something to choose.
#[derive(Clone, Copy, Debug)]
pub struct Choosing<'a> {
    /// The steps of the way; this is the second.
    pub steps: &'a [&'a str],
    /// What the way is for, a sentence.
    pub lead: &'a str,
    /// Why there is something to choose, a sentence.
    pub note: &'a str,
    /// What can be chosen.
    pub among: &'a [Prefecture],
    /// What was chosen before.
    pub chosen: Option<OfficeKey>,
    /// Where the form goes.
    pub action: &'a str,
    /// The first screen.
    pub back: &'a str,
}

impl Choosing<'_> {
    /// The whole page.
    #[must_use]
    pub fn screen(self, visit: &Visit, errors: &Errors) -> Markup {
        let values: Vec<String> = self.among.iter().map(ToString::to_string).collect();
        let choices: Vec<_> = self.among.iter().zip(&values).map(|(one, value)| Choice::new(value, one.name())).collect();
        let chosen = self.chosen.map(|office| office.prefecture.to_string()).unwrap_or_default();
        visit.page("請求先都道府県選択", Shell::Visitor).steps(self.steps, 2).error(!errors.is_empty()).render(html! {
            (error_summary(&errors.list()))
            p.lead { (self.lead) "請求先都道府県を選択し、【次へ】ボタンを押してください。" }
            (form(self.action, &visit.csrf(), html! {
                (select(PREFECTURE, "請求先都道府県", &choices).chosen(&chosen).empty("選択してください").required().error(errors.of(PREFECTURE)))
                p.note { (self.note) }
                (ButtonRow::forward("次へ").back(Back::Link(self.back)))
            }))
        })
    }
}

/// What was chosen, if it is one of those; else the error stands beside the field.
pub fn chosen_prefecture(sent: &Form, among: &[Prefecture], errors: &mut Errors) -> Option<Prefecture> {
    let chosen = Prefecture::parse(sent.get(PREFECTURE)).filter(|one| among.contains(one));
    if chosen.is_none() {
        errors.add(PREFECTURE, "請求先都道府県を選択してください。");
    }
    chosen
}

/// What somebody is told whose network has begun too many of them.
#[must_use]
pub fn too_many_flows(again_at: Timestamp) -> String {
    format!(
        "お使いの回線からのお手続きが短い時間に多く始められたため、受け付けを一時的に止めています。{}以降に、もう一度お試しください。",
        jst::sentence_time(again_at)
    )
}
