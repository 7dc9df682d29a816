//! Opening a challenge, sending again, judging an entry. Each works inside the caller's transaction, so that the flow that asked
//! and the code it waits for are kept or lost together.

use jiff::Timestamp;

use super::caps::{self, Asked, Counted};
use super::mails;
use super::model::{Challenge, End, Entered, cut};
use super::purpose::Purpose;
use super::store;
use crate::config::{self, Config};
use crate::kernel::{Id, MailAddress, Moment, Prefecture};
use crate::mail::outbox;
use crate::security::{self, KeyId, Keys};
use crate::store::{Reads, Store, StoreError, Tx};

/// What a challenge is opened for.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What the code will be for.
    pub purpose: Purpose,
    /// Hash of the flow cookie of the browser.
    pub browser: [u8; 32],
    /// Where the code goes.
    pub address: MailAddress,
    /// The account as limits count it: an office number, a user's address.
    pub account: String,
    /// The federation that signs the mail.
    pub prefecture: Option<Prefecture>,
    /// `false` runs through everything and sends nothing (reset with an address that is not registered).
    pub sends: bool,
    /// The client's network as limits count it.
    pub network: String,
}

/// Whether a challenge was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It was, and the mail is on its way.
    Open(Id),
    /// Too many codes were asked for.
    TooMany {
        /// When the next one may be asked for.
        again_at: Timestamp,
    },
}

/// Whether a code was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// A new code is on its way; the older ones have ended.
    Sent,
    /// 再送 too soon after the last.
    TooSoon {
        /// When it works again.
        from: Timestamp,
    },
    /// Too many codes were asked for.
    TooMany {
        /// When the next one may be asked for.
        again_at: Timestamp,
    },
    /// The challenge is over.
    Ended,
}

/// Opens a challenge and sends its first code.
///
/// # Errors
/// [`StoreError`] when the database fails. Nothing is written when a limit is reached.
pub fn open(tx: &mut Tx<'_>, moment: &Moment, keys: &Keys, config: &Config, opening: Opening) -> Result<Opened, StoreError> {
    let Opening { purpose, browser, address, account, prefecture, sends, network } = opening;
    let asked = Asked { purpose, account: &account, address: &address, network: &network, sends };
    let sends = match caps::count(tx, moment.now, &config.limits, &asked)? {
        Counted::Fits { sends } => sends,
        Counted::TooMany { again_at } => return Ok(Opened::TooMany { again_at }),
    };
    let id = Id::new(&moment.random());
    let challenge = Challenge {
        purpose,
        browser,
        address,
        account,
        prefecture,
        sends,
        issue: 1,
        key: keys.newest(),
        opened: moment.now,
        requested: moment.now,
        tries_left: config.code.tries,
        end: None,
        mail: None,
        regards: None,
    };
    put_and_post(tx, moment, id, challenge, &config.code)?;
    Ok(Opened::Open(id))
}

/// Sends a new code for the same challenge; tries stay as they are.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(
    tx: &mut Tx<'_>,
    moment: &Moment,
    config: &Config,
    id: Id,
    browser: [u8; 32],
    network: &str,
) -> Result<Resent, StoreError> {
    let Some(mut challenge) = store::find(tx, id)?.filter(|c| c.browser == browser && c.end.is_none()) else {
        return Ok(Resent::Ended);
    };
    let from = challenge.resend_from(&config.code);
    if moment.now < from && !challenge.is_void(moment.now) {
        return Ok(Resent::TooSoon { from });
    }
    let Challenge { purpose, ref account, ref address, sends, .. } = challenge;
    match caps::count(tx, moment.now, &config.limits, &Asked { purpose, account, address, network, sends })? {
        Counted::Fits { sends } => challenge.sends = sends,
        Counted::TooMany { again_at } => return Ok(Resent::TooMany { again_at }),
    }
    challenge.issue += 1;
    challenge.requested = moment.now;
    challenge.opened = challenge.opened.min(moment.now);
    put_and_post(tx, moment, id, challenge, &config.code)?;
    Ok(Resent::Sent)
}

/// An entry to be judged: which challenge, from which browser, for what.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The challenge.
    pub id: Id,
    /// Hash of the flow cookie of the browser that answers.
    pub browser: [u8; 32],
    /// What the screen asked for.
    pub purpose: Purpose,
    /// When.
    pub now: Timestamp,
    /// For deriving the code.
    pub keys: &'a Keys,
    /// Life of a code.
    pub rules: &'a config::Code,
}

/// Judges an entry. The try is counted in the caller's transaction, which must end in `Ok` whatever the answer is: only then is
/// the count kept, and only after its commit may the answer leave.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter(tx: &mut Tx<'_>, attempt: Attempt<'_>, typed: &str) -> Result<Entered, StoreError> {
    let Attempt { id, browser, purpose, now, keys, rules } = attempt;
    let Some(mut challenge) = store::find(tx, id)?.filter(|c| c.browser == browser && c.purpose == purpose) else {
        return Ok(Entered::Ended);
    };
    let before = challenge.clone();
    let code = |issue: u32| derive(keys, &before, id, issue);
    let answer = challenge.enter(typed, code, rules, now);
    if challenge != before {
        store::put(tx, id, &challenge)?;
    }
    Ok(answer)
}

