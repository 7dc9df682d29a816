//! Quality bar 46, 38, 27, 14 and 9: the main job is walked through at the real program, and then its log and its database are
//! searched for everything that was secret on the way.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD};
use jiff::{SignedDuration, Timestamp};
use uketsuke::kernel::Clock;
use uketsuke::staff::Authenticator;

use crate::browser::house::House;
use crate::letters_print::queue;
use crate::support::browser::Browser;
use crate::support::pdf;
use crate::support::staff::shown_secret;
use crate::support::wire::Wire;

const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
07,0799900014,さくらの里デイサービス,サクラノサトデイサービス,000-0001,福島県架空市見本町1番地1,,0000-07-0101,,社会福祉法人見本会,有効,電子
07,0799900022,すみれ訪問看護ステーション,スミレホウモンカンゴステーション,000-0002,福島県架空市例町2-3,,0000-07-0103,,株式会社見本,有効,電子
";
const OFFICE: &str = "0799900014";
const OTHER: &str = "0799900022";
const USER: &str = "KJ070799900014";
const STAFF: &str = "佐藤 花子";
/// Mail addresses and names: personal data, which no line of the log holds.
const PERSONAL: [&str; 7] = ["tanto-a", "tanto-b", "tanto-c", "example.jp", "さくらの里", "すみれ訪問", STAFF];
const STAFF_PASSWORD: &str = "kettle orbit wax 47 plum";
const CHOSEN: &str = "mV8#trcw2Kq-chosen";
const WRONG: &str = "Wr0ng-but-typed-9";
const MISPLACED: &str = "Typed-1n-the-wrong-field";

/// What must be found nowhere.
#[derive(Default)]
struct Secrets {
    /// Texts, and bytes that stand behind them.
    texts: Vec<String>,
    bytes: Vec<Vec<u8>>,
    /// Codes are too short to be sought as such: they are told from other digits by standing alone.
    codes: Vec<String>,
}

impl Secrets {
    fn text(&mut self, text: &str) {
        self.texts.push(text.to_owned());
        let query: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        self.texts.push(query);
        for decoded in [BASE64URL_NOPAD.decode(text.as_bytes()), BASE64.decode(text.as_bytes())].into_iter().flatten() {
            if decoded.len() >= 16 {
                self.bytes.push(decoded);
            }
        }
    }

    /// A cookie, and what is secret in one of several parts.
    fn cookie(&mut self, value: &str) {
        self.text(value);
        if let Some((_, mac)) = value.rsplit_once('.') {
            self.text(mac);
        }
    }

    fn authenticator(&mut self, secret: &Authenticator) {
        let bytes: &[u8] = secret.secret().expose();
        self.texts.extend([BASE32_NOPAD.encode(bytes), secret.in_groups()]);
        self.bytes.push(bytes.to_vec());
    }

    fn found_in(&self, raw: &[u8]) -> Vec<String> {
        let holds = |wanted: &[u8]| raw.windows(wanted.len()).any(|window| window == wanted);
        let texts = self.texts.iter().filter(|text| holds(text.as_bytes())).cloned();
        let bytes = self.bytes.iter().filter(|bytes| holds(bytes)).map(|bytes| format!("{bytes:02x?}"));
        texts.chain(bytes).collect()
    }
}

/// Whether these digits stand in the text with no digit or letter beside them.
fn stands_alone(text: &str, digits: &str) -> bool {
    let beside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
    text.match_indices(digits)
        .any(|(at, _)| !beside(text[..at].chars().next_back()) && !beside(text[at + digits.len()..].chars().next()))
}

fn now() -> Timestamp {
    Clock::system().now()
}

