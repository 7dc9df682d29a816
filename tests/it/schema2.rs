//! Schema 2, while it is open: an installation with a row in every table, made by this program. Once it is frozen, its backup is kept beside
//! that of schema 1.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use uketsuke::backup::verify_live;
use uketsuke::demo::{self, people};
use uketsuke::kernel::{Id, Random, UserId};
use uketsuke::security::Keys;
use uketsuke::security::sessions::Subject;
use uketsuke::store::{Check, Key, Reads as _, SCHEMA, Snapshot, Span, Store, StoreOptions, Table};

use crate::backup_verify::declared;
use crate::new_device::ask_device;
use crate::portal_page::member_at;
use crate::portal_register;
use crate::support::contact::{APPLICATION, GENERAL};
use crate::support::installed::{Installed, take};
use crate::support::office::{PASSWORD, TEMPORARY, USER, user};
use crate::support::portal;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::staff::invite;
use crate::support::{TestApp, staff};
use crate::{portal_login, portal_lost, portal_mail, portal_users, reset};

/// Has a letter out and has begun its first login.
const NEWCOMER: &str = "KJ131399999999";
/// A new office with its first letter.
const NEW: &str = "KJ131388888888";
/// A new office that has done all its steps.
const SETTLED: &str = "KJ131377777777";
/// An existing office without any address.
const BARE: &str = "KJ131366666666";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema2").join(name)
}

/// With backups on, so that their tables have rows too.
async fn filled(here: &Installed) -> TestApp {
    let folder = here.path("backups");
    std::fs::create_dir(&folder).unwrap();
    let app = here.open(|config| config.backup.directory = Some(folder)).await;
    fill(&app).await;
    let templates = here.data().join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("seal.svg"), "<svg/>").unwrap();
    app
}

async fn backup_of(app: &TestApp, here: &Installed) -> PathBuf {
    let file = here.path("backup.redb");
    take(&app.app, &file).await.unwrap();
    file
}

