//! The desk: applications in any state, and what clerks send.

use jiff::civil::Date;
use uketsuke::kernel::{ControlNumber, OfficeKey};
use uketsuke::ledger::{self, Entry};
use uketsuke::reissue::{Application, By, Inquiry, InquiryReason, Move, Printing, Rejection, RejectionReason, State};

use super::TestApp;
use super::browser::{Browser, Page};
use super::reissue::{CONTACT, clerk};

/// What makes a whole form of each move that is made at the desk.
pub const MOVES: [(&str, &[(&str, &str)]); 6] = [
    ("take", &[]),
    ("inquire", &[("inquire_reason", "telephone"), ("inquire_text", "お電話ください"), ("inquire_until", "2026-01-30")]),
    ("resume", &[]),
    ("approve", &[]),
    ("reject", &[("reject_reason", "ledger"), ("reject_sentence", "台帳と一致しませんでした。")]),
    ("withdraw", &[("withdraw_note", "申し出による")]),
];

pub fn path(number: ControlNumber) -> String {
    format!("/staff/applications/{number}")
}

/// Where the form of a move goes.
pub fn action(number: ControlNumber, mv: &str) -> String {
    let decision = if matches!(mv, "approve" | "reject") { "/decision" } else { "" };
    format!("{}{decision}", path(number))
}

/// Where ユーザの管理 of an office is.
pub fn account_path(office: OfficeKey) -> String {
    format!("/staff/ledger/{}/account", office.number)
}

/// The field in which a form of ユーザの管理 asks why.
pub fn reason_field(act: &str) -> String {
    format!("{}_reason", act.split('_').next().unwrap())
}

/// As a form says what it has shown.
pub fn shown(one: &Application) -> String {
    format!("{}.{}", one.number, one.history.len())
}

impl TestApp {
    /// Changes an office of the ledger.
    pub async fn change_entry(&self, key: OfficeKey, change: fn(&mut Entry)) {
        self.write(move |tx| {
            let mut entry = ledger::find(tx, key)?.unwrap();
            change(&mut entry);
            ledger::put(tx, &entry)
        })
        .await;
    }

    /// A new application of `key`, brought to `state` by members who do not sit at any desk of the tests.
    pub async fn in_state(&self, key: OfficeKey, state: State) -> Application {
        let one = self.applied(key, Some(CONTACT)).await;
        for (mv, by) in way_to(state) {
            self.mark(one.number, mv, by).await.unwrap();
        }
        let one = self.application(one.number);
        assert_eq!(one.state, state);
        one
    }
}

fn way_to(state: State) -> Vec<(Move, By)> {
    let staff = || clerk(9);
    let printing = Printing { letter: "000001-01".to_owned(), valid_until: "2026-02-20T00:00:00Z".parse().unwrap() };
    let on = Date::constant(2026, 1, 20);
    let inquiry = Inquiry { reason: InquiryReason::Other, text: "確認".to_owned(), until: Date::constant(2026, 1, 25) };
    let rejection = Rejection { reason: RejectionReason::Other, sentence: "理由".to_owned() };
    let mut way = vec![(Move::Take, staff())];
    let approved = [(Move::Approve { two_person: false }, clerk(8))];
    let printed = [(Move::Print(printing), staff())];
    match state {
        State::Received => way.clear(),
        State::UnderReview => {}
        State::Inquiring => way.push((Move::Inquire(inquiry), staff())),
        State::Rejected => way.push((Move::Reject(rejection), staff())),
        State::Withdrawn => way.push((Move::Withdraw { note: "取下げ".to_owned() }, staff())),
        State::Approved => way.extend(approved),
        State::Printed => way.extend(approved.into_iter().chain(printed)),
        State::Posted => {
            way.extend(approved.into_iter().chain(printed));
            way.push((Move::Post { on, tracking: String::new() }, staff()));
        }
        State::Returned => {
            way.extend(approved.into_iter().chain(printed));
            way.push((Move::Return { note: String::new() }, staff()));
        }
        State::Expired => {
            way.extend(approved.into_iter().chain(printed));
            way.push((Move::Expire { replaced_by: None }, By::System));
        }
        State::Completed => {
            way.extend(approved.into_iter().chain(printed));
            way.push((Move::Complete, By::Office(super::office::user(super::office::USER))));
        }
    }
    way
}

impl Browser {
    /// Opens the application and sends the form of a move as the page would, with these further fields. Does not follow.
    pub async fn make(&mut self, one: &Application, mv: &str, fields: &[(&str, &str)]) -> Page {
        self.get(&path(one.number)).await;
        self.send_move(one, mv, fields).await
    }

    /// Sends the form of a move without looking first: the page was opened when `one` was read.
    pub async fn send_move(&mut self, one: &Application, mv: &str, fields: &[(&str, &str)]) -> Page {
        let shown = shown(one);
        let mut all = vec![("move", mv), ("shown", shown.as_str())];
        all.extend(fields);
        self.post(&action(one.number, mv), &all).await
    }

    /// Opens ユーザの管理 of an office and sends one of its forms as the page would. Does not follow.
    pub async fn manage(&mut self, office: OfficeKey, act: &str, reason: &str) -> Page {
        let page = self.get(&account_path(office)).await;
        self.send_act(office, &page.value("seen").unwrap_or_default(), act, reason).await
    }

    /// Sends the form without looking first: the page was opened when the account was as `seen`.
    pub async fn send_act(&mut self, office: OfficeKey, seen: &str, act: &str, reason: &str) -> Page {
        let (path, field) = (account_path(office), reason_field(act));
        let path = if act == "unlock" { format!("{path}/unlock") } else { path };
        self.post(&path, &[("act", act), ("seen", seen), (&field, reason), ("clear_proof", "台帳の電話番号へかけ直した")]).await
    }
}
