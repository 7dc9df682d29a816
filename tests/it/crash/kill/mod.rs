//! kill −9 of the real process under load, two hundred times.

mod book;
mod client;
mod import;
mod load;
mod process;
pub mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use uketsuke::accounts::{self, Account, Kind};
use uketsuke::audit;
use uketsuke::backup::verify_backup;
use uketsuke::kernel::{ControlNumber, Id, MailAddress, Random, Secret, UserId};
use uketsuke::letters::{Batch, Stage};
use uketsuke::login;
use uketsuke::mail::outbox;
use uketsuke::reissue::{self, Application, Move, What};
use uketsuke::security::{Hasher, Keys, Purpose};
use uketsuke::store::{Reads as _, Snapshot, Store, Table};

use self::book::{Book, Desk};
use self::client::Client;
use self::load::World;
use self::server::Server;
use crate::support::office::{PASSWORD, user};
use crate::support::sink::{Mode, Sink};
use crate::support::sound;

const KILLS: u32 = 200;
/// Few, so that letters are printed to offices while they log in.
const OFFICES: u32 = 80;
const USERS: u32 = 20;
/// In every so many lives the database is looked at before the next one.
const LOOK: u32 = 40;
/// And every so manieth is long.
const LONG: u32 = 20;

#[test]
fn kill_9_two_hundred_times_under_load_loses_nothing_that_was_acknowledged() {
    let sink = Sink::start(Mode::Accept);
    let mut server = Server::install(&sink.url());
    server.back_up_regularly();
    let offices: Vec<String> = (0..OFFICES).map(|n| format!("0799{n:06}")).collect();
    let users: Vec<String> = offices.iter().take(USERS as usize).map(|number| format!("KJ07{number}")).collect();
    prepare(&server, &offices, &users);
    let links = [("佐藤 花子", "clerk"), ("鈴木 一郎", "approver")].map(|(name, role)| {
        let printed = server.command(&["staff", "add", name, "--prefecture", "07", "--role", role]);
        (name, printed.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned())
    });
    server.start();
    let [mut clerk, mut approver] = links.map(|(name, link)| load::member(server.port, &link, name));

    let desk = Desk::default();
    let (data, backups) = (server.folder().join("data"), server.folder().join("backups"));
    let world = World {
        port: server.port,
        desk: &desk,
        sink: &sink,
        offices: &offices,
        users: &users,
        data: &data,
        backups: &backups,
        next: AtomicU32::new(1),
    };
    std::thread::scope(|scope| {
        // Whatever fails below, the clients must not wait for ever.
        let _end = End(&desk);
        let mut clients: Vec<_> = (0..3).map(|_| scope.spawn(|| world.visit())).collect();
        clients.push(scope.spawn(|| world.log_in()));
        clients.push(scope.spawn(|| world.back_up()));
        clients.push(scope.spawn(|| world.staff(&mut clerk, &mut approver)));
        let random = Random::seeded(9);
        // A slow machine gets through less in each life: it has more of them, and long ones, and what must be reached stays the same.
        for kill in (1..=3 * KILLS).take_while(|kill| *kill <= KILLS || !is_enough(&desk.book())) {
            assert!(clients.iter().all(|client| !client.is_finished()), "a client was told something wrong");
            desk.opens();
            // A few lives are long enough for a print.
            let life = if kill % LONG == 0 || kill > KILLS { 2_000 } else { 30 + random.below(270) };
            std::thread::sleep(Duration::from_millis(u64::from(life)));
            server.kill();
            desk.closes();
            if kill % LOOK == 0 {
                let (store, keys) = server.store();
                check(&store, &keys, &desk.book(), &users);
            }
            server.start();
        }
    });
    // The last life delivers what is left.
    let book = desk.book();
    every_receipt_arrives(&sink, &book);
    every_print_ends(&mut clerk, &book);
    the_regular_backup_comes(&backups);
    assert!(server.stop().success(), "{}", server.log());
    let (store, keys) = server.store();
    check(&store, &keys, &book, &users);
    check_prints(&store, &book);
    check_backups(&backups, &keys, &book);
    let (tries, logins) = (book.wrong.values().sum::<u64>(), book.entered.values().sum::<usize>());
    let reached = format!(
        "{} applications, {} moves, {tries} wrong and {logins} right logins, {} prints ({} fetched), {} backups; {} requests died unanswered",
        book.sent.len(),
        book.moves.len(),
        book.prints.len(),
        book.fetched,
        book.backups.len(),
        book.unanswered
    );
    assert!(is_enough(&book), "the load hardly went on: {reached}");
    // Shown by `--nocapture`: the figures of one run.
    println!("{KILLS} kills: {reached}");
}

