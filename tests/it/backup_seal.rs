//! The seal of a backup: what was altered since it was taken is not restored, also where every checksum was made anew.

use std::path::{Path, PathBuf};

use redb::{ReadableTable as _, TableDefinition};
use uketsuke::backup::{BackupError, verify_given};
use uketsuke::kernel::Random;
use uketsuke::security::Keys;
use uketsuke::staff::Role;

use crate::support::installed::{Installed, take};
use crate::support::office::USER;
use crate::support::staff::staff;

type Rows = TableDefinition<'static, &'static [u8], &'static [u8]>;

const SEAL: Rows = Rows::new("backup_seal");
const ABOUT: Rows = Rows::new("backup_about");

/// A backup of an installation with a clerk, a template and a wrong try.
async fn backup(here: &Installed) -> PathBuf {
    let app = here.open(|_| {}).await;
    staff(&app, "佐藤", Role::Clerk, 13).await;
    app.office(USER).await;
    app.browser().log_in(USER, "wrong Password 1").await;
    std::fs::create_dir_all(here.data().join("templates")).unwrap();
    std::fs::write(here.data().join("templates/seal.svg"), "<svg/>").unwrap();
    let file = here.path("b.redb");
    take(&app.app, &file).await.unwrap();
    file
}

/// The file as somebody opens it who goes past the program.
#[expect(clippy::disallowed_methods, reason = "whoever alters a backup does not ask the store")]
fn opened(file: &Path) -> redb::Database {
    redb::Database::open(file).unwrap()
}

/// Alters the file as somebody would who knows its format: says of each row of a table what becomes of its record, and makes the
/// checksum anew.
fn doctor(file: &Path, table: Rows, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let database = opened(file);
    let txn = database.begin_write().unwrap();
    {
        let mut table = txn.open_table(table).unwrap();
        let rows: Vec<(Vec<u8>, Vec<u8>)> = table
            .iter()
            .unwrap()
            .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).unwrap())
            .collect();
        assert!(!rows.is_empty());
        for (key, value) in rows {
            let Some(record) = change(&value[5..]) else {
                table.remove(key.as_slice()).unwrap();
                continue;
            };
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(&key);
            hasher.update(&record);
            let value = [&value[..1], &hasher.finalize().to_be_bytes(), &record].concat();
            table.insert(key.as_slice(), value.as_slice()).unwrap();
        }
    }
    txn.commit().unwrap();
}

fn replaced(record: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = record.windows(from.len()).position(|part| part == from).expect("it is in the record");
    [&record[..at], to, &record[at + from.len()..]].concat()
}

/// Nothing is restored and nothing left; answers why.
async fn refused(file: &Path, keys: &Path) -> BackupError {
    let there = Installed::new();
    let error = there.restore(file, Some(keys)).await.unwrap_err();
    assert!(!there.key_file().exists() && !there.database().exists(), "{error}");
    error
}

fn verified(file: &Path, keys: Option<&Keys>) -> Result<Vec<String>, BackupError> {
    let verified = verify_given(file, keys, &mut |_, _| true)?;
    assert_eq!(verified.findings.damage, [], "nothing but the seal knows");
    Ok(verified.notes)
}

#[tokio::test]
async fn a_backup_in_which_a_clerk_was_made_an_administrator_is_not_restored() {
    let here = Installed::new();
    let file = backup(&here).await;
    let keys = Keys::exported(&here.key_file()).unwrap();
    assert!(verified(&file, Some(&keys)).unwrap().iter().any(|note| note.contains("のバックアップです")));
    doctor(&file, Rows::new("staff"), |record| Some(replaced(record, b"Clerk", b"Admin")));
    for error in [refused(&file, &here.key_file()).await, verified(&file, Some(&keys)).unwrap_err()] {
        assert!(matches!(&error, BackupError::Doctored { tables, .. } if tables == &["staff"]), "{error}");
        assert!(error.to_string().contains("とったあとに書き換えられています（封と合わない表: staff）"), "{error}");
    }
    let said = here.run(&["verify", file.to_str().unwrap()]);
    assert!(said.code == Some(1) && said.err.contains("とったあとに書き換えられています"), "{} {}", said.out, said.err);
    let notes = verified(&file, None).unwrap();
    assert!(notes.iter().any(|note| note.contains("バックアップが書き換えられていないかは確かめていません")), "{notes:?}");
}

