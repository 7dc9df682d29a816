//! Users of 介護情報基盤ポータル, as the screens of the portal leave them.

use uketsuke::accounts::Agreed;
use uketsuke::kernel::{Id, MailAddress, MedicalCode, Prefecture, Secret};
use uketsuke::portal::{self, Institution, Medical, Member, Person, Settled, User, What};
use uketsuke::security::sessions::{self, OpenSession, Subject};
use uketsuke::terms;

use super::TestApp;
use super::browser::Browser;
use super::office::user;

/// The password of every user here.
pub const PORTAL_PASSWORD: &str = "mellow Kettle 47";
/// A 医療機関コード.
pub const CODE: &str = "0719900011";

/// The main user of an institution, at マイページ: with [`PORTAL_PASSWORD`], the terms agreed to.
#[derive(Clone, Debug)]
pub struct Main {
    pub user: User,
    pub member: Member,
    pub institution: Institution,
    pub mail: String,
}

/// What was typed about a person.
pub fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        kana: "サトウ ハナコ".to_owned(),
        telephone: "03-1234-5678".to_owned(),
        department: "事務".to_owned(),
        occupation: String::new(),
    }
}

impl TestApp {
    /// The main user of a care office, whose address begins with its user ID.
    pub async fn portal_main(&self, user_id: &str) -> Main {
        let (settled, mail) = self.settled_for(What::Care(user(user_id)), user_id).await;
        self.arrived(settled, mail).await
    }

    /// The main user of a medical institution.
    pub async fn medical(&self, code: &str) -> Main {
        let medical = Medical {
            code: MedicalCode::parse(code).unwrap(),
            name: format!("架空クリニック{}", &code[7..]),
            postal_code: "960-0001".to_owned(),
            address: "福島市架空町1-1".to_owned(),
            telephone: "024-000-0001".to_owned(),
        };
        let (settled, mail) = self.settled_for(What::Medical(medical), code).await;
        self.arrived(settled, mail).await
    }

    /// An additional user who works at the same institution.
    pub async fn portal_additional(&self, main: &Main, n: u8) -> Member {
        let (moment, keys, by) = (self.app.moment(), self.app.keys.clone(), main.member.clone());
        let mail = address(&format!("tsuika-{n}-{}", main.mail));
        let name = format!("追加 {n}郎");
        let added =
            self.write(move |tx| portal::add_member(tx, &moment, &keys, by.institution, person(&name), mail.clone(), &by));
        self.enter_portal(&added.await.unwrap()).await.1
    }

    /// The main user of a care office who has not logged in yet: address and initial password. M-9 has gone out.
    pub async fn portal_initial(&self, user_id: &str) -> (String, Secret<String>) {
        let (settled, mail) = self.settled_for(What::Care(user(user_id)), user_id).await;
        self.run_jobs().await;
        let user = self.portal_user(settled.member.user);
        let initial = portal::initial_password(&self.app.keys, user.id, &user.initial.expect("granted")).unwrap();
        (mail, initial)
    }

    /// A user as it is now.
    pub fn portal_user(&self, id: Id) -> User {
        self.app.store.read(|r| portal::user(r, id)).unwrap().unwrap()
    }

    /// The code of the newest mail that holds one.
    pub async fn code_in_last_mail(&self) -> String {
        let mails = self.take_mails().await;
        let is_code = |line: &&str| (4..=8).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_digit());
        let code = mails.iter().rev().find_map(|mail| mail.body.lines().find(is_code));
        code.unwrap_or_else(|| panic!("no code in {mails:?}")).to_owned()
    }

    async fn settled_for(&self, what: What, name: &str) -> (Settled, String) {
        let (moment, keys, home) = (self.app.moment(), self.app.keys.clone(), home(&what));
        let mail = format!("{}@portal.example.jp", name.to_lowercase());
        let typed = address(&mail);
        let settled =
            self.write(move |tx| portal::settle_main(tx, &moment, &keys, what.clone(), home, person("佐藤 花子"), typed.clone()));
        (settled.await, mail)
    }

    async fn arrived(&self, settled: Settled, mail: String) -> Main {
        let (user, member) = self.enter_portal(&settled.member).await;
        Main { user, member, institution: settled.institution, mail }
    }

    /// Password, terms and the first sight of マイページ. Its invitation is dropped by then.
    async fn enter_portal(&self, member: &Member) -> (User, Member) {
        let hash = self.app.hasher.hash(Secret::new(PORTAL_PASSWORD.to_owned()), [7; 16]).await.unwrap();
        let now = self.clock.now();
        let member = Member { entered: Some(now), ..member.clone() };
        let saved = member.clone();
        let user = self
            .write(move |tx| {
                portal::save_member(tx, &saved)?;
                let mut user = portal::user(tx, saved.user)?.unwrap();
                user.set_password(hash.clone(), now);
                user.terms = Some(Agreed { version: terms::newest_version(tx, portal::TERMS)?, at: now });
                portal::save_user(tx, &user)
            })
            .await;
        self.run_jobs().await;
        (user, member)
    }
}

impl Browser {
    /// A session of this user that works nowhere yet; `limited` as one that an initial password has opened.
    pub async fn portal_at_a_step(&mut self, app: &TestApp, user: Id, limited: bool) {
        let (moment, subject) = (app.app.moment(), Subject::Portal(user));
        let address = "203.0.113.7".to_owned();
        let with = OpenSession { address, device: None, limited, agent: String::new(), place: None };
        let token = app.write(move |tx| sessions::open(tx, &moment, subject, &with)).await;
        self.cookies.insert("portal".to_owned(), token.expose().to_owned());
    }

    /// A session of this user at one of their places, opened without the screens of the login.
    pub async fn portal(&mut self, app: &TestApp, user: &User, place: &Member) {
        let (moment, subject) = (app.app.moment(), Subject::Portal(user.id));
        let with = OpenSession {
            address: "203.0.113.7".to_owned(),
            device: None,
            limited: false,
            agent: String::new(),
            place: Some(place.id),
        };
        let token = app.write(move |tx| sessions::open(tx, &moment, subject, &with)).await;
        self.cookies.insert("portal".to_owned(), token.expose().to_owned());
    }
}

fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).unwrap()
}

fn home(what: &What) -> Prefecture {
    match what {
        What::Care(user_id) => user_id.office().prefecture,
        What::Medical(medical) => medical.code.prefecture(),
    }
}
