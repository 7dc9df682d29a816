//! An installation with something in every room, twice: what belongs to 07 and what belongs to 13. And everybody who may come.

use maud::html;
use poem::handler;
use uketsuke::contact_form::InquiryNumber;
use uketsuke::kernel::{Id, MailAddress, OfficeKey, Prefecture, UserId};
use uketsuke::ledger;
use uketsuke::letters;
use uketsuke::mail::outbox;
use uketsuke::mail::transport::SendError;
use uketsuke::notices;
use uketsuke::portal::{self, Member};
use uketsuke::reissue::{Application, State};
use uketsuke::routes::{Row, Who};
use uketsuke::staff::{Role, Scope};
use uketsuke::store::{Reads as _, Span, StoreError};
use uketsuke::web::assets::asset_url;
use uketsuke::web::{Answer, Visit, page};

use super::browser::Browser;
use super::contact::{GENERAL, with};
use super::desk::shown;
use super::office::{PASSWORD, TEMPORARY};
use super::portal::Main;
use super::reissue::office;
use super::staff::{PASSWORD as STAFF_PASSWORD, enrol, invite, log_in};
use super::{TestApp, staff};
use crate::letters_print::queue;

/// The office number that stands in both ledgers.
pub const SHARED: &str = "1311111111";

/// What one federation has.
pub struct Things {
    pub prefecture: u8,
    /// The office of the shared number; its account has [`PASSWORD`].
    pub office: OfficeKey,
    /// Of this office: 審査中, its mails refused by the server.
    pub application: Application,
    /// One of those mails.
    pub mail: Id,
    /// An office that stands in this ledger only.
    pub only_here: OfficeKey,
    /// Its letter, printed.
    pub letter: Id,
    pub letter_number: String,
    /// Its printing.
    pub batch: String,
    /// Words that stand on this federation's pages and must stand on no other's.
    pub names: Vec<String>,
    notice: Id,
    /// Addressed to the office.
    own_notice: Id,
    /// An inquiry that has come in.
    inquiry: InquiryNumber,
    /// The main user of this office at the portal.
    pub main: Main,
    /// Another user of it.
    pub additional: Member,
}

/// The installation.
pub struct World {
    pub app: TestApp,
    pub at07: Things,
    pub at13: Things,
}

/// Who somebody is to the guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody: no session at all.
    Stranger,
    /// An office at work.
    Office,
    /// An office at the steps of its first login.
    Wizard,
    /// A member of staff.
    Staff(Role),
    /// A user of the portal at マイページ.
    Portal,
    /// A user of the portal at a step before it.
    PortalStep,
}

/// Somebody with a browser.
pub struct Person {
    pub name: &'static str,
    pub kind: Kind,
    /// The federation whose things are their own.
    pub at: u8,
    pub browser: Browser,
}

impl World {
    pub async fn new() -> Self {
        let mut app = TestApp::new();
        app.may_leave_mails = true;
        let at07 = things(&app, 7).await;
        let at13 = things(&app, 13).await;
        Self { app, at07, at13 }
    }

    pub fn of(&self, prefecture: u8) -> &Things {
        if prefecture == 7 { &self.at07 } else { &self.at13 }
    }

    pub fn other_than(&self, prefecture: u8) -> &Things {
        if prefecture == 7 { &self.at13 } else { &self.at07 }
    }

    /// Everybody, each in a browser of their own.
    pub async fn people(&self) -> Vec<Person> {
        let app = &self.app;
        let mut people = vec![Person { name: "a visitor", kind: Kind::Stranger, at: 13, browser: app.browser() }];
        for (name, things) in [("an office", &self.at13), ("another office", &self.at07)] {
            let mut browser = app.browser();
            let page = browser.log_in(&UserId::of(things.office).to_string(), PASSWORD).await;
            assert_eq!(page.location(), Some("/office"));
            people.push(Person { name, kind: Kind::Office, at: things.prefecture, browser });
        }
        people.push(Person { name: "an office at its first login", kind: Kind::Wizard, at: 13, browser: self.wizard().await });
        let own = [
            ("a clerk", Role::Clerk),
            ("an approver", Role::Approver),
            ("an admin", Role::Admin),
            ("an operator of the portal", Role::Operator),
        ];
        for (name, role) in own {
            people.push(Person { name, kind: Kind::Staff(role), at: 13, browser: staff(app, name, role, 13).await });
        }
        let name = "an admin of the other prefecture";
        people.push(Person { name, kind: Kind::Staff(Role::Admin), at: 7, browser: staff(app, name, Role::Admin, 7).await });
        let name = "an admin of all federations";
        let member = enrol(app, name, Role::Admin, Scope::All).await;
        let mut browser = app.browser();
        log_in(app, &mut browser, &member).await;
        people.push(Person { name, kind: Kind::Staff(Role::Admin), at: 7, browser });
        people.push(Person { name: "staff enrolling", kind: Kind::Stranger, at: 13, browser: self.enrolling().await });
        let name = "staff between password and code";
        people.push(Person { name, kind: Kind::Stranger, at: 13, browser: self.between().await });
        for (name, things) in [("a main user of the portal", &self.at13), ("a main user of the other prefecture", &self.at07)] {
            let mut browser = app.browser();
            browser.portal(app, &things.main.user, &things.main.member).await;
            people.push(Person { name, kind: Kind::Portal, at: things.prefecture, browser });
        }
        let member = &self.at13.additional;
        let mut browser = app.browser();
        browser.portal(app, &app.portal_user(member.user), member).await;
        people.push(Person { name: "an additional user of the portal", kind: Kind::Portal, at: 13, browser });
        let name = "a user of the portal with an initial password";
        people.push(Person { name, kind: Kind::PortalStep, at: 13, browser: self.with_initial().await });
        let name = "a user of the portal who has not chosen where to work";
        let mut browser = app.browser();
        browser.portal_at_a_step(app, self.at07.main.user.id, false).await;
        people.push(Person { name, kind: Kind::PortalStep, at: 7, browser });
        for person in &mut people {
            person.browser = with_portal_token(app).with_cookies(&person.browser);
        }
        people
    }

