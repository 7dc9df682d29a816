//! Quality bar 46, 38, 27, 14 and 9: the main job is walked through at the real program, and then its log, its addresses, its data folder
//! and a backup are searched for everything that was secret on the way.

mod portal;
mod secrets;
mod steps;

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;

use self::secrets::{Secrets, stands_alone};
use crate::browser::house::House;
use crate::support::sink::{Mode, Setup};
use crate::support::wire::Wire;

const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
07,0799900014,さくらの里デイサービス,サクラノサトデイサービス,000-0001,福島県架空市見本町1番地1,,0000-07-0101,,社会福祉法人見本会,有効,電子
07,0799900022,すみれ訪問看護ステーション,スミレホウモンカンゴステーション,000-0002,福島県架空市例町2-3,,0000-07-0103,,株式会社見本,有効,電子
";
const OFFICE: &str = "0799900014";
const OTHER: &str = "0799900022";
const STAFF: &str = "佐藤 花子";
/// Mail addresses and names: personal data, which no line of the log holds.
const PERSONAL: [&str; 9] =
    ["tanto-a", "tanto-b", "tanto-c", "tanto-d", "tanto-e", "example.jp", "さくらの里", "すみれ訪問", STAFF];

/// The keys of the installation, as text and as bytes.
fn keys(folder: &Path, secrets: &mut Secrets) {
    let file = std::fs::read_to_string(folder.join("data.keys")).unwrap();
    let secret = file.lines().find_map(|line| line.strip_prefix("secret = ")).unwrap().trim_matches('"').to_owned();
    assert_eq!(BASE64.decode(secret.as_bytes()).unwrap().len(), 32);
    secrets.text(&secret);
}

/// The words of a log line that are its content: its time and its own counts are none.
fn content(line: &str, json: bool) -> String {
    if !json {
        return line.split_whitespace().skip(1).filter(|word| !word.starts_with("millis=")).collect::<Vec<_>>().join(" ");
    }
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no line of ours: {line}"));
    let object = line.as_object_mut().unwrap();
    object.remove("timestamp");
    object.remove("millis");
    line.to_string()
}

/// The password with which mails are handed over.
const SMTP_PASSWORD: &str = "Mail-kettle-47-orbit";

/// Walks through everything; the house is still open.
async fn walked(format: &str) -> (House, Wire, Secrets) {
    let sink = Setup::default().auth("uketsuke", SMTP_PASSWORD).start(Mode::Accept);
    let house = House::open_over(LEDGER, &format!("\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n"), sink);
    let port = house.url.rsplit(':').next().unwrap().parse().unwrap();
    let (wire, mut secrets) = (Wire::to(port), Secrets::default());
    secrets.text(SMTP_PASSWORD);
    keys(house.folder(), &mut secrets);
    let mut desk = steps::enrol(&house, &wire, &mut secrets).await;
    steps::look_for_help(&wire).await;
    let number = steps::apply(&house, &wire, &mut secrets, OFFICE, "tanto-a@example.jp").await;
    let other = steps::apply(&house, &wire, &mut secrets, OTHER, "tanto-b@example.jp").await;
    steps::withdraw(&house, &wire, &mut secrets, &other, "tanto-b@example.jp").await;
    steps::at_the_window(&mut desk, OTHER).await;
    let temporary = steps::print(&mut desk, &mut secrets, &number).await;
    steps::first_login(&house, &wire, &mut secrets, &temporary).await;
    let mut browser = steps::security_codes(&wire, &mut secrets).await;
    steps::user_information(&house, &mut browser, &mut secrets).await;
    steps::reset(&house, &wire, &mut secrets, OFFICE).await;
    steps::device(&house, &wire, &mut secrets).await;
    portal::register(&house, &wire, &mut secrets).await;
    steps::work_at_the_desk(&mut desk, OFFICE).await;
    let more = house.folder().join("more.csv");
    // With a line that is rejected: what is written about it goes through the data folder as well.
    std::fs::write(&more, format!("{LEDGER}07,こわれた行\n")).unwrap();
    house.command(&["ledger", "import", more.to_str().unwrap()]);
    house.command(&["backup", house.folder().join("backup.redb").to_str().unwrap()]);
    desk.submit("/staff/logout", &[]).await;
    wire.cookies().iter().chain(&wire.tokens()).for_each(|value| secrets.signed(value));
    assert!(wire.tokens().len() > 6, "the tokens of forms: {}", wire.tokens().len());
    assert!(secrets.bytes.len() > 12, "cookies, keys and the app's secret: {}", secrets.bytes.len());
    (house, wire, secrets)
}

fn search_log(house: &House, secrets: &Secrets, json: bool) {
    let log = house.log();
    assert!(log.contains("answered") && log.contains("mail sent"), "the log was written: {log}");
    assert_eq!(secrets.found_in(log.as_bytes()), Vec::<String>::new(), "in the log");
    for word in PERSONAL.into_iter().chain(["token="]) {
        assert!(!log.contains(word), "the log names {word}");
    }
    for line in log.lines().map(|line| content(line, json)) {
        for code in &secrets.codes {
            assert!(!stands_alone(&line, code), "{code} in {line}");
        }
    }
}