#[tokio::test]
#[ignore = "writes tests/fixtures/schema2 anew; only when schema 2 is frozen"]
async fn make_the_fixture_of_schema_2() {
    assert_eq!(SCHEMA, 2, "schema 2 is made by programs that write it");
    let here = Installed::new();
    let file = backup_of(&filled(&here).await, &here).await;
    std::fs::create_dir_all(fixture("")).unwrap();
    let packed = std::fs::File::create(fixture("backup.redb.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
    packed.write_all(&std::fs::read(&file).unwrap()).unwrap();
    packed.finish().unwrap();
    std::fs::remove_file(fixture("exported.keys")).ok();
    Keys::copy_file(&here.key_file(), &fixture("exported.keys")).unwrap();
}

/// The demo, and after it somebody at every door, so that no table is empty.
async fn fill(app: &TestApp) {
    demo::fill(&app.app).await.unwrap();
    app.office(USER).await;
    let newcomer = app.office(NEWCOMER).await;
    app.letter(newcomer).await;
    app.app.prepare().await.unwrap();

    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.browser().log_in(USER, "wrong Password 1").await;
    browser = app.browser();
    browser.log_in(NEWCOMER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;

    app.in_ledger(13, NUMBER).await;
    assert_eq!(app.browser().apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"));
    let one = app.applied(user(USER).office(), Some(CONTACT)).await;
    browser = app.browser();
    browser.get("/status").await;
    browser.submit("/status", &[("control_number", &one.number.to_string()), ("contact", CONTACT)]).await;

    invite(app, "新人", uketsuke::staff::Role::Clerk, uketsuke::staff::Scope::All).await;
    let who = people::STAFF[0].name;
    for password in ["wrong password of staff", people::STAFF_PASSWORD] {
        browser = app.browser();
        browser.open("/staff/login").await;
        browser.submit("/staff/login", &[("name", who), ("password", password)]).await;
    }
    fill_accounts(app).await;
    app.run_jobs().await;
    app.transport.take();
    // As an import holds it that is under way.
    #[derive(Serialize)]
    struct Lease {
        holder: Id,
        until: jiff::Timestamp,
    }
    let (holder, until) = (Id::from_bytes([1; 16]), app.clock.now());
    app.write(move |tx| tx.put(&Table::<u8, Lease>::new("ledger_import"), &0, &Lease { holder, until })).await;
}

/// What came with schema 2. Each room adds its rows here.
async fn fill_accounts(app: &TestApp) {
    app.new_office(NEW).await;
    app.settled(SETTLED).await;
    let bare = app.existing_without_address(BARE).await;
    let mut browser = app.browser();
    browser.log_in(BARE, PASSWORD).await;
    browser.ask_for_code("nanashi@example.jp").await;
    app.passkey(Subject::Office(bare)).await;
    assert_eq!(app.browser().begin_passkey_login().await.location(), Some("/login/passkey"));
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    assert_eq!(browser.begin("add", "").await.location(), Some("/office/user/addresses/edit"));
    assert_eq!(browser.type_address("third@example.jp").await.location(), Some("/office/user/addresses/otp"));
    assert_eq!(reset::ask(&mut app.browser(), NUMBER, reset::REGISTERED).await.location(), Some("/reset/code"));
    assert_eq!(ask_device(&mut app.browser(), USER, reset::REGISTERED).await.location(), Some("/login/device/code"));
    browser.get("/office/user/mail").await;
    let half = [("mail_choice", "register"), ("mail", "half@exa"), ("mail_again", ""), ("back", "menu")];
    assert_eq!(browser.post("/office/user/mail", &half).await.location(), Some("/office/user"));
    fill_codes(app).await;
    fill_portal(app).await;
}

/// What came with 介護情報基盤ポータル. Each of its rooms adds its rows here.
async fn fill_portal(app: &TestApp) {
    let main = app.portal_main(USER).await;
    app.portal_additional(&main, 1).await;
    app.portal_initial(SETTLED).await;
    app.medical(portal::CODE).await;
    // Another user about to be added, and another address about to be proved.
    let mut browser = member_at(app, &main.member).await;
    browser.get(portal_users::EDIT).await;
    let added = browser.post(portal_users::EDIT, &portal_users::typed("三人目", "sannin@example.jp")).await;
    assert_eq!(added.location(), Some(portal_users::CHECK));
    assert_eq!(portal_mail::type_address(&mut browser, portal_mail::NEW).await.location(), Some(portal_mail::OTP));
    // One registration at each of its steps that leaves a row.
    let bare = portal_register::prove(&mut app.browser(), BARE, PASSWORD).await;
    assert_eq!(bare.location(), Some("/portal/register/no-address"));
    portal_register::at_otp(&mut app.browser(), USER).await;
    fill_inquiries(app).await;
    let (mail, password) = (main.mail.as_str(), portal::PORTAL_PASSWORD);
    assert_eq!(portal_login::log_in(&mut app.browser(), mail, "wrong").await.status, 422);
    let waits = portal_login::log_in(&mut app.browser(), mail, password).await;
    assert_eq!(waits.location(), Some("/portal/login/otp"));
    assert_eq!(portal_lost::ask(&mut app.browser(), mail).await.location(), Some("/portal/lost/otp"));
}

/// An inquiry that waits, one at rest, and one that is being written.
async fn fill_inquiries(app: &TestApp) {
    app.inquiry(&GENERAL).await;
    let closed = app.inquiry(&APPLICATION).await;
    app.browser().inquire_to_check(&GENERAL).await;
    let mut operator = staff(app, "窓口", uketsuke::staff::Role::Operator, 7).await;
    let fields = [("reject_reason", "duplicate"), ("reject_sentence", "重複のため見送ります。")];
    assert_eq!(operator.on_inquiry(closed.number, "reject", &fields).await.status.as_u16(), 303);
}

/// A login that waits for its security code, and an app that is being registered.
async fn fill_codes(app: &TestApp) {
    let coded = UserId::of(demo::offices::key(demo::offices::WITH_CODE.0, demo::offices::WITH_CODE.1)).to_string();
    let waits = app.browser().log_in(&coded, people::OFFICE_PASSWORD).await;
    assert_eq!(waits.location(), Some("/login/code"));
    let mut browser = app.browser();
    browser.log_in(SETTLED, PASSWORD).await;
    let shown = browser.open("/office/user/code").await.value("shown").unwrap();
    let set = browser.post("/office/user/code", &[("kind", "app"), ("shown", &shown)]).await;
    assert_eq!(set.location(), Some("/office/user/code/app"));
}

/// Any key, as its bytes.
#[derive(Clone)]
struct Raw(Vec<u8>);

impl Key for Raw {
    fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.to_vec()))
    }
    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Tables whose rows stand alone: nothing else in the database says that there must be such a row. Flows that somebody began, counted
/// tries and hits, devices, notices, single states.
const ALONE: &[&str] = &[
    "backup_about",
    "backup_files",
    "backup_seal",
    "backup_state",
    "belongs",
    "codes",
    "contact_flows",
    "device_flows",
    "devices",
    "first_login",
    "first_login_addresses",
    "ledger_import",
    "limits",
    "login_strangers",
    "login_tries",
    "login_waiting",
    "notices_addressed",
    "notices_public",
    "notices_versions",
    "passkey_ceremonies",
    "portal_lost_flows",
    "portal_mail_flows",
    "portal_register_flows",
    "portal_strangers",
    "portal_tries",
    "portal_user_flows",
    "portal_waiting",
    "reissue_applying",
    "reissue_days",
    "reissue_looking",
    "reset_flows",
    "security_code_setups",
    "security_mail_flows",
    "staff_attempts",
    "staff_invitations",
    "staff_strangers",
    "staff_tries",
    "terms",
    "terms_portal",
    "user_info_kept",
];

#[tokio::test]
async fn every_table_of_schema_2_has_a_row_and_nothing_is_damaged() {
    let here = Installed::new();
    let app = filled(&here).await;
    assert_eq!(verify_live(&app.app, &mut |_, _| true).unwrap().findings.damage, []);
    let rows = Snapshot::open(&backup_of(&app, &here).await).unwrap().read(Check::rows).unwrap();
    let without: Vec<&str> = declared().into_iter().filter(|name| rows.get(*name).is_none_or(|rows| *rows == 0)).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[tokio::test]
async fn a_row_taken_out_of_any_table_that_others_lead_to_is_missed() {
    let here = Installed::new();
    let whole = backup_of(&filled(&here).await, &here).await;
    let spoilt = here.path("spoilt.redb");
    let keys = Keys::load(&here.key_file(), &Random::system(), false).unwrap();
    // Stores are opened and closed outside the runtime, as a process does.
    let look = move || unnoticed(&whole, &spoilt, &keys);
    assert_eq!(tokio::task::spawn_blocking(look).await.unwrap(), ALONE);
}

/// The tables of which a row could be taken out unseen.
fn unnoticed(whole: &Path, spoilt: &Path, keys: &Keys) -> Vec<&'static str> {
    let mut unnoticed = Vec::new();
    for name in declared() {
        std::fs::copy(whole, spoilt).unwrap();
        let store = Store::open(spoilt, StoreOptions::default()).unwrap();
        let taken = store.write_blocking(move |tx| {
            let table: Table<Raw, serde::de::IgnoredAny> = Table::new(name);
            // The newest, where rows are in order: the older ones could be missed by their gaps alone.
            let (key, _) = tx.first(&table, &Span::all().descending())?.expect("every table has a row");
            tx.delete(&table, &key)
        });
        assert!(taken.unwrap(), "{name}");
        let found = store.read(|r| Check::run(r, &mut |_, _| true, |c| uketsuke::app::check(c, Some(keys)))).unwrap();
        if found.damages == 0 {
            unnoticed.push(name);
        }
    }
    unnoticed.sort_unstable();
    unnoticed
}
