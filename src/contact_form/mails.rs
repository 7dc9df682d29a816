//! M-10 (spec 4): the receipt of an inquiry, and its answer.
//!
//! The receipt repeats nothing that was typed (D): the form must not carry a stranger's words to a third mailbox. What an operator wrote is
//! read from the inquiry when the mail is sent; the outbox holds none of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Ask, Inquiry, InquiryNumber, Reason, What};
use super::store;
use crate::config::Config;
use crate::kernel::{Id, Moment, Prefecture, jst};
use crate::mail::words::Words;
use crate::mail::{self, ComposeContext, Composed, Mail, outbox};
use crate::store::{StoreError, Tx};

/// The kind that [`compose`] knows.
pub const KIND: &str = "M-10";
const TITLE: &str = "お問い合わせ受付のお知らせ";

#[derive(Debug, Serialize, Deserialize)]
struct Params {
    home: Prefecture,
    number: InquiryNumber,
    /// The step of the history that it tells; the first is the receipt.
    step: usize,
}

/// What staff call a mail of this room.
#[must_use]
pub fn mail_title(kind: &str) -> Option<&'static str> {
    (kind == KIND).then_some(TITLE)
}

/// The federation whose operators see a mail of this room that could not be sent. `None` for other mails and those that have gone.
#[must_use]
pub fn mail_home(row: &outbox::Row) -> Option<Prefecture> {
    mail_title(&row.kind)?;
    serde_json::from_str::<Params>(&row.params).ok().map(|params| params.home)
}

/// Posts the mail about the last step of an inquiry. `None` if nobody is left to be told.
pub(super) fn tell(tx: &mut Tx<'_>, moment: &Moment, one: &Inquiry) -> Result<Option<Id>, StoreError> {
    let Some(contact) = &one.contact else { return Ok(None) };
    let params = Params { home: one.home, number: one.number, step: one.history.len().saturating_sub(1) };
    let mail = Mail {
        kind: KIND,
        to: contact.mail.clone(),
        // Clerks of the counter see nothing of the portal.
        prefecture: None,
        about: one.number.to_string(),
        params: serde_json::json!(params),
        useless_after: None,
    };
    mail::post(tx, moment, mail).map(Some)
}

/// Writes the text when the mail is sent.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn compose(params: &Value, ctx: &ComposeContext<'_>) -> Result<Composed, StoreError> {
    let Ok(params) = serde_json::from_value::<Params>(params.clone()) else {
        return Ok(Composed::Drop("unreadable parameters".to_owned()));
    };
    let found = store::find(ctx.read, params.number)?.filter(|one| one.contact.is_some());
    let Some((one, step)) = found.as_ref().and_then(|one| Some((one, one.history.get(params.step)?))) else {
        return Ok(Composed::Drop("保存期間が過ぎたため送信していません".to_owned()));
    };
    let (subject, body) = match step.what {
        What::Answered => (format!("{TITLE}（回答）"), answered(one, &step.text, ctx.config)),
        What::Rejected(reason) => (format!("{TITLE}（結果）"), rejected(one, reason, &step.text, ctx.config)),
        What::Received | What::Taken | What::Issued => (TITLE.to_owned(), received(one, ctx.config)),
    };
    Ok(Composed::Send { subject, body })
}

fn begin(one: &Inquiry, what: &str) -> Words {
    Words::from_portal()
        .paragraph(what)
        .fact("受付番号", &one.number.to_string())
        .fact("お問い合わせ区分", &format!("{}／{}", one.category.0, one.category.1))
        .fact("受付日時", &jst::sentence_time(one.received))
}

fn received(one: &Inquiry, config: &Config) -> String {
    let words = begin(one, "お問い合わせを受け付けました。");
    let words = match one.kind {
        Ask::General => words
            .heading("このあとの流れ")
            .paragraph("ポータル運営の担当者が内容を確認し、このメールアドレスに回答をお送りします。数日かかる場合があります。"),
        Ask::IdApplication => words.heading("このあとの流れ").numbered(&[
            "ポータル運営の担当者が、医療機関の代表電話などへおかけして、申請を確認します。",
            "確認が済むと、このメールアドレスに、初期パスワードを記載した「介護情報基盤ポータル 初期パスワードのお知らせ」をお送りします。",
            "IDと初期パスワードでログインし、パスワードの変更と利用規約への同意をお願いします。",
            "ログイン後、マイページの「ユーザ新規登録」で、利用者を4名まで追加できます。",
        ]),
    };
    words
        .not_asked(
            "このメールは破棄してください。どなたかがメールアドレスを誤って入力した可能性があります。お手続きは進みません。",
        )
        .closing(config, Some(one.home))
}

fn answered(one: &Inquiry, text: &str, config: &Config) -> String {
    begin(one, "お問い合わせに回答いたします。").heading("回答").paragraph(text).closing(config, Some(one.home))
}

fn rejected(one: &Inquiry, reason: Reason, text: &str, config: &Config) -> String {
    let what = match one.kind {
        Ask::IdApplication => "介護情報基盤ポータルのID発行申請について、IDの発行を見送りました。",
        Ask::General => "お問い合わせについて、対応を見送りました。",
    };
    let mut words = begin(one, what);
    if let Some(told) = reason.told() {
        words = words.fact("理由", told);
    }
    words.heading("担当者からのお知らせ").paragraph(text).closing(config, Some(one.home))
}