/// Ends a challenge because its flow goes on with another one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn replace(tx: &mut Tx<'_>, id: Id) -> Result<(), StoreError> {
    if let Some(mut challenge) = store::find(tx, id)?.filter(|challenge| challenge.end.is_none()) {
        challenge.end = Some(End::Replaced);
        store::put(tx, id, &challenge)?;
    }
    Ok(())
}

/// From here on the challenge sends nothing and no entry is right for it, unless `sends` says that it may go on. It never begins to send
/// again. The row is written in any case: what it costs must not tell.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn restrict(tx: &mut Tx<'_>, id: Id, sends: bool) -> Result<(), StoreError> {
    let Some(mut challenge) = store::find(tx, id)? else { return Ok(()) };
    challenge.sends &= sends;
    store::put(tx, id, &challenge)
}

/// Has the mail of a challenge name what the code lets happen, an address: who is asked for it must be able to tell it from what somebody
/// else has begun. Whole, because an address can be had that is masked like another.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn regard(tx: &mut Tx<'_>, id: Id, regards: String) -> Result<(), StoreError> {
    let Some(mut challenge) = store::find(tx, id)? else { return Ok(()) };
    challenge.regards = Some(regards);
    store::put(tx, id, &challenge)
}

/// How far the mail with the newest code is. Screens of a reset must not show it: it would tell whether the address is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not sent yet, or never to be sent.
    Waiting,
    /// The mail server did not take it at the first try; it is tried again by itself.
    Delayed,
    /// The mail server took it over.
    Sent(Timestamp),
    /// The mail server refused it for good.
    Failed,
    /// It could not be sent while its code worked, and is sent no more.
    GivenUp,
}

/// What a screen shows of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What the code is for.
    pub purpose: Purpose,
    /// Where the code was sent.
    pub address: MailAddress,
    /// The newest code's number; above 1 after 再送.
    pub issue: u32,
    /// When the newest code was asked for.
    pub requested: Timestamp,
    /// When the newest code stops working.
    pub valid_until: Timestamp,
    /// From when on 再送 sends again.
    pub resend_from: Timestamp,
    /// Why it is over, if it is.
    pub end: Option<End>,
    /// How far the mail is.
    pub delivery: Delivery,
}

/// The challenge as a screen shows it. `None` if it was cleaned away.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn view(r: &impl Reads, rules: &config::Code, id: Id, now: Timestamp) -> Result<Option<View>, StoreError> {
    let Some(challenge) = store::find(r, id)? else { return Ok(None) };
    let (valid_until, resend_from) =
        if challenge.is_void(now) { (now, now) } else { (challenge.valid_until(rules), challenge.resend_from(rules)) };
    let row = challenge.mail.map(|mail| outbox::find(r, mail)).transpose()?.flatten();
    let delivery = match row {
        Some(row) if row.state == outbox::State::Failed => Delivery::Failed,
        // An older code's mail is dropped as well, but the challenge names the newest.
        Some(row) if row.state == outbox::State::Dropped => Delivery::GivenUp,
        Some(row) if row.state == outbox::State::Waiting && row.attempts > 0 => Delivery::Delayed,
        Some(row) => row.sent.map_or(Delivery::Waiting, Delivery::Sent),
        None => Delivery::Waiting,
    };
    Ok(Some(View {
        purpose: challenge.purpose,
        issue: challenge.issue,
        requested: challenge.requested,
        valid_until,
        resend_from,
        end: challenge.end,
        address: challenge.address,
        delivery,
    }))
}

/// Removes challenges that were opened before `before`, or by a clock that was ahead of `now`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn clean(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    store::remove_older(store, before, now).await
}

/// The code of an issue. `None` if its key is no longer in the key file.
pub(super) fn derive(keys: &Keys, challenge: &Challenge<KeyId>, id: Id, issue: u32) -> Option<String> {
    let parts: [&[u8]; 3] = [challenge.purpose.word().as_bytes(), id.bytes(), &issue.to_be_bytes()];
    let mac = keys.mac_with(security::Purpose::Code, challenge.key, &parts)?;
    Some(cut(&mac, challenge.purpose.sort().digits()))
}

fn put_and_post(
    tx: &mut Tx<'_>,
    moment: &Moment,
    id: Id,
    mut challenge: Challenge<KeyId>,
    rules: &config::Code,
) -> Result<(), StoreError> {
    // Where nothing is sent, too: the composer drops the mail. Whether a pair of number and address is one must not show in what is
    // written before the answer.
    challenge.mail = Some(outbox::post(tx, moment, mails::mail(id, &challenge, rules))?);
    store::put(tx, id, &challenge)
}
