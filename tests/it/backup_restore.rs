//! `restore`: all or nothing, into an empty folder only, and never without the right keys.

use uketsuke::backup::{BackupError, Given};
use uketsuke::kernel::ControlNumber;
use uketsuke::letters::Serial;
use uketsuke::security::Keys;
use uketsuke::staff::Role;

use crate::security_code;
use crate::support::installed::{Installed, flip, take};
use crate::support::office::{PASSWORD, USER, user};
use crate::support::reissue::office;
use crate::support::staff::staff;

/// A backup of an installation with an office, a template and an application; the application's number.
async fn backup(here: &Installed) -> (std::path::PathBuf, uketsuke::kernel::ControlNumber) {
    let app = here.open(|_| {}).await;
    app.office(USER).await;
    let one = app.applied(office(13, "1311111111"), Some("a@example.jp")).await;
    let templates = here.data().join("templates");
    std::fs::create_dir_all(templates.join("pictures")).unwrap();
    std::fs::write(templates.join("pictures/seal.svg"), "<svg/>").unwrap();
    // Larger than one piece.
    std::fs::write(templates.join("large.svg"), vec![7; 200_001]).unwrap();
    std::fs::write(templates.join("empty.svg"), "").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", templates.join("link")).unwrap();
    let file = here.path("b.redb");
    take(&app.app, &file).await.unwrap();
    (file, one.number)
}

fn is_empty(there: &Installed) -> bool {
    let entries = std::fs::read_dir(there.data());
    entries.map_or(true, |entries| entries.count() == 0)
}

#[tokio::test]
async fn what_was_there_is_there_again_with_templates_and_login() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, number) = backup(&here).await;
    let restored = there.restore(&file, Some(&here.key_file())).await.unwrap();
    assert!(restored.keys_installed && restored.at.is_some());
    assert_eq!(restored.files, 3);
    let templates = there.data().join("templates");
    assert_eq!(std::fs::read_to_string(templates.join("pictures/seal.svg")).unwrap(), "<svg/>");
    assert_eq!(std::fs::read(templates.join("large.svg")).unwrap(), vec![7; 200_001]);
    assert_eq!(std::fs::read(templates.join("empty.svg")).unwrap(), b"");
    assert!(!templates.join("link").exists());
    use std::os::unix::fs::PermissionsExt as _;
    for path in [there.database(), there.key_file(), templates.join("large.svg")] {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let app = there.open(|_| {}).await;
    assert_eq!(app.application(number).number, number);
    app.app.prepare().await.unwrap();
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    let found = uketsuke::backup::verify_live(&app.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, []);
}

#[tokio::test]
async fn without_keys_or_with_others_nothing_is_restored() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, _) = backup(&here).await;
    assert!(matches!(there.restore(&file, None).await, Err(BackupError::NoKeys(_))));
    let others = there.path("others.keys");
    Keys::load(&others, &uketsuke::kernel::Random::system(), true).unwrap();
    let error = there.restore(&file, Some(&others)).await.unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("others.keys"), "{error}");
    assert!(is_empty(&there) && !there.key_file().exists());
    // The key file of another installation lies there already.
    Keys::load(&there.key_file(), &uketsuke::kernel::Random::system(), true).unwrap();
    assert!(matches!(there.restore(&file, None).await, Err(BackupError::Foreign { .. })));
    assert!(matches!(there.restore(&file, Some(&here.key_file())).await, Err(BackupError::OtherKeys(_))));
    assert!(is_empty(&there));
}

#[tokio::test]
async fn keys_that_are_there_already_are_used_and_left_as_they_are() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, _) = backup(&here).await;
    Keys::copy_file(&here.key_file(), &there.key_file()).unwrap();
    let restored = there.restore(&file, Some(&here.key_file())).await.unwrap();
    assert!(!restored.keys_installed);
}

#[tokio::test]
async fn a_folder_that_is_not_empty_is_left_alone() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, _) = backup(&here).await;
    std::fs::create_dir(there.data()).unwrap();
    std::fs::write(there.data().join("something"), "mine").unwrap();
    let error = there.restore(&file, Some(&here.key_file())).await.unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty(_)), "{error}");
    assert_eq!(std::fs::read_dir(there.data()).unwrap().count(), 1);
    assert!(!there.key_file().exists());
}

