//! kill −9 of the real process under load, two hundred times.

mod book;
mod client;
mod import;
mod load;
mod process;
mod server;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uketsuke::accounts::{self, Account, Kind};
use uketsuke::audit;
use uketsuke::kernel::{ControlNumber, Id, Random, Secret};
use uketsuke::letters::{Batch, Stage};
use uketsuke::login;
use uketsuke::reissue::{Application, Move, What};
use uketsuke::security::{Hasher, Keys, Purpose};
use uketsuke::store::{Reads as _, Store, Table};

use self::book::{Book, Desk};
use self::client::Client;
use self::load::World;
use self::server::Server;
use crate::support::office::{PASSWORD, user};
use crate::support::sink::{Mode, Sink};
use crate::support::sound;

const KILLS: u32 = 200;
const OFFICES: u32 = 400;
const USERS: u32 = 20;
/// In every so many lives the database is looked at before the next one.
const LOOK: u32 = 40;
/// And every so manieth is long.
const LONG: u32 = 20;

#[test]
fn kill_9_two_hundred_times_under_load_loses_nothing_that_was_acknowledged() {
    let sink = Sink::start(Mode::Accept);
    let mut server = Server::install(&sink.url());
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
    // Other offices than those that log in: a letter printed between the two transactions of a login makes it be refused, as any change
    // of an account does.
    let world = World::new(server.port, &desk, &sink, &offices[USERS as usize..], &users);
    std::thread::scope(|scope| {
        // Whatever fails below, the clients must not wait for ever.
        let _end = End(&desk);
        let mut clients: Vec<_> = (0..3).map(|_| scope.spawn(|| world.visit())).collect();
        clients.push(scope.spawn(|| world.log_in()));
        clients.push(scope.spawn(|| world.staff(&mut clerk, &mut approver)));
        let random = Random::seeded(9);
        // A slow machine gets through less in each life: it has more of them, and what must be reached stays the same.
        for kill in (1..=3 * KILLS).take_while(|kill| *kill <= KILLS || !is_enough(&desk.book())) {
            assert!(clients.iter().all(|client| !client.is_finished()), "a client was told something wrong");
            desk.opens();
            // A few lives are long enough for a print.
            let life = if kill % LONG == 0 { 2_000 } else { 30 + random.below(270) };
            std::thread::sleep(Duration::from_millis(u64::from(life)));
            server.kill();
            desk.closes();
            if kill % LOOK == 0 {
                let (store, keys) = server.store();
                check(&store, &keys, &desk.book());
            }
            server.start();
        }
    });
    // The last life delivers what is left.
    let book = desk.book();
    every_receipt_arrives(&sink, &book);
    every_print_ends(&mut clerk, &book);
    assert!(server.stop().success(), "{}", server.log());
    let (store, keys) = server.store();
    check(&store, &keys, &book);
    check_prints(&store, &book);
    let (tries, logins) = (book.wrong.values().sum::<u64>(), book.entered.values().sum::<usize>());
    let reached = format!(
        "{} applications, {} moves, {tries} wrong and {logins} right logins, {} prints ({} fetched); {} requests died unanswered",
        book.sent.len(),
        book.moves.len(),
        book.prints.len(),
        book.fetched,
        book.unanswered
    );
    assert!(is_enough(&book), "the load hardly went on: {reached}");
    // Shown by `--nocapture`: the figures of one run.
    println!("{KILLS} kills: {reached}");
}

/// Whether so much was acknowledged, and died unanswered, that a loss would have shown.
fn is_enough(book: &Book) -> bool {
    let (tries, logins) = (book.wrong.values().sum::<u64>(), book.entered.values().sum::<usize>());
    let acknowledged = [book.sent.len() >= 60, book.moves.len() >= 60, tries >= 60, logins >= 20, book.prints.len() >= 5];
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
            account
        })
        .collect();
    store.write_blocking(move |tx| accounts.iter().try_for_each(|account| accounts::create(tx, account).map(drop))).unwrap();
}

/// The database is whole, and all that was acknowledged is in it.
fn check(store: &Store, keys: &Keys, book: &Book) {
    let whole = sound::check_all(store, keys);
    let contact = |one: &Application| one.contact.as_ref().map(ToString::to_string).unwrap_or_default();
    let by_contact: BTreeMap<String, &Application> = whole.applications.values().map(|one| (contact(one), one)).collect();
    assert_eq!(by_contact.len(), whole.applications.len(), "somebody has two applications");
    for (contact, number) in &book.sent {
        let Some(one) = by_contact.get(contact) else { panic!("the application of {contact} is lost") };
        assert!(number.as_ref().is_none_or(|number| *number == one.number.to_string()), "{contact} was told {number:?}");
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
