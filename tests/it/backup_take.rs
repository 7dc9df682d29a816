//! Backups: what is in them, what is not, and that they are whole.

use std::os::unix::fs::PermissionsExt as _;

use uketsuke::backup::{BackupError, verify_backup};
use uketsuke::kernel::Random;
use uketsuke::security::Keys;
use uketsuke::store::{Reads as _, Snapshot, Store, StoreOptions, Table};

use crate::support::TestApp;
use crate::support::installed::{Installed, flip, take};
use crate::support::reissue::office;

#[tokio::test]
async fn a_backup_is_read_back_belongs_to_its_owner_alone_and_overwrites_nothing() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    app.applied(office(13, "1311111111"), Some("a@example.jp")).await;
    let file = here.path("one.redb");
    let taken = take(&app.app, &file).await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let verified = verify_backup(&file, &app.app.keys, &mut |_, _| true).unwrap();
    assert_eq!(verified.findings.damage, []);
    // What a backup says of itself, and its seal.
    assert_eq!(verified.findings.rows, taken.rows + 2);
    let before = std::fs::read(&file).unwrap();
    assert!(take(&app.app, &file).await.is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_backup_holds_neither_the_keys_nor_anything_written_after_it_began() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    let early = app.applied(office(13, "1311111111"), None).await;
    let file = here.path("one.redb");
    take(&app.app, &file).await.unwrap();
    let late = app.applied(office(13, "1322222222"), None).await;
    let applications: Table<uketsuke::kernel::ControlNumber, serde_json::Value> = Table::new("reissue");
    let backup = Snapshot::open(&file).unwrap();
    let there = |number| backup.read(|r| r.has(&applications, &number)).unwrap();
    assert!(there(early.number) && !there(late.number));
    let key = std::fs::read_to_string(here.key_file()).unwrap();
    let secret = key.split('"').nth(1).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(secret.len()).any(|at| at == secret.as_bytes()));
}

#[tokio::test]
async fn a_backup_for_which_the_disk_has_no_room_is_not_begun() {
    let here = Installed::new();
    drop(here.open(|_| {}).await);
    let (path, key_file) = (here.database(), here.key_file());
    let opened = tokio::task::spawn_blocking(move || {
        let options = StoreOptions { reserve_mib: 1 << 40, ..StoreOptions::default() };
        (Store::open(&path, options).unwrap(), Keys::load(&key_file, &Random::system(), false).unwrap())
    });
    let (store, keys) = opened.await.unwrap();
    let app = TestApp::with_keys(store, keys, |_| {});
    let error = take(&app.app, &here.path("one.redb")).await.unwrap_err();
    assert!(error.to_string().contains("空きが足りないため、バックアップをとれません"), "{error}");
    assert!(!here.path("one.redb").exists());
}

#[tokio::test]
async fn what_a_killed_command_has_left_is_cleared_after_a_day() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    let left = |folder: &str, name: &str, hours: u64| {
        std::fs::create_dir_all(here.data().join(folder)).unwrap();
        let path = here.data().join(folder).join(name);
        let now = std::time::SystemTime::from(app.clock.now());
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(now - std::time::Duration::from_hours(hours)).unwrap();
        path
    };
    for folder in ["incoming", "outgoing"] {
        let (old, new) = (left(folder, "old", 25), left(folder, "new", 23));
        app.app.prepare().await.unwrap();
        assert!(!old.exists() && new.exists(), "{folder}");
    }
}

#[tokio::test]
async fn a_backup_of_a_damaged_database_is_none() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    app.in_ledger(13, "1311111111").await;
    drop(app);
    assert!(flip(&here.database(), "請求事業所A".as_bytes()) > 0);
    let app = here.open(|_| {}).await;
    let file = here.path("one.redb");
    let error = take(&app.app, &file).await.unwrap_err();
    assert!(matches!(error, BackupError::Store(_)), "{error}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_large_database_is_copied_in_chunks_and_whole() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    let rows: Table<u32, String> = Table::new("limits");
    let text = "x".repeat(3_000);
    // Beyond two chunks of a copy.
    app.write(move |tx| (0..4_000_u32).try_for_each(|n| tx.put(&rows, &n, &text))).await;
    let file = here.path("one.redb");
    // Rows of this form are damage, which is not what is looked at here: only the copying.
    let copy = |r: &_| uketsuke::store::write_copy(r, &file, &[], &|_, _| Ok(()), &|_, _| Ok(()), &mut |_, _| true);
    let copied = app.app.store.read(copy).unwrap();
    assert_eq!(copied["limits"], 4_000);
    drop(app);
    let store = tokio::task::spawn_blocking(move || Store::open(&file, uketsuke::store::StoreOptions::default()).unwrap());
    let store = store.await.unwrap();
    let rows: Table<u32, String> = Table::new("limits");
    for n in [0, 1_397, 1_398, 2_796, 3_999] {
        assert_eq!(store.read(|r| r.get(&rows, &n)).unwrap().map(|text| text.len()), Some(3_000), "{n}");
    }
}

#[tokio::test]
async fn a_backup_that_nobody_fetched_is_gone_after_a_day() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    let outgoing = here.data().join("outgoing");
    std::fs::create_dir(&outgoing).unwrap();
    for (name, hours) in [("old.redb", 25), ("young.redb", 23)] {
        let file = std::fs::File::create(outgoing.join(name)).unwrap();
        let made = app.clock.now() - jiff::SignedDuration::from_hours(hours);
        file.set_modified(made.into()).unwrap();
    }
    let house = app.app.clone();
    let work = move || uketsuke::backup::take_aside(&house, &mut |_, _, _| {});
    let taken = tokio::task::spawn_blocking(work).await.unwrap().unwrap();
    assert!(taken.file.starts_with(&outgoing) && taken.file.exists());
    assert!(!outgoing.join("old.redb").exists() && outgoing.join("young.redb").exists());
}
