//! An import over the socket, with the server killed in the middle.

use std::process::Stdio;
use std::time::{Duration, Instant};

use uketsuke::kernel::Prefecture;
use uketsuke::ledger;
use uketsuke::store::{Reads as _, Table};

use super::server::Server;

/// More than a server takes in before it is killed.
const MANY: u32 = 40_000;

fn file(server: &Server, rows: u32, name: &str) -> String {
    let header = "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";
    let row = |n| format!("07,0799{n:06},{name}{n},,960-0001,福島県福島市見本町{n},,,,,有効,電子\n");
    let path = server.folder().join(format!("{name}.csv"));
    std::fs::write(&path, format!("{header}\n{}", (0..rows).map(row).collect::<String>())).unwrap();
    path.to_str().unwrap().to_owned()
}

/// How many offices the ledger has, and how many rows lie in all generations.
fn counts(server: &Server) -> (usize, u64) {
    let documents: Table<u8, ()> = Table::new("ledger_documents");
    let (store, _) = server.store();
    store
        .read(|r| {
            Ok::<_, uketsuke::store::StoreError>((ledger::count(r, Prefecture::new(7).unwrap(), 99_999)?, r.len(&documents)?))
        })
        .unwrap()
}

#[test]
fn an_import_whose_server_is_killed_changes_nothing_and_the_next_one_runs_at_once() {
    let mut server = Server::install("smtp://localhost:9");
    server.command(&["ledger", "import", &file(&server, 50, "前")]);
    server.start();
    let size = || std::fs::metadata(server.database()).unwrap().len();
    let (before, many) = (size(), file(&server, MANY, "多"));
    let command =
        server.program().args(["ledger", "import", &many]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while size() < before + 1024 * 1024 {
        assert!(Instant::now() < end, "the import does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.kill();
    let told = command.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(said.trim().lines().count() == 1 && !said.is_ascii(), "one sentence: {said}");
    let (offices, rows) = counts(&server);
    assert_eq!(offices, 50);
    assert!(rows > 50, "it was killed in the middle, with {rows} rows taken in");

    server.start();
    let printed = server.command(&["ledger", "import", &file(&server, 60, "後")]);
    assert!(printed.contains("追加 10件、変更 50件"), "{printed}");
    assert!(server.stop().success());
    assert_eq!(counts(&server), (60, 110), "the one in use, the one before it, and nothing of the dead one");
}

#[test]
fn a_server_whose_disk_refuses_a_write_ends_by_itself_and_starts_again_with_all_it_had() {
    let mut server = Server::install("smtp://localhost:9");
    server.command(&["ledger", "import", &file(&server, 50, "前")]);
    let size = std::fs::metadata(server.database()).unwrap().len();
    server.start_on_small_disk(size / 1024 + 64);
    let many = file(&server, 20_000, "多");
    let told = server.program().args(["ledger", "import", &many]).output().unwrap();
    assert_eq!(told.status.code(), Some(1), "{}", String::from_utf8_lossy(&told.stderr));
    // systemd starts it again when it says so by its exit code.
    assert_eq!(server.ends().code(), Some(1), "{}", server.log());
    assert!(server.log().contains("データベースへの書き込みに失敗したため停止しました"), "{}", server.log());
    assert_eq!(counts(&server).0, 50);
    server.start();
    let printed = server.command(&["ledger", "import", &file(&server, 60, "後")]);
    assert!(printed.contains("追加 10件"), "{printed}");
    assert!(server.stop().success());
    assert_eq!(counts(&server), (60, 110));
}
