//! Mixed work on an installation, with a book of what was acknowledged.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use uketsuke::audit;
use uketsuke::config::Limits;
use uketsuke::kernel::{ControlNumber, OfficeKey, Random, Secret};
use uketsuke::login::{self, Attempt, LoginError, Outcome};
use uketsuke::notices;
use uketsuke::reissue::{
    self, Application, Arrival, By, Inquiry, InquiryReason, MarkError, Move, Rejection, RejectionReason, Source, State,
};
use uketsuke::security::Purpose;
use uketsuke::store::{Reads as _, Store, StoreError, Table};

use crate::support::TestApp;
use crate::support::disk::Disk;
use crate::support::office::{PASSWORD, user};
use crate::support::reissue::{address, clerk, office};
use crate::support::sound::{self, Whole};

/// Whose password is typed wrong, and who logs in.
const TRIED: &str = "KJ071311111111";
const ENTERS: &str = "KJ131311111111";
/// An office without an account.
const BARE: &str = "0799900014";

/// What was acknowledged, and what was begun and never answered.
#[derive(Default)]
pub struct Book {
    pub applications: BTreeMap<ControlNumber, Application>,
    wrong: u64,
    entered: usize,
    contacts: u32,
    doubts: Vec<Deed>,
    /// How many deeds were acknowledged, in all lives.
    pub acknowledged: u32,
}

/// One thing to do.
#[derive(Clone, Debug)]
enum Deed {
    Send {
        office: OfficeKey,
        contact: String,
    },
    /// The application as it is afterwards.
    Move {
        after: Box<Application>,
        mv: Move,
        by: By,
    },
    Wrong,
    Enter,
}

/// How a deed was answered.
enum Answer {
    Sent(Application),
    Moved(Application),
    Counted,
    Entered,
}

/// An installation with ledgers and two accounts, cleanly closed: made once.
pub fn installed() -> Vec<u8> {
    static ONCE: OnceLock<Vec<u8>> = OnceLock::new();
    ONCE.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let disk = Disk::new(Vec::new(), 0);
        let app = TestApp::drawing(Store::on(disk.plug()).unwrap(), 0);
        runtime.block_on(async {
            app.office(TRIED).await;
            app.office(ENTERS).await;
            app.in_ledger(7, BARE).await;
            app.app.prepare().await.unwrap();
        });
        app.forget();
        disk.durable()
    })
    .clone()
}

impl Book {
    /// Does up to `deeds` things. `Err` at the first that the store could not do: the process has to end.
    pub async fn work(&mut self, app: &TestApp, random: &Random, deeds: u32) -> Result<(), StoreError> {
        for _ in 0..deeds {
            app.advance(SignedDuration::from_secs(1));
            match random.below(8) {
                0 => drop(app.app.runner().run_due().await?),
                1 => self.in_one_commit(app, random).await?,
                _ => {
                    let deed = self.choose(app.clock.now(), random);
                    self.doubts.push(deed.clone());
                    let answer = one(app, &deed).await?;
                    self.doubts.pop();
                    self.acknowledge(answer);
                }
            }
        }
        Ok(())
    }

    /// Several deeds that share a commit, one of which fails after it has written.
    async fn in_one_commit(&mut self, app: &TestApp, random: &Random) -> Result<(), StoreError> {
        let store = &app.app.store;
        let spoilt = random.below(3) == 0;
        let mut deeds = Vec::new();
        for _ in 0..2 + random.below(4) {
            let deed = self.send(random);
            deeds.push(deed);
        }
        self.doubts.extend(deeds.iter().cloned());
        // Holds the writer until all wait behind it.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let (started, mut running) = tokio::sync::mpsc::channel::<()>(1);
        let holding = store.clone();
        let holder = tokio::spawn(async move {
            let held = holding.write(move |_| {
                let _ = started.try_send(());
                let _ = wait.lock().unwrap().recv();
                Ok::<_, StoreError>(())
            });
            held.await
        });
        running.recv().await;
        let spoiler = store.write(move |tx| {
            if spoilt {
                tx.put(&Table::<u32, u32>::new("spoilt"), &1, &1)?;
            }
            Err::<(), _>(StoreError::Closed)
        });
        let all = join_all(deeds.iter().map(|deed| one(app, deed)));
        let let_go = async {
            tokio::task::yield_now().await;
            let _ = go.send(());
        };
        let ((answers, _), ()) = join(join(all, spoiler), let_go).await;
        let held = holder.await.unwrap();
        let mut unanswered = Vec::new();
        let mut failed = None;
        self.doubts.truncate(self.doubts.len() - deeds.len());
        for (deed, answer) in deeds.into_iter().zip(answers) {
            match answer {
                Ok(answer) => self.acknowledge(answer),
                Err(error) => {
                    unanswered.push(deed);
                    failed = Some(error);
                }
            }
        }
        self.doubts.extend(unanswered);
        failed.map_or(held, Err)
    }

