//! Offices with an account, and the ways they come to the counter.

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use uketsuke::accounts::{self, Account, Agreed, Kind, Temporary};
use uketsuke::kernel::{Id, MailAddress, Secret, UserId};
use uketsuke::ledger;
use uketsuke::passkeys::{self, Passkey};
use uketsuke::security::sessions::Subject;
use uketsuke::store::StoreError;

use super::TestApp;
use super::browser::{Browser, Page};
use super::passkey::kept;

/// The user ID of the seeds' sample office.
pub const USER: &str = "KJ131311111111";
/// A user ID of the right form that was never issued.
pub const NOBODY: &str = "KJ131312222222";
/// The password that [`TestApp::office`] has chosen.
pub const PASSWORD: &str = "xK4pq9wzRt7";
/// Another one that the rule accepts.
pub const NEW_PASSWORD: &str = "mV8#trcw2Kq";
/// The temporary password of [`TestApp::letter`].
pub const TEMPORARY: &str = "Abcd2345Efgh6789";

pub fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

impl TestApp {
    /// An existing office with [`PASSWORD`], two security addresses and a notice address.
    pub async fn office(&self, user_id: &str) -> UserId {
        let user_id = user(user_id);
        let now = self.clock.now();
        let hash = self.app.hasher.hash(Secret::new(PASSWORD.to_owned()), [7; 16]).await.unwrap();
        let mut account = Account::new(user_id, Kind::Existing, now);
        account.set_password(hash, now);
        let address = |text: &str| MailAddress::parse(text).unwrap();
        account.security_mails = vec![address("security-1@example.jp"), address("security-2@example.jp")];
        account.notice_mail = Some(address("notice@example.jp"));
        self.write(move |tx| accounts::create(tx, &account)).await;
        self.write(move |tx| ledger::put(tx, &entry(user_id))).await;
        user_id
    }

    /// An existing office with [`PASSWORD`] and no address at all.
    pub async fn existing_without_address(&self, user_id: &str) -> UserId {
        let user_id = self.office(user_id).await;
        self.change_account(user_id, |account| {
            account.security_mails.clear();
            account.notice_mail = None;
        })
        .await;
        user_id
    }

    /// A new office that has never logged in; a letter with [`TEMPORARY`] is out.
    pub async fn new_office(&self, user_id: &str) -> UserId {
        let account = Account::new(user(user_id), Kind::New, self.clock.now());
        let user_id = account.user_id;
        self.write(move |tx| accounts::create(tx, &account)).await;
        self.write(move |tx| ledger::put(tx, &entry(user_id))).await;
        self.letter(user_id).await;
        user_id
    }

    /// A new office that has gone through all its steps, with [`PASSWORD`] and one security address.
    pub async fn settled(&self, user_id: &str) -> UserId {
        let user_id = self.office(user_id).await;
        self.change_account(user_id, |account| {
            account.kind = Kind::New;
            account.security_mails.truncate(1);
            account.terms = Some(Agreed { version: 1, at: account.created });
            account.notice_answered = Some(account.created);
            account.settled = Some(account.created);
        })
        .await;
        user_id
    }

    /// Somebody has registered a passkey; no authenticator knows it.
    pub async fn passkey(&self, owner: Subject) -> Id {
        let credential: [u8; 20] = self.app.random.bytes();
        let passkey = Passkey {
            id: Id::new(&self.app.random),
            owner,
            handle: self.app.random.bytes(),
            digest: Sha256::digest(credential).into(),
            credential: kept(&credential),
            name: "受付のパソコン".to_owned(),
            created: self.clock.now(),
            last_used: None,
        };
        let id = passkey.id;
        assert!(self.write(move |tx| passkeys::add(tx, &passkey)).await);
        id
    }

    /// A letter with [`TEMPORARY`] is out, valid for 30 days.
    pub async fn letter(&self, user_id: UserId) -> Id {
        let letter = Id::new(&self.app.random);
        let expires = self.clock.now() + SignedDuration::from_hours(24 * 30);
        let typed = Secret::new(TEMPORARY.to_owned());
        let temporary = Temporary::new(&self.app.keys, user_id, &typed, letter, expires);
        self.write(move |tx| accounts::set_temporary(tx, user_id, temporary.clone())).await;
        letter
    }

    /// The account as it is now.
    pub fn account(&self, user_id: UserId) -> Account {
        self.app.store.read(|r| accounts::find(r, user_id)).unwrap().unwrap()
    }

    /// Changes an account.
    pub async fn change_account(&self, user_id: UserId, mut change: impl FnMut(&mut Account) + Send + 'static) {
        self.write(move |tx| {
            let mut account = accounts::find(tx, user_id)?.unwrap();
            change(&mut account);
            accounts::save(tx, &account)
        })
        .await;
    }

    /// One write transaction.
    pub async fn write<T, F>(&self, use_case: F) -> T
    where
        F: FnMut(&mut uketsuke::store::Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.app.store.write(use_case).await.unwrap()
    }
}

fn entry(user_id: UserId) -> ledger::Entry {
    let mut entry = ledger::Entry::new(user_id.office(), "請求事業所A");
    entry.address = "東京都デモ市1-1".to_owned();
    entry
}

impl Browser {
    /// Sends the login form without following.
    pub async fn log_in(&mut self, user_id: &str, password: &str) -> Page {
        self.get("/login").await;
        self.post("/login", &[("user_id", user_id), ("password", password)]).await
    }
}
