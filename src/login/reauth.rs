//! 「パスワードをもう一度」: before somebody changes what opens the account, the password is asked again, unless it was entered a moment ago.
//! An unattended screen and a stolen session cookie change nothing.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::flow::LoginError;
use super::office::Office;
use crate::accounts;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Moment, jst};
use crate::security::limits::{self, Allowance, Rule};
use crate::security::sessions;
use crate::store::{StoreError, Tx};
use crate::web::components::password_field;
use crate::web::{Errors, Form};

/// For how long a password that was entered need not be entered again (D).
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// The name of the field.
const FIELD: &str = "current_password";
const MISSING: &str = "現在のパスワードを入力してください。";

/// Wrong answers in one session. The last of them ends it: whoever holds a session that is not theirs must not try passwords with it, and
/// keeps nobody else from answering.
const OF_SESSION: Rule = Rule { name: "login.reauth.session", per: SignedDuration::from_hours(24), most: 5 };

/// Wrong answers of one user ID in all its sessions (quality bar 16).
const OF_OFFICE: Rule = Rule { name: "login.reauth", per: SignedDuration::from_hours(24), most: 100 };

/// What became of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// It was not asked: the password was entered a moment ago.
    Fresh,
    /// The password is right; it is fresh again.
    Right,
    /// Nothing was typed.
    Missing,
    /// It is not the password.
    Wrong,
    /// Too many wrong answers, in all sessions together.
    TooMany {
        /// When the next one is looked at.
        again_at: Timestamp,
    },
    /// The account has been changed too often, whoever it was.
    TooManyChanges {
        /// When it may be changed again.
        again_at: Timestamp,
    },
    /// The account has changed while the answer was looked at.
    Changed,
}

/// Whether the password need not be asked.
#[must_use]
pub fn is_fresh(office: &Office, now: Timestamp) -> bool {
    // A clock that was ahead must not have made it fresh for as long as it was.
    (SignedDuration::ZERO..FRESH).contains(&now.duration_since(office.session.reauthenticated))
}

/// The field 《現在のパスワード》; nothing while the password is fresh.
#[must_use]
pub fn password_again(office: &Office, now: Timestamp, errors: &Errors) -> Markup {
    html! {
        @if !is_fresh(office, now) { (password_anew(office, errors)) }
    }
}

/// The same field, however fresh the password is: for [`confirm_anew`].
#[must_use]
pub fn password_anew(office: &Office, errors: &Errors) -> Markup {
    html! {
        // Password managers look for the user's name before the password.
        input type="text" name="user_id" value=(office.account.user_id) autocomplete="username" readonly hidden;
        (password_field(FIELD, "現在のパスワード").required().autocomplete("current-password")
            .support("安全のため、もう一度入力してください。").error(errors.of(FIELD)))
    }
}

/// Looks at the answer, where the question was asked. Whoever changes things all the time (each change is a mail to all addresses, and a
/// notice) is stopped here; not at the password and the list of devices, by which the office gets rid of them.
///
/// # Errors
/// [`LoginError`].
pub async fn confirm(app: &App, office: &Office, form: &Form, now: Timestamp) -> Result<Confirmed, LoginError> {
    if let Some(again_at) = app.store.read(|r| accounts::too_many_changes(r, now, office.account.user_id))? {
        return Ok(Confirmed::TooManyChanges { again_at });
    }
    confirm_to_end(app, office, form, now).await
}

/// The same however fresh the password is: for what lets in for good. A session alone, stolen at whatever moment, must not be enough.
///
/// # Errors
/// [`LoginError`].
pub async fn confirm_anew(app: &App, office: &Office, form: &Form, now: Timestamp) -> Result<Confirmed, LoginError> {
    if let Some(again_at) = app.store.read(|r| accounts::too_many_changes(r, now, office.account.user_id))? {
        return Ok(Confirmed::TooManyChanges { again_at });
    }
    confirm_always(app, office, form, now).await
}

/// The same for what puts somebody out, however often the account was changed.
///
/// # Errors
/// [`LoginError`].
pub async fn confirm_to_end(app: &App, office: &Office, form: &Form, now: Timestamp) -> Result<Confirmed, LoginError> {
    if is_fresh(office, now) { Ok(Confirmed::Fresh) } else { confirm_always(app, office, form, now).await }
}

