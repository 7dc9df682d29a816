//! Schema 1, kept for ever: an installation as this program wrote it, which every later one must open, understand and serve.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use uketsuke::backup::verify_live;
use uketsuke::demo::{offices, people};
use uketsuke::kernel::UserId;
use uketsuke::security::Keys;
use uketsuke::store::{Check, Key, Reads as _, SCHEMA, Snapshot, Span, Store, StoreOptions, Table};

use crate::backup_verify::declared;
use crate::support::TestApp;
use crate::support::installed::Installed;
use crate::support::office::{PASSWORD, TEMPORARY, USER};

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
fn the_files_of_schema_1_are_those_that_were_frozen() {
    let frozen = [
        ("backup.redb.gz", "1265a4fcd32fefd24198494c2427b0844fec39bd47ad8dcb9cb17841eb3a94e2"),
        ("exported.keys", "b3b3f29a11c84ca26de0033c1bf1f8ab457d00f0f2dae552d8398224000cfc4b"),
    ];
    for (name, digest) in frozen {
        let found = Sha256::digest(std::fs::read(fixture(name)).unwrap());
        assert_eq!(data_encoding::HEXLOWER.encode(&found), digest, "{name}: whoever changes a record writes a new schema");
    }
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
