//! The restore drill: a backup taken while applications keep coming in, restored elsewhere, served again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use uketsuke::backup::verify_live;
use uketsuke::config::Limits;
use uketsuke::kernel::{ControlNumber, Prefecture};
use uketsuke::mail::outbox;
use uketsuke::reissue::{self, Arrival, Source};
use uketsuke::store::{Reads as _, StoreError, Table};

use crate::support::TestApp;
use crate::support::installed::{Installed, take};
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::{address, office};

/// Writers that send one application after the other.
const WRITERS: u32 = 8;
/// Applications that are in before the backup begins, and that come in at least while it is taken.
const BEFORE: usize = 400;

struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<ControlNumber>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(house: &TestApp) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let tasks = (0..WRITERS)
            .map(|writer| {
                let (app, stop, acknowledged) = (house.app.clone(), Arc::clone(&stop), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    let mut n = 0_u32;
                    while !stop.load(Ordering::SeqCst) {
                        let moment = app.moment();
                        let arrival = Arrival {
                            office: office(13, &format!("13{:08}", writer * 1_000_000 + n % 50)),
                            contact: Some(address(&format!("office-{writer}-{n}@example.jp"))),
                            source: Source::Visitor,
                            client: std::net::Ipv4Addr::LOCALHOST.into(),
                        };
                        let one =
                            app.store.write(move |tx| reissue::receive(tx, &moment, &Limits::default(), arrival.clone())).await;
                        let one = one.unwrap_or_else(|error: StoreError| panic!("{error}"));
                        acknowledged.lock().unwrap().push(one.number);
                        n += 1;
                    }
                })
            })
            .collect();
        Self { stop, acknowledged, tasks }
    }

    fn so_far(&self) -> Vec<ControlNumber> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many are in.
    async fn reach(&self, count: usize) {
        while self.so_far().len() < count {
            tokio::task::yield_now().await;
        }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_write_load_restores_everything_acknowledged_before_it_and_nothing_half() {
    let (here, there) = (Installed::new(), Installed::new());
    let house = here.open(|_| {}).await;
    house.app.prepare().await.unwrap();
    house.office(USER).await;
    let load = Load::start(&house);
    load.reach(BEFORE).await;

    let before = load.so_far();
    let file = here.path("drill.redb");
    take(&house.app, &file).await.unwrap();
    let after = load.so_far().len();
    assert!(after > before.len(), "nobody wrote while the backup was taken");
    load.end().await;
    drop(house);

    there.restore(&file, Some(&here.key_file())).await.unwrap();
    let house = there.open(|_| {}).await;
    house
        .app
        .store
        .read(|r| {
            for number in &before {
                assert!(reissue::find(r, *number)?.is_some(), "{number} was acknowledged before the backup and is gone");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    // Every application has its indexes, its audit entry, its mail and that mail its job; no number is missing.
    let found = verify_live(&house.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, []);
    let (applications, here) = (Table::<ControlNumber, serde_json::Value>::new("reissue"), Prefecture::new(13));
    let restored = house.app.store.read(|r| r.len(&applications)).unwrap();
    let mails = house.app.store.read(|r| outbox::count(r, outbox::State::Waiting, here, usize::MAX)).unwrap();
    assert_eq!(restored, mails as u64, "one M-3 for each application that is there");

    house.app.prepare().await.unwrap();
    assert_eq!(house.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_eq!(house.take_mails().await.len(), mails);
}
