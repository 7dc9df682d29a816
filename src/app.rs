//! [`App`]: what every feature is handed. Also the two tables that tie features to foundations: who composes which mail, who
//! handles which job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use poem::{Endpoint, Response};

use crate::accounts;
use crate::audit;
use crate::backup;
use crate::codes;
use crate::config::Config;
use crate::contact_form;
use crate::first_login;
use crate::jobs::{self, Handlers, Runner};
use crate::kernel::{Clock, Moment, Random};
use crate::ledger;
use crate::letters;
use crate::login;
use crate::mail::transport::Deliver;
use crate::mail::{self, Composer, Composers, Postman, outbox};
use crate::notices;
use crate::passkeys;
use crate::pdf::Typesetter;
use crate::portal;
use crate::portal_login;
use crate::portal_page;
use crate::portal_register;
use crate::reissue;
use crate::reset;
use crate::routes::{self, Row};
use crate::security::{self, Hasher, Keys, NewDevices, Throttle, housekeeping};
use crate::security_code;
use crate::security_mail;
use crate::staff;
use crate::store::{self, Check, Store, StoreError};
use crate::terms;
use crate::user_info;
use crate::web::{Front, Layer};

/// The installation at work. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>, letters::Press, Arc<Bounds>, Arc<AtomicBool>);

/// What is bounded in memory.
struct Bounds {
    /// Logins of a network.
    logins: Throttle,
    /// Logins of unknown devices.
    new_devices: NewDevices,
    /// Forms of resets of a network.
    resets: Throttle,
    /// Forms of お問い合わせ of a network.
    contacts: Throttle,
}

/// Forms of お問い合わせ that a network may send in five minutes: an inquiry is three, and few are sent in a year (D).
const CONTACTS: u32 = 10;

/// What an [`App`] is made of.
pub struct Parts {
    /// Settings.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The database.
    pub store: Store,
    /// The keys.
    pub keys: Keys,
    /// The hashing threads.
    pub hasher: Hasher,
    /// Sets letters.
    pub typesetter: Arc<Typesetter>,
    /// The way out for mails.
    pub transport: Arc<dyn Deliver>,
    /// The shell of the web pages.
    pub front: Front,
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The texts of all mails, by the number they have in spec 4.
fn composers() -> Composers {
    let mut all = Composers::new();
    all.insert(accounts::CHANGED, accounts::compose);
    all.insert(notices::KIND, notices::compose);
    all.insert(contact_form::KIND, contact_form::compose);
    all.extend(codes::KINDS.map(|kind| (kind, codes::compose as Composer)));
    all.extend(portal::KINDS.map(|kind| (kind, portal::compose as Composer)));
    all.extend(reissue::KINDS.map(|kind| (kind, reissue::compose as Composer)));
    all
}

/// Jobs that repeat for as long as the installation lives.
const REPEATING: &[crate::jobs::Kind] = &[
    // One a line: rooms add theirs without touching another's.
    audit::KEEP,
    backup::DAILY,
    contact_form::CLEAN,
    first_login::CLEAN,
    housekeeping::WRITE_LAST_SEEN,
    housekeeping::SWEEP,
    login::SWEEP,
    letters::EXPIRE,
    mail::CLEAN,
    passkeys::CLEAN,
    portal_login::SWEEP,
    portal_page::CLEAN,
    portal_register::CLEAN,
    reissue::CLEAN,
    reset::CLEAN,
    security_code::CLEAN,
    security_mail::CLEAN,
    staff::SWEEP,
    user_info::CLEAN,
];

/// What each room checks of its own rows, for `verify` and every backup.
const CHECKS: &[fn(&mut Check<'_>)] = &[
    // One a line, as above. A test holds this list against the tables that the code declares.
    accounts::check,
    backup::check,
    codes::check,
    contact_form::check,
    first_login::check,
    jobs::check,
    ledger::check,
    letters::check,
    login::check,
    notices::check,
    outbox::check,
    passkeys::check,
    portal::check,
    portal_login::check,
    portal_page::check,
    portal_register::check,
    reissue::check,
    reset::check,
    security::check,
    security_code::check,
    security_mail::check,
    staff::check,
    store::check,
    terms::check,
    user_info::check,
];

/// Checks every row of every table. Without `keys` the seals and signatures of the audit log are left out.
pub fn check(c: &mut Check<'_>, keys: Option<&Keys>) {
    CHECKS.iter().for_each(|check| check(c));
    audit::check(c, keys);
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        audit::seal_with(&parts.store, &parts.keys);
        let limits = &parts.config.limits;
        let of_networks = |most| Throttle::new(most, SignedDuration::from_mins(5));
        let bounds = Bounds {
            logins: of_networks(limits.login_tries_per_network_5min),
            new_devices: NewDevices::new(limits.new_device_logins_per_minute),
            // A reset is some five forms, and codes are capped by themselves.
            resets: of_networks(limits.login_tries_per_network_5min.saturating_mul(2)),
            contacts: of_networks(CONTACTS),
        };
        Self(Arc::new(parts), letters::Press::default(), Arc::new(bounds), Arc::default())
    }

    /// Time and randomness for one use case.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment::new(&self.clock, &self.random)
    }

    /// Where printed PDFs wait to be fetched, in memory only.
    #[must_use]
    pub fn press(&self) -> &letters::Press {
        &self.1
    }

    /// Bounds how many logins a network may try: asked before anything is written or hashed.
    #[must_use]
    pub fn logins(&self) -> &Throttle {
        &self.2.logins
    }

    /// Bounds how many forms of resets and devices a network may send: asked before anything is looked at or written.
    #[must_use]
    pub fn resets(&self) -> &Throttle {
        &self.2.resets
    }

