//! Taking over ledger files: what comes in, what stays out, and that a ledger is never half of something.

use std::io;

use jiff::Timestamp;
use uketsuke::audit::{self, Actor};
use uketsuke::kernel::{Clock, Moment, OfficeKey, OfficeNumber, Prefecture, Random};
use uketsuke::ledger::csv::{ReadOptions, RowError};
use uketsuke::ledger::{self, ClaimMethod, Entry, ImportError, ImportOptions, Report, Status, Watch};
use uketsuke::security::Keys;
use uketsuke::store::{Store, StoreError};

const HEADER: &str = "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";

fn prefecture(number: u8) -> Prefecture {
    Prefecture::new(number).unwrap()
}

fn key(prefecture_number: u8, number: &str) -> OfficeKey {
    OfficeKey::new(prefecture(prefecture_number), OfficeNumber::parse(number).unwrap())
}

/// A counter with an empty ledger.
struct Counter {
    store: Store,
    clock: Clock,
    random: Random,
}

#[derive(Debug, Default)]
struct Told {
    rejected: Vec<RowError>,
    steps: usize,
}

impl Watch for Told {
    fn read(&mut self, bytes: u64) {
        assert!(bytes > 0);
        self.steps += 1;
    }
    fn compared(&mut self, done: usize, all: usize) {
        assert!(done <= all);
        self.steps += 1;
    }
    fn rejected(&mut self, _: &[String], row: &RowError) -> io::Result<()> {
        self.rejected.push(row.clone());
        Ok(())
    }
}

fn options() -> ImportOptions {
    ImportOptions {
        read: ReadOptions::default(),
        ledgers: vec![prefecture(7), prefecture(13)],
        name: "ledger.csv".to_owned(),
        dry_run: false,
        close_missing: false,
        force: false,
    }
}

impl Counter {
    fn new() -> Self {
        let clock = Clock::manual("2026-01-10T00:00:00Z".parse::<Timestamp>().unwrap());
        let store = Store::in_memory().unwrap();
        audit::seal_with(&store, &Keys::fresh(&Random::seeded(1)));
        Self { store, clock, random: Random::seeded(1) }
    }

    fn import_with(&self, text: &str, options: &ImportOptions) -> Result<(Report, Told), ImportError> {
        let mut told = Told::default();
        let missing = |text: &str| text.chars().filter(|c| *c == '\u{E000}').collect();
        let who = (&self.clock, &self.random);
        let report = ledger::import(&self.store, who, Actor::Console, text.as_bytes(), options, &missing, &mut told)?;
        Ok((report, told))
    }

    fn import(&self, rows: &[String]) -> Report {
        self.import_with(&file(rows), &options()).unwrap().0
    }

    fn find(&self, office: OfficeKey) -> Option<Entry> {
        self.store.read(|r| ledger::find(r, office)).unwrap()
    }

    fn all(&self, of: u8) -> Vec<Entry> {
        let found = self.store.read(|r| ledger::search(r, prefecture(of), "", usize::MAX)).unwrap();
        assert_eq!(found.total, self.store.read(|r| ledger::count(r, prefecture(of), usize::MAX)).unwrap());
        found.entries
    }

    fn edit(&self, office: OfficeKey, postal_code: &'static str) {
        let edited = self.store.write_blocking(move |tx| ledger::set_postal_code(tx, office, postal_code));
        assert!(edited.unwrap());
    }
}

fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// A row of our own format; `number` is one of 10,000.
fn row(prefecture: u8, number: u32, name: &str) -> String {
    format!("{prefecture:02},0799{number:06},{name},カナ,960-0001,福島県福島市見本町{number},,,,,有効,電子")
}

fn rows(prefecture: u8, count: u32) -> Vec<String> {
    (0..count).map(|n| row(prefecture, n, &format!("事業所{n}"))).collect()
}

#[test]
fn an_import_tells_added_changed_and_unchanged() {
    let counter = Counter::new();
    let first = counter.import(&rows(7, 450)).total();
    assert_eq!((first.added, first.changed, first.unchanged), (450, 0, 0));
    let mut again = rows(7, 451);
    again[3] = row(7, 3, "名前の変わった事業所");
    let report = counter.import(&again);
    let second = report.total();
    assert_eq!((second.added, second.changed, second.unchanged, second.kept), (1, 1, 449, 0));
    assert_eq!(counter.find(key(7, "0799000003")).unwrap().name, "名前の変わった事業所");
    assert_eq!(counter.all(7).len(), 451);
    assert!(report.lines()[0].contains("追加 1件、変更 1件、変更なし 449件"), "{:?}", report.lines());
}

