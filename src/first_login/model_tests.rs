use jiff::SignedDuration;

use super::*;
use crate::accounts::{Agreed, Temporary};
use crate::kernel::{Id, MailAddress, Random, Secret, UserId};
use crate::security::{Hasher, Keys, PasswordHash};

const NOW: &str = "2026-01-20T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

async fn hash() -> PasswordHash {
    let keys = Keys::fresh(&Random::seeded(1));
    Hasher::start(keys, 64, 1, 1).unwrap().hash(Secret::new("xK4pq9wz".to_owned()), [1; 16]).await.unwrap()
}

/// An account that has done everything.
async fn done(kind: Kind) -> Account {
    let mut account = Account::new(UserId::parse("KJ071311111111").unwrap(), kind, now());
    account.set_password(hash().await, now());
    account.terms = Some(Agreed { version: 1, at: now() });
    account.notice_answered = Some(now());
    account.settled = Some(now());
    account.security_mails = vec![MailAddress::parse("a@example.jp").unwrap()];
    account
}

/// A temporary password is out, first used at `used`.
fn letter(account: &mut Account, used: Option<Timestamp>) {
    let keys = Keys::fresh(&Random::seeded(1));
    let password = Secret::new("Abcd2345Efgh6789".to_owned());
    let (letter, expires) = (Id::new(&Random::seeded(2)), now() + SignedDuration::from_hours(1));
    account.temporary = Some(Temporary::new(&keys, account.user_id, &password, letter, expires));
    if let Some(used) = used {
        account.use_temporary(used);
    }
}

fn facts<'a>(account: &'a Account, progress: Option<&'a Progress>) -> Facts<'a> {
    let grace_until = jiff::civil::date(2026, 1, 31);
    Facts { account, progress, limited: false, deferred: false, terms: 1, grace_until, now: now() }
}

#[tokio::test]
async fn q34_the_next_step_is_computed_from_the_account() {
    use Step as S;
    type Change = fn(&mut Account);
    let shown = |done| Progress { shown: Some(done), ..Progress::default() };
    let (new, existing) = (done(Kind::New).await, done(Kind::Existing).await);
    let begun = |warned| Progress { begun: Some(now()), warned, shown: None };
    let before = Progress { begun: Some(now() - SignedDuration::from_hours(9)), warned: true, shown: None };
    // The account, what was changed of it, how far its steps were walked, whether by a temporary password, and what comes next.
    let rows: &[(&Account, Change, Option<Progress>, bool, Next)] = &[
        (&new, |_| {}, None, false, Next::Free),
        (&existing, |_| {}, None, false, Next::Free),
        // Nothing opens.
        (&new, |a| a.password = None, None, false, Next::Closed),
        (&new, |a| a.temporary = None, None, true, Next::Closed),
        (&new, |a| letter(a, None), None, true, Next::Closed),
        (&new, |a| letter(a, Some(now())), None, false, Next::Closed),
        // An end that was not left comes before all else.
        (&existing, |_| {}, Some(shown(Done::Password)), false, Next::Step(S::Done(Done::Password))),
        (&new, |a| a.terms = None, Some(shown(Done::NoticeMail)), false, Next::Step(S::Done(Done::NoticeMail))),
        (&new, |_| {}, Some(shown(Done::SecurityMail)), false, Next::Step(S::Done(Done::SecurityMail))),
        // The terms, before the warning.
        (&new, |a| a.terms = None, None, false, Next::Step(S::Terms)),
        (
            &new,
            |a| {
                a.terms = None;
                letter(a, Some(now()))
            },
            None,
            true,
            Next::Step(S::Terms),
        ),
        (&existing, |a| a.terms = None, None, false, Next::Free),
        // The temporary password.
        (&existing, |a| letter(a, Some(now())), None, true, Next::Step(S::Warning)),
        (&existing, |a| letter(a, Some(now())), Some(begun(false)), true, Next::Step(S::Warning)),
        (&existing, |a| letter(a, Some(now())), Some(before), true, Next::Step(S::Warning)),
        (&existing, |a| letter(a, Some(now())), Some(begun(true)), true, Next::Step(S::Password)),
        // The address for notices, of new offices only.
        (&new, |a| a.notice_answered = None, None, false, Next::Step(S::NoticeMail)),
        (&existing, |a| a.notice_answered = None, None, false, Next::Free),
        // An address of before the question was asked.
        (
            &new,
            |a| {
                a.notice_answered = None;
                a.notice_mail = a.security_mails.first().cloned()
            },
            None,
            false,
            Next::Free,
        ),
        // The security addresses.
        (&existing, |a| a.review_addresses = true, None, false, Next::Step(S::Addresses)),
        (
            &existing,
            |a| {
                a.review_addresses = true;
                a.security_mails.clear()
            },
            None,
            false,
            Next::Step(S::SecurityMail),
        ),
        (&new, |a| a.security_mails.clear(), None, false, Next::Step(S::SecurityMail)),
        // Several at once: in their order.
        (
            &new,
            |a| {
                a.notice_answered = None;
                a.security_mails.clear()
            },
            None,
            false,
            Next::Step(S::NoticeMail),
        ),
    ];
    for (n, (account, change, progress, limited, wanted)) in rows.iter().enumerate() {
        let mut account = (*account).clone();
        change(&mut account);
        let found = next(&Facts { limited: *limited, ..facts(&account, progress.as_ref()) });
        assert_eq!(found, *wanted, "row {n}");
    }
}

