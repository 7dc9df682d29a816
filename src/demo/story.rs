//! What happened at the counter in the two months before the demo begins.

use crate::reissue::{InquiryReason, RejectionReason};

/// Names an application within the story.
pub type Tag = &'static str;

/// Prefecture number and serial of a sample.
pub type Office = (u8, u8);

/// A letter.
#[derive(Clone, Copy, Debug)]
pub enum Paper {
    /// Of an application.
    Of(Tag),
    /// Of a first issue.
    First(Office),
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub enum Scene {
    /// First issue to all offices of a prefecture that are [`super::offices::Has::Letter`].
    Issue(u8),
    /// An application came in on-line, with this local part of the contact address.
    Arrive(Tag, Office, &'static str),
    /// 窓口受付, without an address.
    Window(Tag, Office),
    /// 受付済→審査中
    Take(Tag),
    /// 審査中→照会中, an answer within two weeks.
    Inquire(Tag, InquiryReason, &'static str),
    /// 照会中→審査中
    Resume(Tag),
    /// 審査中→承認
    Approve(Tag),
    /// →却下
    Reject(Tag, RejectionReason, &'static str),
    /// →取下げ by the applicant.
    Withdraw(Tag),
    /// A batch of letters.
    Print(u8, &'static [Paper]),
    /// 発送済
    Post(u8, &'static [Paper]),
    /// 返戻
    Return(Paper, &'static str),
    /// The temporary password on the newest letter of this office is the one the demo tells.
    Tell(Office),
    /// First login with that password, up to a new one.
    FirstLogin(Office),
    /// 介護情報基盤ポータル.
    Portal(super::portal::Scene),
}

use InquiryReason::{Envelope, Telephone};
use Paper::{First, Of};
use RejectionReason::{Ledger, Unconfirmed};
use Scene::{Approve, Arrive, FirstLogin, Inquire, Issue, Post, Print, Reject, Resume, Return, Take, Tell, Window, Withdraw};

/// Offices whose letter is out and whose temporary password the demo tells.
pub const TOLD: [Office; 2] = [(7, 23), (13, 11)];

/// Days ago, hour, minute (JST), and what happened. On day 0 hours and minutes count back from the start of the demo.
pub const STORY: &[(i64, i64, i64, Scene)] = &[
    // Not used in time.
    (45, 10, 12, Arrive("expired", (7, 20), "kobushi")),
    (45, 13, 5, Take("expired")),
    (44, 9, 40, Approve("expired")),
    (43, 11, 0, Print(7, &[Of("expired")])),
    (42, 15, 30, Post(7, &[Of("expired")])),
    // Done.
    (31, 9, 5, Arrive("completed", (7, 21), "jimu1.07-21")),
    (31, 10, 50, Take("completed")),
    (30, 9, 15, Approve("completed")),
    (29, 11, 0, Print(7, &[Of("completed")])),
    (29, 11, 1, Tell((7, 21))),
    (28, 15, 30, Post(7, &[Of("completed")])),
    (25, 10, 20, FirstLogin((7, 21))),
    // Came back.
    (25, 16, 44, Arrive("returned", (7, 22), "kakehashi-honsha")),
    (24, 9, 30, Take("returned")),
    (24, 9, 50, Approve("returned")),
    (23, 11, 0, Print(7, &[Of("returned")])),
    (22, 15, 30, Post(7, &[Of("returned")])),
    (15, 14, 0, Return(Of("returned"), "あて所に尋ねあたらず")),
    // First issue.
    (20, 9, 0, Issue(7)),
    (20, 9, 30, Issue(13)),
    (13, 11, 0, Print(7, &[First((7, 15)), First((7, 16))])),
    (12, 11, 0, Print(13, &[First((13, 11))])),
    (12, 11, 1, Tell((13, 11))),
    (12, 15, 30, Post(7, &[First((7, 16))])),
    (11, 15, 30, Post(13, &[First((13, 11))])),
    // Rejected and withdrawn.
    (14, 8, 55, Arrive("rejected", (7, 19), "someone.else")),
    (14, 10, 0, Take("rejected")),
    (
        13,
        16,
        20,
        Reject(
            "rejected",
            Unconfirmed,
            "台帳の電話番号へおかけしましたが、申請された方を確認できませんでした。事業所からお電話をください。",
        ),
    ),
    (10, 13, 31, Arrive("mismatch", (13, 7), "oka-jimu")),
    (9, 9, 45, Take("mismatch")),
    (8, 10, 10, Reject("mismatch", Ledger, "事業所の所在地が台帳と異なります。変更届を提出のうえ、もう一度お申し込みください。")),
    (8, 17, 2, Arrive("withdrawn", (7, 17), "jimu1.07-17")),
    (7, 9, 3, Withdraw("withdrawn")),
    // The letter is on its way.
    (9, 10, 0, Arrive("posted", (7, 23), "mimizuku")),
    (9, 11, 20, Take("posted")),
    (9, 11, 45, Inquire("posted", Envelope, "")),
    (7, 14, 0, Resume("posted")),
    (7, 14, 5, Approve("posted")),
    (6, 11, 0, Print(7, &[Of("posted")])),
    (6, 11, 1, Tell((7, 23))),
    (5, 15, 30, Post(7, &[Of("posted")])),
    (8, 9, 12, Arrive("posted13", (13, 15), "midori-iin")),
    (7, 10, 0, Take("posted13")),
    (7, 11, 30, Approve("posted13")),
    (6, 11, 0, Print(13, &[Of("posted13")])),
    (4, 15, 30, Post(13, &[Of("posted13")])),
    // Printed.
    (6, 12, 41, Arrive("printed", (7, 24), "ajisai")),
    (6, 13, 30, Take("printed")),
    (5, 9, 30, Approve("printed")),
    (3, 11, 0, Print(7, &[Of("printed")])),
    (5, 15, 16, Arrive("printed13", (13, 14), "shien.center")),
    (4, 9, 0, Take("printed13")),
    (4, 9, 10, Approve("printed13")),
    (2, 11, 0, Print(13, &[Of("printed13")])),
    // Approved, to be printed. One cannot be: the ledger lacks its postal code.
    (6, 9, 21, Arrive("no-code", (7, 13), "suzuran")),
    (5, 10, 0, Take("no-code")),
    (2, 9, 35, Approve("no-code")),
    (4, 10, 48, Arrive("approved", (7, 6), "takasaki-kango")),
    (3, 9, 30, Take("approved")),
    (1, 9, 31, Approve("approved")),
    (4, 11, 3, Arrive("on-paper", (7, 8), "hanamizuki")),
    (3, 9, 40, Take("on-paper")),
    (1, 9, 34, Approve("on-paper")),
    (3, 17, 55, Arrive("approved3", (7, 12), "kawasemi")),
    (2, 9, 0, Take("approved3")),
    (1, 9, 38, Approve("approved3")),
    (5, 9, 26, Arrive("approved13", (13, 9), "mihondo")),
    (3, 10, 30, Take("approved13")),
    (2, 13, 15, Approve("approved13")),
    (3, 13, 8, Arrive("approved13b", (13, 12), "sumire")),
    (2, 13, 10, Take("approved13b")),
    (1, 13, 20, Approve("approved13b")),
    // Asked back.
    (6, 18, 20, Arrive("envelope", (7, 4), "komorebi")),
    (5, 9, 20, Take("envelope")),
    (5, 9, 29, Inquire("envelope", Envelope, "返信用封筒が届き次第、審査を続けます。")),
    (4, 8, 40, Arrive("telephone", (7, 9), "aozora")),
    (3, 13, 0, Take("telephone")),
    (3, 13, 12, Inquire("telephone", Telephone, "台帳の電話番号につながりませんでした。担当までお電話ください。")),
    (5, 11, 11, Arrive("telephone13", (13, 4), "yuzuriha")),
    (4, 14, 0, Take("telephone13")),
    (4, 14, 20, Inquire("telephone13", Telephone, "")),
    // Under review.
    (2, 10, 7, Arrive("review", (7, 3), "hinata-care")),
    (1, 10, 0, Take("review")),
    (2, 16, 30, Arrive("review-long", (7, 7), "kakuunosato.hidamari")),
    (1, 10, 20, Take("review-long")),
    (3, 9, 9, Arrive("review13", (13, 8), "aoba")),
    (1, 15, 0, Take("review13")),
    // New.
    (2, 19, 30, Arrive("closed", (7, 11), "yamabiko.old")),
    (1, 8, 58, Arrive("resting", (7, 10), "momiji")),
    (1, 9, 50, Arrive("twice", (7, 2), "jimu1.07-02")),
    (1, 14, 15, Window("window", (7, 25))),
    (0, 3, 10, Arrive("plain", (7, 18), "michishirube")),
    (0, 2, 5, Arrive("twice-again", (7, 2), "somebody-new")),
    (1, 11, 40, Arrive("plain13b", (13, 3), "harukaze")),
    (1, 16, 5, Arrive("media13", (13, 13), "yuami")),
    (0, 4, 0, Arrive("plain13", (13, 2), "icho")),
];
