use jiff::SignedDuration;

use super::*;
use crate::kernel::Random;
use crate::security::Hasher;

fn user() -> UserId {
    UserId::parse("KJ131311111111").unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn account(now: Timestamp) -> (Keys, Account) {
    let keys = Keys::fresh(&Random::seeded(1));
    let letter = Id::new(&Random::seeded(2));
    let mut account = Account::new(user(), Kind::Existing, now);
    let expires = now + SignedDuration::from_hours(24 * 30);
    account.temporary = Some(Temporary::new(&keys, user(), &secret("Abcd2345Efgh6789"), letter, expires));
    (keys, account)
}

#[test]
fn q26_a_temporary_password_is_bound_to_its_user_id_and_its_time() {
    let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    let (keys, account) = account(now);
    let temporary = account.temporary.as_ref().unwrap();
    assert!(temporary.matches(&keys, user(), &secret("Abcd2345Efgh6789")));
    for wrong in ["abcd2345Efgh6789", "Abcd2345Efgh6789 ", ""] {
        assert!(!temporary.matches(&keys, user(), &secret(wrong)), "{wrong:?}");
    }
    let other = UserId::parse("KJ071311111111").unwrap();
    assert!(!temporary.matches(&keys, other, &secret("Abcd2345Efgh6789")));
    assert!(account.live_temporary(temporary.expires).is_some());
    assert!(account.live_temporary(temporary.expires + SignedDuration::from_millis(1)).is_none());
}

#[test]
fn first_use_takes_the_old_password_and_the_code_and_later_uses_change_nothing() {
    let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    let (_, mut account) = account(now);
    account.password_disabled = true;
    assert!(account.use_temporary(now));
    assert!(account.password.is_none() && account.security_code.is_none() && !account.password_disabled);
    assert!(!account.use_temporary(now + SignedDuration::from_hours(1)));
    assert_eq!(account.temporary.unwrap().first_used, Some(now));
}

async fn hash() -> PasswordHash {
    let keys = Keys::fresh(&Random::seeded(1));
    Hasher::start(keys, 64, 1, 1).unwrap().hash(secret("xK4pq9wz"), [1; 16]).await.unwrap()
}

#[test]
fn first_use_asks_for_the_addresses_only_where_there_are_some() {
    let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    for (addresses, asked) in [(vec![], false), (vec![MailAddress::parse("a@example.jp").unwrap()], true)] {
        let (_, mut account) = account(now);
        account.security_mails = addresses;
        assert!(account.use_temporary(now));
        assert_eq!(account.review_addresses, asked);
    }
}

#[tokio::test]
async fn a_change_of_the_password_leaves_an_unused_letter_good_and_a_used_one_ends() {
    let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    let (_, mut account) = account(now);
    account.password_disabled = true;
    account.replace_password(hash().await, now);
    assert!(account.live_temporary(now).is_some() && !account.password_disabled && account.password_set == Some(now));
    account.use_temporary(now);
    account.replace_password(hash().await, now);
    assert!(account.temporary.is_none());
}

#[tokio::test]
async fn q33_a_reset_leaves_nothing_that_opened_before() {
    let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    let (keys, mut account) = account(now);
    (account.password_disabled, account.review_addresses) = (true, true);
    let secret = keys.seal(Purpose::Authenticator, b"shared with the app", &Random::seeded(3));
    account.security_code = Some(SecurityCode::App(AppCode { secret, last_step: 7 }));
    assert!(account.reset(hash().await, now));
    assert!(account.temporary.is_none() && account.security_code.is_none() && account.usable_password().is_some());
    assert!(!account.review_addresses && account.password_set == Some(now));
    assert!(!account.reset(hash().await, now), "no code was set any more");
}

#[test]
fn an_address_registered_twice_is_told_once() {
    let mut account = Account::new(user(), Kind::New, Timestamp::UNIX_EPOCH);
    let address = |text: &str| MailAddress::parse(text).unwrap();
    account.security_mails = vec![address("a@example.jp"), address("b@example.jp")];
    account.notice_mail = Some(address("A@example.jp"));
    assert_eq!(account.told_addresses(), [address("a@example.jp"), address("b@example.jp")]);
}