    fn send(&mut self, random: &Random) -> Deed {
        self.contacts += 1;
        let office = [user(TRIED).office(), user(ENTERS).office(), office(7, BARE)][random.below(3) as usize];
        Deed::Send { office, contact: format!("contact-{}@example.jp", self.contacts) }
    }

    fn choose(&mut self, now: Timestamp, random: &Random) -> Deed {
        match random.below(8) {
            0 => Deed::Wrong,
            1 => Deed::Enter,
            2..=4 => self.move_one(now, random).unwrap_or_else(|| self.send(random)),
            _ => self.send(random),
        }
    }

    fn move_one(&self, now: Timestamp, random: &Random) -> Option<Deed> {
        let open: Vec<_> = self.applications.values().filter(|one| way(one.state, now, 0).is_some()).collect();
        let before = *open.get(random.below(u32::try_from(open.len()).unwrap().max(1)) as usize)?;
        let (mv, by) = way(before.state, now, random.below(4))?;
        let mut after = before.clone();
        after.apply(mv.clone(), by.clone(), now).unwrap();
        Some(Deed::Move { after: Box::new(after), mv, by })
    }

    fn acknowledge(&mut self, answer: Answer) {
        self.acknowledged += 1;
        match answer {
            Answer::Sent(one) | Answer::Moved(one) => drop(self.applications.insert(one.number, one)),
            Answer::Counted => self.wrong += 1,
            Answer::Entered => self.entered += 1,
        }
    }

    /// How many applications were begun and never answered.
    pub fn in_doubt(&self) -> usize {
        self.doubts.len()
    }

    /// Everything acknowledged is there, what was never answered is there whole or not at all. From here on what is there counts.
    pub fn check(&mut self, app: &TestApp) {
        let whole = sound::check(&app.app.store, &app.app.keys);
        self.check_applications(&whole);
        let (wrong, entered) = (counted(app), entries(app));
        let doubtful = |wanted: fn(&Deed) -> bool| self.doubts.iter().filter(|deed| wanted(deed)).count();
        let (tries, logins) = (doubtful(|deed| matches!(deed, Deed::Wrong)), doubtful(|deed| matches!(deed, Deed::Enter)));
        assert!((self.wrong..=self.wrong + tries as u64).contains(&wrong), "tries: {} acknowledged, {wrong} counted", self.wrong);
        assert!(
            (self.entered..=self.entered + logins).contains(&entered),
            "logins: {} acknowledged, {entered} kept",
            self.entered
        );
        for account in [TRIED, ENTERS] {
            let own = whole.applications.values().filter(|one| one.office == user(account).office()).count();
            let told = app.app.store.read(|r| notices::of_office(r, user(account), 9_999)).unwrap();
            assert_eq!(told.iter().filter(|notice| notice.kind == "N-1").count(), own, "notices of {account}");
        }
        let handed_over = app.transport.mails();
        for row in &whole.sent {
            let there = handed_over.iter().any(|mail| mail.to == row.to.as_str());
            assert!(there, "{} counts as sent and never was", row.kind);
        }
        (self.applications, self.wrong, self.entered) = (whole.applications, wrong, entered);
        self.doubts.clear();
    }

    fn check_applications(&self, whole: &Whole) {
        for (number, acknowledged) in &self.applications {
            let Some(now) = whole.applications.get(number) else { panic!("{number} was acknowledged and is lost") };
            let moved = self.doubts.iter().any(|deed| matches!(deed, Deed::Move { after, .. } if **after == *now));
            assert!(now == acknowledged || moved, "{number} was {acknowledged:?} and is {now:?}");
        }
        for (number, one) in whole.applications.iter().filter(|(number, _)| !self.applications.contains_key(number)) {
            let contact = one.contact.as_ref().map(ToString::to_string);
            let begun =
                self.doubts.iter().any(|deed| matches!(deed, Deed::Send { contact: to, .. } if contact.as_ref() == Some(to)));
            assert!(begun, "nobody sent {number}");
        }
    }

