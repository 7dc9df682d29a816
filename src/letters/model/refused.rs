//! Why something cannot be done with a letter.

use std::fmt;

use super::{LetterNumber, State};
use crate::kernel::{OfficeKey, UserId};

/// Why something cannot be done with a letter. Each is a sentence for the clerk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its state does not allow it.
    State(State),
    /// A text that must be there is missing.
    ReasonMissing,
    /// A text is too long or holds control characters.
    TextForm,
    /// A day of posting that lies ahead.
    PostedAhead,
    /// A number that no letter has.
    UnknownNumber(String),
    /// The number of an older print.
    Superseded {
        /// What was typed.
        given: LetterNumber,
        /// What is valid now.
        newest: LetterNumber,
    },
    /// A day of posting before the paper was printed.
    PostedBeforePrinted(LetterNumber),
    /// The post's own number is too long or holds control characters.
    Tracking(LetterNumber),
    /// Another letter to the same office was printed later; this one's password opens no more.
    Replaced(LetterNumber),
    /// All 枝番 are used up.
    BranchesUsedUp,
    /// All 発行番号 of the month are used up.
    SerialsUsedUp,
    /// A newer letter to the same office is in the same batch; the account keeps one temporary password.
    NewerInBatch(OfficeKey),
    /// The office's ledger entry is gone or has no postal code or address.
    NoAddress(OfficeKey),
    /// The office has no account.
    NoAccount(UserId),
    /// The application does not allow it; its own sentence.
    Application(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => {
                write!(f, "この通知書は現在「{state}」のため、この操作はできません。最新の内容をご確認ください。")
            }
            Self::ReasonMissing => f.write_str("理由を入力してください。"),
            Self::TextForm => write!(f, "理由や備考は{TEXT_MOST}文字以内の1行で入力してください。"),
            Self::PostedAhead => f.write_str("発送日には本日以前の日付を入力してください。"),
            Self::UnknownNumber(given) => write!(f, "{given}：この発行番号の通知書はありません。番号をお確かめください。"),
            Self::Superseded { given, newest } => write!(
                f,
                "{given}：再印刷により無効になった通知書です。発送せずに破棄してください（現在有効な番号は{newest}です）。"
            ),
            Self::Replaced(number) => write!(
                f,
                "{number}：同じ事業所あてに後から別の通知書を印刷したため、無効になっています。発送せずに破棄してください。"
            ),
            Self::PostedBeforePrinted(number) => {
                write!(f, "{number}：発送日が、この通知書の印刷日より前になっています。発送日をお確かめください。")
            }
            Self::Tracking(number) => {
                write!(f, "{number}：追跡番号が長すぎるか、使えない文字が含まれています。発行番号のあとに空白で区切って入力してください。")
            }
            Self::BranchesUsedUp => f.write_str("この通知書はこれ以上再印刷できません。新しい申請を受け付けてください。"),
            Self::SerialsUsedUp => f.write_str(
                "今月の発行番号をすべて使い切ったため、印刷できません。来月になってから印刷するか、システム管理者にご連絡ください。",
            ),
            Self::NewerInBatch(office) => write!(
                f,
                "事業所 {}：同じ事業所あての新しい通知書を一緒に選択されたため、古いほうは印刷しませんでした。不要な申請は取り下げてください。",
                office.number
            ),
            Self::NoAddress(office) => {
                write!(f, "事業所 {} の台帳に郵便番号または住所がありません。補ってから印刷してください。", office.number)
            }
            Self::NoAccount(user_id) => write!(f, "{user_id}：アカウントがありません。"),
            Self::Application(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Refused {}

/// Longest reason or note, in characters.
pub const TEXT_MOST: usize = 500;

/// Whether a reason or note can be taken.
pub(in crate::letters) fn check_text(given: &str, needed: bool) -> Result<(), Refused> {
    if needed && given.is_empty() {
        return Err(Refused::ReasonMissing);
    }
    let form = given.chars().count() <= TEXT_MOST && !given.chars().any(char::is_control);
    if form { Ok(()) } else { Err(Refused::TextForm) }
}
