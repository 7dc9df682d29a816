//! Starting and stopping: one process at a time, a clean stop, and a first start that is killed.

use std::process::Stdio;
use std::time::Duration;

use uketsuke::kernel::Random;

use super::server::Server;

const NO_MAIL: &str = "smtp://localhost:9";
const REPAIR: &str = "repairing the database";

#[test]
fn a_second_process_on_the_same_folder_is_refused_with_a_sentence() {
    let mut server = Server::install(NO_MAIL);
    server.start();
    let second = server.program().arg("serve").output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("uketsuke.redb は別のプロセスが使用中です") && said.trim().lines().count() == 1, "{said}");
    let mut visitor = super::client::Client::new(server.port, 1);
    assert_eq!(visitor.get("/").unwrap().status, 200, "the first one goes on");
}

#[test]
fn a_clean_stop_needs_no_repair_and_kill_9_is_repaired() {
    let mut server = Server::install(NO_MAIL);
    server.start();
    assert!(server.stop().success(), "{}", server.log());
    server.start();
    assert!(!server.log().contains(REPAIR), "{}", server.log());
    // Something is written: a file that nobody has changed needs no repair.
    let mut visitor = super::client::Client::new(server.port, 1);
    visitor.get("/login").unwrap();
    let tried = visitor.post("/login", &[("user_id", "KJ070799900014"), ("password", "machigai-1")]).unwrap();
    assert_eq!(tried.status, 422, "{}", tried.text());
    server.kill();
    server.start();
    assert!(server.log().contains(REPAIR), "{}", server.log());
    assert!(server.stop().success());
    let repairs = server.log().matches(REPAIR).count();
    server.start();
    assert_eq!(server.log().matches(REPAIR).count(), repairs, "{}", server.log());
}

#[test]
fn a_first_start_that_is_killed_at_any_time_does_not_keep_the_next_from_starting() {
    let random = Random::seeded(5);
    for round in 0..12 {
        let server = Server::install(NO_MAIL);
        let mut first = server.program().arg("serve").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(1_000 + random.below(60_000))));
        first.kill().unwrap();
        first.wait().unwrap();
        let started = server.program().args(["staff", "add", "佐藤", "--prefecture", "07", "--role", "clerk"]).output().unwrap();
        assert!(started.status.success(), "round {round}: {}", String::from_utf8_lossy(&started.stderr));
        server.store();
    }
}
