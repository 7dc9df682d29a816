//! Schema 1, kept for ever: an installation as this program wrote it, which every later one must open, understand and serve.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use uketsuke::backup::verify_live;
use uketsuke::cli::installation::DATABASE;
use uketsuke::demo::{offices, people};
use uketsuke::kernel::UserId;
use uketsuke::store::{Check, SCHEMA, Snapshot};

use crate::support::TestApp;
use crate::support::installed::{Installed, take};
use crate::support::office::{PASSWORD, TEMPORARY, USER, user};

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
fn the_file_of_schema_1_has_no_empty_table() {
    let here = Installed::new();
    let backup = Snapshot::open(&unpacked(&here)).unwrap();
    assert_eq!(backup.schema().unwrap(), 1);
    let rows = backup.read(Check::rows).unwrap();
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
async fn a_file_of_schema_1_is_taken_to_2_and_served() {
    let (here, app) = opened().await;
    let copy = here.data().join(format!("{DATABASE}.schema-1"));
    assert_eq!(Snapshot::open(&copy).unwrap().schema().unwrap(), 1, "the file as it was lies beside it");
    let account = app.account(user(USER));
    assert_eq!((account.terms, account.notice_answered, account.settled, account.review_addresses), (None, None, None, false));
    app.app.prepare().await.unwrap();
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_eq!(browser.open("/office").await.title(), "お知らせ", "an existing office with addresses has nothing to do");
    // Begun under the older program: it goes on where it was.
    browser = app.browser();
    browser.log_in(NEWCOMER, TEMPORARY).await;
    assert_eq!(browser.open("/first-login").await.title(), "パスワード変更");
    assert_eq!(verify_live(&app.app, &mut |_, _| true).unwrap().findings.damage, []);
    let file = here.path("later.redb");
    take(&app.app, &file).await.unwrap();
    assert_eq!(Snapshot::open(&file).unwrap().schema().unwrap(), SCHEMA);
}
