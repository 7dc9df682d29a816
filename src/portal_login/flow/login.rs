//! L1 `[ログイン]`: mail address and password, chosen or initial.

use jiff::Timestamp;

use super::enter::{By, Entered, enter};
use super::{Caller, Here, about, home};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::codes::{self, Opened, Opening, Purpose};
use crate::kernel::{Id, MailAddress, Prefecture, Secret};
use crate::login::{Held, LoginError};
use crate::portal::{self, DOORS, Member, User};
use crate::portal_login::model::Waiting;
use crate::portal_login::store;
use crate::security::{Busy, PasswordHash, devices};
use crate::store::{Reads, StoreError, Tx};

/// How a try ended.
#[derive(Debug)]
pub(in crate::portal_login) enum Outcome {
    /// The session is open.
    In(Entered),
    /// The password is right; the one-time password comes next, from the same browser.
    Code,
    /// Refused. Why is not told: an unknown address, a wrong password and a lock for strangers look alike.
    Refused,
    /// This device is locked for the typed ID until then.
    Locked(Timestamp),
    /// Too many try from devices unknown to the ID they type, as this one does; until then. Nothing was looked at or kept.
    Crowded(Timestamp),
    /// The password is right; they are suspended at every institution. Whom to call.
    Suspended(Prefecture),
    /// The initial password is right, and over.
    Expired,
    /// The password is right; too many codes were asked for, until then.
    TooMany(Timestamp),
}

impl Outcome {
    /// Whether what was typed was right: then it was no guess, and the bucket of unknown devices is given its token back.
    const fn was_right(&self) -> bool {
        matches!(self, Self::In(_) | Self::Code | Self::Suspended(_) | Self::Expired | Self::TooMany(_))
    }
}

/// What is tried: the typed ID as it is counted, and as the address that it is.
#[derive(Clone, Debug)]
struct Claim {
    door: [u8; 32],
    mail: Option<MailAddress>,
}

impl Claim {
    fn user(&self, r: &impl Reads) -> Result<Option<User>, StoreError> {
        self.mail.as_ref().map_or(Ok(None), |mail| portal::user_by_mail(r, mail))
    }
}

/// Logs in with mail address and password. A try from a device that the user does not know takes a token of the bucket that all such tries
/// share, offices' and staff's as well, before it costs anything, unless a live initial password speaks for it; a right one gives it back.
/// Then exactly one argon2 and one derivation of an initial password run, whether the address is anybody's or not.
///
/// # Errors
/// [`LoginError`].
pub(in crate::portal_login) async fn log_in(
    app: &App,
    typed: &str,
    password: Secret<String>,
    caller: Caller,
) -> Result<Outcome, LoginError> {
    let now = app.clock.now();
    let claim = Claim { door: portal::door(&app.keys, typed), mail: MailAddress::parse(typed).ok() };
    let expected = app.store.read(|r| is_expected(r, app, now, &claim, &password, &caller))?;
    let token = match (!expected).then(|| app.new_devices().admit(now)).transpose() {
        Ok(token) => token,
        Err(again_at) => return Ok(Outcome::Crowded(again_at)),
    };
    let outcome = compare(app, claim, password, caller).await;
    let right = matches!(&outcome, Err(LoginError::Busy(_))) || outcome.as_ref().is_ok_and(Outcome::was_right);
    if let (Some(token), true) = (token, right) {
        app.new_devices().give_back(token);
    }
    outcome
}

fn is_expected(
    r: &impl Reads,
    app: &App,
    now: Timestamp,
    claim: &Claim,
    password: &Secret<String>,
    caller: &Caller,
) -> Result<bool, StoreError> {
    let user = claim.user(r)?;
    let known = DOORS.is_known(r, now, &portal::knock(claim.door, user.as_ref(), caller.browser, caller.device))?;
    // Compared in any case, and for nobody: what is left out can be measured.
    let initial = portal::is_initial_password(&app.keys, user.as_ref(), password);
    Ok(known || (initial && user.is_some_and(|user| user.initial_is_live(now))))
}

async fn compare(app: &App, claim: Claim, password: Secret<String>, caller: Caller) -> Result<Outcome, LoginError> {
    let here = Here { app: app.clone(), moment: app.moment(), caller };
    let reserved = {
        let (here, claim) = (here.clone(), claim.clone());
        app.store.write::<_, StoreError, _>(move |tx| reserve(tx, &here, &claim)).await?
    };
    let (seen, held) = match reserved {
        Ok(reserved) => reserved,
        Err(until) => return Ok(Outcome::Locked(until)),
    };
    let found = match examine(&here, seen.as_ref(), password).await {
        Ok(found) => found,
        Err(busy) => {
            app.store.write::<_, StoreError, _>(move |tx| DOORS.give_back(tx, &held)).await?;
            return Err(busy.into());
        }
    };
    // The hash may have waited: what is decided now is decided by the time of now.
    let here = Here { moment: app.moment(), ..here };
    Ok(app.store.write::<_, StoreError, _>(move |tx| settle(tx, &here, &claim, seen.as_ref(), &held, &found)).await?)
}

