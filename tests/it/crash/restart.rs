//! The process dies in the middle of a flow, a job, an import, a print: it goes on.

mod offices;
mod portal;
mod registration;

use jiff::SignedDuration;
use uketsuke::audit::Actor;
use uketsuke::jobs::{Handlers, Runner};
use uketsuke::kernel::{OfficeKey, Prefecture, Secret, UserId};
use uketsuke::ledger::csv::{ReadOptions, RowError};
use uketsuke::ledger::{self, ImportOptions, Watch};
use uketsuke::letters::{self, Offices};
use uketsuke::mail::outbox;
use uketsuke::staff::{Role, Scope};
use uketsuke::store::{Reads as _, Store, Table};

use crate::letters_print::{fetch, issue, letter_of, offices, queue};
use crate::support::browser::Browser;
use crate::support::disk::Disk;
use crate::support::reissue::{CONTACT, NUMBER, code_in, wrong};
use crate::support::staff::{PASSWORD as STAFF_PASSWORD, enrol, invite, shown_secret, staff, step_before};
use crate::support::{TestApp, pdf};

/// An installation whose power can go at any time, and one person at a screen.
struct House {
    disk: Disk,
    app: Option<TestApp>,
    person: Browser,
}

impl House {
    fn new() -> Self {
        let disk = Disk::new(Vec::new(), 1);
        let app = TestApp::on(Store::on(disk.plug()).unwrap(), |_| {});
        let person = app.browser();
        Self { disk, app: Some(app), person }
    }

    fn app(&self) -> &TestApp {
        self.app.as_ref().unwrap()
    }

    /// The process dies with the power, and another one starts.
    async fn dies(&mut self) {
        self.disk.cut();
        self.returns().await;
    }

    async fn returns(&mut self) {
        let app = self.app.take().unwrap().reborn(Store::on(self.disk.plug()).unwrap()).await;
        app.take_over(&mut self.person);
        self.app = Some(app);
    }

    /// What the person sees at `path` in the next life.
    async fn sees(&mut self, path: &str, title: &str) {
        self.dies().await;
        let page = self.person.open(path).await;
        assert_eq!(page.title(), title, "{}", page.text());
    }
}

#[tokio::test]
async fn an_application_goes_on_at_every_screen() {
    let mut house = House::new();
    for prefecture in [7, 13] {
        house.app().in_ledger(prefecture, NUMBER).await;
    }
    house.person.apply(NUMBER, CONTACT).await;
    house.sees("/reissue/prefecture", "請求先都道府県選択").await;
    assert_eq!(house.person.post("/reissue/prefecture", &[("prefecture", "07")]).await.location(), Some("/reissue/code"));
    house.sees("/reissue/code", "確認コード入力").await;
    let code = house.app().code().await;
    let refused = house.person.post("/reissue/code", &[("code", &wrong(&code))]).await;
    assert!(refused.says("あと4回"), "{}", refused.text());
    house.sees("/reissue/code", "確認コード入力").await;
    let refused = house.person.post("/reissue/code", &[("code", &wrong(&code))]).await;
    assert!(refused.says("あと3回"), "the try before counts in this life: {}", refused.text());
    assert_eq!(house.person.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));
    house.sees("/reissue/check", "送信確認").await;
    assert_eq!(house.person.post("/reissue/check", &[]).await.location(), Some("/reissue/done"));
    house.sees("/reissue/done", "処理終了").await;
    let done = house.person.get("/reissue/done").await;
    assert!(done.says("U202601000001"), "{}", done.text());
    assert_eq!(house.app().take_mails().await.iter().filter(|mail| mail.to == CONTACT).count(), 1, "M-3");
}