#[test]
fn a_file_adds_to_a_ledger_and_closes_only_when_asked() {
    let counter = Counter::new();
    counter.import(&rows(7, 100));
    let few = counter.import(&rows(7, 98)).total();
    assert_eq!((few.unchanged, few.kept, few.closed), (98, 2, 0));
    assert_eq!(counter.find(key(7, "0799000099")).unwrap().status, Status::Active);
    let closing = ImportOptions { close_missing: true, ..options() };
    let (report, _) = counter.import_with(&file(&rows(7, 98)), &closing).unwrap();
    assert_eq!((report.total().unchanged, report.total().kept, report.total().closed), (98, 0, 2));
    assert_eq!(counter.find(key(7, "0799000099")).unwrap().status, Status::Closed);
    assert_eq!(counter.all(7).len(), 100, "a closed office stays in the ledger");
}

#[test]
fn closing_more_than_five_percent_needs_force() {
    let counter = Counter::new();
    counter.import(&rows(7, 100));
    let closing = ImportOptions { close_missing: true, ..options() };
    let refused = counter.import_with(&file(&rows(7, 94)), &closing);
    assert!(matches!(refused, Err(ImportError::TooManyClosed { closing: 6, open: 100, .. })), "{refused:?}");
    assert!(counter.all(7).iter().all(|entry| entry.status == Status::Active), "nothing was taken over");

    let dry = ImportOptions { dry_run: true, ..closing.clone() };
    let (report, _) = counter.import_with(&file(&rows(7, 94)), &dry).unwrap();
    assert_eq!(report.total().closing, 6, "a dry run shows what it would be");
    counter.import_with(&file(&rows(7, 95)), &closing).expect("five of a hundred are not more than five percent");
    counter.import_with(&file(&rows(7, 50)), &ImportOptions { force: true, ..closing }).expect("forced");
    assert_eq!(counter.all(7).iter().filter(|entry| entry.status == Status::Closed).count(), 50);
}

#[test]
fn a_file_that_itself_closes_more_than_five_percent_needs_force() {
    let counter = Counter::new();
    counter.import(&rows(7, 20));
    let closed: Vec<String> = rows(7, 2).iter().map(|row| row.replace("有効", "廃止")).collect();
    let refused = counter.import_with(&file(&closed), &options());
    assert!(matches!(refused, Err(ImportError::TooManyClosed { closing: 2, open: 20, .. })));
}

#[test]
fn a_dry_run_changes_nothing() {
    let counter = Counter::new();
    counter.import(&rows(7, 10));
    let before = counter.all(7);
    let dry = ImportOptions { dry_run: true, ..options() };
    let mut changed = rows(7, 11);
    changed[0] = row(7, 0, "別の名前");
    let (report, _) = counter.import_with(&file(&changed), &dry).unwrap();
    assert_eq!((report.total().added, report.total().changed, report.total().unchanged), (1, 1, 9));
    assert_eq!(counter.all(7), before);
    assert!(report.lines().last().unwrap().contains("台帳は変わっていません"));
    let entries = counter.store.read(|r| audit::in_prefecture(r, prefecture(7), None, 10)).unwrap();
    assert_eq!(entries.len(), 1, "only the first import is in the log");
}

#[test]
fn all_or_nothing_per_file() {
    let counter = Counter::new();
    counter.import(&rows(7, 5));
    let before = counter.all(7);
    // Broken far behind the first chunk: bytes that are no UTF-8.
    let mut bytes = file(&rows(7, 900)).into_bytes();
    bytes.extend(b"07,\xFF\xFF\n");
    let missing = |_: &str| Vec::new();
    let who = (&counter.clock, &counter.random);
    let options = options();
    let failed = ledger::import(&counter.store, who, Actor::Console, bytes.as_slice(), &options, &missing, &mut Told::default());
    assert!(matches!(failed, Err(ImportError::File(_))), "{failed:?}");
    assert_eq!(counter.all(7), before);
    assert_eq!(counter.import(&rows(7, 6)).total().added, 1, "and the next import runs");
}