    async fn with_initial(&self) -> Browser {
        self.app.office("KJ131344444444").await;
        let (mail, _) = self.app.portal_initial("KJ131344444444").await;
        let user = self.app.app.store.read(|r| portal::user_by_mail(r, &MailAddress::parse(&mail).unwrap())).unwrap().unwrap();
        let mut browser = self.app.browser();
        browser.portal_at_a_step(&self.app, user.id, true).await;
        browser
    }

    async fn wizard(&self) -> Browser {
        let user = self.app.office("KJ131333333333").await;
        self.app.letter(user).await;
        let mut browser = self.app.browser();
        assert_eq!(browser.log_in("KJ131333333333", TEMPORARY).await.location(), Some("/first-login"));
        browser
    }

    async fn enrolling(&self) -> Browser {
        let link = invite(&self.app, "新人", Role::Admin, Scope::One(Prefecture::new(13).unwrap())).await;
        let mut browser = self.app.browser();
        browser.open(&link).await;
        let fields = [("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)];
        assert_eq!(browser.post("/staff/enrol", &fields).await.location(), Some("/staff/enrol/app"));
        browser
    }

    async fn between(&self) -> Browser {
        let member = enrol(&self.app, "途中", Role::Admin, Scope::One(Prefecture::new(13).unwrap())).await;
        let mut browser = self.app.browser();
        browser.open("/staff/login").await;
        let page = browser.post("/staff/login", &[("name", &member.name), ("password", STAFF_PASSWORD)]).await;
        assert_eq!(page.location(), Some("/staff/login/code"));
        browser
    }
}

impl Things {
    /// A real address for a row of the table. Panics for a varying part that it does not know: a new one is written down here.
    pub fn path(&self, pattern: &str) -> String {
        let parts: Vec<&str> = pattern.split('/').collect();
        let value = |before: &str, part: &str| match (before, part) {
            ("notices", ":id") => self.notice.to_string(),
            ("notices", ":notice") => self.own_notice.to_string(),
            ("inquiries", ":number") => self.application.number.to_string(),
            ("batches", ":id") => self.batch.clone(),
            ("letters", ":id") => self.letter.to_string(),
            ("ledger", ":number") => self.only_here.number.to_string(),
            ("applications", ":number") => self.application.number.to_string(),
            ("mails", ":mail") => self.mail.to_string(),
            ("users" | "members", ":member") => self.additional.id.to_string(),
            ("inquiries", ":inquiry") => self.inquiry.to_string(),
            ("institutions", ":institution") => self.main.institution.id.to_string(),
            ("assets", "*path") => asset_url("css/app.css").trim_start_matches("/assets/").to_owned(),
            _ => panic!("{pattern}: what stands for {part}?"),
        };
        let mut out = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let varies = part.starts_with([':', '*']);
            out.push(if varies { value(parts[at - 1], part) } else { (*part).to_owned() });
        }
        out.join("/")
    }

    /// Fields that make a whole form of every row that has to do with these things.
    pub fn fields(&self, pattern: &str) -> Vec<(&'static str, String)> {
        let mv = if pattern.ends_with("/decision") { "approve" } else { "withdraw" };
        let text = |value: &str| value.to_owned();
        vec![
            ("move", text(mv)),
            ("shown", shown(&self.application)),
            ("withdraw_note", text("理由です")),
            ("reason", text("理由です")),
            ("act", text("suspend")),
            ("seen", text("0.")),
            ("suspend_reason", text("理由です")),
            ("unlock_reason", text("理由です")),
            ("place", text("1")),
            ("suspend_reason_1", text("理由です")),
            ("note", text("備考です")),
            ("token", Id::from_bytes([7; 16]).to_string()),
            ("postal_code", text("100-0009")),
        ]
    }
}

async fn things(app: &TestApp, prefecture: u8) -> Things {
    let place = if prefecture == 7 { "福島" } else { "東京" };
    let user = app.office(&format!("KJ{prefecture:02}{SHARED}")).await;
    let named = [
        (user.office(), format!("{place}共通事業所")),
        (office(prefecture, &only_number(prefecture)), format!("{place}専用事業所")),
    ];
    for (key, name) in named.clone() {
        let mut entry = ledger::Entry::new(key, &name);
        entry.address = format!("{place}架空町1-1");
        entry.postal_code = "100-0001".to_owned();
        app.write(move |tx| ledger::put(tx, &entry)).await;
    }
    app.take_mails().await;

    app.transport.fail_with(Some(SendError::Permanent { reason: "550 no such mailbox".to_owned() }));
    let application = app.in_state(user.office(), State::UnderReview).await;
    app.run_jobs().await;
    app.transport.fail_with(None);
    let mails = app.app.store.read(|r| outbox::about(r, &application.number.to_string(), 9)).unwrap();
    let (mail, _) = mails.into_iter().find(|(_, row)| row.state == outbox::State::Failed).expect("a mail was refused");

    let told = app.app.store.read(|r| notices::of_office(r, user, 1)).unwrap();
    let own_notice = told.first().expect("N-1 tells of the application").id;

    let only_here = named[1].0;
    app.in_state(only_here, State::Approved).await;
    let mut clerk = staff(app, &format!("{place}の印刷係"), Role::Clerk, prefecture).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let fields = [("token", token.as_str()), ("choice", choices[0].as_str())];
    let ordered = clerk.post("/staff/letters/print", &fields).await;
    let batch = ordered.location().unwrap().rsplit('/').next().unwrap().to_owned();
    app.take_mails().await;
    let letter = app.app.store.read(|r| letters::of_office(r, only_here)).unwrap().remove(0);
    let letter_number = letter.number.unwrap().to_string();

    let notice = Id::new(&app.app.random);
    let public = notices::Public {
        id: notice,
        prefecture: None,
        title: "お知らせ".to_owned(),
        body: "本文".to_owned(),
        important: false,
        from: Some(jiff::civil::date(2026, 1, 20)),
        until: None,
    };
    app.write(move |tx| notices::put_public(tx, &public)).await;
    let asked = with(&GENERAL, &[("prefecture", if prefecture == 7 { "07" } else { "13" })]);
    let inquiry = app.inquiry(&asked).await.number;
    app.take_mails().await;
    let main = app.portal_main(&user.to_string()).await;
    let additional = app.portal_additional(&main, 1).await;
    let mut names: Vec<String> = named.iter().map(|(_, name)| name.clone()).collect();
    names.extend([application.number.to_string(), letter_number.clone(), letter.id.to_string(), only_number(prefecture)]);
    names.extend([inquiry.to_string(), main.mail.clone(), main.institution.id.to_string(), additional.id.to_string()]);
    let application = app.application(application.number);
    Things {
        prefecture,
        office: user.office(),
        application,
        mail,
        only_here,
        letter: letter.id,
        letter_number,
        batch,
        names,
        notice,
        own_notice,
        inquiry,
        main,
        additional,
    }
}

/// Where every person of [`World::people`] finds a token for forms of the portal, whatever the portal's own pages are.
pub const PORTAL_TOKEN: &str = "/portal/token";

/// A browser of an installation that has [`PORTAL_TOKEN`].
pub fn with_portal_token(app: &TestApp) -> Browser {
    app.browser_with(vec![Row::get(PORTAL_TOKEN, Who::Public, portal_token)])
}

#[handler]
fn portal_token(visit: Visit) -> Answer {
    page(html! { input type="hidden" name="_csrf" value=(visit.csrf()); })
}

fn only_number(prefecture: u8) -> String {
    format!("{prefecture:02}22222222")
}

/// Every row of every table, as bytes.
pub fn dump(app: &TestApp) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    for table in tables() {
        app.app
            .store
            .read(|r| {
                r.raw_each(table, &Span::all(), &mut |key, value| {
                    rows.push((table, key.to_vec(), value.to_vec()));
                    Ok(true)
                })?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    rows
}

/// The names of all tables, as the source declares them.
fn tables() -> Vec<&'static str> {
    fn walk(folder: &std::path::Path, found: &mut Vec<&'static str>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for part in text.split("Table::new(\"").skip(1) {
                    found.push(String::leak(part.split('"').next().unwrap().to_owned()));
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort_unstable();
    found.dedup();
    found
}
