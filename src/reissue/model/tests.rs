use jiff::Timestamp;
use jiff::civil::date;

use super::*;
use crate::kernel::{ControlNumber, Id, MailAddress, OfficeKey, OfficeNumber, Prefecture, UserId};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-01-20T03:00:00Z")
}

fn person(n: u8) -> Person {
    Person { id: Id::from_bytes([n; 16]), name: format!("職員{n}") }
}

fn clerk() -> By {
    By::Staff(person(1))
}

fn office() -> OfficeKey {
    OfficeKey::new(Prefecture::new(13).unwrap(), OfficeNumber::parse("1311111111").unwrap())
}

fn application(source: Source) -> Application {
    let contact = MailAddress::parse("mailforsecurity-001@jp").ok();
    Application::arrived(ControlNumber::new(202_601, 1).unwrap(), office(), contact, source, noon())
}

fn in_state(state: State) -> Application {
    Application { state, ..application(Source::Visitor) }
}

fn printing() -> Printing {
    Printing { letter: "0000001-1".into(), valid_until: at("2026-02-19T14:59:59Z") }
}

/// A well-formed move of each kind, by somebody who may make it.
fn sample(kind: MoveKind) -> (Move, By) {
    let user = UserId::of(office());
    match kind {
        MoveKind::Take => (Move::Take, clerk()),
        MoveKind::Inquire => {
            (Move::Inquire(Inquiry { reason: InquiryReason::Telephone, text: String::new(), until: date(2026, 1, 31) }), clerk())
        }
        MoveKind::Resume => (Move::Resume, clerk()),
        MoveKind::Approve => (Move::Approve { two_person: false }, clerk()),
        MoveKind::Reject => (
            Move::Reject(Rejection { reason: RejectionReason::Ledger, sentence: "台帳の番号と異なります。".into() }),
            clerk(),
        ),
        MoveKind::Print => (Move::Print(printing()), clerk()),
        MoveKind::Reprint => (Move::Reprint { printing: printing(), reason: "用紙の汚れ".into() }, clerk()),
        MoveKind::Post => (Move::Post { on: date(2026, 1, 20), tracking: String::new() }, clerk()),
        MoveKind::Return => (Move::Return { note: "宛先不明".into() }, clerk()),
        MoveKind::Complete => (Move::Complete, By::Office(user)),
        MoveKind::Expire => (Move::Expire { replaced_by: None }, By::System),
        MoveKind::Withdraw => (Move::Withdraw { note: String::new() }, By::Applicant),
        MoveKind::Supersede => (Move::Supersede, By::Office(user)),
    }
}

#[test]
fn reissue_moves_are_those_of_the_table_and_no_other() {
    use MoveKind as M;
    use State as S;
    let mut table = vec![
        (S::Received, M::Take, S::UnderReview),
        (S::UnderReview, M::Inquire, S::Inquiring),
        (S::Inquiring, M::Resume, S::UnderReview),
        (S::UnderReview, M::Approve, S::Approved),
        (S::UnderReview, M::Reject, S::Rejected),
        (S::Inquiring, M::Reject, S::Rejected),
        (S::Approved, M::Print, S::Printed),
        (S::Printed, M::Reprint, S::Printed),
        (S::Printed, M::Post, S::Posted),
        (S::Posted, M::Reprint, S::Printed),
        (S::Printed, M::Return, S::Returned),
        (S::Posted, M::Return, S::Returned),
        (S::Returned, M::Print, S::Printed),
        (S::Printed, M::Complete, S::Completed),
        (S::Posted, M::Complete, S::Completed),
        (S::Printed, M::Expire, S::Expired),
        (S::Posted, M::Expire, S::Expired),
        (S::Expired, M::Print, S::Printed),
    ];
    for from in [S::Received, S::UnderReview, S::Inquiring, S::Approved, S::Returned, S::Expired] {
        table.push((from, M::Withdraw, S::Withdrawn));
    }
    for from in [S::Received, S::UnderReview, S::Inquiring, S::Approved, S::Printed, S::Posted, S::Returned, S::Expired] {
        table.push((from, M::Supersede, S::Withdrawn));
    }
    for from in S::ALL {
        for kind in M::ALL {
            let expected = table.iter().find(|(f, m, _)| (*f, *m) == (from, kind)).map(|(_, _, to)| *to);
            assert_eq!(from.after(kind), expected, "{from:?} {kind:?}");
            let mut one = in_state(from);
            let before = one.clone();
            let (mv, by) = sample(kind);
            match (one.apply(mv, by, noon()), expected) {
                (Ok(()), Some(to)) => assert_eq!((one.state, one.history.len()), (to, 2)),
                (Err(Refused::State { from: said }), None) => {
                    assert_eq!(said, from);
                    assert_eq!(one, before, "a refused move changes nothing");
                }
                (answer, _) => panic!("{from:?} {kind:?}: {answer:?}"),
            }
        }
    }
}