    /// When everything works again, every mail goes out.
    pub async fn check_mails(&self, app: &TestApp) {
        app.run_jobs().await;
        let whole = sound::check_all(&app.app.store, &app.app.keys);
        assert!(whole.waiting.is_empty(), "{} mails still wait", whole.waiting.len());
        let mails = app.transport.mails();
        for one in whole.applications.values() {
            let to = one.contact.as_ref().unwrap().to_string();
            let received = mails.iter().filter(|mail| mail.to == to && mail.subject == "ログイン情報再発行申請受領通知");
            assert!(received.count() > 0, "{}: M-3 was never sent", one.number);
        }
    }
}

/// A move that leads on from here.
fn way(state: State, now: Timestamp, choice: u32) -> Option<(Move, By)> {
    let today = uketsuke::kernel::jst::date(now);
    Some(match (state, choice) {
        (State::Received, _) => (Move::Take, clerk(1)),
        (State::UnderReview, 0) => {
            let inquiry = Inquiry { reason: InquiryReason::Other, text: "確認".to_owned(), until: today.tomorrow().unwrap() };
            (Move::Inquire(inquiry), clerk(1))
        }
        (State::UnderReview, 1) => {
            let rejection = Rejection { reason: RejectionReason::Other, sentence: "理由".to_owned() };
            (Move::Reject(rejection), clerk(2))
        }
        (State::UnderReview, _) => (Move::Approve { two_person: false }, clerk(2)),
        (State::Inquiring, _) => (Move::Resume, clerk(1)),
        (State::Approved, _) => (Move::Withdraw { note: "取下げ".to_owned() }, clerk(1)),
        _ => return None,
    })
}

/// Does it through the use case that pages call.
async fn one(app: &TestApp, deed: &Deed) -> Result<Answer, StoreError> {
    let moment = app.app.moment();
    match deed.clone() {
        Deed::Send { office, contact } => {
            let client = std::net::Ipv4Addr::LOCALHOST.into();
            let arrival = Arrival { office, contact: Some(address(&contact)), source: Source::Visitor, client };
            app.app
                .store
                .write(move |tx| reissue::receive(tx, &moment, &Limits::default(), arrival.clone()))
                .await
                .map(Answer::Sent)
        }
        Deed::Move { after, mv, by } => {
            let number = after.number;
            let moved = app.app.store.write(move |tx| reissue::mark(tx, &moment, number, mv.clone(), by.clone())).await;
            match moved {
                Ok(one) => {
                    assert_eq!(one, *after);
                    Ok(Answer::Moved(one))
                }
                Err(MarkError::Store(error)) => Err(error),
                Err(other) => panic!("{number}: {other}"),
            }
        }
        Deed::Wrong => log_in(app, TRIED, "machigai-1").await,
        Deed::Enter => log_in(app, ENTERS, PASSWORD).await,
    }
}

async fn log_in(app: &TestApp, user_id: &str, password: &str) -> Result<Answer, StoreError> {
    let attempt = Attempt {
        typed: user_id.to_owned(),
        password: Secret::new(password.to_owned()),
        // A browser of its own, so that no device is locked.
        browser: app.app.random.bytes(),
        device: None,
        client: "203.0.113.9".to_owned(),
        agent: String::new(),
    };
    match login::log_in(&app.app, attempt).await {
        Ok(Outcome::Entered(_)) => Ok(Answer::Entered),
        Ok(Outcome::Refused | Outcome::Locked(_)) => Ok(Answer::Counted),
        Ok(Outcome::Crowded(_)) => panic!("fewer are tried than new devices may"),
        Err(LoginError::Store(error)) => Err(error),
        Ok(login::Outcome::Code) => panic!("no office here has a security code"),
        Err(LoginError::Busy(_) | LoginError::Ended) => panic!("nobody else hashes, and no session is open"),
    }
}

/// The run of wrong tries on [`TRIED`].
fn counted(app: &TestApp) -> u64 {
    let strangers: Table<[u8; 32], serde_json::Value> = Table::new("login_strangers");
    let door = app.app.keys.mac(Purpose::Device, &[b"typed user ID", TRIED.as_bytes()]).mac;
    let row = app.app.store.read(|r| r.get(&strangers, &door)).unwrap();
    row.map_or(0, |row| row["consecutive"].as_u64().unwrap())
}

/// How often the audit log says that [`ENTERS`] entered.
fn entries(app: &TestApp) -> usize {
    let about = app.app.store.read(|r| audit::about(r, ENTERS, 9_999)).unwrap();
    about.iter().filter(|entry| entry.action == "login.try" && entry.outcome == "entered").count()
}