fn code_in(body: &str, digits: usize) -> String {
    let alone = |word: &&str| word.len() == digits && word.bytes().all(|b| b.is_ascii_digit());
    body.split(|c: char| !c.is_ascii_alphanumeric()).find(alone).unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// A member of staff, from the link to the desk.
async fn enrol(house: &House, wire: &Wire, secrets: &mut Secrets) -> Browser {
    let told = house.command(&["staff", "add", STAFF, "--prefecture", "07", "--role", "admin"]);
    let link = &told[told.find("/staff/enrol?token=").unwrap()..];
    let link = link.split_whitespace().next().unwrap();
    secrets.text(link.split_once('=').unwrap().1);
    secrets.text(STAFF_PASSWORD);
    let mut browser = wire.browser();
    browser.open(link).await;
    let fields = [("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)];
    let page = browser.submit("/staff/enrol", &fields).await;
    let app = shown_secret(&page);
    secrets.authenticator(&app);
    let (first, next) = (app.code(now()), app.code(now() + SignedDuration::from_secs(30)));
    let page = browser.submit("/staff/enrol/app", &[("code", &first)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    browser.open("/staff/login").await;
    browser.post("/staff/login", &[("name", MISPLACED), ("password", WRONG)]).await;
    browser.post("/staff/login", &[("name", STAFF), ("password", WRONG)]).await;
    let page = browser.submit("/staff/login", &[("name", STAFF), ("password", STAFF_PASSWORD)]).await;
    assert!(page.title().contains("認証コード"), "{}", page.text());
    // A code of the next step is taken already, the one used for enrolling no more.
    let page = browser.post("/staff/login/code", &[("code", &next)]).await;
    assert_eq!(page.location(), Some("/staff"), "{}", page.text());
    secrets.codes.extend([first, next]);
    browser
}

/// A1 to A5; the control number.
async fn apply(house: &House, wire: &Wire, secrets: &mut Secrets, number: &str, contact: &str) -> String {
    let mut browser = wire.browser();
    assert_eq!(browser.apply(number, contact).await.location(), Some("/reissue/code"));
    let code = code_in(&house.mail(contact, 1).body, 4);
    browser.get("/reissue/code").await;
    browser.post("/reissue/code", &[("code", if code == "0000" { "0001" } else { "0000" })]).await;
    let page = browser.submit("/reissue/code", &[("code", &code)]).await;
    assert_eq!(page.title(), "送信確認", "{}", page.text());
    let page = browser.submit("/reissue/check", &[]).await;
    secrets.codes.push(code);
    let text = page.text();
    let at = text.find("管理番号 U").unwrap_or_else(|| panic!("{text}")) + "管理番号 ".len();
    text[at..at + 13].to_owned()
}

/// The applicant looks, and withdraws with a one-time password.
async fn withdraw(house: &House, wire: &Wire, secrets: &mut Secrets, number: &str, contact: &str) {
    let mut browser = wire.browser();
    browser.get("/status").await;
    browser.post("/status", &[("control_number", number), ("contact", "tanto-c@example.jp")]).await;
    browser.submit("/status", &[("control_number", number), ("contact", contact)]).await;
    browser.open("/status/withdraw").await;
    let sent = house.sink.mails().iter().filter(|mail| mail.to.iter().any(|to| to == contact)).count();
    assert_eq!(browser.post("/status/withdraw", &[]).await.location(), Some("/status/withdraw/code"));
    let code = code_in(&house.mail(contact, sent + 1).body, 6);
    browser.open("/status/withdraw/code").await;
    let page = browser.submit("/status/withdraw/code", &[("code", &code)]).await;
    assert!(page.says("取り下げ"), "{}", page.text());
    secrets.codes.push(code);
}

/// From the approval to the paper.
async fn print(browser: &mut Browser, secrets: &mut Secrets, number: &str) -> String {
    let path = format!("/staff/applications/{number}");
    for (mv, to) in [("take", path.clone()), ("approve", format!("{path}/decision"))] {
        let shown = browser.open(&path).await.value("shown").unwrap();
        let page = browser.post(&to, &[("move", mv), ("shown", &shown)]).await;
        assert_eq!(page.status.as_u16(), 303, "{mv}: {}", page.text());
    }
    let (choices, token) = queue(&browser.open("/staff/letters").await);
    let ordered = browser.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    let batch = ordered.location().unwrap().to_owned();
    let end = Instant::now() + Duration::from_secs(60);
    while !browser.open(&batch).await.says("PDFができました") {
        assert!(Instant::now() < end, "the letter was not printed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = browser.post(&format!("{batch}/pdf"), &[]).await;
    let letter = pdf::letters(&page.bytes).remove(0);
    assert_eq!(letter.user_id, USER);
    secrets.text(&letter.password);
    letter.password
}

/// With the paper to a password of one's own, and in with it.
async fn first_login(wire: &Wire, secrets: &mut Secrets, temporary: &str) {
    let mut browser = wire.browser();
    browser.log_in(USER, WRONG).await;
    browser.log_in(MISPLACED, WRONG).await;
    assert_eq!(browser.log_in(USER, temporary).await.location(), Some("/first-login"));
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;
    let chosen = &CHOSEN[..16];
    let refused = [("current_password", WRONG), ("new_password", "Kaigo12345"), ("new_password_again", MISPLACED)];
    assert_eq!(browser.post("/first-login/password", &refused).await.status.as_u16(), 422);
    let fields = [("current_password", temporary), ("new_password", chosen), ("new_password_again", chosen)];
    let page = browser.submit("/first-login/password", &fields).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    browser.submit("/first-login/done", &[]).await;
    browser.submit("/logout", &[]).await;
    assert_eq!(browser.log_in(USER, temporary).await.status.as_u16(), 422);
    assert_eq!(browser.log_in(USER, chosen).await.location(), Some("/office"));
    for text in [chosen, WRONG, MISPLACED, "Kaigo12345"] {
        secrets.text(text);
    }
}

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

async fn walk(format: &str) {
    let house = House::open_with(LEDGER, &format!("\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n"));
    let port = house.url.rsplit(':').next().unwrap().parse().unwrap();
    let (wire, mut secrets) = (Wire::to(port), Secrets::default());
    keys(house.folder(), &mut secrets);
    let mut desk = enrol(&house, &wire, &mut secrets).await;
    let number = apply(&house, &wire, &mut secrets, OFFICE, "tanto-a@example.jp").await;
    let other = apply(&house, &wire, &mut secrets, OTHER, "tanto-b@example.jp").await;
    withdraw(&house, &wire, &mut secrets, &other, "tanto-b@example.jp").await;
    let temporary = print(&mut desk, &mut secrets, &number).await;
    first_login(&wire, &mut secrets, &temporary).await;
    desk.open("/staff/ledger/0799900014").await;
    desk.submit("/staff/logout", &[]).await;
    wire.cookies().iter().for_each(|value| secrets.cookie(value));
    assert!(secrets.bytes.len() > 12, "cookies, keys and the app's secret: {}", secrets.bytes.len());

    // The log.
    let log = house.log();
    assert!(log.contains("answered") && log.contains("mail sent"), "the log was written: {log}");
    assert_eq!(secrets.found_in(log.as_bytes()), Vec::<String>::new(), "in the log");
    for word in PERSONAL.into_iter().chain(["token="]) {
        assert!(!log.contains(word), "the log names {word}");
    }
    for line in log.lines().map(|line| content(line, format == "json")) {
        for code in &secrets.codes {
            assert!(!stands_alone(&line, code), "{code} in {line}");
        }
    }

    // Every address that went over the wire: none holds a secret but the link that a new member of staff is given.
    let addresses = wire.addresses();
    assert!(addresses.len() > 60, "{}", addresses.len());
    for address in addresses.iter().filter(|address| !address.starts_with("/staff/enrol?token=")) {
        assert_eq!(secrets.found_in(address.as_bytes()), Vec::<String>::new(), "in {address}");
        assert!(!address.contains('@') && !address.contains("%40") && !address.contains("tanto"), "{address}");
        assert!(secrets.codes.iter().all(|code| !stands_alone(address, code)), "{address}");
    }

    // The database file with all its pages, also those that are free again; and whatever else lies in the data folder.
    let data = house.folder().join("data");
    let raw = std::fs::read(data.join("uketsuke.redb")).unwrap();
    let holds = |text: &str| raw.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("さくらの里") && holds("tanto-a@example.jp") && holds("letter.print"), "the search sees what the file holds");
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert_eq!(secrets.found_in(&std::fs::read(&path).unwrap()), Vec::<String>::new(), "in {}", path.display());
        }
    }
    let text = String::from_utf8_lossy(&raw);
    for code in secrets.codes.iter().filter(|code| code.len() == 6) {
        assert!(!stands_alone(&text, code), "{code} in the database");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q46_q38_neither_a_text_log_nor_the_database_nor_an_address_holds_a_secret() {
    walk("text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q46_q38_neither_a_json_log_nor_the_database_nor_an_address_holds_a_secret() {
    walk("json").await;
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
