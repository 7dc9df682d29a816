//! Lets two months pass at the counter within a second: everything goes through the features' own use cases, on a clock that is
//! moved by hand, so that the data obey the rules. Mails of those days arrive as well.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::counter::Counter;
use super::news;
use super::offices::{self, Has, OFFICES, Sample};
use super::people::{self, STAFF};
use super::portal;
use super::story::{STORY, Scene};
use crate::accounts::{self, Account, Agreed, AppCode, Kind, LastLogin, SecurityCode};
use crate::app::{App, Parts};
use crate::kernel::{Clock, Id, Moment, Secret, UserId, jst};
use crate::ledger;
use crate::notices;
use crate::security::{Busy, Keys, PasswordHash, Purpose};
use crate::staff::{self, NameError, Seat, StaffName};
use crate::store::StoreError;

/// How long before its start the story of the demo begins, in days.
const STORY_DAYS: i64 = 63;

/// The address from which the invented people came.
pub(super) const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Why the demo could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hashing threads did not answer.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A name of staff.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A process before this one ended while it filled.
    #[error("前回のデモのデータ作りが途中で終わっています。データのフォルダーを空にしてから、もう一度始めてください")]
    BrokenOff,
    /// A rule refused a scene of the story.
    #[error("{0}")]
    Refused(String),
}

/// Fills an empty installation and leaves a full one alone. One whose filling was broken off is neither.
///
/// # Errors
/// [`FillError`]; a refusal is a mistake in the story.
pub async fn fill(app: &App) -> Result<(), FillError> {
    let (begun, filled) = app
        .store
        .read(|r| Ok::<_, StoreError>((ledger::find(r, OFFICES[0].key())?.is_some(), !notices::public_all(r)?.is_empty())))?;
    match (begun, filled) {
        (_, true) => return Ok(()),
        (true, false) => return Err(FillError::BrokenOff),
        (false, false) => {}
    }
    tell(app).await?;
    // The last thing, so that the top menu says that the story was told to its end.
    let moment = app.moment();
    Ok(app.store.write(move |tx| news::put(tx, &moment, jst::date(moment.now))).await?)
}

async fn tell(app: &App) -> Result<(), FillError> {
    let now = app.clock.now();
    let begin = jst::start_of(jst::date(jst::plus_days(now, -STORY_DAYS)));
    let clock = Clock::manual(begin);
    let past = App::new(Parts {
        config: Arc::clone(&app.config),
        clock: clock.clone(),
        random: app.random.clone(),
        store: app.store.clone(),
        keys: app.keys.clone(),
        hasher: app.hasher.clone(),
        typesetter: Arc::clone(&app.typesetter),
        transport: Arc::clone(&app.transport),
        front: app.front.clone(),
    });
    past.prepare().await?;
    let staff = settle(&past, now).await?;
    let mut counter = Counter::new(past, clock, staff);
    let of_portal = portal::STORY.iter().map(|(days, h, m, scene)| (*days, *h, *m, Scene::Portal(*scene)));
    let scenes = STORY.iter().copied().chain(of_portal);
    let mut story: Vec<(Timestamp, Scene)> = scenes.map(|(days, h, m, scene)| (when(now, days, h, m), scene)).collect();
    story.sort_by_key(|(at, _)| *at);
    for (at, scene) in story {
        counter.move_to(at).await?;
        counter.play(scene).await?;
        counter.move_to(at).await?;
    }
    counter.move_to(now).await
}

fn when(now: Timestamp, days: i64, hours: i64, minutes: i64) -> Timestamp {
    let span = SignedDuration::from_mins(hours * 60 + minutes);
    let at = match days {
        0 => now.checked_sub(span),
        _ => jst::start_of(jst::date(jst::plus_days(now, -days))).checked_add(span),
    };
    at.unwrap_or(now)
}

/// Ledgers, staff, accounts and what stands on the top menu.
async fn settle(app: &App, now: Timestamp) -> Result<Vec<Id>, FillError> {
    let moment = app.moment();
    let hash = |password: &str, name: &str| app.hasher.hash(Secret::new(password.to_owned()), moment.part(name).random().bytes());
    let office = hash(people::OFFICE_PASSWORD, "office salt").await?;
    let code = hash(people::OFFICE_CODE, "code salt").await?;
    let password = hash(people::STAFF_PASSWORD, "staff salt").await?;
    let keys = app.keys.clone();
    app.store
        .write(move |tx| {
            for sample in &OFFICES {
                ledger::put(tx, &sample.entry())?;
                if let Some(mut account) = account(sample, &office, &moment, now) {
                    account.security_code = security_code(sample, &code, &keys, &moment);
                    accounts::create(tx, &account)?;
                }
            }
            let elsewhere = offices::elsewhere();
            ledger::put(tx, &elsewhere)?;
            accounts::create(tx, &with_password(UserId::of(elsewhere.key), Kind::Existing, &office, moment.now))?;
            let seated = STAFF.iter().map(|one| {
                let seat = Seat {
                    name: StaffName::parse(one.name)?,
                    role: one.role,
                    scope: one.scope(),
                    password: password.clone(),
                    authenticator: one.authenticator(),
                };
                Ok(staff::seat(tx, &moment, &keys, seat)?)
            });
            seated.collect::<Result<Vec<Id>, FillError>>()
        })
        .await
}

/// One office has digits of its choice, one an app.
fn security_code(sample: &Sample, code: &PasswordHash, keys: &Keys, moment: &Moment) -> Option<SecurityCode> {
    match (sample.place, sample.serial) {
        offices::WITH_CODE => Some(SecurityCode::Fixed(code.clone())),
        offices::WITH_APP => {
            let app = people::office_authenticator();
            let secret = keys.seal(Purpose::Authenticator, app.secret().expose(), &moment.part("office app").random());
            Some(SecurityCode::App(AppCode { secret, last_step: 0 }))
        }
        _ => None,
    }
}

fn with_password(user_id: UserId, kind: Kind, password: &PasswordHash, since: Timestamp) -> Account {
    let mut account = Account::new(user_id, kind, since);
    account.set_password(password.clone(), since);
    account
}

fn account(sample: &Sample, password: &PasswordHash, moment: &Moment, now: Timestamp) -> Option<Account> {
    let (kind, addresses) = match sample.has {
        Has::Nothing | Has::Letter => return None,
        Has::Existing(addresses) => (Kind::Existing, addresses),
        Has::Suspended => (Kind::Existing, 1),
        Has::New => (Kind::New, 1),
    };
    let mut account = with_password(UserId::of(sample.key()), kind, password, moment.now);
    account.security_mails = (1..=addresses).map(|n| sample.mail(n)).collect();
    account.notice_mail = (sample.has == Has::New || addresses > 1).then(|| sample.mail(9));
    if kind == Kind::New {
        // Came through the steps of a new office when its account was made.
        account.terms = Some(Agreed { version: 1, at: moment.now });
        account.notice_answered = Some(moment.now);
        account.settled = Some(moment.now);
    }
    account.suspended = sample.has == Has::Suspended;
    let last = jst::plus_days(now, -1 - i64::from(sample.serial));
    account.last_login = Some(LastLogin { at: last, from: CLIENT.to_string(), agent: "Edge（Windows）".to_owned() });
    Some(account)
}
