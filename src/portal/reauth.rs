//! 「パスワードをもう一度」 at the portal, as `login` asks offices: before somebody changes what opens their account, or who else may enter.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::guard::Bearer;
use crate::app::App;
use crate::login::{self, Asked, Confirmed, LoginError};
use crate::security::limits::Rule;
use crate::store::Tx;
use crate::web::{Errors, Fault, Form};

/// Wrong answers in one session. The last of them ends it.
const OF_SESSION: Rule = Rule { name: "portal.reauth.session", per: SignedDuration::from_hours(24), most: 5 };

/// Wrong answers of one user in all sessions (quality bar 16).
const OF_USER: Rule = Rule { name: "portal.reauth", per: SignedDuration::from_hours(24), most: 100 };

/// Whether the password need not be asked.
#[must_use]
pub fn is_fresh(bearer: &Bearer, now: Timestamp) -> bool {
    login::is_recent(bearer.session.reauthenticated, now)
}

/// The field 《現在のパスワード》; nothing while the password is fresh.
#[must_use]
pub fn password_again(bearer: &Bearer, now: Timestamp, errors: &Errors) -> Markup {
    html! {
        @if !is_fresh(bearer, now) { (password_anew(bearer, errors)) }
    }
}

/// The same field, however fresh the password is: for [`confirm_always`].
#[must_use]
pub fn password_anew(bearer: &Bearer, errors: &Errors) -> Markup {
    login::present_password(bearer.user.mail.as_str(), errors)
}

/// Looks at the answer, where the question was asked. What it came to goes to [`login::confirmed`].
///
/// # Errors
/// [`Fault::Elsewhere`] to the login where the session is over, by this answer or already; else as the store and the hasher fail.
pub async fn confirm(app: &App, bearer: &Bearer, form: &Form, now: Timestamp) -> Result<Confirmed, Fault> {
    if is_fresh(bearer, now) { Ok(Confirmed::Fresh) } else { confirm_always(app, bearer, form, now).await }
}

/// The same however fresh the password is: for what lets in for good, and for who changes the password itself.
///
/// # Errors
/// As [`confirm`].
pub async fn confirm_always(app: &App, bearer: &Bearer, form: &Form, now: Timestamp) -> Result<Confirmed, Fault> {
    let asked = Asked {
        session: bearer.session_key,
        handle: bearer.session.handle,
        of_session: OF_SESSION,
        of_all: OF_USER,
        who: login::counted_under(bearer.user.id, bearer.session.passkey.is_some()),
        stored: bearer.user.password.clone(),
        event: bearer.event("portal.reauth"),
    };
    let (seen, revision) = (bearer.clone(), bearer.user.revision);
    let still = move |tx: &Tx<'_>| Ok(seen.present_user(tx)?.is_some_and(|user| user.revision == revision));
    match login::ask_again(app, asked, form.secret(login::PRESENT_PASSWORD), now, still).await {
        Ok(confirmed) => Ok(confirmed),
        Err(LoginError::Ended) => Err(Fault::Elsewhere("/portal/login?notice=reauth".to_owned())),
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Busy(busy)) => Err(busy.into()),
    }
}
