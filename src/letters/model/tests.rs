use super::*;
use crate::kernel::{OfficeNumber, Prefecture, Random};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn letter() -> Letter {
    letter_for(Occasion::FirstIssue)
}

fn letter_for(occasion: Occasion) -> Letter {
    let random = Random::seeded(1);
    let office = OfficeKey::new(Prefecture::new(7).unwrap(), OfficeNumber::parse("0770100001").unwrap());
    Letter::new(Id::new(&random), office, occasion, at("2026-01-10T00:00:00Z"))
}

fn number(branch: u8) -> LetterNumber {
    LetterNumber { serial: Serial { month: 202_601, sequence: 12 }, branch }
}

fn printed(branch: u8, reason: &str) -> Act {
    Act::Printed { number: number(branch), reason: reason.to_owned() }
}

fn posted(day: &str) -> Act {
    Act::Posted { on: day.parse().unwrap(), tracking: String::new() }
}

#[test]
fn the_number_is_read_with_and_without_hyphens_and_in_full_width() {
    assert_eq!(number(1).to_string(), "202601-000012-01");
    for typed in ["202601-000012-01", "20260100001201", " ２０２６０１－００００１２－０１ "] {
        assert_eq!(LetterNumber::parse(typed), Some(number(1)), "{typed}");
    }
    for wrong in ["", "202601-000012", "202601-000012-1", "U202601000012", "202601-000012-011"] {
        assert_eq!(LetterNumber::parse(wrong), None, "{wrong}");
    }
}

fn moves_of(occasion: Occasion) -> Vec<String> {
    let acts = [
        printed(1, "理由"),
        posted("2026-01-10"),
        Act::Returned { note: String::new() },
        Act::Completed,
        Act::Expired { replaced_by: None },
        Act::Withdrawn { note: String::new() },
    ];
    let of_state = |state| {
        let letter = Letter { state, ..letter_for(occasion) };
        let to: Vec<&str> = acts.iter().filter(|act| letter.allows(act)).map(|act| act.leads_to().title()).collect();
        format!("{state}: {}", to.join(" "))
    };
    State::ALL.into_iter().map(of_state).collect()
}

#[test]
fn first_issue_letters_make_these_moves_and_no_other() {
    assert_eq!(
        moves_of(Occasion::FirstIssue),
        [
            "印刷待: 印刷済",
            "印刷済: 印刷済 発送済 返戻 完了 期限切れ",
            "発送済: 印刷済 返戻 完了 期限切れ",
            "完了: ",
            "返戻: 印刷済",
            "期限切れ: 印刷済",
            "取下げ: ",
        ]
    );
}

#[test]
fn letters_of_applications_follow_their_application_to_its_withdrawal() {
    assert_eq!(
        moves_of(Occasion::Reissue(ControlNumber::parse("U202601000001").unwrap())),
        [
            "印刷待: 印刷済 取下げ",
            "印刷済: 印刷済 発送済 返戻 完了 期限切れ 取下げ",
            "発送済: 印刷済 返戻 完了 期限切れ 取下げ",
            "完了: ",
            "返戻: 印刷済 取下げ",
            "期限切れ: 印刷済 取下げ",
            "取下げ: ",
        ]
    );
}

#[test]
fn a_refused_move_changes_nothing() {
    let mut letter = letter();
    let before = letter.clone();
    assert_eq!(letter.apply(Act::Completed, By::System, before.created), Err(Refused::State(State::Waiting)));
    assert_eq!(letter, before);
}

#[test]
fn a_reprint_needs_a_reason_unless_the_letter_came_back_or_expired() {
    let now = at("2026-01-10T00:00:00Z");
    let mut letter = letter();
    letter.apply(printed(1, ""), By::System, now).unwrap();
    assert_eq!(letter.apply(printed(2, ""), By::System, now), Err(Refused::ReasonMissing));
    letter.apply(printed(2, "用紙が詰まったため"), By::System, now).unwrap();
    letter.apply(Act::Returned { note: "宛先不明".to_owned() }, By::System, now).unwrap();
    letter.apply(printed(3, ""), By::System, now).unwrap();
    assert_eq!(letter.next_branch(), Ok(4));
}

#[test]
fn a_superseded_number_is_told_from_an_unknown_one() {
    let now = at("2026-01-10T00:00:00Z");
    let mut letter = letter();
    letter.apply(printed(1, ""), By::System, now).unwrap();
    letter.apply(printed(2, "やり直し"), By::System, now).unwrap();
    assert_eq!(letter.check_number(number(2)), Ok(()));
    assert_eq!(letter.check_number(number(1)), Err(Refused::Superseded { given: number(1), newest: number(2) }));
    assert!(matches!(letter.check_number(number(3)), Err(Refused::UnknownNumber(_))));
    assert!(matches!(letter.check_number(number(0)), Err(Refused::UnknownNumber(_))));
}

#[test]
fn the_day_of_posting_does_not_lie_ahead_and_ends_with_a_new_print() {
    let now = at("2026-01-10T20:00:00Z"); // the 11th in Japan
    let mut letter = letter();
    letter.apply(printed(1, ""), By::System, now).unwrap();
    assert_eq!(letter.apply(posted("2026-01-12"), By::System, now), Err(Refused::PostedAhead));
    letter.apply(posted("2026-01-11"), By::System, now).unwrap();
    assert_eq!(letter.posted_on(), Some(jiff::civil::date(2026, 1, 11)));
    letter.apply(printed(2, "郵便事故"), By::System, now).unwrap();
    assert_eq!(letter.posted_on(), None);
}
