//! 「パスワードをもう一度」: before somebody changes what opens the account, the password is asked again, unless it was entered a moment ago.
//! An unattended screen and a stolen session cookie change nothing.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::ask_again::{Asked, FIELD, ask_again, counted_under, is_recent, present_password};
use super::flow::LoginError;
use super::office::Office;
use crate::accounts;
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::kernel::jst;
use crate::security::limits::Rule;
use crate::store::Tx;
use crate::web::{Errors, Form};

const MISSING: &str = "現在のパスワードを入力してください。";

/// Wrong answers in one session. The last of them ends it.
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
    is_recent(office.session.reauthenticated, now)
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
    present_password(&office.account.user_id.to_string(), errors)
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

/// Looks at the answer, also while the password is fresh: who changes the password itself always names the present one.
///
/// # Errors
/// [`LoginError`]; [`LoginError::Ended`] where the session is over, by this answer or already.
pub async fn confirm_always(app: &App, office: &Office, form: &Form, now: Timestamp) -> Result<Confirmed, LoginError> {
    let (user_id, revision) = (office.account.user_id, office.account.revision);
    let event = Event::new(Actor::Office(user_id), "account.reauth").office(user_id.office());
    let asked = Asked {
        session: office.session_key,
        handle: office.session.handle,
        of_session: OF_SESSION,
        of_all: OF_OFFICE,
        who: counted_under(user_id, office.session.passkey.is_some()),
        stored: office.account.usable_password().cloned(),
        event: event.client(&office.session.address),
    };
    let still = move |tx: &Tx<'_>| {
        let present = accounts::find(tx, user_id)?;
        Ok(present.is_some_and(|account| account.opens() && account.revision == revision))
    };
    ask_again(app, asked, form.secret(FIELD), now, still).await
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
