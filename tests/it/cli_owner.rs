//! Commands that root types: they work as the owner of the data folder, follow nothing that lies there to where only root may go, and leave
//! nothing behind that the owner could not use.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::installed::Installed;

/// Nobody, who runs the server.
const USER: u32 = 65_534;
const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
13,1399900014,さくらの里デイサービス,,000-0001,東京都架空市見本町1番地1,,,,,有効,電子
13,13,番号のない事業所,,000-0001,東京都架空市見本町1番地1,,,,,有効,電子
";

/// Only root can become somebody else.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An installation in a folder that everybody may enter. What root alone may read lies in `outside`.
fn installed() -> Installed {
    let here = Installed::new();
    fs::set_permissions(here.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(here.path("outside")).unwrap();
    fs::set_permissions(here.path("outside"), Permissions::from_mode(0o700)).unwrap();
    here
}

/// The same with a database, all of it the user's.
fn theirs() -> Installed {
    let here = installed();
    let said = here.run(&["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for path in [here.data(), here.database(), here.key_file()] {
        give(&path);
    }
    here
}

fn give(path: &Path) {
    lchown(path, Some(USER), Some(USER)).unwrap();
}

/// A link of the user's in the place of something that root would use.
fn trap(from: &Path, to: &Path) {
    symlink(from, to).unwrap();
    give(to);
}

fn outside(here: &Installed, name: &str, content: &str) -> PathBuf {
    let path = here.path("outside").join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    path
}

/// Owner, mode and content of what must not change.
fn state(path: &Path) -> (u32, u32, Option<String>) {
    let there = fs::metadata(path).unwrap();
    (there.uid(), there.mode(), fs::read_to_string(path).ok())
}

#[test]
fn what_the_owner_has_laid_as_links_leads_root_nowhere() {
    if !is_root() {
        return;
    }
    // The folder of files to import, which root would give away.
    let here = theirs();
    fs::write(here.path("ledger.csv"), LEDGER).unwrap();
    trap(&here.path("outside"), &here.data().join("incoming"));
    fs::write(here.data().join("admin.sock"), "").unwrap();
    let before = state(&here.path("outside"));
    assert_eq!(here.run(&["ledger", "import", "ledger.csv"]).code, Some(1));
    assert_eq!(state(&here.path("outside")), before);

    // The folder of backups that nobody fetched, in which root would clear up.
    let here = theirs();
    let old = outside(&here, "old", "kept");
    let year_ago = fs::metadata(&old).unwrap().modified().unwrap() - Duration::from_hours(24 * 365);
    fs::File::options().write(true).open(&old).unwrap().set_modified(year_ago).unwrap();
    trap(&here.path("outside"), &here.data().join("outgoing"));
    assert_eq!(here.run(&["backup", "b.redb"]).code, Some(1));
    assert_eq!(state(&old).2.as_deref(), Some("kept"));

    // The database, which root would close to others and fill.
    let here = theirs();
    let empty = outside(&here, "empty", "");
    fs::remove_file(here.database()).unwrap();
    trap(&empty, &here.database());
    let before = state(&empty);
    assert_eq!(here.run(&["staff", "add", "鈴木", "--prefecture", "13", "--role", "clerk"]).code, Some(1));
    assert_eq!(state(&empty), before);

    // The data folder itself.
    let here = theirs();
    fs::rename(here.data(), here.path("moved")).unwrap();
    trap(&here.path("outside"), &here.data());
    let said = here.run(&["staff", "add", "鈴木", "--prefecture", "13", "--role", "clerk"]);
    assert!(said.code == Some(1) && said.err.contains("同じ所有者に"), "{}", said.err);
    assert_eq!(fs::read_dir(here.path("outside")).unwrap().count(), 0);
}

#[test]
fn a_false_server_cannot_have_root_take_a_file_away() {
    if !is_root() {
        return;
    }
    let here = theirs();
    let secret = outside(&here, "secret", "of root");
    let socket = here.data().join("admin.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let done = serde_json::json!({"done": {"file": secret, "at": "2026-01-20T00:00:00Z", "rows": 1, "bytes": 1}});
    let answering = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        BufReader::new(&stream).read_line(&mut asked).unwrap();
        writeln!(&stream, "{done}").unwrap();
    });
    let said = here.run(&["backup", "b.redb"]);
    answering.join().unwrap();
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(!here.path("b.redb").exists());
    assert_eq!(state(&secret).2.as_deref(), Some("of root"));
}

#[test]
fn what_root_makes_belongs_to_the_servers_user_and_what_root_asked_for_to_root() {
    if !is_root() {
        return;
    }
    let here = installed();
    let user = |path: &Path| fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).uid();
    // As the service has it before its first start: a folder of its own, with nothing in it.
    fs::create_dir(here.path("state")).unwrap();
    give(&here.path("state"));
    let settings = fs::read_to_string(here.path("config.toml")).unwrap().replace("\"data\"", "\"state/data\"");
    fs::write(here.path("config.toml"), &settings).unwrap();
    let data = here.path("state/data");
    let run = |words: &[&str]| {
        let said = here.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    };
    run(&["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"]);
    fs::write(here.path("outside/ledger.csv"), LEDGER).unwrap();
    fs::set_permissions(here.path("outside/ledger.csv"), Permissions::from_mode(0o600)).unwrap();
    run(&["ledger", "import", "outside/ledger.csv"]);
    run(&["backup", "outside/b.redb"]);
    run(&["keys", "export", "outside/b.keys"]);
    run(&["verify", "outside/b.redb"]);
    run(&["verify"]);
    for one in ["", "uketsuke.redb", "incoming", "outgoing"] {
        assert_eq!(user(&data.join(one)), USER, "{one}");
    }
    assert_eq!(user(&here.path("state/data.keys")), USER);
    for (folder, left) in [("incoming", 0), ("outgoing", 0)] {
        assert_eq!(fs::read_dir(data.join(folder)).unwrap().count(), left, "{folder}");
    }
    for one in ["b.redb", "b.keys", "ledger.rejected.csv"] {
        let path = here.path("outside").join(one);
        assert_eq!((user(&path), state(&path).1 & 0o777), (0, 0o600), "{one}");
    }
    fs::create_dir(here.path("other")).unwrap();
    give(&here.path("other"));
    fs::write(here.path("config.toml"), settings.replace("state/data", "other/data")).unwrap();
    run(&["restore", "outside/b.redb", "--keys", "outside/b.keys"]);
    for one in ["data", "data/uketsuke.redb", "data.keys"] {
        assert_eq!(user(&here.path("other").join(one)), USER, "{one}");
    }
}