/// Looks at the answer, also while the password is fresh: who changes the password itself always names the present one. It is counted as
/// wrong before the hash runs, so that parallel ones cannot slip past the count, and all are forgotten when one is right.
///
/// # Errors
/// [`LoginError`]; [`LoginError::Ended`] where the session is over, by this answer or already.
pub async fn confirm_always(app: &App, office: &Office, form: &Form, now: Timestamp) -> Result<Confirmed, LoginError> {
    let typed = form.secret(FIELD);
    if typed.expose().is_empty() {
        return Ok(Confirmed::Missing);
    }
    let counted = office.clone();
    let reserved = app.store.write::<_, StoreError, _>(move |tx| reserve(tx, now, &counted)).await?;
    match reserved {
        Reserved::Looks => {}
        Reserved::TooMany { again_at } => return Ok(Confirmed::TooMany { again_at }),
        Reserved::Ended => return Err(LoginError::Ended),
    }
    let seen = office.clone();
    let matches = match app.hasher.verify(typed, office.account.usable_password().cloned()).await {
        Ok(verdict) => verdict.matches,
        Err(busy) => {
            let back = move |tx: &mut Tx<'_>| {
                limits::take_back(tx, now, OF_SESSION, &session(&seen))?;
                limits::take_back(tx, now, OF_OFFICE, &who(&seen))
            };
            app.store.write::<_, StoreError, _>(back).await?;
            return Err(busy.into());
        }
    };
    let moment = app.moment();
    if matches {
        return Ok(app.store.write(move |tx| settle(tx, &seen, moment.now)).await?);
    }
    let ended = app.store.write(move |tx| refuse(tx, &moment, &seen)).await?;
    if ended { Err(LoginError::Ended) } else { Ok(Confirmed::Wrong) }
}

/// What wrong answers are counted under. Those in sessions that a passkey has opened stand apart: such a session is opened anew without the
/// password, and who does that all day must not keep the office from answering that has entered with it.
fn who(office: &Office) -> String {
    let user_id = office.account.user_id;
    if office.session.passkey.is_some() { format!("passkey {user_id}") } else { user_id.to_string() }
}

fn session(office: &Office) -> String {
    office.session.handle.to_string()
}

/// Whether an answer is looked at.
enum Reserved {
    Looks,
    TooMany {
        again_at: Timestamp,
    },
    /// The session is over, or all its answers are being looked at.
    Ended,
}

fn reserve(tx: &mut Tx<'_>, now: Timestamp, seen: &Office) -> Result<Reserved, StoreError> {
    if !sessions::is_there(tx, &seen.session_key)? {
        return Ok(Reserved::Ended);
    }
    if let Allowance::Exceeded { again_at } = limits::peek(tx, now, OF_OFFICE, &who(seen))? {
        return Ok(Reserved::TooMany { again_at });
    }
    if limits::hit(tx, now, OF_SESSION, &session(seen))? != Allowance::Fine {
        return Ok(Reserved::Ended);
    }
    limits::hit(tx, now, OF_OFFICE, &who(seen))?;
    Ok(Reserved::Looks)
}

/// The password was right when it was read; it must still be the one, and the session must still live.
fn settle(tx: &mut Tx<'_>, seen: &Office, now: Timestamp) -> Result<Confirmed, StoreError> {
    let present = accounts::find(tx, seen.account.user_id)?;
    let same = present.is_some_and(|account| account.opens() && account.revision == seen.account.revision);
    if !same || !sessions::change(tx, &seen.session_key, |session| session.reauthenticated = now)? {
        return Ok(Confirmed::Changed);
    }
    limits::forget(tx, OF_SESSION, &session(seen))?;
    limits::forget(tx, OF_OFFICE, &who(seen))?;
    Ok(Confirmed::Right)
}

/// Says whether this was the answer that ends the session.
fn refuse(tx: &mut Tx<'_>, moment: &Moment, seen: &Office) -> Result<bool, StoreError> {
    let user_id = seen.account.user_id;
    let ended = limits::count(tx, moment.now, OF_SESSION, &session(seen))? >= OF_SESSION.most as usize;
    if ended {
        sessions::end(tx, &seen.session_key)?;
    }
    let event = Event::new(Actor::Office(user_id), "account.reauth").outcome(if ended { "ended" } else { "refused" });
    audit::record(tx, moment, event.office(user_id.office()).client(&seen.session.address))?;
    Ok(ended)
}

/// For a form that is refused anyway: an empty field is told with all else that is wrong. What was typed is not looked at, so that a slip
/// in another field costs none of the few answers.
pub fn note_missing(errors: &mut Errors, form: &Form) {
    if form.secret(FIELD).expose().is_empty() {
        errors.add(FIELD, MISSING);
    }
}

/// Whether to go on; if not, the sentence stands beside the field.
#[must_use]
pub fn confirmed(errors: &mut Errors, confirmed: &Confirmed) -> bool {
    match confirmed {
        Confirmed::Fresh | Confirmed::Right => return true,
        Confirmed::Missing => errors.add(FIELD, MISSING),
        Confirmed::Wrong => errors.add(FIELD, "現在のパスワードが違います。"),
        Confirmed::TooMany { again_at } => {
            errors.add(FIELD, format!("誤りが続いたため、{}まで確認できません。", jst::sentence_time(*again_at)));
        }
        // About no field: that of the password may not be on the screen.
        Confirmed::TooManyChanges { again_at } => errors.add(
            "",
            format!(
                "登録情報の変更が短い時間に続いたため、{}まで変更できません。お心当たりがない場合は、すぐにパスワードを変更し、国保連合会へお電話ください。",
                jst::sentence_time(*again_at)
            ),
        ),
        Confirmed::Changed => {
            errors.add(FIELD, "ほかの画面で登録情報が変更されました。もう一度、現在のパスワードを入力してください。")
        }
    }
    false
}