/// Counts the try as wrong, unless this device is locked: `Err` says until when.
fn reserve(tx: &mut Tx<'_>, here: &Here, claim: &Claim) -> Result<Result<(Option<User>, Held), Timestamp>, StoreError> {
    let (now, caller) = (here.moment.now, &here.caller);
    let user = claim.user(tx)?;
    let knock = portal::knock(claim.door, user.as_ref(), caller.browser, caller.device);
    match DOORS.reserve(tx, now, &here.app.config.lockout, &knock)? {
        Ok(held) => Ok(Ok((user, held))),
        Err(locked) => {
            if locked.tell {
                audit::record(tx, &here.moment, refused(here, claim, "device_locked"))?;
            }
            Ok(Err(locked.until))
        }
    }
}

/// What was found outside the transactions.
#[derive(Clone, Debug)]
struct Found {
    initial: bool,
    password: bool,
    rehashed: Option<PasswordHash>,
}

async fn examine(here: &Here, user: Option<&User>, password: Secret<String>) -> Result<Found, Busy> {
    let app = &here.app;
    let initial = portal::is_initial_password(&app.keys, user, &password);
    let stored = user.and_then(|user| user.password.clone());
    let verdict = app.hasher.verify(password.clone(), stored).await?;
    let rehashed = if verdict.rehash {
        // Too busy to hash anew is no reason to refuse; the next login tries again.
        app.hasher.hash(password, here.moment.part("rehash").random().bytes()).await.ok()
    } else {
        None
    };
    Ok(Found { initial, password: verdict.matches, rehashed })
}

/// What a try comes to, before it is looked where the user may work. The word of a refusal goes to the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Password,
    Initial,
    Expired,
    Refused(&'static str),
}

/// Decides by the user as they were when the hash began (`seen`) and as they are now (`present`). `open` is `false` when unknown devices are
/// refused and this is one: then only an initial password enters, which cannot be guessed.
fn decide(seen: Option<&User>, present: Option<&User>, found: &Found, open: bool, now: Timestamp) -> Decision {
    // The same word for both: the log of refused tries must not tell either.
    let (Some(seen), Some(present)) = (seen, present) else { return Decision::Refused("wrong") };
    if found.initial {
        let grant = |user: &User| user.initial.map(|initial| initial.grant);
        return match grant(present) {
            Some(today) if grant(seen) == Some(today) && present.initial_is_live(now) => Decision::Initial,
            Some(today) if grant(seen) == Some(today) => Decision::Expired,
            _ => Decision::Refused("changed"),
        };
    }
    if !found.password {
        Decision::Refused("wrong")
    } else if seen.revision != present.revision {
        Decision::Refused("changed")
    } else if !open {
        Decision::Refused("locked")
    } else {
        Decision::Password
    }
}

fn settle(
    tx: &mut Tx<'_>,
    here: &Here,
    claim: &Claim,
    seen: Option<&User>,
    held: &Held,
    found: &Found,
) -> Result<Outcome, StoreError> {
    // Read for nobody as well.
    let present = portal::user(tx, seen.map_or(Id::from_bytes([0; 16]), |user| user.id))?;
    let decision = decide(seen, present.as_ref(), found, held.open, here.moment.now);
    let (decision, user) = match (decision, present) {
        (Decision::Refused(why), _) => return refuse(tx, here, claim, held, why),
        (decision, Some(user)) => (decision, user),
        (_, None) => return refuse(tx, here, claim, held, "wrong"),
    };
    DOORS.give_back(tx, held)?;
    let members = portal::memberships(tx, user.id)?;
    let told = |outcome| refused(here, claim, outcome).subject(about(&user, &members));
    if !members.iter().any(Member::is_usable) {
        audit::record(tx, &here.moment, told("suspended"))?;
        return Ok(Outcome::Suspended(home(tx, &here.app.config, &members)?));
    }
    let initial = match decision {
        Decision::Expired => {
            audit::record(tx, &here.moment, told("expired"))?;
            return Ok(Outcome::Expired);
        }
        decision => decision == Decision::Initial,
    };
    go_on(tx, here, claim, user, &members, initial, found)
}