#[test]
fn rejected_rows_are_told_by_line_and_the_others_come_in() {
    let counter = Counter::new();
    let mut lines = rows(7, 3);
    lines.insert(1, "07,0799000001x,名前,,,住所,,,,,有効,電子".to_owned());
    lines.push(row(7, 0, "二度目"));
    let (report, told) = counter.import_with(&file(&lines), &options()).unwrap();
    assert_eq!((report.rows, report.rejected, report.total().added), (3, 2, 3));
    let found: Vec<String> = told.rejected.iter().map(ToString::to_string).collect();
    assert!(found[0].starts_with("3行目（事業所番号）"), "{found:?}");
    assert!(found[1].starts_with("6行目（事業所番号）: この事業所番号の行が前にもあります"), "{found:?}");
    assert_eq!(counter.find(key(7, "0799000000")).unwrap().name, "事業所0", "the first row of an office counts");
}

#[test]
fn an_office_whose_row_is_rejected_is_not_missing() {
    let counter = Counter::new();
    counter.import(&rows(7, 40));
    let mut lines = rows(7, 40);
    lines[5] = lines[5].replace("有効", "営業中");
    let closing = ImportOptions { close_missing: true, ..options() };
    let (report, _) = counter.import_with(&file(&lines), &closing).unwrap();
    assert_eq!((report.rejected, report.total().closed, report.total().kept), (1, 0, 1));
}

#[test]
fn ledgers_of_two_prefectures_are_kept_apart() {
    let counter = Counter::new();
    let mut lines = vec![row(7, 1, "福島の事業所"), row(13, 1, "東京の事業所"), row(1, 1, "北海道の事業所")];
    let report = counter.import(&lines);
    assert_eq!((report.passed_over, report.ledgers.len()), (1, 2));
    assert_eq!(counter.find(key(7, "0799000001")).unwrap().name, "福島の事業所");
    assert_eq!(counter.find(key(13, "0799000001")).unwrap().name, "東京の事業所");
    let both = counter.store.read(|r| ledger::prefectures_of(r, key(7, "0799000001").number)).unwrap();
    assert_eq!(both, [prefecture(7), prefecture(13)]);
    // A file of one ledger leaves the other alone, even when it closes what is missing.
    lines.truncate(1);
    let closing = ImportOptions { close_missing: true, ..options() };
    counter.import_with(&file(&lines), &closing).unwrap();
    assert_eq!(counter.find(key(13, "0799000001")).unwrap().status, Status::Active);
}

#[test]
fn the_generation_before_comes_back_by_undoing() {
    let counter = Counter::new();
    counter.import(&rows(7, 3));
    counter.import(&[row(7, 0, "誤った名前")]);
    let moment = Moment::new(&counter.clock, &counter.random);
    let undo = move |tx: &mut uketsuke::store::Tx<'_>| ledger::undo(tx, &moment, Actor::Console, prefecture(7));
    assert!(counter.store.write_blocking(undo).unwrap());
    assert_eq!(counter.find(key(7, "0799000000")).unwrap().name, "事業所0");
    assert_eq!(counter.all(7).len(), 3);
    assert!(counter.store.write_blocking(undo).unwrap());
    assert_eq!(counter.find(key(7, "0799000000")).unwrap().name, "誤った名前", "undone twice is done");
    let empty = move |tx: &mut uketsuke::store::Tx<'_>| ledger::undo(tx, &moment, Actor::Console, prefecture(13));
    assert!(!counter.store.write_blocking(empty).unwrap());
}

#[test]
fn a_postal_code_from_the_desk_outlives_imports_without_one_until_the_address_changes() {
    let counter = Counter::new();
    let without = row(7, 1, "事業所").replace("960-0001", "");
    let report = counter.import(std::slice::from_ref(&without));
    assert_eq!(report.without_postal_code, 1);
    let office = key(7, "0799000001");
    counter.edit(office, "960-9999");
    let again = counter.import(std::slice::from_ref(&without));
    assert_eq!((again.without_postal_code, again.total().unchanged), (0, 1));
    assert_eq!(counter.find(office).unwrap().postal_code, "960-9999");
    counter.import(&[without.replace("見本町", "別の町")]);
    assert_eq!(counter.find(office).unwrap().postal_code, "", "it belonged to the old address");
}