    /// Bounds how many forms of お問い合わせ a network may send: asked before anything is looked at or written.
    #[must_use]
    pub fn contacts(&self) -> &Throttle {
        &self.2.contacts
    }

    /// Bounds how many logins all devices together may try that the typed account does not know: asked after [`App::logins`], and
    /// before anything is written or hashed.
    #[must_use]
    pub fn new_devices(&self) -> &NewDevices {
        &self.2.new_devices
    }

    /// Breaks off long work that can be done again (backups, checks): the process is about to end.
    pub fn break_off(&self) {
        self.3.store(true, Ordering::SeqCst);
    }

    /// Whether long work is to be broken off.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.3.load(Ordering::SeqCst)
    }

    /// All routes with the shell around them.
    #[must_use]
    pub fn endpoint(&self) -> impl Endpoint<Output = Response> + use<> {
        self.endpoint_with(Vec::new())
    }

    /// The same with routes that only this process has: those of the demo, which `serve` never learns of.
    #[must_use]
    pub fn endpoint_with(&self, more: Vec<Row>) -> impl Endpoint<Output = Response> + use<> {
        Layer::new(self.front.clone(), routes::route(self, more))
    }

    /// What works off the durable jobs.
    #[must_use]
    pub fn runner(&self) -> Runner {
        let postman = Postman::new(
            self.store.clone(),
            self.clock.clone(),
            self.keys.clone(),
            Arc::clone(&self.config),
            composers(),
            Arc::clone(&self.transport),
        );
        let mut handlers = Handlers::default();
        let store = self.store.clone();
        handlers.on(login::SWEEP, move |job| login::sweep(store.clone(), job));
        let store = self.store.clone();
        handlers.on(staff::SWEEP, move |job| staff::sweep(store.clone(), job));
        let app = self.clone();
        handlers.on(letters::PRINT, move |job| letters::print_job(app.clone(), job));
        let app = self.clone();
        handlers.on(letters::EXPIRE, move |job| letters::expire_job(app.clone(), job));
        let (store, retention) = (self.store.clone(), self.config.retention.clone());
        handlers.on(first_login::CLEAN, move |job| first_login::clean(store.clone(), retention.clone(), job));
        let (store, retention) = (self.store.clone(), self.config.retention.clone());
        handlers.on(reissue::CLEAN, move |job| reissue::clean(store.clone(), retention.clone(), job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(security_mail::CLEAN, move |job| security_mail::clean(store.clone(), keep, job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(security_code::CLEAN, move |job| security_code::clean(store.clone(), keep, job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(user_info::CLEAN, move |job| user_info::clean(store.clone(), keep, job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(portal_page::CLEAN, move |job| portal_page::clean(store.clone(), keep, job));
        let store = self.store.clone();
        handlers.on(passkeys::CLEAN, move |job| passkeys::clean(store.clone(), job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(portal_login::SWEEP, move |job| portal_login::sweep(store.clone(), keep, job));
        let (store, keep) = (self.store.clone(), self.config.retention.flow());
        handlers.on(portal_register::CLEAN, move |job| portal_register::clean(store.clone(), keep, job));
        let app = self.clone();
        handlers.on(reissue::REMIND, move |job| reissue::remind(app.store.clone(), app.moment(), job));
        let (store, retention) = (self.store.clone(), self.config.retention.clone());
        handlers.on(reset::CLEAN, move |job| reset::clean(store.clone(), retention.clone(), job));
        let (store, retention) = (self.store.clone(), self.config.retention.clone());
        handlers.on(contact_form::CLEAN, move |job| contact_form::clean(store.clone(), retention.clone(), job));
        let app = self.clone();
        handlers.on(reset::CLOSE, move |job| reset::close(app.clone(), job));
        let app = self.clone();
        handlers.on(housekeeping::WRITE_LAST_SEEN, move |job| {
            let app = app.clone();
            async move { housekeeping::write_last_seen(&app.store, &app.front.seen, job).await }
        });
        let app = self.clone();
        handlers.on(audit::KEEP, move |job| {
            audit::keep(app.store.clone(), app.keys.clone(), app.config.retention.audit_detail_years, job)
        });
        let app = self.clone();
        handlers.on(backup::DAILY, move |job| backup::daily(app.clone(), job));
        let app = self.clone();
        handlers.on(housekeeping::SWEEP, move |job| housekeeping::sweep(app.store.clone(), app.front.absolute, job));
        let (store, keep) = (self.store.clone(), self.config.retention.contact());
        handlers.on(mail::CLEAN, move |job| mail::clean(store.clone(), keep, job));
        handlers.on(outbox::SEND, move |job| {
            let postman = postman.clone();
            async move { postman.send(job).await }
        });
        Runner::new(self.store.clone(), self.clock.clone(), handlers)
    }

    /// At the start: takes up what a process before us had begun, and sees to it that the repeating jobs exist.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        let taken_up = self.runner().recover().await?;
        if taken_up > 0 {
            tracing::info!(taken_up, "jobs of the process before are taken up");
        }
        let (folder, now) = (&self.config.server.data_dir, self.clock.now());
        if let Some(latest) = self.store.read(|r| audit::ahead(r, now))? {
            tracing::error!(%latest, %now, "the clock of this machine is behind, or was ahead: there are audit entries later than now");
        }
        backup::clear_outgoing(folder, now);
        ledger::clear_incoming(folder, now);
        let moment = self.moment();
        let written = self.store.write::<_, StoreError, _>(move |tx| {
            backup::tell_restore(tx, &moment.part("restore"))?;
            ledger::forget_dead_import(tx)?;
            REPEATING.iter().try_for_each(|kind| crate::jobs::ensure(tx, &moment.part(kind.name), *kind))
        });
        written.await?;
        terms::prepare(self).await
    }
}
