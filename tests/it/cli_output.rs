//! What commands and the server do when nobody can be told of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::crash::kill::server::Server;
use crate::support::installed::{Installed, Said};

/// Longest wait for a server; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(60);
const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
13,1399900014,さくらの里デイサービス,,000-0001,東京都架空市見本町1番地1,,,,,有効,電子
";

/// A disk without room.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (read, write) = std::io::pipe().unwrap();
    drop(read);
    write.into()
}

fn run(mut command: Command, out: Stdio) -> Said {
    let out = command.stdout(out).stderr(Stdio::piped()).output().unwrap();
    Said { code: out.status.code(), out: String::new(), err: String::from_utf8(out.stderr).unwrap() }
}

#[test]
fn a_command_whose_output_cannot_be_written_has_done_its_deed_and_says_so() {
    let (here, there) = (Installed::new(), Installed::new());
    std::fs::write(here.path("ledger.csv"), LEDGER).unwrap();
    let deeds: [&[&str]; 6] = [
        &["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"],
        &["staff", "reset-authenticator", "佐藤"],
        &["ledger", "import", "ledger.csv"],
        &["account", "issue", "--prefecture", "13", "--all-new"],
        &["backup", "b.redb"],
        &["keys", "export", "b.keys"],
    ];
    for words in deeds {
        let said = run(here.command(words), full());
        assert_eq!(said.code, Some(1), "{words:?}: {}", said.err);
        assert!(said.err.contains("実行は終わりましたが") && !said.err.contains("panicked"), "{}", said.err);
        let linked = words[0] == "staff";
        let way_out = said.err.contains("uketsuke staff reset-authenticator 佐藤 で新しいリンク");
        assert_eq!(way_out, linked, "{}", said.err);
        assert!(!said.err.contains("token="), "the link is for stdout alone");
    }
    for (words, told) in [(deeds[0], "登録済み"), (deeds[3], ""), (deeds[4], "すでにあります"), (deeds[5], "すでにあります")]
    {
        assert!(here.run(words).err.contains(told), "{words:?} was done");
    }
    let (backup, keys) = (here.path("b.redb"), here.path("b.keys"));
    let words = ["restore", backup.to_str().unwrap(), "--keys", keys.to_str().unwrap()];
    let said = run(there.command(&words), closed());
    assert!(said.code == Some(1) && said.err.contains("実行は終わりましたが"), "{}", said.err);
    assert!(there.database().exists());
}

#[test]
fn what_is_only_shown_fails_on_a_full_disk_and_not_for_want_of_a_reader() {
    let here = Installed::new();
    assert_eq!(here.run(&["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"]).code, Some(0));
    for words in [&["config", "show"][..], &["config", "check"], &["verify"], &["--help"], &["--version"]] {
        let said = run(here.command(words), full());
        assert!(said.code == Some(1) && said.err.contains("標準出力に書けません"), "{words:?}: {}", said.err);
        let said = run(here.command(words), closed());
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn exit_codes_stand_where_not_even_the_sentence_can_be_written() {
    let here = Installed::new();
    for (words, code) in [(&["verify"][..], 1), (&["nothing"], 2), (&["staff"], 2)] {
        for to in [full(), closed()] {
            let mut command = here.command(words);
            assert_eq!(command.stdout(Stdio::null()).stderr(to).status().unwrap().code(), Some(code), "{words:?}");
        }
    }
}

/// A server that is started with this stderr, once it answers.
fn serve(server: &Server, stderr: Stdio) -> Child {
    let mut child = server.program().arg("serve").stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
    wait_for(&mut child, server.port);
    child
}

fn wait_for(child: &mut Child, port: u16) {
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < end, "{ended:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What is answered to a plain GET.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn stop(child: &mut Child) -> Option<i32> {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn a_log_that_cannot_be_written_does_not_end_the_server() {
    let server = Server::install("smtp://localhost:9");
    for stderr in [full(), closed()] {
        let mut child = serve(&server, stderr);
        for n in 0..20 {
            let path = if n % 2 == 0 { "/" } else { "/nowhere" };
            assert!(get(server.port, path).starts_with(if n % 2 == 0 { "HTTP/1.1 200" } else { "HTTP/1.1 404" }), "{n}");
        }
        assert_eq!(stop(&mut child), Some(0));
    }
}

#[test]
fn a_database_moved_away_is_noticed_and_nothing_is_written_into_it() {
    let mut server = Server::install("smtp://localhost:9");
    server.start();
    assert!(get(server.port, "/readyz").ends_with("ready\n"));
    let (database, away) = (server.database(), server.folder().join("data/away.redb"));
    std::fs::rename(&database, &away).unwrap();
    let answer = get(server.port, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("the database file was moved or removed\n"), "{answer}");
    let add =
        |name: &str| server.program().args(["staff", "add", name, "--prefecture", "07", "--role", "clerk"]).output().unwrap();
    let said = add("佐藤");
    let err = String::from_utf8(said.stderr).unwrap();
    assert!(said.status.code() == Some(1) && err.contains("移動されたか、消されました"), "{err}");
    assert!(server.log().contains("the writer refuses work") && server.log().contains("was moved, removed or replaced"));
    std::fs::write(&database, "another").unwrap();
    assert!(get(server.port, "/readyz").starts_with("HTTP/1.1 503"), "another file in its place is not it");

    // Without its socket a command would take the server for stopped, and make an empty database.
    std::fs::remove_file(&database).unwrap();
    std::fs::remove_file(server.folder().join("data/admin.sock")).unwrap();
    let said = add("佐藤");
    let err = String::from_utf8(said.stderr).unwrap();
    assert!(said.status.code() == Some(1) && err.contains("鍵ファイル") && err.contains("がありません"), "{err}");
    assert!(!database.exists());
    std::fs::rename(&away, &database).unwrap();
    assert!(get(server.port, "/readyz").ends_with("ready\n"));
    server.kill();
}

#[test]
fn neither_the_server_nor_what_it_starts_leaves_a_core_dump() {
    let server = Server::install("smtp://localhost:9");
    let mut command = server.program();
    // Whose the files of a process in /proc are tells whether others of its user may look into it; of root's processes it tells nothing.
    if rustix::process::geteuid().is_root() {
        let folder = server.folder();
        for path in [folder, &folder.join("config.toml")] {
            std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
        }
        command.uid(65_534).gid(65_534);
    }
    let mut child = command.arg("serve").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&mut child, server.port);
    let of = |file: &str| format!("/proc/{}/{file}", child.id());
    let limits = std::fs::read_to_string(of("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "what it starts has it from here");
    assert_eq!(std::fs::metadata(of("environ")).unwrap().uid(), 0);
    child.kill().unwrap();
    child.wait().unwrap();
}
