use super::*;
use crate::kernel::{Clock, Moment, Random};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-01-20T01:00:00Z")
}

fn member(n: u8, main: bool, entered: bool, suspended: Option<SuspendedBy>) -> Member {
    let moment = Moment::new(&Clock::manual(now()), &Random::seeded(1));
    let (institution, user) = (Id::from_bytes([1; 16]), Id::from_bytes([n; 16]));
    let mut member = Member::new(&moment, institution, user, main, Person::default());
    member.id = Id::from_bytes([n; 16]);
    member.entered = entered.then(now);
    member.suspended = suspended.map(|by| Suspended { by, at: now(), may_be_replaced: false });
    member
}

/// Words of the acts that `me` may do to `target`.
fn offered(me: &Member, target: &Member) -> Vec<&'static str> {
    Act::ALL.into_iter().filter(|act| act.may(me, target).is_ok()).map(Act::word).collect()
}

#[test]
fn the_main_user_may_do_what_the_state_of_the_other_allows() {
    let main = member(1, true, true, None);
    for (target, expected) in [
        (member(2, false, true, None), &["suspend", "hand_over", "remove"][..]),
        (member(2, false, false, None), &["invite", "suspend", "remove"]),
        (member(2, false, true, Some(SuspendedBy::Main)), &["release", "remove"]),
        (member(2, false, false, Some(SuspendedBy::Main)), &["release", "remove"]),
        (member(2, false, true, Some(SuspendedBy::Staff)), &[]),
        (main.clone(), &[]),
    ] {
        assert_eq!(offered(&main, &target), expected, "{}", target.state_word());
    }
}

#[test]
fn an_additional_user_may_only_leave_and_only_by_themselves() {
    let (main, own, other) = (member(1, true, true, None), member(2, false, true, None), member(3, false, true, None));
    assert_eq!(offered(&own, &own), ["leave"]);
    for target in [&main, &other] {
        assert_eq!(offered(&own, target), [""; 0]);
    }
    assert_eq!(Act::Suspend.may(&own, &other), Err(Why::NotMain));
    assert_eq!(Act::Leave.may(&main, &main), Err(Why::MainStays));
    assert_eq!(Act::Leave.may(&main, &own), Err(Why::State));
}

#[test]
fn who_staff_have_suspended_is_theirs_to_decide_about() {
    let (main, shut) = (member(1, true, true, None), member(2, false, true, Some(SuspendedBy::Staff)));
    for act in [Act::Release, Act::Remove] {
        assert_eq!(act.may(&main, &shut), Err(Why::Staff), "{act:?}");
    }
    assert_eq!(Act::HandOver.may(&main, &member(2, false, false, None)), Err(Why::NotEntered));
}

#[test]
fn an_act_is_read_by_its_word_and_nothing_else_is() {
    for act in Act::ALL {
        assert_eq!(Act::from_word(act.word()), Some(act));
    }
    for other in ["", "Suspend", "main", "suspend "] {
        assert_eq!(Act::from_word(other), None, "{other}");
    }
}

#[test]
fn an_invitation_is_out_for_seven_days_whoever_was_invited() {
    let invited = member(2, false, false, None);
    assert_eq!(state_words(&invited, now()), "未ログイン（期限: 2026年1月27日 10時00分）");
    assert!(state_words(&invited, at("2026-01-27T01:00:00Z")).contains("期限: "));
    assert!(state_words(&invited, at("2026-01-27T01:00:01Z")).contains("期限切れ: "));
    assert_eq!(state_words(&member(2, false, true, None), now()), "利用中");
    assert_eq!(state_words(&member(2, false, true, Some(SuspendedBy::Main)), now()), "利用停止中（主たる利用者）");
    assert_eq!(state_words(&member(2, false, true, Some(SuspendedBy::Staff)), now()), "利用停止中（ポータル運営）");
}

#[test]
fn what_was_checked_is_sent_within_half_an_hour_and_once() {
    let mail = MailAddress::parse("a@example.jp").unwrap();
    let with = |stage| Adding { at: now(), draft: Draft::default(), stage };
    let checking = with(AddStage::Checking);
    assert!(checking.may_be_sent(at("2026-01-20T01:30:00Z")));
    assert!(!checking.may_be_sent(at("2026-01-20T01:30:01Z")));
    assert!(!checking.may_be_sent(at("2026-01-20T00:00:00Z")), "typed by a clock that was ahead");
    assert!(!with(AddStage::Typing).may_be_sent(now()));
    assert!(!with(AddStage::Done { member: Id::from_bytes([1; 16]), mail }).may_be_sent(now()));
}

#[test]
fn a_code_that_was_asked_for_another_address_or_at_another_is_not_waited_for() {
    let mail = |name: &str| MailAddress::parse(&format!("{name}@example.jp")).unwrap();
    let stage = MoveStage::Asking { new: mail("n"), present: mail("p"), challenge: Id::from_bytes([1; 16]) };
    assert!(stage.waits_for(&mail("N"), &mail("p")));
    assert!(!stage.waits_for(&mail("m"), &mail("p")) && !stage.waits_for(&mail("n"), &mail("q")));
    assert!(!MoveStage::Typing.waits_for(&mail("n"), &mail("p")) && !MoveStage::Done.waits_for(&mail("n"), &mail("p")));
}

#[test]
fn the_form_of_the_profile_tells_every_field_from_another() {
    let person = |n: usize| {
        let text = |at: usize| if at == n { "x".to_owned() } else { String::new() };
        Person { name: text(0), kana: text(1), telephone: text(2), department: text(3), occupation: text(4) }
    };
    let words: std::collections::BTreeSet<String> = (0..6).map(|n| person_word(&person(n))).collect();
    assert_eq!(words.len(), 6);
}
