//! The security address: kept, put off, or registered by a code that goes to it.

use jiff::Timestamp;

use super::super::model::{Asked, Done, Next, Progress, Registering, Step, may_put_off};
use super::super::store;
use super::{StepError, after, at, at_one_of, by, next_for, record};
use crate::accounts::{self, Change, Told};
use crate::app::App;
use crate::audit::Event;
use crate::codes::{self, Attempt, Entered, Opened, Opening, Purpose, Resent, View};
use crate::config::Config;
use crate::kernel::{MailAddress, Secret, TypedTwice};
use crate::login::Office;
use crate::security::sessions;
use crate::store::{Reads, StoreError};

/// The steps at which an address is registered: the first one, or one in the place of all.
const BOTH: [Step; 2] = [Step::SecurityMail, Step::Addresses];

/// What \[次へ\] on 【セキュリティ用メールアドレス設定】 came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// A code is on its way.
    Sent,
    /// Too many codes were asked for.
    TooMany {
        /// When the next one may be asked for.
        again_at: Timestamp,
    },
}

/// What this session has begun, for what the fields hold.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn registering(r: &impl Reads, config: &Config, office: &Office, now: Timestamp) -> Result<Option<Registering>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::registering(r, office.session_key)?.filter(|row| row.at >= oldest))
}

/// The code that this session is to enter, if its address is on its way and that step is due.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waiting(r: &impl Reads, config: &Config, office: &Office, now: Timestamp) -> Result<Option<View>, StoreError> {
    match office.next {
        Next::Step(due) if BOTH.contains(&due) => Ok(asked(r, config, office, due, now)?.map(|(_, view)| view)),
        _ => Ok(None),
    }
}

fn asked(
    r: &impl Reads,
    config: &Config,
    office: &Office,
    due: Step,
    now: Timestamp,
) -> Result<Option<(Asked, View)>, StoreError> {
    let fits = |asked: &Asked| asked.replaces == (due == Step::Addresses);
    let Some(asked) = registering(r, config, office, now)?.and_then(|row| row.asked).filter(fits) else { return Ok(None) };
    let view = codes::view(r, &config.code, asked.challenge, now)?;
    Ok(view.filter(|view| view.address == asked.address && view.purpose == Purpose::FirstAddress).map(|view| (asked, view)))
}

/// 「登録済みのメールアドレスをそのまま使う」 after a letter.
///
/// # Errors
/// [`StepError`].
pub async fn keep(app: &App, office: &Office) -> Result<Next, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let mut account = at(tx, &here, &seen, moment.now, Step::Addresses)?;
            account.review_addresses = false;
            accounts::save_quietly(tx, &account)?;
            if let Some(asked) = store::registering(tx, seen.session_key)?.and_then(|row| row.asked) {
                codes::replace(tx, asked.challenge)?;
            }
            store::forget_registering(tx, seen.session_key)?;
            record(tx, &moment, &seen, Event::new(by(&seen), "first_login.keep_addresses"))?;
            after(tx, &here, &seen, account, &moment)
        })
        .await
}

/// 「登録せずにログインする」: for as long as this session lives, and no longer than the last day.
///
/// # Errors
/// [`StepError`]; the step itself where it cannot be put off.
pub async fn defer(app: &App, office: &Office) -> Result<Next, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let account = at(tx, &here, &seen, moment.now, Step::SecurityMail)?;
            if !may_put_off(account.kind, here.config.security_mail.grace_until, moment.now) {
                return Err(StepError::Elsewhere(Next::Step(Step::SecurityMail)));
            }
            sessions::change(tx, &seen.session_key, |session| session.deferred = true)?;
            record(tx, &moment, &seen, Event::new(by(&seen), "first_login.defer"))?;
            let mut session = seen.session.clone();
            session.deferred = true;
            Ok(next_for(tx, &here.config, &account, &session, moment.now)?)
        })
        .await
}