#[tokio::test]
async fn a_backup_out_of_which_a_row_was_taken_or_into_which_a_table_was_put_is_not_restored() {
    let here = Installed::new();
    let whole = backup(&here).await;
    let file = here.path("doctored.redb");
    for name in ["login_tries", "backup_files"] {
        std::fs::copy(&whole, &file).unwrap();
        doctor(&file, Rows::new(name), |_| None);
        let error = refused(&file, &here.key_file()).await;
        assert!(matches!(&error, BackupError::Doctored { tables, .. } if tables == &[name]), "{name}: {error}");
    }
    std::fs::copy(&whole, &file).unwrap();
    let database = opened(&file);
    let txn = database.begin_write().unwrap();
    assert!(txn.delete_table(Rows::new("login_tries")).unwrap());
    // A table of ours that this backup does not have.
    drop(txn.open_table(Rows::new("notices_versions")).unwrap());
    txn.commit().unwrap();
    drop(database);
    let error = refused(&file, &here.key_file()).await;
    assert!(matches!(&error, BackupError::Doctored { tables, .. } if tables == &["notices_versions", "login_tries"]), "{error}");
}

#[tokio::test]
async fn a_backup_without_its_seal_is_not_restored_nor_is_a_plain_database() {
    let here = Installed::new();
    let file = backup(&here).await;
    let keys = Keys::exported(&here.key_file()).unwrap();
    doctor(&file, SEAL, |_| None);
    for error in [refused(&file, &here.key_file()).await, verified(&file, Some(&keys)).unwrap_err()] {
        assert!(matches!(error, BackupError::Unsealed(_)), "{error}");
        assert!(error.to_string().contains("封がありません"), "{error}");
    }
    doctor(&file, ABOUT, |_| None);
    for plain in [&file, &here.database()] {
        let error = refused(plain, &here.key_file()).await;
        assert!(matches!(error, BackupError::Unsealed(_)), "{error}");
        let notes = verified(plain, Some(&keys)).unwrap();
        assert!(notes.iter().any(|note| note.contains("封がありません")), "{notes:?}");
    }
}

#[tokio::test]
async fn a_seal_made_with_other_keys_is_none() {
    let (here, other) = (Installed::new(), Installed::new());
    let (file, others) = (backup(&here).await, backup(&other).await);
    let foreign = {
        let database = opened(&others);
        let txn = redb::ReadableDatabase::begin_read(&database).unwrap();
        let table = txn.open_table(SEAL).unwrap();
        let row = table.iter().unwrap().next().unwrap().unwrap();
        row.1.value()[5..].to_vec()
    };
    doctor(&file, SEAL, |_| Some(foreign.clone()));
    let error = refused(&file, &here.key_file()).await;
    assert!(matches!(&error, BackupError::Doctored { tables, .. } if tables.is_empty()), "{error}");
    assert!(error.to_string().contains("この鍵で作られたものではありません"), "{error}");
}

#[tokio::test]
async fn a_backup_sealed_with_an_older_key_that_is_still_in_the_file_is_restored() {
    let (here, there, spare) = (Installed::new(), Installed::new(), Installed::new());
    let older = backup(&here).await;
    let old_keys = here.path("old.keys");
    Keys::copy_file(&here.key_file(), &old_keys).unwrap();
    Keys::load(&spare.key_file(), &Random::system(), true).unwrap();
    let next = std::fs::read_to_string(spare.key_file()).unwrap().replace("id = 1", "id = 2");
    let both = std::fs::read_to_string(&old_keys).unwrap() + "\n" + &next;
    std::fs::write(here.key_file(), both).unwrap();

    let restored = there.restore(&older, Some(&here.key_file())).await.unwrap();
    assert!(restored.rows > 0 && restored.files == 1);
    let app = here.open(|_| {}).await;
    let newer = here.path("newer.redb");
    take(&app.app, &newer).await.unwrap();
    let error = refused(&newer, &old_keys).await;
    assert!(matches!(error, BackupError::Foreign { .. }), "the newest key seals: {error}");
    spare.restore(&newer, None).await.unwrap_err();
    std::fs::remove_file(spare.key_file()).unwrap();
    spare.restore(&newer, Some(&here.key_file())).await.unwrap();
}

#[tokio::test]
async fn a_backup_that_was_put_in_place_by_hand_is_a_database_like_any_other() {
    let (here, there) = (Installed::new(), Installed::new());
    let file = backup(&here).await;
    std::fs::create_dir(there.data()).unwrap();
    std::fs::copy(&file, there.database()).unwrap();
    Keys::copy_file(&here.key_file(), &there.key_file()).unwrap();
    let app = there.open(|_| {}).await;
    app.in_ledger(13, "1311111111").await;
    take(&app.app, &there.path("again.redb")).await.unwrap();
    drop(app);
    let said = there.run(&["verify"]);
    assert!(said.code == Some(0) && said.out.contains("損傷はありません"), "{} {}", said.out, said.err);
    Installed::new().restore(&there.path("again.redb"), Some(&here.key_file())).await.unwrap();
}