/// Every address that went over the wire, asked for or sent to: none holds a secret but the link that a new member of staff is given,
/// which leads at once to an address without it.
fn search_addresses(wire: &Wire, secrets: &Secrets) {
    let addresses = wire.addresses();
    assert!(addresses.len() > 80, "{}", addresses.len());
    let enrolments: Vec<usize> = (0..addresses.len()).filter(|at| addresses[*at].starts_with("/staff/enrol?token=")).collect();
    assert_eq!(enrolments.len(), 1, "the link is opened once and never comes back");
    assert_eq!(addresses[enrolments[0] + 1], "/staff/enrol", "where it leads");
    for (_, address) in addresses.iter().enumerate().filter(|(at, _)| !enrolments.contains(at)) {
        assert_eq!(secrets.found_in(address.as_bytes()), Vec::<String>::new(), "in {address}");
        assert!(!address.contains('@') && !address.contains("%40") && !address.contains("tanto"), "{address}");
        assert!(secrets.codes.iter().all(|code| !stands_alone(address, code)), "{address}");
    }
}

/// All files below a folder, sockets aside.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

/// The database file with all its pages, also those that are free again; whatever else lies in the data folder; and the backup.
fn search_files(house: &House, secrets: &Secrets) {
    let data = house.folder().join("data");
    assert!(data.join("incoming").is_dir() && data.join("outgoing").is_dir(), "files came and went through it");
    let (database, backup) = (data.join("uketsuke.redb"), house.folder().join("backup.redb"));
    for file in [&database, &backup] {
        let raw = std::fs::read(file).unwrap();
        let holds = |text: &[u8]| raw.windows(text.len()).any(|window| window == text);
        assert!(holds("さくらの里".as_bytes()) && holds(b"letter.print"), "the search sees what the file holds");
        assert!(holds(b"\xA3M-3"), "and strings lie in it with their length in front");
    }
    for path in files(&data).into_iter().chain([backup]) {
        let raw = std::fs::read(&path).unwrap();
        assert_eq!(secrets.found_in(&raw), Vec::<String>::new(), "in {}", path.display());
        assert_eq!(secrets.codes_in(&raw), Vec::<String>::new(), "in {}", path.display());
        let text = String::from_utf8_lossy(&raw);
        for code in secrets.codes.iter().filter(|code| code.len() == 6) {
            assert!(!stands_alone(&text, code), "{code} in {}", path.display());
        }
    }
}

async fn walk_and_search(format: &str) {
    let (house, wire, secrets) = walked(format).await;
    search_log(&house, &secrets, format == "json");
    search_addresses(&wire, &secrets);
    search_files(&house, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn q46_q38_neither_a_text_log_nor_a_file_nor_an_address_holds_a_secret() {
    walk_and_search("text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q46_q38_neither_a_json_log_nor_a_file_nor_an_address_holds_a_secret() {
    walk_and_search("json").await;
}

#[test]
fn a_code_is_found_in_whatever_form_a_record_may_hold_it() {
    let secrets = Secrets { codes: vec!["0417".to_owned()], ..Secrets::default() };
    for stored in [&b"..\xA40417.."[..], b"\xD9\x040417", b"\xC4\x040417", b"{\"code\":\"0417\"}"] {
        assert_eq!(secrets.codes_in(stored), ["0417"], "{stored:?}");
    }
    // By chance: in a longer number, or without its length.
    assert!(secrets.codes_in(b"\xAA2026041700 0417").is_empty());
}

/// Runs a command in a folder; exit code and what it said.
fn command(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_uketsuke"))
        .current_dir(folder)
        .args(["--config", "config.toml"])
        .args(arguments)
        .output()
        .unwrap();
    (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let federation = "prefecture = \"07\"\nname = \"連合会\"\ndepartment = \"介護課\"\ntelephone = \"0000-07-0000\"\npostal_code = \"000-0007\"\naddress = \"架空町\"\n";
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:1\"\ndata_dir = \"data\"\n[mail]\nfrom = \"uketsuke@example.jp\"\n[[federation]]\n{federation}"
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

#[test]
fn q9_a_copied_database_opens_in_no_other_installation() {
    let own = installation();
    let add = |folder: &Path, name: &str| command(folder, &["staff", "add", name, "--prefecture", "07", "--role", "clerk"]);
    assert_eq!(add(own.path(), "佐藤"), (Some(0), String::new()));
    let copy = |to: &Path| {
        std::fs::create_dir_all(to.join("data")).unwrap();
        std::fs::copy(own.path().join("data/uketsuke.redb"), to.join("data/uketsuke.redb")).unwrap();
    };

    let without = installation();
    copy(without.path());
    let (code, said) = add(without.path(), "鈴木");
    assert!(code == Some(1) && said.contains("鍵ファイルがありません"), "{said}");
    assert!(!without.path().join("data.keys").exists(), "no new keys are made for an old database");
    let (code, said) = command(without.path(), &["serve"]);
    assert!(code == Some(1) && said.contains("鍵ファイルがありません"), "{said}");

    let other = installation();
    assert_eq!(add(other.path(), "田中").0, Some(0));
    copy(other.path());
    let (code, said) = add(other.path(), "鈴木");
    assert!(code == Some(1) && said.contains("このデータベースのものではありません"), "{said}");

    // With the keys it was made with it opens.
    std::fs::copy(own.path().join("data.keys"), other.path().join("data.keys")).unwrap();
    assert_eq!(add(other.path(), "鈴木").0, Some(0));
}

#[test]
fn nobody_else_on_the_machine_reads_the_database_or_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let own = installation();
    // A folder that somebody has made beforehand, open to all.
    let data = own.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let add = |name: &str| command(own.path(), &["staff", "add", name, "--prefecture", "07", "--role", "clerk"]).0;
    let mode = |file: &str| std::fs::metadata(own.path().join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(add("佐藤"), Some(0));
    assert_eq!((mode("data/uketsuke.redb"), mode("data.keys")), (0o600, 0o600));
    // One that was opened to others is closed again.
    std::fs::set_permissions(data.join("uketsuke.redb"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(add("鈴木"), Some(0));
    assert_eq!(mode("data/uketsuke.redb"), 0o600);
}