/// \[戻る\]: what was typed is kept as it is, and a code on its way stays.
///
/// # Errors
/// [`StepError`].
pub async fn go_back(app: &App, office: &Office, typed: TypedTwice) -> Result<(), StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            at_one_of(tx, &here, &seen, moment.now, &BOTH)?;
            let before = registering(tx, &here.config, &seen, moment.now)?;
            let row = Registering { at: moment.now, typed: typed.kept(), asked: before.and_then(|row| row.asked) };
            Ok(store::put_registering(tx, seen.session_key, &row)?)
        })
        .await
}

/// \[次へ\]: a code goes to the address. One that is still on its way to the same address is not sent twice.
///
/// # Errors
/// [`StepError`].
pub async fn begin(
    app: &App,
    office: &Office,
    network: String,
    typed: TypedTwice,
    address: MailAddress,
) -> Result<Asking, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let (account, due) = at_one_of(tx, &here, &seen, moment.now, &BOTH)?;
            let key = seen.session_key;
            let row = |asked| Registering { at: moment.now, typed: typed.kept(), asked: Some(asked) };
            if let Some((asked, view)) = asked(tx, &here.config, &seen, due, moment.now)?
                && view.end.is_none()
                && moment.now < view.valid_until
                && asked.address == address
            {
                store::put_registering(tx, key, &row(asked))?;
                return Ok(Asking::Sent);
            }
            let before = store::registering(tx, key)?.and_then(|row| row.asked);
            let opening = Opening {
                purpose: Purpose::FirstAddress,
                browser: key,
                address: address.clone(),
                account: account.user_id.office().number.to_string(),
                prefecture: Some(account.user_id.office().prefecture),
                sends: true,
                network: network.clone(),
            };
            match codes::open(tx, &moment, &here.keys, &here.config, opening)? {
                Opened::TooMany { again_at } => Ok(Asking::TooMany { again_at }),
                Opened::Open(challenge) => {
                    if let Some(before) = before {
                        codes::replace(tx, before.challenge)?;
                    }
                    let asked = Asked { address: address.clone(), challenge, replaces: due == Step::Addresses };
                    store::put_registering(tx, key, &row(asked))?;
                    Ok(Asking::Sent)
                }
            }
        })
        .await
}

/// \[再送\].
///
/// # Errors
/// [`StepError`].
pub async fn resend(app: &App, office: &Office, network: String) -> Result<Resent, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let (_, due) = at_one_of(tx, &here, &seen, moment.now, &BOTH)?;
            let Some((asked, _)) = asked(tx, &here.config, &seen, due, moment.now)? else {
                return Err(StepError::Elsewhere(Next::Step(due)));
            };
            Ok(codes::resend(tx, &moment, &here.config, asked.challenge, seen.session_key, &network)?)
        })
        .await
}

/// \[送信\]: the right code puts the address into the account. All who could be reached before are told, but for the new one.
///
/// # Errors
/// [`StepError`].
pub async fn prove(app: &App, office: &Office, typed: Secret<String>) -> Result<Entered, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let (mut account, due) = at_one_of(tx, &here, &seen, moment.now, &BOTH)?;
            let key = seen.session_key;
            let Some((asked, _)) = asked(tx, &here.config, &seen, due, moment.now)? else {
                return Err(StepError::Elsewhere(Next::Step(due)));
            };
            let attempt = Attempt {
                id: asked.challenge,
                browser: key,
                purpose: Purpose::FirstAddress,
                now: moment.now,
                keys: &here.keys,
                rules: &here.config.code,
            };
            let entered = codes::enter(tx, attempt, typed.expose())?;
            if entered != Entered::Right {
                return Ok(entered);
            }
            // Of a first address there are no old ones.
            let old = account.replace_addresses(asked.address.clone());
            let account = accounts::save(tx, &account)?;
            store::put(tx, account.user_id, &Progress { shown: Some(Done::SecurityMail), ..Progress::default() })?;
            store::forget_registering(tx, key)?;
            let (action, change) = if asked.replaces {
                ("first_login.replace_addresses", Change::AddressesReplaced)
            } else {
                ("first_login.address", Change::AddressFirst)
            };
            record(tx, &moment, &seen, Event::new(by(&seen), action).detail("address", asked.address.masked()))?;
            accounts::tell_change_to(tx, &moment, &account, change, Told { also: old, except: Some(asked.address) })?;
            Ok(entered)
        })
        .await
}
