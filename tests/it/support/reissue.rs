//! Offices in the ledger, and the way through A1–A5.

use uketsuke::accounts::{self, Account, Kind};
use uketsuke::config::Limits;
use uketsuke::kernel::{ControlNumber, MailAddress, OfficeKey, OfficeNumber, Prefecture, UserId};
use uketsuke::ledger;
use uketsuke::mail::transport::OutgoingMail;
use uketsuke::reissue::{self, Application, By, Move, Person, Source};

use super::TestApp;
use super::browser::{Browser, Page};

/// The office number of the seeds' samples.
pub const NUMBER: &str = "1311111111";
/// The contact address of most tests.
pub const CONTACT: &str = "jigyousho@example.jp";

pub fn office(prefecture: u8, number: &str) -> OfficeKey {
    OfficeKey::new(Prefecture::new(prefecture).unwrap(), OfficeNumber::parse(number).unwrap())
}

pub fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).unwrap()
}

pub fn clerk(n: u8) -> By {
    By::Staff(Person { id: uketsuke::kernel::Id::from_bytes([n; 16]), name: format!("職員{n}") })
}

/// The first run of digits of this length that stands alone on a line of the mail.
pub fn code_in(mail: &OutgoingMail, digits: usize) -> String {
    let line = mail.body.lines().find(|line| line.len() == digits && line.bytes().all(|b| b.is_ascii_digit()));
    line.unwrap_or_else(|| panic!("no code in {}", mail.body)).to_owned()
}

/// A code that is not this one.
pub fn wrong(code: &str) -> String {
    let last = code.len() - 1;
    format!("{}{}", &code[..last], if code.ends_with('0') { '1' } else { '0' })
}

impl TestApp {
    /// An office in a ledger.
    pub async fn in_ledger(&self, prefecture: u8, number: &str) -> OfficeKey {
        let key = office(prefecture, number);
        let mut entry = ledger::Entry::new(key, "請求事業所A");
        entry.address = "東京都デモ市1-1".to_owned();
        entry.postal_code = "100-0001".to_owned();
        self.write(move |tx| ledger::put(tx, &entry)).await;
        key
    }

    /// Its account, with these addresses registered: the first for notices, the others for security.
    pub async fn with_account(&self, key: OfficeKey, mails: &[&str]) -> UserId {
        let mut account = Account::new(UserId::of(key), Kind::Existing, self.clock.now());
        account.notice_mail = mails.first().map(|text| address(text));
        account.security_mails = mails.iter().skip(1).map(|text| address(text)).collect();
        let user = account.user_id;
        self.write(move |tx| accounts::create(tx, &account)).await;
        user
    }

    /// The one mail of this kind of subject; all others sent meanwhile are dropped.
    pub async fn mail(&self, subject: &str) -> OutgoingMail {
        let mut mails = self.take_mails().await;
        mails.retain(|mail| mail.subject == subject);
        assert_eq!(mails.len(), 1, "{subject}: {mails:?}");
        mails.remove(0)
    }

    /// The code of the last M-1.
    pub async fn code(&self) -> String {
        code_in(&self.mail("確認コード発行通知(介護保険)").await, 4)
    }

    /// An application as the flow takes it in, its mails sent and dropped.
    pub async fn applied(&self, key: OfficeKey, contact: Option<&str>) -> Application {
        let moment = self.app.moment();
        let contact = contact.map(address);
        let arrival =
            reissue::Arrival { office: key, contact, source: Source::Visitor, client: std::net::Ipv4Addr::LOCALHOST.into() };
        self.write(move |tx| reissue::receive(tx, &moment, &Limits::default(), arrival.clone())).await
    }

    /// Moves an application.
    pub async fn mark(&self, number: ControlNumber, mv: Move, by: By) -> Result<Application, reissue::MarkError> {
        let moment = self.app.moment();
        self.app.store.write(move |tx| reissue::mark(tx, &moment, number, mv.clone(), by.clone())).await
    }

    /// An application as it is now.
    pub fn application(&self, number: ControlNumber) -> Application {
        self.app.store.read(|r| reissue::find(r, number)).unwrap().unwrap()
    }
}

impl Browser {
    /// A1 [次へ], without following.
    pub async fn apply(&mut self, number: &str, contact: &str) -> Page {
        self.get("/reissue").await;
        self.post("/reissue", &[("number", number), ("contact", contact), ("contact_again", contact)]).await
    }

    /// A1 to A4, with the code out of the mail.
    pub async fn apply_to_check(&mut self, app: &TestApp, number: &str, contact: &str) -> Page {
        assert_eq!(self.apply(number, contact).await.location(), Some("/reissue/code"));
        let code = app.code().await;
        self.get("/reissue/code").await;
        self.submit("/reissue/code", &[("code", &code)]).await
    }
}