#[tokio::test]
async fn a_withdrawal_goes_on_at_every_screen() {
    let mut house = House::new();
    let key = house.app().in_ledger(7, NUMBER).await;
    let one = house.app().applied(key, Some(CONTACT)).await;
    house.app().take_mails().await;
    house.person.get("/status").await;
    let fields = [("control_number", one.number.to_string()), ("contact", CONTACT.to_owned())];
    house.person.post("/status", &fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    house.sees("/status/application", "申請状況の確認").await;
    house.sees("/status/withdraw", "申請の取下げ").await;
    house.person.post("/status/withdraw", &[]).await;
    house.sees("/status/withdraw/code", "ワンタイムパスワード入力").await;
    let mail = house.app().take_mails().await.remove(0);
    house.dies().await;
    house.person.get("/status/withdraw/code").await;
    let done = house.person.post("/status/withdraw/code", &[("code", &code_in(&mail, 6))]).await;
    let end = done.location().unwrap_or_else(|| panic!("{}", done.text())).to_owned();
    house.sees(&end, "処理終了").await;
}

#[tokio::test]
async fn a_staff_login_goes_on_between_password_and_code() {
    let mut house = House::new();
    let fukushima = Scope::One(Prefecture::new(7).unwrap());
    let member = enrol(house.app(), "佐藤", Role::Clerk, fukushima).await;
    house.person.open("/staff/login").await;
    let fields = [("name", "佐藤"), ("password", STAFF_PASSWORD)];
    assert_eq!(house.person.post("/staff/login", &fields).await.location(), Some("/staff/login/code"));
    house.sees("/staff/login/code", "職員ログイン（認証コード）").await;
    let code = member.authenticator.code(house.app().clock.now());
    assert_eq!(house.person.post("/staff/login/code", &[("code", &code)]).await.location(), Some("/staff"));
    house.sees("/staff", "ダッシュボード").await;
    let mut second = house.app().browser();
    second.open("/staff/login").await;
    second.post("/staff/login", &fields).await;
    second.open("/staff/login/code").await;
    let again = second.post("/staff/login/code", &[("code", &code)]).await;
    assert_eq!(again.status.as_u16(), 422, "q12: a code that was used before the process died stays used");
}

#[tokio::test]
async fn an_enrolment_goes_on_between_password_and_app() {
    let mut house = House::new();
    let link = invite(house.app(), "佐藤", Role::Clerk, Scope::One(Prefecture::new(7).unwrap())).await;
    house.dies().await;
    house.person.open(&link).await;
    house.sees("/staff/enrol", "職員登録（パスワード設定）").await;
    let fields = [("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)];
    let shown = shown_secret(&house.person.submit("/staff/enrol", &fields).await);
    house.sees("/staff/enrol/app", "職員登録（認証アプリ登録）").await;
    let again = shown_secret(&house.person.get("/staff/enrol/app").await);
    let now = house.app().clock.now();
    assert_eq!(shown.code(now), again.code(now), "what the app has scanned stays right");
    let page = house.person.submit("/staff/enrol/app", &[("code", &shown.code(step_before(now)))]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    house.dies().await;
    house.person.open("/staff/login").await;
    house.person.submit("/staff/login", &[("name", "佐藤"), ("password", STAFF_PASSWORD)]).await;
    let code = shown.code(house.app().clock.now());
    assert_eq!(house.person.post("/staff/login/code", &[("code", &code)]).await.location(), Some("/staff"));
}

#[tokio::test]
async fn a_mail_that_was_leased_by_a_dead_process_is_sent_by_the_next() {
    let mut house = House::new();
    let key = house.app().in_ledger(7, NUMBER).await;
    house.app().applied(key, Some(CONTACT)).await;
    // A process that takes the job and then hears nothing from the mail server.
    let (taken, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let mut handlers = Handlers::default();
    handlers.on(outbox::SEND, move |_| {
        taken.send(()).unwrap();
        std::future::pending()
    });
    let runner = Runner::new(house.app().app.store.clone(), house.app().clock.clone(), handlers);
    let process = tokio::spawn(async move { runner.run_due().await });
    begun.recv().await.unwrap();
    assert!(house.app().take_mails().await.is_empty(), "it is leased");
    process.abort();
    house.dies().await;
    let mails = house.app().take_mails().await;
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), [CONTACT]);
}

#[tokio::test]
async fn a_process_that_dies_anywhere_in_sending_sends_once_or_twice_and_never_not() {
    let mut seen = std::collections::BTreeMap::new();
    for cut in 1..=80 {
        let mut house = House::new();
        let key = house.app().in_ledger(7, NUMBER).await;
        house.app().applied(key, Some(CONTACT)).await;
        house.disk.cut_after(cut);
        drop(house.app().app.runner().run_due().await);
        house.dies().await;
        let mails = house.app().take_mails().await;
        assert!(mails.windows(2).all(|two| two[0].message_id == two[1].message_id), "the reader's program shows it once");
        *seen.entry(mails.len()).or_insert(0) += 1;
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [1, 2], "{seen:?}: both were met, nothing else");
}

#[tokio::test]
async fn a_pdf_lost_with_the_process_is_told_and_printed_again() {
    let mut house = House::new();
    let office = offices(house.app(), 1).await[0];
    issue(house.app(), Offices::AllNew).await;
    house.person = staff(house.app(), "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&house.person.open("/staff/letters").await);
    house.person.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    let batch = format!("/staff/letters/batches/{token}");
    // Ordered and not begun: the next process prints it.
    house.dies().await;
    house.app().run_jobs().await;
    assert!(house.person.open(&batch).await.says("1通のPDFができました"));
    // Printed and not fetched: the PDF was in memory only.
    house.dies().await;
    house.app().run_jobs().await;
    let page = house.person.open(&batch).await;
    assert!(page.says("サーバーが再起動しました") && page.says("もう一度印刷する"), "{}", page.text());
    let refused = house.person.post(&format!("{batch}/pdf"), &[]).await;
    assert!(refused.status == 422 && refused.says("もう一度印刷してください"), "{}", refused.text());
    let again = house.person.open(&batch).await.value("token").unwrap();
    let ordered = house.person.post(&format!("{batch}/again"), &[("token", &again), ("reason", "サーバーの再起動")]).await;
    let printed = fetch(house.app.as_ref().unwrap(), &mut house.person, ordered).await;
    assert_eq!(printed[0].number, "202601-000001-02");
    let user_id = UserId::of(office);
    let account = house.app().account(user_id);
    let temporary = account.live_temporary(house.app().clock.now()).unwrap();
    assert!(temporary.matches(&house.app().app.keys, user_id, &Secret::new(printed[0].password.clone())));
    assert_eq!(letter_of(house.app(), office).number.unwrap().branch, 2);
}

/// Lets the power go when so many chunks of the file have been taken in.
struct Dying<'a> {
    disk: &'a Disk,
    chunks: usize,
}

impl Watch for Dying<'_> {
    fn read(&mut self, _: u64) {
        if self.chunks == 0 {
            self.disk.cut();
        }
        self.chunks = self.chunks.saturating_sub(1);
    }
    fn compared(&mut self, _: usize, _: usize) {
        self.read(0);
    }
    fn rejected(&mut self, _: &[String], row: &RowError) -> std::io::Result<()> {
        panic!("{row:?}");
    }
}

async fn import(house: &House, rows: u32, name: &str, chunks: usize) -> Result<(), String> {
    let header = "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";
    let row = |n| format!("07,0799{n:06},{name}{n},,960-0001,福島県福島市見本町{n},,,,,有効,電子\n");
    let text = format!("{header}\n{}", (0..rows).map(row).collect::<String>());
    let options = ImportOptions {
        read: ReadOptions::default(),
        ledgers: vec![Prefecture::new(7).unwrap()],
        name: "ledger.csv".to_owned(),
        dry_run: false,
        close_missing: false,
        force: false,
    };
    let (parts, disk) = (house.app().app.clone(), house.disk.clone());
    let work = move || {
        let mut watch = Dying { disk: &disk, chunks };
        let who = (&parts.clock, &parts.random);
        ledger::import(&parts.store, who, Actor::Console, text.as_bytes(), &options, &|_| Vec::new(), &mut watch)
    };
    tokio::task::spawn_blocking(work).await.unwrap().map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_import_that_dies_leaves_the_ledger_as_it_was_and_the_next_one_clears_up() {
    let documents: Table<u8, ()> = Table::new("ledger_documents");
    for chunks in 0..5 {
        let mut house = House::new();
        import(&house, 450, "前", usize::MAX).await.unwrap();
        let died = import(&house, 460, "後", chunks).await;
        assert!(died.is_err(), "{chunks}");
        house.returns().await;
        let fukushima = Prefecture::new(7).unwrap();
        let ledger = |house: &House| house.app().app.store.read(|r| ledger::search(r, fukushima, "", usize::MAX)).unwrap();
        let found = ledger(&house);
        assert_eq!((found.total, found.entries.iter().all(|entry| entry.name.starts_with('前'))), (450, true), "{chunks}");
        // Without waiting until the dead import's right has run out.
        import(&house, 460, "後", usize::MAX).await.unwrap();
        let found = ledger(&house);
        assert_eq!((found.total, found.entries.iter().all(|entry| entry.name.starts_with('後'))), (460, true), "{chunks}");
        let rows = house.app().app.store.read(|r| r.len(&documents)).unwrap();
        assert_eq!(rows, 450 + 460, "{chunks}: the one in use, the one before it, and nothing of the dead one");
    }
}

#[tokio::test]
async fn a_reminder_planned_before_the_process_died_is_sent_on_its_day() {
    let mut house = House::new();
    offices(house.app(), 1).await;
    let key = crate::letters_print::key(7, "0770000001");
    let one = house.app().in_state(key, uketsuke::reissue::State::Approved).await;
    house.app().take_mails().await;
    house.person = staff(house.app(), "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&house.person.open("/staff/letters").await);
    house.person.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    house.app().run_jobs().await;
    house.person.open(&format!("/staff/letters/batches/{token}")).await;
    let fetched = house.person.post(&format!("/staff/letters/batches/{token}/pdf"), &[]).await;
    assert_eq!(pdf::letters(&fetched.bytes).len(), 1);
    house.dies().await;
    house.app().advance(SignedDuration::from_hours(24 * 24));
    let mails = house.app().take_mails().await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["仮パスワードの有効期限のお知らせ"], "M-13 of {}", one.number);
}

#[tokio::test]
async fn a_print_that_ends_its_process_again_and_again_is_given_up_and_said_so() {
    let mut house = House::new();
    let office = offices(house.app(), 1).await[0];
    issue(house.app(), Offices::AllNew).await;
    house.person = staff(house.app(), "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&house.person.open("/staff/letters").await);
    house.person.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    let batch = format!("/staff/letters/batches/{token}");
    for life in 1..=5 {
        prints(house.app(), office, life).await;
        house.dies().await;
        assert!(house.person.open(&batch).await.says("PDFを作成しています"), "life {life}");
    }
    house.app().run_jobs().await;
    let page = house.person.open(&batch).await;
    assert!(page.says("PDFを作成できませんでした") && page.says("もう一度印刷する"), "{}", page.text());
    assert_eq!(letter_of(house.app(), office).number.unwrap().branch, 5, "the sixth process did not print");
    let again = page.value("token").unwrap();
    let ordered = house.person.post(&format!("{batch}/again"), &[("token", &again), ("reason", "中断したため")]).await;
    let printed = fetch(house.app.as_ref().unwrap(), &mut house.person, ordered).await;
    assert_eq!(printed[0].number, "202601-000001-06");
}

/// A process that prints until the letter has this 枝番, and that ends long before its page is set.
async fn prints(app: &TestApp, office: OfficeKey, branch: u8) {
    let house = app.app.clone();
    let process = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let runner = house.runner();
            tokio::spawn(async move { runner.run_due().await });
            let reached =
                || house.store.read(|r| letters::of_office(r, office)).unwrap()[0].number.map_or(0, |number| number.branch);
            while reached() < branch {
                tokio::task::yield_now().await;
            }
        });
    };
    tokio::task::spawn_blocking(process).await.unwrap();
}
