//! The real server and the process that sets its letters.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rustix::process::Signal;
use uketsuke::kernel::Clock;

use super::{DEADLINE, children, cpu_ticks, is_alive, only_child, open_files, signal, wait_for};
use crate::crash::kill::server::Server;
use crate::letters_print::queue;
use crate::support::browser::Browser;
use crate::support::pdf::{self, Printed};
use crate::support::staff::{PASSWORD, shown_secret};
use crate::support::wire::Wire;

const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
07,0799900014,さくらの里デイサービス,,000-0001,福島県架空市見本町1番地1,,,,,有効,電子
";
const MAIL_SECRET: &str = "geheimnis-4711";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_uketsuke"))
}

/// A server with one office, whose first letter waits.
fn installed() -> Server {
    let server = Server::install("smtp://localhost:9");
    std::fs::write(server.folder().join("ledger.csv"), LEDGER).unwrap();
    server.command(&["ledger", "import", server.folder().join("ledger.csv").to_str().unwrap()]);
    server.command(&["account", "issue", "--prefecture", "07", "--all-new"]);
    server
}

/// A clerk, enrolled and logged in.
async fn clerk(server: &Server) -> Browser {
    let told = server.command(&["staff", "add", "佐藤", "--prefecture", "07", "--role", "clerk"]);
    let link = told[told.find("/staff/enrol?").unwrap()..].split_whitespace().next().unwrap();
    let mut browser = Wire::to(server.port).browser();
    browser.open(link).await;
    let page = browser.submit("/staff/enrol", &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]).await;
    let (app, now) = (shown_secret(&page), Clock::system().now());
    browser.submit("/staff/enrol/app", &[("code", &app.code(now))]).await;
    browser.open("/staff/login").await;
    browser.submit("/staff/login", &[("name", "佐藤"), ("password", PASSWORD)]).await;
    // A code of the next step is taken already, the one used for enrolling no more.
    let page = browser.post("/staff/login/code", &[("code", &app.code(now + SignedDuration::from_secs(30)))]).await;
    assert_eq!(page.location(), Some("/staff"), "{}", page.text());
    browser
}

/// Orders the print of what waits; the page of the batch.
async fn order(clerk: &mut Browser) -> String {
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let ordered = clerk.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    ordered.location().unwrap_or_else(|| panic!("{}", ordered.text())).to_owned()
}

/// The letter on the PDF of a batch.
async fn fetch(clerk: &mut Browser, batch: &str) -> Printed {
    let end = Instant::now() + DEADLINE;
    loop {
        let page = clerk.open(batch).await;
        if page.says("PDFができました") {
            break;
        }
        assert!(page.says("PDFを作成しています") && Instant::now() < end, "{}", page.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = clerk.post(&format!("{batch}/pdf"), &[]).await;
    let mut letters = pdf::letters(&answer.bytes);
    assert_eq!(letters.len(), 1);
    letters.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn q38_a_letter_is_set_by_a_process_that_knows_nothing_of_the_server_and_ends_with_it() {
    let mut server = installed();
    server.start_with(&[("UKETSUKE_MAIL__SMTP_URL", &format!("smtp://uketsuke:{MAIL_SECRET}@localhost:9"))]);
    let holds = |id: u32, file: &str, secret: &str| {
        let bytes = std::fs::read(format!("/proc/{id}/{file}")).unwrap();
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    // Into the server itself only root may look.
    if rustix::process::geteuid().is_root() {
        assert!(holds(server.id(), "environ", MAIL_SECRET), "the search sees what the server has");
    }
    let mut clerk = clerk(&server).await;
    assert!(children(server.id(), program()).is_empty(), "nobody has printed yet");
    let batch = order(&mut clerk).await;
    let first = fetch(&mut clerk, &batch).await;
    assert_eq!((first.number.get(6..), first.user_id.as_str()), (Some("-000001-01"), "KJ070799900014"));

    let press = only_child(server.id(), program());
    let id = u32::try_from(press).unwrap();
    for secret in [MAIL_SECRET, first.password.as_str(), "UKETSUKE"] {
        assert!(!holds(id, "environ", secret) && !holds(id, "cmdline", secret), "{secret}");
    }
    // Neither the database with its lock nor a connection.
    let open = open_files(press);
    assert!(matches!(open.as_slice(), [null, wire] if null == "/dev/null" && wire.starts_with("socket:")), "{open:?}");

    // It dies: the desk notices nothing.
    signal(press, Signal::KILL);
    let token = clerk.open(&batch).await.value("token").unwrap();
    let ordered = clerk.post(&format!("{batch}/again"), &[("token", &token), ("reason", "用紙の汚れ")]).await;
    let again = ordered.location().unwrap().to_owned();
    assert_eq!(fetch(&mut clerk, &again).await.number.get(6..), Some("-000001-02"));
    let press = only_child(server.id(), program());

    server.kill();
    wait_for("it ends with a killed server", || !is_alive(press));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_never_ends_does_not_outlive_a_killed_server() {
    let mut server = installed();
    let templates = server.folder().join("data/templates");
    std::fs::create_dir_all(&templates).unwrap();
    // Ends with the sample only.
    let text = "#let input = json(\"/input.json\")\n= 送付一覧\n\
                #if input.batch != \"見本\" { for a in range(1000000) { for b in range(1000000) { let c = a + b } } }\n";
    std::fs::write(templates.join("cover_list.typ"), text).unwrap();
    server.start();
    let mut clerk = clerk(&server).await;
    let batch = order(&mut clerk).await;
    wait_for("it is at work", || children(server.id(), program()).iter().any(|id| cpu_ticks(*id) > 100));
    // The counter goes on meanwhile.
    assert!(clerk.open(&batch).await.says("PDFを作成しています"));
    let press = only_child(server.id(), program());
    server.kill();
    wait_for("it ends in the middle of its document", || !is_alive(press));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_takes_it_along() {
    let mut server = installed();
    server.start();
    let mut clerk = clerk(&server).await;
    let batch = order(&mut clerk).await;
    fetch(&mut clerk, &batch).await;
    let press = only_child(server.id(), program());
    assert!(server.stop().success(), "{}", server.log());
    wait_for("it ends with a stopped server", || !is_alive(press));
}
