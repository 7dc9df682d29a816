//! Schema 1, kept for ever: an installation as this program wrote it, which every later one must open, understand and serve.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use uketsuke::backup::verify_live;
use uketsuke::demo::{self, offices, people};
use uketsuke::kernel::{Id, UserId};
use uketsuke::security::Keys;
use uketsuke::store::{Check, Key, Reads as _, SCHEMA, Snapshot, Span, Store, StoreOptions, Table};

use crate::backup_verify::declared;
use crate::support::TestApp;
use crate::support::installed::{Installed, take};
use crate::support::office::{PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::staff::invite;

/// Has a letter out and has begun its first login.
const NEWCOMER: &str = "KJ131399999999";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema1").join(name)
}

/// The backup, unpacked.
fn unpacked(here: &Installed) -> PathBuf {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(fixture("backup.redb.gz")).unwrap()).read_to_end(&mut bytes).unwrap();
    let path = here.path("backup.redb");
    std::fs::write(&path, bytes).unwrap();
    path
}

async fn opened() -> (Installed, TestApp) {
    let here = Installed::new();
    let backup = unpacked(&here);
    here.restore(&backup, Some(&fixture("exported.keys"))).await.unwrap();
    let app = here.open(|_| {}).await;
    (here, app)
}

#[test]
fn the_file_of_schema_1_has_a_row_in_every_table_of_that_schema() {
    let here = Installed::new();
    let backup = Snapshot::open(&unpacked(&here)).unwrap();
    assert_eq!(backup.schema().unwrap(), 1);
    let rows = backup.read(Check::rows).unwrap();
    if SCHEMA == 1 {
        let without: Vec<&str> = declared().into_iter().filter(|name| !rows.contains_key(*name)).collect();
        assert!(without.is_empty(), "{without:?}");
    }
    let empty: BTreeMap<_, _> = rows.into_iter().filter(|(_, rows)| *rows == 0).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[tokio::test]
async fn every_record_of_schema_1_is_read_and_agrees_with_the_others() {
    let (_here, app) = opened().await;
    let found = verify_live(&app.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, []);
    assert!(found.rows > 1_000, "{}", found.rows);
}

#[tokio::test]
async fn offices_and_staff_of_schema_1_log_in_and_their_work_goes_on() {
    let (here, app) = opened().await;
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    let demo_office = UserId::of(offices::key(7, 1)).to_string();
    for (name, password, to) in [
        (USER, PASSWORD, "/office"),
        (demo_office.as_str(), people::OFFICE_PASSWORD, "/office"),
        (NEWCOMER, TEMPORARY, "/first-login"),
    ] {
        assert_eq!(app.browser().log_in(name, password).await.location(), Some(to), "{name}");
    }
    let one = &people::STAFF[4];
    let mut browser = app.browser();
    browser.open("/staff/login").await;
    browser.submit("/staff/login", &[("name", one.name), ("password", people::STAFF_PASSWORD)]).await;
    let code = one.authenticator().code(app.clock.now());
    assert_eq!(browser.post("/staff/login/code", &[("code", &code)]).await.location(), Some("/staff"));
    assert!(browser.get("/staff/applications").await.says("U2026"), "the queue is there");
    assert_eq!(std::fs::read_to_string(here.data().join("templates/seal.svg")).unwrap(), "<svg/>");
    let found = verify_live(&app.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, []);
}

#[tokio::test]
#[ignore = "writes tests/fixtures/schema1 anew; only while schema 1 is not frozen"]
async fn make_the_fixture_of_schema_1() {
    assert_eq!(SCHEMA, 1, "schema 1 is made by programs that write it");
    let here = Installed::new();
    let folder = here.path("backups");
    std::fs::create_dir(&folder).unwrap();
    let app = here.open(|config| config.backup.directory = Some(folder)).await;
    fill(&app).await;
    let templates = here.data().join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("seal.svg"), "<svg/>").unwrap();
    let file = here.path("backup.redb");
    take(&app.app, &file).await.unwrap();
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
    "devices",
    "first_login",
    "ledger_import",
    "limits",
    "login_strangers",
    "login_tries",
    "notices_addressed",
    "notices_public",
    "notices_versions",
    "reissue_applying",
    "reissue_days",
    "reissue_looking",
    "staff_attempts",
    "staff_invitations",
    "staff_strangers",
    "staff_tries",
];

#[test]
fn a_row_taken_out_of_any_table_that_others_lead_to_is_missed() {
    let here = Installed::new();
    let (whole, spoilt) = (unpacked(&here), here.path("spoilt.redb"));
    let keys = Keys::exported(&fixture("exported.keys")).unwrap();
    let mut unnoticed = Vec::new();
    for name in declared() {
        std::fs::copy(&whole, &spoilt).unwrap();
        let store = Store::open(&spoilt, StoreOptions::default()).unwrap();
        let taken = store.write_blocking(move |tx| {
            let table: Table<Raw, serde::de::IgnoredAny> = Table::new(name);
            // The newest, where rows are in order: the older ones could be missed by their gaps alone.
            let (key, _) = tx.first(&table, &Span::all().descending())?.expect("every table has a row");
            tx.delete(&table, &key)
        });
        assert!(taken.unwrap(), "{name}");
        let found = store.read(|r| Check::run(r, &mut |_, _| true, |c| uketsuke::app::check(c, Some(&keys)))).unwrap();
        if found.damages == 0 {
            unnoticed.push(name);
        }
    }
    unnoticed.sort_unstable();
    assert_eq!(unnoticed, ALONE);
}
