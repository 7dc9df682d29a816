//! The forms of one inquiry: each opens below its button and says what it does.

use maud::{Markup, html};

use super::address;
use super::one::Dossier;
use crate::contact_form::flow::desk::Order;
use crate::contact_form::model::{Act, Inquiry, Reason, Shown, TEXT_MOST};
use crate::kernel::{Id, text};
use crate::web::components::{Choice, Mark, checkbox, form, hidden, notice, post_button, select, text_field, textarea};
use crate::web::{Errors, Form};

/// \[再送\] of a mail.
pub(super) const MAIL_AGAIN: &str = "mail_again";
/// The box about a main user who is there.
pub(super) const REPLACE: &str = "replace";
const ANSWER: &str = "reply";
const PROOF: &str = "proof_text";
const REASON: &str = "reject_reason";
const SENTENCE: &str = "reject_sentence";
/// The main user whom the form has shown.
const MAIN: &str = "main";
const NOBODY: &str = "none";
/// Most characters of 確認した方法.
const PROOF_MOST: usize = 500;

/// What was typed into the forms and could not be taken.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Into which of them.
    pub(super) act: Option<Act>,
    answer: String,
    proof: String,
    replace: bool,
    reason: String,
    sentence: String,
    pub(super) errors: Errors,
    /// Something has happened since the form was drawn.
    pub(super) overtaken: bool,
}

impl Draft {
    pub(super) fn of(sent: &Form) -> Self {
        Self {
            act: Act::from_word(sent.get("act")),
            answer: sent.get(ANSWER).to_owned(),
            proof: sent.get(PROOF).to_owned(),
            replace: sent.has(REPLACE),
            reason: sent.get(REASON).to_owned(),
            sentence: sent.get(SENTENCE).to_owned(),
            errors: Errors::default(),
            overtaken: false,
        }
    }

    /// What the form asks for, if it is whole; else what is wrong stands beside its fields.
    pub(super) fn order(&mut self, sent: &Form) -> Option<Order> {
        match self.act? {
            Act::Take => Some(Order::Take),
            Act::Answer => Some(Order::Answer { text: written(&mut self.errors, ANSWER, "回答", &self.answer)? }),
            Act::Create => {
                let proof = proof(&mut self.errors, &self.proof)?;
                Some(Order::Create { proof, replace: self.replace, main: Id::parse(sent.get(MAIN)) })
            }
            Act::Reject => {
                let reason = Reason::from_word(&self.reason);
                if reason.is_none() {
                    self.errors.add(REASON, "却下の理由を選択してください。");
                }
                let text = written(&mut self.errors, SENTENCE, "お知らせする文", &self.sentence);
                Some(Order::Reject { reason: reason?, text: text? })
            }
        }
    }

    fn typed(&self) -> &str {
        match self.act {
            Some(Act::Answer) => &self.answer,
            Some(Act::Create) => &self.proof,
            Some(Act::Reject) => &self.sentence,
            Some(Act::Take) | None => "",
        }
    }
}

fn written(errors: &mut Errors, field: &str, label: &str, typed: &str) -> Option<String> {
    let text = text::paragraph(typed);
    let wrong = match text.chars().count() {
        0 => format!("{label}を入力してください。"),
        count if count > TEXT_MOST => format!("{label}は{TEXT_MOST}文字以内で入力してください（現在{count}文字）。"),
        _ if text::has_control(&text) => format!("{label}に使えない文字が含まれています。"),
        _ => return Some(text),
    };
    errors.add(field, wrong);
    None
}

fn proof(errors: &mut Errors, typed: &str) -> Option<String> {
    let line = text::line(typed);
    if line.is_empty() {
        errors.add(PROOF, "確認した方法を入力してください。");
    } else if line.chars().count() > PROOF_MOST || line.chars().any(char::is_control) {
        errors.add(PROOF, format!("確認した方法は{PROOF_MOST}文字以内の1行で入力してください。"));
    } else {
        return Some(line);
    }
    None
}

/// On the button that opens the form, and on the one that sends it.
const fn words(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::Take => ("対応を始める", "対応を始める"),
        Act::Answer => ("回答する", "回答を送信する"),
        Act::Create => ("医療機関のIDを発行する", "IDの発行を確定する"),
        Act::Reject => ("却下する", "却下を確定する"),
    }
}