/// Whether so much was acknowledged, and died unanswered, that a loss would have shown.
fn is_enough(book: &Book) -> bool {
    let (tries, logins) = (book.wrong.values().sum::<u64>(), book.entered.values().sum::<usize>());
    let acknowledged = [
        book.sent.len() >= 60,
        book.moves.len() >= 60,
        tries >= 60,
        logins >= 20,
        book.prints.len() >= 5,
        book.backups.len() >= 3,
    ];
    acknowledged.iter().all(|enough| *enough) && book.unanswered >= KILLS / 2
}

struct End<'a>(&'a Desk);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.ends();
    }
}

/// Ledger and accounts, before the first start.
fn prepare(server: &Server, offices: &[String], users: &[String]) {
    let header = "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";
    let row = |number: &String| format!("07,{number},見本事業所{number},,000-0001,福島県架空市見本町1番地1,,,,,有効,電子");
    let rows: Vec<String> = offices.iter().map(row).collect();
    let ledger = server.folder().join("ledger.csv");
    std::fs::write(&ledger, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    server.command(&["ledger", "import", ledger.to_str().unwrap()]);
    let (store, keys) = server.store();
    let hasher = Hasher::start(keys, 19_456, 2, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hash = runtime.block_on(hasher.hash(Secret::new(PASSWORD.to_owned()), [7; 16])).unwrap();
    let now = uketsuke::kernel::Clock::system().now();
    let accounts: Vec<Account> = users
        .iter()
        .map(|id| {
            let mut account = Account::new(user(id), Kind::Existing, now);
            account.set_password(hash.clone(), now);
            // Those who hear that somebody applies.
            account.notice_mail = MailAddress::parse(&format!("notice-{id}@example.jp")).ok();
            // Without one, 【お知らせ】 would lead to its registration.
            account.security_mails = MailAddress::parse(&format!("security-{id}@example.jp")).into_iter().collect();
            account
        })
        .collect();
    store.write_blocking(move |tx| accounts.iter().try_for_each(|account| accounts::create(tx, account).map(drop))).unwrap();
}

/// The database is whole, and all that was acknowledged is in it.
fn check(store: &Store, keys: &Keys, book: &Book, users: &[String]) {
    let whole = sound::check_all(store, keys);
    let contact = |one: &Application| one.contact.as_ref().map(ToString::to_string).unwrap_or_default();
    let by_contact: BTreeMap<String, &Application> = whole.applications.values().map(|one| (contact(one), one)).collect();
    assert_eq!(by_contact.len(), whole.applications.len(), "somebody has two applications");
    for (contact, number) in &book.sent {
        let Some(one) = by_contact.get(contact) else { panic!("the application of {contact} is lost") };
        assert!(number.as_ref().is_none_or(|number| *number == one.number.to_string()), "{contact} was told {number:?}");
        let about = store.read(|r| outbox::about(r, &one.number.to_string(), 99)).unwrap();
        let warned = about.iter().filter(|(_, mail)| mail.kind == "M-12").count();
        let registered = if users.contains(&UserId::of(one.office).to_string()) { 2 } else { 0 };
        assert_eq!(warned, registered, "{}: warnings to the office's addresses", one.number);
    }
    for (number, mv) in &book.moves {
        let one = &whole.applications[&ControlNumber::parse(number).unwrap()];
        let made = one.history.iter().any(|step| match &step.what {
            What::Moved(Move::Take) => *mv == "take",
            What::Moved(Move::Approve { .. }) => *mv == "approve",
            _ => false,
        });
        assert!(made, "{number}: {mv} is lost");
    }
    for (id, tries) in &book.wrong {
        let door = keys.mac(Purpose::Device, &[b"typed user ID", id.as_bytes()]).mac;
        let strangers: Table<[u8; 32], serde_json::Value> = Table::new("login_strangers");
        let counted = store.read(|r| r.get(&strangers, &door)).unwrap().map_or(0, |row| row["consecutive"].as_u64().unwrap());
        assert!(counted >= *tries && counted < u64::from(login::MOST_CONSECUTIVE), "{id}: {tries} told, {counted} counted");
    }
    for (id, logins) in &book.entered {
        let about = store.read(|r| audit::about(r, id, 99_999)).unwrap();
        let entered = about.iter().filter(|entry| entry.action == "login.try" && entry.outcome == "entered").count();
        assert!(entered >= *logins, "{id}: {logins} told, {entered} in the log");
    }
}

/// Every print that was ordered has come to its end: all its letters printed or named as left out, or given up and said so.
fn check_prints(store: &Store, book: &Book) {
    let batches: Table<Id, Batch> = Table::new("letter_batches");
    for token in &book.prints {
        let batch = store.read(|r| r.get(&batches, &Id::parse(token).unwrap())).unwrap();
        let Some(batch) = batch else { panic!("the print {token} is lost") };
        assert_ne!(batch.stage, Stage::Printing, "{token} has not ended");
        let all = batch.printed.len() + batch.left_out.len() == batch.wanted.len();
        assert!(all || batch.stage == Stage::Failed, "{token}: {batch:?}");
    }
}

/// However often the server died over it, it is made.
fn the_regular_backup_comes(folder: &Path) {
    let end = Instant::now() + Duration::from_secs(120);
    let is_regular = |name: &str| name.starts_with("uketsuke-") && name.ends_with(".redb");
    while !std::fs::read_dir(folder).unwrap().any(|entry| entry.unwrap().file_name().to_str().is_some_and(is_regular)) {
        assert!(Instant::now() < end, "no regular backup");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every backup that was answered can be read and holds what had been told before it; so can the regular one.
fn check_backups(folder: &Path, keys: &Keys, book: &Book) {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let whole: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "redb")).collect();
    assert!(whole.len() > book.backups.len(), "those asked for and a regular one: {whole:?}");
    for file in &whole {
        let verified = verify_backup(file, keys, &mut |_, _| true).unwrap();
        assert_eq!(verified.findings.damage, [], "{}", file.display());
    }
    for backup in &book.backups {
        let copy = Snapshot::open(&backup.file).unwrap();
        for number in &backup.numbers {
            let found = copy.read(|r| reissue::find(r, ControlNumber::parse(number).unwrap())).unwrap();
            assert!(found.is_some(), "{number} is not in {}", backup.file.display());
        }
    }
}

fn every_print_ends(clerk: &mut Client, book: &Book) {
    let end = Instant::now() + Duration::from_secs(120);
    for token in &book.prints {
        while clerk.get(&format!("/staff/letters/batches/{token}")).unwrap().says("PDFを作成しています") {
            assert!(Instant::now() < end, "the print {token} goes on for ever");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// M-3 of every acknowledged application, at least once.
fn every_receipt_arrives(sink: &Sink, book: &Book) {
    let end = Instant::now() + Duration::from_secs(120);
    for contact in book.sent.keys() {
        let receipt = || {
            let left = end.saturating_duration_since(Instant::now());
            let subject = "ログイン情報再発行申請受領通知";
            sink.first(left, |mail| mail.subject() == subject && mail.to.iter().any(|to| to == contact))
        };
        assert!(receipt().is_some(), "M-3 to {contact} was never sent");
    }
}
