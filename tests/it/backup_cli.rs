//! `backup`, `keys export`, `restore` and `verify` as an administrator types them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::installed::{Installed, flip};

/// A running `serve`; killed when dropped.
struct Server(Child);

impl Server {
    fn start(here: &Installed) -> Self {
        let mut child = here.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("serving") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
        }
        std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn serve_says_in_its_log_that_nothing_is_backed_up_unless_somebody_else_does() {
    let log = |more: &str| {
        let here = Installed::new();
        here.configure(more);
        let mut child = here.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        while !log.contains("serving") && lines.read_line(&mut log).unwrap() > 0 {}
        child.kill().ok();
        child.wait().ok();
        log
    };
    let told = "no backups are made: set backup.directory, or backup.elsewhere";
    assert!(log("").contains(told));
    let quiet = log("[backup]\nelsewhere = true\n");
    assert!(!quiet.contains(told) && quiet.contains("serving"), "{quiet}");
}

#[test]
fn what_cannot_be_used_is_told_with_its_cause_in_japanese() {
    use std::os::unix::fs::PermissionsExt as _;
    let told = |prepare: &dyn Fn(&Installed), words: &[&str]| {
        let here = Installed::new();
        prepare(&here);
        let said = here.run(words);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{words:?}: {}", said.err);
        let folder = here.path("").display().to_string();
        said.err.replace(&folder, "").replace("uketsuke", "")
    };
    let add = ["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"];
    let a_folder = |path: &Path| {
        std::fs::create_dir_all(path).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
    };
    let cases = [
        (told(&|here| a_folder(&here.key_file()), &add), "鍵ファイルを使えません（ファイルではなくフォルダーです）"),
        (told(&|here| std::fs::write(here.data(), "x").unwrap(), &add), "data を使えません（フォルダーではありません）"),
        (
            told(
                &|here| {
                    assert_eq!(here.run(&add).code, Some(0));
                    std::fs::write(here.database(), "no database at all".repeat(1_000)).unwrap();
                },
                &["verify"],
            ),
            "のデータベースではありません",
        ),
        (told(&|_| (), &["ledger", "import", "nowhere.csv"]), "nowhere.csv を開けません（見つかりません）"),
        (told(&|_| (), &["verify", "nowhere.redb"]), "nowhere.redb: 見つかりません"),
        (told(&|_| (), &["keys", "export", "k"]), "data.keys: 鍵ファイルを使えません（見つかりません）"),
    ];
    for (err, sentence) in cases {
        assert!(err.contains(sentence), "{err:?} does not say {sentence}");
        assert!(!err.contains("os error") && !err.contains("No such") && !err.contains("failed"), "{err}");
    }
}

/// An installation with one member of staff.
fn made() -> Installed {
    let here = Installed::new();
    let said = here.run(&["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    here
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_running_server_backs_itself_up_and_the_copy_is_restored_elsewhere() {
    let (here, there) = (made(), Installed::new());
    std::fs::create_dir(here.data().join("templates")).unwrap();
    std::fs::write(here.data().join("templates/seal.svg"), "<svg/>").unwrap();
    let (backup, keys) = (here.path("b.redb"), here.path("exported.keys"));
    let server = Server::start(&here);
    let said = here.run(&["backup", text(&backup)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("読み返して確かめました"), "{}", said.out);
    assert_eq!(std::fs::read_dir(here.data().join("outgoing")).unwrap().count(), 0);
    let said = here.run(&["verify"]);
    assert!(said.code == Some(0) && said.out.contains("損傷はありません"), "{} {}", said.out, said.err);
    let said = here.run(&["keys", "export", text(&keys)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    drop(server);

    let said = there.run(&["restore", text(&backup)]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("鍵ファイル") && said.err.contains("--keys"), "{}", said.err);
    let last = ["--last-number", "U202601000041", "--last-letter", "202601-00004x"];
    let said = there.run(&[&["restore", text(&backup), "--keys", text(&keys)][..], &last].concat());
    assert!(said.code == Some(2) && said.err.contains("202601-000045 のように"), "{}", said.err);
    let said = there.run(&[&["restore", text(&backup), "--keys", text(&keys)][..], &last[..2]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    for told in
        ["より後に無効にした職員", "事業所のパスワード", "管理番号は U202601000041 の次", "--last-letter", "ログインはすべて"]
    {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }
    assert!(!said.out.contains("--last-number"), "{}", said.out);
    assert_eq!(std::fs::read_to_string(there.data().join("templates/seal.svg")).unwrap(), "<svg/>");
    let said = there.run(&["verify"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    let _server = Server::start(&there);
    let said = there.run(&["staff", "add", "佐藤", "--prefecture", "13", "--role", "clerk"]);
    assert!(said.err.contains("登録済み"), "the restored server knows its staff: {}", said.err);
    let said = there.run(&["restore", text(&backup)]);
    assert!(said.code == Some(1) && said.err.contains("空ではありません"), "{}", said.err);
}

#[test]
fn without_a_server_the_commands_open_the_files_themselves() {
    let here = made();
    let backup = here.path("b.redb");
    let said = here.run(&["backup", text(&backup)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = here.run(&["verify", text(&backup)]);
    assert!(said.code == Some(0) && said.out.contains("のバックアップです"), "{} {}", said.out, said.err);
    let said = here.run(&["backup", text(&backup)]);
    assert_eq!((said.code, said.err.contains("すでにあります")), (Some(1), true), "{}", said.err);
}

#[test]
fn without_a_database_there_is_nothing_to_back_up_or_to_verify_and_none_is_made() {
    let here = Installed::new();
    for words in [&["backup", "b.redb"][..], &["verify"]] {
        let said = here.run(words);
        assert!(said.code == Some(1) && said.err.contains("ありません"), "{}", said.err);
    }
    assert!(!here.data().exists());
}

#[test]
fn verify_after_a_kill_mends_the_file_and_finds_no_damage() {
    let here = made();
    drop(Server::start(&here));
    let said = here.run(&["verify"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
}

#[test]
fn verify_names_a_flipped_byte_and_ends_with_1() {
    let here = made();
    assert!(flip(&here.database(), "staff.add".as_bytes()) > 0);
    let said = here.run(&["verify"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    // The first two entries are of the terms that a first start takes on: those of the reception system and those of the portal.
    assert!(said.out.contains("表 audit のキー 3: 書き換わっています"), "{}", said.out);
    assert!(said.err.contains("損傷が見つかりました"), "{}", said.err);
}

#[test]
fn a_cut_file_is_refused_without_a_panic() {
    let here = made();
    let backup = here.path("b.redb");
    assert_eq!(here.run(&["backup", text(&backup)]).code, Some(0));
    let whole = std::fs::read(&backup).unwrap();
    for part in [0, 100, 5_000, whole.len() / 2, whole.len() - 4_096] {
        std::fs::write(&backup, &whole[..part]).unwrap();
        for words in [&["verify", text(&backup)][..], &["restore", text(&backup)]] {
            let said = Installed::run(&here, words);
            assert_eq!(said.code, Some(1), "{part} bytes: {}", said.out);
            assert!(!said.err.contains("panicked") && !said.err.is_empty(), "{}", said.err);
        }
    }
}

#[test]
fn a_restore_that_was_broken_off_is_not_served_and_can_be_done_again() {
    let (here, there) = (made(), Installed::new());
    let backup = here.path("b.redb");
    assert_eq!(here.run(&["backup", text(&backup)]).code, Some(0));
    // As a crash before the last rename leaves it.
    std::fs::copy(here.key_file(), there.key_file()).unwrap();
    std::fs::create_dir_all(there.data().join(".restoring")).unwrap();
    std::fs::create_dir_all(there.data().join("templates")).unwrap();
    std::fs::write(there.data().join(".restoring/uketsuke.redb"), "half").unwrap();
    let said = there.run(&["serve"]);
    assert!(said.code == Some(1) && said.err.contains("復元が途中"), "{}", said.err);
    assert!(!there.database().exists());
    let said = there.run(&["restore", text(&backup)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!there.data().join(".restoring").exists());
    assert_eq!(there.run(&["verify"]).code, Some(0));
}

#[test]
fn a_newer_database_is_refused_with_both_numbers() {
    use uketsuke::store::{Store, StoreOptions, Table};
    let here = made();
    let store = Store::open(&here.database(), StoreOptions::default()).unwrap();
    let meta: Table<String, u32> = Table::new("meta");
    let newer = uketsuke::store::SCHEMA + 6;
    store.write_blocking(move |tx| tx.put(&meta, &"schema".to_owned(), &newer)).unwrap();
    drop(store);
    let sentence = format!("形式 {newer}、このプログラムは {} まで", uketsuke::store::SCHEMA);
    for words in [&["serve"][..], &["verify"], &["backup", "b.redb"]] {
        let said = here.run(words);
        assert!(said.code == Some(1) && said.err.contains(&sentence), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_restore_killed_at_any_moment_leaves_nothing_half_that_would_be_served() {
    let here = made();
    let backup = here.path("b.redb");
    std::fs::create_dir(here.data().join("templates")).unwrap();
    std::fs::write(here.data().join("templates/seal.svg"), "<svg/>").unwrap();
    assert_eq!(here.run(&["backup", text(&backup)]).code, Some(0));
    let mut broken_off = 0;
    let moments = [".restoring", ".restoring/uketsuke.redb", ".restoring/templates", "templates", "uketsuke.redb"];
    for moment in moments.iter().cycle().take(3 * moments.len()) {
        let there = Installed::new();
        std::fs::copy(here.key_file(), there.key_file()).unwrap();
        let mut restore = there.command(&["restore", text(&backup)]).stdout(Stdio::null()).spawn().unwrap();
        while !there.data().join(moment).exists() && restore.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        restore.kill().ok();
        restore.wait().unwrap();
        let add = || there.run(&["staff", "add", "鈴木", "--prefecture", "13", "--role", "clerk"]);
        if !there.database().exists() {
            if there.data().join(".restoring").exists() {
                broken_off += 1;
                let said = add();
                assert!(said.code == Some(1) && said.err.contains("復元が途中"), "{moment}: {}", said.err);
            }
            let said = there.run(&["restore", text(&backup)]);
            assert_eq!(said.code, Some(0), "{moment}: {}", said.err);
        }
        assert!(there.data().join("templates/seal.svg").exists(), "{moment}");
        let said = there.run(&["verify"]);
        assert_eq!(said.code, Some(0), "{moment}: {} {}", said.out, said.err);
        assert_eq!(add().code, Some(0), "{moment}");
    }
    assert!(broken_off > 0, "no restore was met in the middle");
}

#[test]
fn a_backup_asked_for_on_another_file_system_arrives_whole() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let here = made();
    // Memory, where the temporary folders are on a disk; on a machine without it there is no other file system to go to.
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    if std::fs::metadata(other.path()).unwrap().dev() == std::fs::metadata(here.data()).unwrap().dev() {
        return;
    }
    let file = other.path().join("b.redb");
    let said = here.run(&["backup", text(&file)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(here.run(&["verify", text(&file)]).code, Some(0));
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(std::fs::read_dir(here.data().join("outgoing")).unwrap().count(), 0);
}
