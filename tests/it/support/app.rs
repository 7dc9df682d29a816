//! A whole installation in memory, driven by hand: its clock stands still, its jobs run when told, its mails are kept.

use std::sync::{Arc, OnceLock};

use poem::endpoint::{BoxEndpoint, EndpointExt as _};
use uketsuke::app::{App, Parts};
use uketsuke::config::Config;
use uketsuke::kernel::{Clock, Random};
use uketsuke::letters::sheet;
use uketsuke::mail::outbox;
use uketsuke::mail::transport::{Deliver, Memory, OutgoingMail};
use uketsuke::pdf::Typesetter;
use uketsuke::routes::Row;
use uketsuke::security::{Hasher, Keys};
use uketsuke::store::{Store, StoreError};
use uketsuke::web::Front;

use super::browser::Browser;

/// Tuesday, 2026-01-20 10:00 in Japan.
pub const START: &str = "2026-01-20T01:00:00Z";

/// An installation for a test.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub transport: Memory,
    endpoint: Arc<BoxEndpoint<'static, poem::Response>>,
    /// Set by tests that leave mails unsent on purpose.
    pub may_leave_mails: bool,
}

/// Fonts and templates are loaded once for all tests.
fn typesetter() -> Arc<Typesetter> {
    static ONCE: OnceLock<Arc<Typesetter>> = OnceLock::new();
    Arc::clone(ONCE.get_or_init(|| Arc::new(Typesetter::new(&sheet::TEMPLATES, None).unwrap())))
}

/// Those of the demo.
fn settings(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::demo();
    // The real cost is tested in security/hashing.rs; here it would only be waited for.
    config.password.argon2_memory_kib = 64;
    config.password.argon2_passes = 1;
    change(&mut config);
    config
}

impl TestApp {
    /// The two federations of the demo (07, 13), an empty database.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Store::in_memory().unwrap(), change)
    }

    /// Another installation: its keys and all that it draws differ from those of the others.
    pub fn seeded(seed: u64) -> Self {
        let random = Random::seeded(seed);
        Self::build(Store::in_memory().unwrap(), Keys::fresh(&random), |_| {}, random, None)
    }

    /// The same on another database.
    pub fn on(store: Store, change: impl FnOnce(&mut Config)) -> Self {
        Self::with_keys(store, Keys::fresh(&Random::seeded(1)), change)
    }

    /// The same with these keys.
    pub fn with_keys(store: Store, keys: Keys, change: impl FnOnce(&mut Config)) -> Self {
        Self::build(store, keys, change, Random::seeded(1), None)
    }

    /// The usual one with mails going out this way instead of into [`Self::transport`].
    pub fn over(transport: Arc<dyn Deliver>) -> Self {
        let random = Random::seeded(1);
        Self::build(Store::in_memory().unwrap(), Keys::fresh(&random), |_| {}, random, Some(transport))
    }

    fn build(store: Store, keys: Keys, change: impl FnOnce(&mut Config), random: Random, out: Option<Arc<dyn Deliver>>) -> Self {
        let clock = Clock::manual(START.parse().unwrap());
        let transport = Memory::default();
        let out = out.unwrap_or_else(|| Arc::new(transport.clone()));
        Self::of(store, Arc::new(settings(change)), clock, random, keys, transport, out)
    }

    /// The same with the randomness of this seed, but always the keys of [`TestApp::new`].
    pub fn drawing(store: Store, seed: u64) -> Self {
        Self::build(store, Keys::fresh(&Random::seeded(1)), |_| {}, Random::seeded(seed), None)
    }

    /// The process has died: another one on `store`, which holds what was kept. Settings, key file, clock and mail server are the
    /// same; what was in memory is gone.
    pub async fn reborn(self, store: Store) -> Self {
        let app = self.replaced(store);
        app.app.prepare().await.unwrap();
        app
    }

    /// The same, before it looks what the process before has left.
    pub fn replaced(self, store: Store) -> Self {
        let parts = &self.app;
        let (config, random, keys) = (Arc::clone(&parts.config), parts.random.clone(), parts.keys.clone());
        let (clock, transport, out) = (self.clock.clone(), self.transport.clone(), Arc::clone(&parts.transport));
        self.forget();
        Self::of(store, config, clock, random, keys, transport, out)
    }

    /// Ends it as a process that dies does: nobody looks what is left.
    pub fn forget(mut self) {
        self.may_leave_mails = true;
    }

    fn of(
        store: Store,
        config: Arc<Config>,
        clock: Clock,
        random: Random,
        keys: Keys,
        transport: Memory,
        out: Arc<dyn Deliver>,
    ) -> Self {
        let password = &config.password;
        let hasher = Hasher::start(keys.clone(), password.argon2_memory_kib, password.argon2_passes, password.argon2_lanes);
        let front = Front::new(&config, store.clone(), keys.clone(), clock.clone(), random.clone());
        let app = App::new(Parts {
            config,
            clock: clock.clone(),
            random,
            store,
            keys,
            hasher: hasher.unwrap(),
            typesetter: typesetter(),
            transport: out,
            front,
        });
        let endpoint = Arc::new(app.endpoint().boxed());
        Self { app, clock, transport, endpoint, may_leave_mails: false }
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(Arc::clone(&self.endpoint), self.app.config.server.public_url.origin())
    }

    /// A browser of an installation with more routes than the program has: for parts of screens that stand on no page by themselves.
    pub fn browser_with(&self, more: Vec<Row>) -> Browser {
        Browser::new(Arc::new(self.app.endpoint_with(more).boxed()), self.app.config.server.public_url.origin())
    }

    /// A browser of before goes on here: it keeps its cookies.
    pub fn take_over(&self, browser: &mut Browser) {
        browser.move_to(Arc::clone(&self.endpoint));
    }

    /// Runs every job that is due now, and what follows from it.
    pub async fn run_jobs(&self) -> usize {
        self.app.runner().run_due().await.unwrap()
    }

    /// Runs the jobs and takes the mails sent so far.
    pub async fn take_mails(&self) -> Vec<OutgoingMail> {
        self.run_jobs().await;
        self.transport.take()
    }

    /// Moves the clock.
    pub fn advance(&self, by: jiff::SignedDuration) {
        self.clock.advance(by);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() || self.may_leave_mails {
            return;
        }
        let waiting: usize = self
            .app
            .store
            .read(|r| {
                let mut all = outbox::count(r, outbox::State::Waiting, None, 99)?;
                for federation in &self.app.config.federation {
                    all += outbox::count(r, outbox::State::Waiting, Some(federation.prefecture), 99)?;
                }
                Ok::<_, StoreError>(all)
            })
            .unwrap();
        assert_eq!(waiting, 0, "mails were posted and never looked at: take_mails, or say may_leave_mails");
    }
}