/// What can be done now.
pub(super) fn forms(csrf: &str, dossier: &Dossier, draft: &Draft) -> Markup {
    let one = &dossier.one;
    let acts: Vec<Act> = Act::ALL.into_iter().filter(|act| act.fits(one)).collect();
    let shown = Shown::of(one);
    let take = [("act", Act::Take.word()), ("shown", shown.word())];
    html! {
        @if acts.is_empty() { p { "この問い合わせの手続きは終わっています。" } }
        (leftover(&acts, draft))
        @if acts.contains(&Act::Take) {
            div.moves { (post_button(&address(one.number), csrf, words(Act::Take).0, "primary", &take)) }
        }
        div.more-moves {
            @for act in acts.into_iter().filter(|act| *act != Act::Take) { (panel(csrf, act, dossier, draft)) }
        }
    }
}

fn panel(csrf: &str, act: Act, dossier: &Dossier, draft: &Draft) -> Markup {
    let (one, danger) = (&dossier.one, act == Act::Reject);
    let (open, confirm) = words(act);
    html! {
        details.move name="act" open[draft.act == Some(act)] {
            summary.button.danger[danger] { (open) }
            div.move-body {
                (form(&address(one.number), csrf, html! {
                    (hidden("act", act.word()))
                    (hidden("shown", Shown::of(one).word()))
                    @match act {
                        Act::Create => (create(dossier, draft)),
                        Act::Reject => (reject(draft)),
                        Act::Answer | Act::Take => (answer(one, draft)),
                    }
                    div.buttons { button.button.primary.danger[danger] type="submit" { (confirm) } }
                }))
            }
        }
    }
}

fn answer(one: &Inquiry, draft: &Draft) -> Markup {
    html! {
        p { "入力した文を、受付番号とともにメールでお送りします。" }
        @if one.medical.is_some() {
            (notice(Mark::Warning, "", html! {
                p { "回答すると、この申請は「回答済」になり、この申請からはIDを発行できなくなります。確認のための連絡は、電話などで行ってください。" }
            }))
        }
        (textarea(ANSWER, "回答", 8).value(&draft.answer).required().error(draft.errors.of(ANSWER)))
    }
}

fn create(dossier: &Dossier, draft: &Draft) -> Markup {
    let main = dossier.there.as_ref().map_or_else(|| NOBODY.to_owned(), |there| there.main.id.to_string());
    let asks = dossier.there.as_ref().is_some_and(|there| !there.same);
    html! {
        p {
            "申請の内容で医療機関と主たる利用者を登録し、担当者のメールアドレスに初期パスワードのお知らせをお送りします。"
            "申請が医療機関からのものであることを、申請に書かれた連絡先とは別に調べた代表電話などで確かめてから行ってください。"
        }
        (hidden(MAIN, &main))
        (text_field(PROOF, "確認した方法").value(&draft.proof).required().autocomplete("off")
            .support("例： 厚生局の一覧の電話番号へかけて、担当者の申請であることを確認した。").error(draft.errors.of(PROOF)))
        @if asks {
            (checkbox(REPLACE, "登録済みの主たる利用者と交代する", draft.replace)
                .support("これまでの主たる利用者は、この医療機関の画面を使えなくなります。追加の利用者は変わりません。")
                .error(draft.errors.of(REPLACE)))
        }
    }
}

fn reject(draft: &Draft) -> Markup {
    let choices = Reason::ALL.map(|reason| Choice::new(reason.word(), reason.title()));
    html! {
        p { "理由とお知らせする文を、メールでお送りします。" }
        (select(REASON, "理由", &choices).empty("選択してください").chosen(&draft.reason).required().error(draft.errors.of(REASON)))
        (textarea(SENTENCE, "お知らせする文", 6).value(&draft.sentence).required().error(draft.errors.of(SENTENCE)))
    }
}

/// What was typed for something that can no longer be done: its form is gone, its words need not be.
fn leftover(acts: &[Act], draft: &Draft) -> Markup {
    let lost = draft.act.filter(|act| !acts.contains(act) && !draft.typed().trim().is_empty());
    html! {
        @if let Some(act) = lost {
            (notice(Mark::Info, &format!("「{}」に入力していた内容", words(act).0), html! {
                p { "現在はこの操作を行えません。必要なときは書き写してお使いください。" }
                p.pre { (draft.typed()) }
            }))
        }
    }
}