#[test]
fn a_server_that_root_starts_serves_as_the_owner_for_good() {
    if !is_root() {
        return;
    }
    let here = theirs();
    let mut child = here.command(&["serve"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("serving") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().map(|task| task.unwrap().path().join("status"));
    // A thread may have ended meanwhile.
    let all: Vec<String> = tasks.filter_map(|task| fs::read_to_string(task).ok()).chain([status]).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(all.len() > 3);
    let nobody = format!("{USER}\t{USER}\t{USER}\t{USER}");
    for status in all {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        assert_eq!((field("Uid:"), field("Gid:"), field("Groups:")), (nobody.as_str(), nobody.as_str(), ""));
        assert_eq!(field("CapEff:"), "0000000000000000");
    }
}

#[test]
fn a_data_folder_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    let here = installed();
    // An address of nobody's: a server that does start ends at it.
    let settings = fs::read_to_string(here.path("config.toml")).unwrap();
    fs::write(here.path("config.toml"), settings.replace("127.0.0.1:0", "203.0.113.1:1")).unwrap();
    fs::create_dir(here.data()).unwrap();
    for (mode, refused) in [(0o777, true), (0o770, true), (0o702, true), (0o1777, false), (0o755, false)] {
        fs::set_permissions(here.data(), Permissions::from_mode(mode)).unwrap();
        for words in [&["serve"][..], &["verify"], &["staff", "disable", "佐藤"]] {
            let said = here.run(words);
            assert!(!refused || said.code == Some(1), "{words:?}");
            assert_eq!(said.err.contains("所有者以外も書き込めます") && said.err.contains("chmod go-w"), refused, "{}", said.err);
        }
        if refused {
            assert_eq!(fs::read_dir(here.data()).unwrap().count(), 0);
        }
    }
}

#[test]
fn a_folder_of_roots_in_a_folder_of_somebody_else_is_refused() {
    if !is_root() {
        return;
    }
    let here = installed();
    fs::create_dir(here.data()).unwrap();
    chown(here.path(""), Some(USER), Some(USER)).unwrap();
    let said = here.run(&["staff", "disable", "佐藤"]);
    assert!(said.code == Some(1) && said.err.contains("root のものですが"), "{}", said.err);
    assert_eq!(fs::read_dir(here.data()).unwrap().count(), 0);
}