#[test]
fn mhlw_rows_of_one_office_become_one_with_its_services_and_keep_what_the_file_does_not_tell() {
    let counter = Counter::new();
    let mhlw = std::fs::read(format!("{}/tests/fixtures/ledger/mhlw-bom.csv", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mhlw = String::from_utf8(mhlw).unwrap();
    let all = ImportOptions { ledgers: Prefecture::all().collect(), ..options() };
    let (report, _) = counter.import_with(&mhlw, &all).unwrap();
    let entries: Vec<Entry> = (1..=47).flat_map(|p| counter.all(p)).collect();
    assert_eq!(entries.len(), report.total().added);
    assert!(report.rows > report.total().added as u64, "some offices have several rows");
    let several = entries.iter().find(|entry| entry.services.len() > 1).expect("an office with several services");
    assert!(several.services.is_sorted());

    let known = Entry { status: Status::Suspended, claim_method: ClaimMethod::Paper, ..several.clone() };
    counter.store.write_blocking(move |tx| ledger::put(tx, &known)).unwrap();
    let (again, _) = counter.import_with(&mhlw, &all).unwrap();
    assert_eq!(again.total().unchanged, entries.len());
    let kept = counter.find(several.key).unwrap();
    assert_eq!((kept.status, kept.claim_method), (Status::Suspended, ClaimMethod::Paper));
}

#[test]
fn characters_the_letter_font_lacks_are_reported_with_their_line() {
    let counter = Counter::new();
    let report = counter.import(&[row(7, 1, "事業所"), row(7, 2, "外字\u{E000}")]);
    assert_eq!(report.unprintable, 1);
    assert_eq!((report.unprintable_rows[0].line, report.unprintable_rows[0].characters.as_str()), (3, "\u{E000}"));
}

/// Reads a file to its middle and then does something else.
struct Interrupting<'a, F: FnMut()> {
    text: &'a [u8],
    then: Option<F>,
}

impl<F: FnMut()> io::Read for Interrupting<'_, F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.text.len() < 60_000
            && let Some(mut then) = self.then.take()
        {
            then();
        }
        self.text.read(out)
    }
}

#[test]
fn an_edit_at_the_desk_during_an_import_is_not_lost_and_a_second_import_has_to_wait() {
    let counter = Counter::new();
    let without: Vec<String> = rows(7, 1_500).iter().map(|row| row.replace("960-0001", "")).collect();
    counter.import(&without);
    let text = file(&without);
    let mut refused = false;
    let meanwhile = Interrupting {
        text: text.as_bytes(),
        then: Some(|| {
            counter.edit(key(7, "0799000001"), "960-1111");
            counter.edit(key(7, "0799001499"), "960-1499");
            refused = matches!(counter.import_with(&file(&rows(7, 1)), &options()), Err(ImportError::Running));
        }),
    };
    let missing = |_: &str| Vec::new();
    let who = (&counter.clock, &counter.random);
    ledger::import(&counter.store, who, Actor::Console, meanwhile, &options(), &missing, &mut Told::default()).unwrap();
    assert!(refused);
    assert_eq!(counter.find(key(7, "0799000001")).unwrap().postal_code, "960-1111", "already behind");
    assert_eq!(counter.find(key(7, "0799001499")).unwrap().postal_code, "960-1499", "still ahead");
    assert_eq!(counter.all(7).len(), 1_500);
}

#[test]
fn generations_nobody_needs_are_cleared_away() {
    let counter = Counter::new();
    for _ in 0..5 {
        counter.import(&rows(7, 300));
    }
    let written = counter.store.counts().written;
    counter.import(&rows(7, 300));
    let spent = counter.store.counts().written - written;
    // 300 rows of two tables in, 300 of the generation before last out, and some dozen rows of bookkeeping.
    assert!((1_200..1_300).contains(&spent), "{spent}");
}

#[test]
fn an_import_is_in_the_audit_log_with_its_counts() {
    let counter = Counter::new();
    counter.import(&rows(7, 2));
    let entries = counter.store.read(|r| audit::in_prefecture(r, prefecture(7), None, 10)).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].action.as_str(), &entries[0].actor), ("ledger.import", &Actor::Console));
    assert_eq!(entries[0].details["added"], "2");
    assert_eq!(entries[0].details["file"], "ledger.csv");
    assert_eq!(
        counter.store.read(|r| audit::verify(r, Some(&Keys::fresh(&Random::seeded(1))))).map_err(|e: StoreError| e.to_string()),
        Ok(Vec::new())
    );
}