#[tokio::test]
async fn a_damaged_backup_restores_nothing_and_names_the_damage() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, _) = backup(&here).await;
    assert!(flip(&file, "security-1@example.jp".as_bytes()) > 0);
    let error = there.restore(&file, Some(&here.key_file())).await.unwrap_err();
    assert!(matches!(&error, BackupError::Damaged(found) if found.damage[0].table == "accounts"), "{error}");
    assert!(error.to_string().contains(USER), "{error}");
    assert!(is_empty(&there) && !there.key_file().exists());
}

#[tokio::test]
async fn a_restore_that_cannot_be_finished_leaves_nothing_that_would_be_served() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, _) = backup(&here).await;
    // The keys cannot be put where the settings say.
    std::fs::create_dir_all(there.key_file().with_file_name("data.keys.d")).unwrap();
    std::os::unix::fs::symlink("/nonexistent/folder/keys", there.key_file()).unwrap();
    assert!(there.restore(&file, Some(&here.key_file())).await.is_err());
    assert!(!there.database().exists() && !there.data().join(".restoring").exists());
}

#[tokio::test]
async fn a_file_that_is_no_backup_is_refused() {
    let (here, there) = (Installed::new(), Installed::new());
    backup(&here).await;
    let other = there.path("other.redb");
    std::fs::write(&other, "not a database").unwrap();
    assert!(there.restore(&other, Some(&here.key_file())).await.is_err());
    assert!(there.restore(&there.path("nothing.redb"), Some(&here.key_file())).await.is_err());
    assert!(is_empty(&there));
}

#[tokio::test]
async fn nobody_is_logged_in_after_a_restore_neither_offices_nor_staff() {
    let (here, there) = (Installed::new(), Installed::new());
    let app = here.open(|_| {}).await;
    app.office(USER).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    let mut desk = staff(&app, "佐藤", Role::Clerk, 13).await;
    let mut waiting = app.browser();
    // Only the office's first login needed no code.
    security_code::set_fixed(&app, user(USER)).await;
    security_code::at_code(&mut waiting).await;
    assert!(browser.get("/office").await.location().is_none() && desk.get("/staff").await.location().is_none());
    let file = here.path("b.redb");
    take(&app.app, &file).await.unwrap();
    drop(app);
    there.restore(&file, Some(&here.key_file())).await.unwrap();
    let app = there.open(|_| {}).await;
    for (browser, path, login) in [(&mut browser, "/office", "/login"), (&mut desk, "/staff", "/staff/login")] {
        app.take_over(browser);
        let to = browser.get(path).await.location().map(str::to_owned);
        assert!(to.as_deref().is_some_and(|to| to.starts_with(login)), "{path}: {to:?}");
    }
    app.take_over(&mut waiting);
    assert_eq!(waiting.get("/login/code").await.location(), Some("/login?notice=code"), "nor does a login wait for its code");
}

#[tokio::test]
async fn numbers_given_out_after_the_backup_are_not_given_out_again_when_they_are_told() {
    let (here, there, other) = (Installed::new(), Installed::new(), Installed::new());
    let (file, number) = backup(&here).await;
    let last = ControlNumber::new(number.month(), number.sequence() + 40).unwrap();
    let letter = Serial { month: number.month(), sequence: 7 };
    let keys = here.key_file();
    let given = Given { number: Some(last), letter: Some(letter) };
    let restored = there.restore_after(&file, Some(&keys), given).await.unwrap();
    let goes_on = restored.goes_on.unwrap();
    assert_eq!(goes_on.after, given);
    assert!(goes_on.waiting_mails > 0);
    let app = there.open(|_| {}).await;
    let next = app.applied(office(13, "1311111111"), None).await.number;
    assert_eq!((next.month(), next.sequence()), (last.month(), last.sequence() + 1));
    let found = uketsuke::backup::verify_live(&app.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, [], "the applications of those numbers are known to be lost");
    // An older number than the last in the backup takes nothing back.
    let older = Given { number: ControlNumber::new(number.month(), 1), letter: None };
    let restored = other.restore_after(&file, Some(&keys), older).await.unwrap();
    assert_eq!(restored.goes_on.unwrap().after.number, Some(number));
}