#[test]
fn reissue_every_move_has_its_hand() {
    let user = By::Office(UserId::of(office()));
    for from in State::ALL {
        for kind in from.moves() {
            let (mv, right) = sample(kind);
            for by in [By::Applicant, user.clone(), clerk(), By::System] {
                let fits = by == right || (kind == MoveKind::Withdraw && by == clerk());
                assert_eq!(in_state(from).check(&mv, &by, noon()) != Err(Refused::Hand), fits, "{kind:?} {by:?}");
            }
        }
    }
}

#[test]
fn reissue_two_person_the_approver_differs_from_whoever_took_it() {
    let mut one = application(Source::Visitor);
    one.apply(Move::Take, clerk(), noon()).unwrap();
    let strict = Move::Approve { two_person: true };
    assert_eq!(one.check(&strict, &clerk(), noon()), Err(Refused::TookIt));
    assert_eq!(one.check(&strict, &By::Staff(person(2)), noon()), Ok(State::Approved));
    assert_eq!(one.check(&Move::Approve { two_person: false }, &clerk(), noon()), Ok(State::Approved));
    // Whoever resumes it after an answer has taken it as well.
    one.apply(sample(MoveKind::Inquire).0, clerk(), noon()).unwrap();
    one.apply(Move::Resume, By::Staff(person(2)), noon()).unwrap();
    assert_eq!(one.taken_by().map(|p| p.id), Some(person(2).id));
    for (n, answer) in [(1, Err(Refused::TookIt)), (2, Err(Refused::TookIt)), (3, Ok(State::Approved))] {
        assert_eq!(one.check(&strict, &By::Staff(person(n)), noon()), answer);
    }
}

#[test]
fn reissue_nobody_approves_what_they_entered_at_the_window() {
    let mut one = application(Source::Desk { by: person(1), slip: Slip::default() });
    one.apply(Move::Take, By::Staff(person(2)), noon()).unwrap();
    let approve = Move::Approve { two_person: false };
    assert_eq!(one.check(&approve, &clerk(), noon()), Err(Refused::EnteredIt));
    assert_eq!(one.check(&approve, &By::Staff(person(2)), noon()), Ok(State::Approved));
}

#[test]
fn reissue_reasons_are_asked_for() {
    let reject = |sentence: &str| Move::Reject(Rejection { reason: RejectionReason::Other, sentence: sentence.into() });
    let inquire = |reason, text: &str, until| Move::Inquire(Inquiry { reason, text: text.into(), until });
    let reprint = |reason: &str| Move::Reprint { printing: printing(), reason: reason.into() };
    let (review, printed) = (in_state(State::UnderReview), in_state(State::Printed));
    let today = date(2026, 1, 20);
    for (one, mv, answer) in [
        (&review, reject("  "), Some(Refused::TextMissing)),
        (&review, reject(&"あ".repeat(TEXT_MOST + 1)), Some(Refused::TextForm)),
        (&review, reject("a\u{0}b"), Some(Refused::TextForm)),
        (&review, reject(&"あ".repeat(TEXT_MOST)), None),
        (&review, inquire(InquiryReason::Other, "", today), Some(Refused::TextMissing)),
        (&review, inquire(InquiryReason::Envelope, "", today), None),
        (&review, inquire(InquiryReason::Telephone, "", date(2026, 1, 19)), Some(Refused::UntilPast)),
        (&printed, reprint(""), Some(Refused::TextMissing)),
        (&printed, reprint("郵便事故"), None),
        (&printed, Move::Post { on: date(2026, 1, 21), tracking: String::new() }, Some(Refused::PostedAhead)),
    ] {
        assert_eq!(one.check(&mv, &clerk(), noon()).err(), answer, "{mv:?}");
    }
}

#[test]
fn reissue_history_tells_who_when_and_why() {
    let mut one = application(Source::Visitor);
    for kind in [MoveKind::Take, MoveKind::Inquire, MoveKind::Reject] {
        let (mv, by) = sample(kind);
        one.apply(mv, by, noon()).unwrap();
    }
    let lines: Vec<_> = one.history.iter().map(|s| format!("{} {} {}", s.by.title(), s.to, s.reason())).collect();
    assert_eq!(
        lines,
        [
            "申請者 受付済 ",
            "職員1 審査中 ",
            "職員1 照会中 電話確認（2026/01/31まで）",
            "職員1 却下 台帳と相違：台帳の番号と異なります。"
        ]
    );
    assert_eq!(one.rejection().map(|r| r.reason), Some(RejectionReason::Ledger));
    assert_eq!(one.rests_since(), Some(noon()));
}
