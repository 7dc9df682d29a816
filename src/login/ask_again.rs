//! The question of the password within a session, at whatever login: each answer is counted as wrong before its hash runs, so that parallel
//! ones cannot slip past the count, and all are forgotten when one is right. The fifth wrong one ends the session: whoever holds one that is
//! not theirs must not try passwords with it, and keeps nobody else from answering.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::flow::LoginError;
use super::reauth::Confirmed;
use crate::app::App;
use crate::audit::{self, Event};
use crate::kernel::{Id, Moment, Secret};
use crate::security::limits::{self, Allowance, Rule};
use crate::security::{PasswordHash, sessions};
use crate::store::{StoreError, Tx};
use crate::web::Errors;
use crate::web::components::password_field;

/// For how long a password that was entered need not be entered again (D).
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// The name of the field 《現在のパスワード》.
pub const FIELD: &str = "current_password";

/// Who is asked, in which session.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The key of the session.
    pub session: [u8; 32],
    /// Its public name, under which its wrong answers are counted.
    pub handle: Id,
    /// How many wrong answers end the session.
    pub of_session: Rule,
    /// How many of one person are looked at in all their sessions (quality bar 16).
    pub of_all: Rule,
    /// What these are counted under.
    pub who: String,
    /// The password, if there is one that may be used.
    pub stored: Option<PasswordHash>,
    /// The entry of a wrong answer, without its outcome.
    pub event: Event,
}

/// What the wrong answers of somebody are counted under in all their sessions. Those of sessions that a passkey has opened stand apart: such a
/// session is opened anew without the password, and who does that all day must not keep the person from answering that has entered with it.
#[must_use]
pub fn counted_under(name: impl ToString, by_passkey: bool) -> String {
    if by_passkey { format!("passkey {}", name.to_string()) } else { name.to_string() }
}

/// Whether a password that was entered then need not be asked for now.
#[must_use]
pub fn is_recent(entered: Timestamp, now: Timestamp) -> bool {
    // A clock that was ahead must not have made it fresh for as long as it was.
    (SignedDuration::ZERO..FRESH).contains(&now.duration_since(entered))
}

/// The field 《現在のパスワード》. Password managers look for the user's name before the password.
#[must_use]
pub fn present_password(username: &str, errors: &Errors) -> Markup {
    html! {
        input type="text" name="user_id" value=(username) autocomplete="username" readonly hidden;
        (password_field(FIELD, "現在のパスワード").required().autocomplete("current-password")
            .support("安全のため、もう一度入力してください。").error(errors.of(FIELD)))
    }
}

/// Looks at an answer. `still` says, in the transaction that notes a right one, whether the account is as it was when `asked` was made.
///
/// # Errors
/// [`LoginError`]; [`LoginError::Ended`] where the session is over, by this answer or already.
pub async fn ask_again(
    app: &App,
    asked: Asked,
    typed: Secret<String>,
    now: Timestamp,
    still: impl Fn(&Tx<'_>) -> Result<bool, StoreError> + Send + 'static,
) -> Result<Confirmed, LoginError> {
    if typed.expose().is_empty() {
        return Ok(Confirmed::Missing);
    }
    let counted = asked.clone();
    match app.store.write::<_, StoreError, _>(move |tx| counted.reserve(tx, now)).await? {
        Reserved::Looks => {}
        Reserved::TooMany { again_at } => return Ok(Confirmed::TooMany { again_at }),
        Reserved::Ended => return Err(LoginError::Ended),
    }
    let matches = match app.hasher.verify(typed, asked.stored.clone()).await {
        Ok(verdict) => verdict.matches,
        Err(busy) => {
            app.store.write::<_, StoreError, _>(move |tx| asked.take_back(tx, now)).await?;
            return Err(busy.into());
        }
    };
    let moment = app.moment();
    if matches {
        return Ok(app.store.write(move |tx| asked.settle(tx, moment.now, still(tx)?)).await?);
    }
    let ended = app.store.write(move |tx| asked.refuse(tx, &moment)).await?;
    if ended { Err(LoginError::Ended) } else { Ok(Confirmed::Wrong) }
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

impl Asked {
    fn counted(&self) -> [(Rule, String); 2] {
        [(self.of_session, self.handle.to_string()), (self.of_all, self.who.clone())]
    }

    fn reserve(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Reserved, StoreError> {
        if !sessions::is_there(tx, &self.session)? {
            return Ok(Reserved::Ended);
        }
        let [(of_session, handle), (of_all, who)] = self.counted();
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, of_all, &who)? {
            return Ok(Reserved::TooMany { again_at });
        }
        if limits::hit(tx, now, of_session, &handle)? != Allowance::Fine {
            return Ok(Reserved::Ended);
        }
        limits::hit(tx, now, of_all, &who)?;
        Ok(Reserved::Looks)
    }

    fn take_back(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.counted().into_iter().try_for_each(|(rule, who)| limits::take_back(tx, now, rule, &who))
    }

    /// The password was right when it was read; it must still be the one, and the session must still live.
    fn settle(&self, tx: &mut Tx<'_>, now: Timestamp, same: bool) -> Result<Confirmed, StoreError> {
        if !same || !sessions::change(tx, &self.session, |session| session.reauthenticated = now)? {
            return Ok(Confirmed::Changed);
        }
        for (rule, who) in self.counted() {
            limits::forget(tx, rule, &who)?;
        }
        Ok(Confirmed::Right)
    }

    /// Says whether this was the answer that ends the session.
    fn refuse(&self, tx: &mut Tx<'_>, moment: &Moment) -> Result<bool, StoreError> {
        let [(of_session, handle), _] = self.counted();
        let ended = limits::count(tx, moment.now, of_session, &handle)? >= of_session.most as usize;
        if ended {
            sessions::end(tx, &self.session)?;
        }
        audit::record(tx, moment, self.event.clone().outcome(if ended { "ended" } else { "refused" }))?;
        Ok(ended)
    }
}