#[tokio::test]
async fn a_new_version_of_the_terms_is_due_for_everybody() {
    for (kind, agreed, terms, due) in [
        (Kind::New, None, 1, true),
        (Kind::New, Some(1), 1, false),
        (Kind::New, Some(1), 2, true),
        (Kind::New, Some(2), 2, false),
        (Kind::Existing, None, 1, false),
        (Kind::Existing, None, 2, true),
        (Kind::Existing, Some(1), 2, true),
        (Kind::Existing, Some(2), 2, false),
    ] {
        let mut account = done(kind).await;
        account.terms = agreed.map(|version| Agreed { version, at: now() });
        let wanted = if due { Next::Step(Step::Terms) } else { Next::Free };
        assert_eq!(next(&Facts { terms, ..facts(&account, None) }), wanted, "{kind:?} {agreed:?} {terms}");
    }
}

#[tokio::test]
async fn the_address_is_put_off_until_the_last_day_in_japan_by_existing_offices_only() {
    let due = Next::Step(Step::SecurityMail);
    for (kind, deferred, at, wanted) in [
        (Kind::Existing, false, NOW, due),
        (Kind::Existing, true, NOW, Next::Free),
        (Kind::Existing, true, "2026-01-31T14:59:59Z", Next::Free),
        (Kind::Existing, true, "2026-01-31T15:00:00Z", due),
        (Kind::New, true, NOW, due),
    ] {
        let mut account = done(kind).await;
        account.security_mails.clear();
        let found = next(&Facts { deferred, now: at.parse().unwrap(), ..facts(&account, None) });
        assert_eq!(found, wanted, "{kind:?} {deferred} {at}");
    }
}

#[tokio::test]
async fn the_steps_end_with_the_temporary_password() {
    let mut account = done(Kind::Existing).await;
    letter(&mut account, Some(now()));
    let late = now() + SignedDuration::from_hours(2);
    assert_eq!(next(&Facts { limited: true, now: late, ..facts(&account, None) }), Next::Closed, "expired meanwhile");
}

#[tokio::test]
async fn the_row_of_steps_is_that_of_a_new_office_until_it_is_settled() {
    let all = [Step::Terms, Step::Warning, Step::Password, Step::Done(Done::Password), Step::NoticeMail, Step::SecurityMail];
    let (mut new, existing) = (done(Kind::New).await, done(Kind::Existing).await);
    for settled in [None, Some(now())] {
        new.settled = settled;
        for step in all {
            let other = match step {
                Step::Warning | Step::Password | Step::Done(Done::Password) => Course::Reissue,
                _ => Course::Address,
            };
            assert_eq!(course(&existing, step), other);
            assert_eq!(course(&new, step), if settled.is_none() { Course::New } else { other });
        }
    }
}

#[test]
fn every_screen_stands_at_its_place_of_the_row() {
    use Course as C;
    use Step as S;
    for (course, step, at_code, place) in [
        (C::New, S::Warning, false, 1),
        (C::New, S::Password, false, 1),
        (C::New, S::Done(Done::Password), false, 1),
        (C::New, S::NoticeMail, false, 2),
        (C::New, S::Done(Done::NoticeMail), false, 2),
        (C::New, S::SecurityMail, false, 3),
        (C::New, S::SecurityMail, true, 4),
        (C::New, S::Done(Done::SecurityMail), false, 5),
        (C::Reissue, S::Warning, false, 1),
        (C::Reissue, S::Password, false, 1),
        (C::Reissue, S::Done(Done::Password), false, 2),
        (C::Address, S::Addresses, false, 1),
        (C::Address, S::SecurityMail, false, 1),
        (C::Address, S::Addresses, true, 2),
        (C::Address, S::SecurityMail, true, 2),
        (C::Address, S::Done(Done::SecurityMail), false, 3),
        (C::Address, S::NoticeMail, false, 1),
    ] {
        assert_eq!(position(course, step, at_code), place, "{course:?} {step:?} {at_code}");
        assert!((1..=steps(course).len()).contains(&place));
    }
}