/// The password is right, and somebody may work somewhere: in, or to the one-time password.
fn go_on(
    tx: &mut Tx<'_>,
    here: &Here,
    claim: &Claim,
    user: User,
    members: &[Member],
    initial: bool,
    found: &Found,
) -> Result<Outcome, StoreError> {
    let (caller, rehashed) = (&here.caller, found.rehashed.clone());
    let owner = portal::trusted_owner(user.id);
    if caller.device.map_or(Ok(false), |device| devices::is_known(tx, &owner, device))? {
        let by = By { initial, door: claim.door, failed: None, rehashed, trust: false, waited_from: None };
        return enter(tx, here, user, members, by).map(Outcome::In);
    }
    let opening = Opening {
        purpose: Purpose::PortalLogin,
        browser: caller.browser,
        address: user.mail.clone(),
        account: user.id.to_string(),
        prefecture: Some(home(tx, &here.app.config, members)?),
        sends: true,
        network: caller.network.clone(),
    };
    let challenge = match codes::open(tx, &here.moment, &here.app.keys, &here.app.config, opening)? {
        Opened::TooMany { again_at } => return Ok(Outcome::TooMany(again_at)),
        Opened::Open(challenge) => challenge,
    };
    if let Some(before) = store::waiting(tx, &caller.browser, here.moment.now)? {
        codes::replace(tx, before.challenge)?;
    }
    let waiting = Waiting {
        user: user.id,
        revision: user.revision,
        initial,
        challenge,
        device: caller.device,
        door: claim.door,
        failed: None,
        rehashed,
        client: caller.client.clone(),
        at: here.moment.now,
    };
    store::put_waiting(tx, &caller.browser, &waiting)?;
    audit::record(tx, &here.moment, refused(here, claim, "waits_for_code").subject(about(&user, members)))?;
    Ok(Outcome::Code)
}

/// The try stays counted; nothing else is written but the entry.
fn refuse(tx: &mut Tx<'_>, here: &Here, claim: &Claim, held: &Held, why: &'static str) -> Result<Outcome, StoreError> {
    audit::record(tx, &here.moment, refused(here, claim, why))?;
    Ok(held.locks.map_or(Outcome::Refused, Outcome::Locked))
}

/// The entry of a try that opened nothing, under the keyed hash of what was typed.
fn refused(here: &Here, claim: &Claim, outcome: &'static str) -> Event {
    let event = Event::new(Actor::Visitor, "portal.login").outcome(outcome);
    event.subject(portal::refused_subject(&claim.door)).client(&here.caller.client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;
    use crate::portal::Initial;
    use crate::security::{Hasher, KeyId, Keys};

    #[tokio::test]
    async fn who_enters_is_decided_by_what_was_and_what_is() {
        let now: Timestamp = "2026-01-20T01:00:00Z".parse().unwrap();
        let hasher = Hasher::start(Keys::fresh(&Random::seeded(1)), 64, 1, 1).unwrap();
        let hash = hasher.hash(Secret::new("mellow Kettle 47".to_owned()), [7; 16]).await.unwrap();
        let bare = User::new(Id::from_bytes([1; 16]), MailAddress::parse("a@example.jp").unwrap(), now);
        let granted = |grant: u8| {
            let mut user = bare.clone();
            user.initial = Some(Initial::new(Id::from_bytes([grant; 16]), KeyId(1), now));
            user
        };
        let mut chosen = bare.clone();
        chosen.set_password(hash, now);
        let mut moved = chosen.clone();
        moved.revision += 1;
        let late = now + jiff::SignedDuration::from_hours(24 * 8);
        let found = |initial, password| Found { initial, password, rehashed: None };
        let (wrong, changed, locked) = (Decision::Refused("wrong"), Decision::Refused("changed"), Decision::Refused("locked"));
        for (name, seen, present, found, open, at, expected) in [
            ("nobody", None, None, found(false, false), true, now, wrong),
            ("gone meanwhile", Some(&chosen), None, found(false, true), true, now, wrong),
            ("wrong", Some(&chosen), Some(&chosen), found(false, false), true, now, wrong),
            ("right", Some(&chosen), Some(&chosen), found(false, true), true, now, Decision::Password),
            ("right, strangers refused", Some(&chosen), Some(&chosen), found(false, true), false, now, locked),
            ("right, changed meanwhile", Some(&chosen), Some(&moved), found(false, true), true, now, changed),
            ("initial", Some(&granted(1)), Some(&granted(1)), found(true, false), true, now, Decision::Initial),
            (
                "initial, strangers refused",
                Some(&granted(1)),
                Some(&granted(1)),
                found(true, false),
                false,
                now,
                Decision::Initial,
            ),
            ("initial, too late", Some(&granted(1)), Some(&granted(1)), found(true, false), true, late, Decision::Expired),
            ("initial, granted anew", Some(&granted(1)), Some(&granted(2)), found(true, false), true, now, changed),
            ("initial, a password set meanwhile", Some(&granted(1)), Some(&chosen), found(true, false), true, now, changed),
        ] {
            assert_eq!(decide(seen, present, &found, open, at), expected, "{name}");
        }
    }
}
