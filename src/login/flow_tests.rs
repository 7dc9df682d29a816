use super::*;
use crate::accounts::{Kind, Temporary};
use crate::config::Lockout;
use crate::kernel::{Clock, Random};
use crate::security::{Hasher, Keys};
use crate::store::Store;

const USER: &str = "KJ131311111111";

fn now() -> Timestamp {
    "2026-01-20T00:00:00Z".parse().unwrap()
}

fn moment(n: u64) -> Moment {
    Moment::new(&Clock::manual(now()), &Random::seeded(n))
}

/// A login whose first transaction is done and whose hash has found the password right.
struct UnderWay {
    store: Store,
    keys: Keys,
    claim: Claim,
    reserved: Reserved,
    found: Found,
}

impl UnderWay {
    async fn begin() -> Self {
        let (store, keys) = (Store::in_memory().unwrap(), Keys::fresh(&Random::seeded(1)));
        audit::seal_with(&store, &keys);
        let user_id = UserId::parse(USER).unwrap();
        let right = Secret::new("xK4pq9wzRt7".to_owned());
        let hash = Hasher::start(keys.clone(), 64, 1, 1).unwrap().hash(right.clone(), [1; 16]).await.unwrap();
        let mut account = Account::new(user_id, Kind::Existing, now());
        account.set_password(hash, now());
        store.write(move |tx| accounts::create(tx, &account)).await.unwrap();
        let (browser, client) = ([3; 32], "203.0.113.9".to_owned());
        let attempt = Attempt { typed: USER.to_owned(), password: right, browser, device: None, client, agent: String::new() };
        let claim = Claim::new(&keys, &attempt);
        let (at, typed) = (moment(4), claim.clone());
        let reserved = store.write(move |tx| claim::reserve(tx, &at, &Lockout::default(), &typed)).await.unwrap();
        let Reservation::Reserved(reserved) = reserved else { panic!("nothing is locked yet") };
        let matched = Matched { password: true, temporary: false };
        let new_device = devices::issue(&keys, &Random::seeded(5));
        Self { store, keys, claim, reserved: *reserved, found: Found { matched, rehashed: None, new_device } }
    }

    /// What another use case commits meanwhile.
    async fn meanwhile(&self, change: impl FnMut(&mut Tx<'_>) -> Result<bool, StoreError> + Send + 'static) {
        assert!(self.store.write(change).await.unwrap(), "something was changed");
    }

    fn temporary(&self) -> Temporary {
        let password = Secret::new("Abcd2345Efgh6789".to_owned());
        Temporary::new(&self.keys, UserId::parse(USER).unwrap(), &password, Id::from_bytes([6; 16]), Timestamp::MAX)
    }

    /// The second transaction.
    async fn settle(self) -> Tried<Entered> {
        let Self { store, claim, reserved, found, .. } = self;
        store.write::<_, StoreError, _>(move |tx| settle(tx, &moment(7), &claim, &reserved, &found, &ENTER)).await.unwrap()
    }
}

#[tokio::test]
async fn a_letter_printed_while_the_hash_runs_does_not_refuse_the_right_password() {
    let login = UnderWay::begin().await;
    let (user_id, temporary) = (UserId::parse(USER).unwrap(), login.temporary());
    login.meanwhile(move |tx| accounts::set_temporary(tx, user_id, temporary.clone())).await;
    let outcome = login.settle().await;
    assert!(matches!(outcome, Tried::In(Entered { limited: false, .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_letter_that_comes_back_while_the_hash_runs_does_not_refuse_the_right_password() {
    let login = UnderWay::begin().await;
    let (user_id, temporary) = (UserId::parse(USER).unwrap(), login.temporary());
    login
        .meanwhile(move |tx| {
            accounts::set_temporary(tx, user_id, temporary.clone())?;
            accounts::end_temporary(tx, user_id, temporary.letter)
        })
        .await;
    let outcome = login.settle().await;
    assert!(matches!(outcome, Tried::In(Entered { limited: false, .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_temporary_password_used_while_the_hash_runs_ends_the_old_password() {
    let login = UnderWay::begin().await;
    let (user_id, temporary) = (UserId::parse(USER).unwrap(), login.temporary());
    login
        .meanwhile(move |tx| {
            accounts::set_temporary(tx, user_id, temporary.clone())?;
            let Some(mut account) = accounts::find(tx, user_id)? else { return Ok(false) };
            account.use_temporary(now());
            accounts::save(tx, &account).map(|_| true)
        })
        .await;
    let outcome = login.settle().await;
    assert!(matches!(outcome, Tried::Refused), "{outcome:?}");
}
