//! Use cases of the desk.

use std::net::IpAddr;

use super::{find, model, set_postal_code};
use crate::accounts::{self, Change};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{OfficeKey, UserId};
use crate::security::sessions::{self, Subject};
use crate::staff::Desk;
use crate::store::StoreError;

/// Longest reason, in characters.
const REASON_MOST: usize = 500;

/// Why something was not done. Each is a sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// No such office at this desk.
    #[error("この事業所は台帳にありません。")]
    Unknown,
    /// The office has no account.
    #[error("この事業所にはユーザIDがありません。")]
    NoAccount,
    /// Not seven digits.
    #[error("郵便番号は7桁の数字で入力してください（例 960-8031）。")]
    PostalCode,
    /// A reason is missing.
    #[error("理由を入力してください。")]
    ReasonMissing,
    /// A reason is too long.
    #[error("理由は{REASON_MOST}文字以内の1行で入力してください。")]
    ReasonForm,
}

/// Fills in the 郵便番号 of an office.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn fill_in_postal_code(
    app: &App,
    desk: &Desk,
    client: IpAddr,
    office: OfficeKey,
    typed: &str,
) -> Result<Result<(), Refused>, StoreError> {
    let Some(postal_code) = model::postal_code(typed) else { return Ok(Err(Refused::PostalCode)) };
    let (moment, actor) = (app.moment(), actor(desk));
    app.store
        .write(move |tx| {
            let Some(before) = find(tx, office)? else { return Ok(Err(Refused::Unknown)) };
            set_postal_code(tx, office, &postal_code)?;
            let event = Event::new(actor.clone(), "ledger.postal_code").office(office).client(client);
            let event = event.detail("before", &before.postal_code).detail("after", &postal_code);
            audit::record(tx, &moment, event)?;
            Ok(Ok(()))
        })
        .await
}

/// パスワードを無効にする: the password has leaked. Sessions end; only a letter or a reset opens the account again (spec 2). Where all
/// this is so already, nothing more is told or recorded.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn disable_password(
    app: &App,
    desk: &Desk,
    client: IpAddr,
    office: OfficeKey,
    reason: String,
) -> Result<Result<(), Refused>, StoreError> {
    if reason.is_empty() {
        return Ok(Err(Refused::ReasonMissing));
    }
    if reason.chars().count() > REASON_MOST || reason.chars().any(char::is_control) {
        return Ok(Err(Refused::ReasonForm));
    }
    let (moment, actor, user_id) = (app.moment(), actor(desk), UserId::of(office));
    app.store
        .write(move |tx| {
            let Some(mut account) = accounts::find(tx, user_id)? else { return Ok(Err(Refused::NoAccount)) };
            let ended = sessions::end_all(tx, Subject::Office(user_id))?;
            if account.password_disabled && ended == 0 {
                return Ok(Ok(()));
            }
            account.password_disabled = true;
            let account = accounts::save(tx, &account)?;
            accounts::tell_change(tx, &moment, &account, Change::PasswordDisabled)?;
            let event = Event::new(actor.clone(), "account.disable_password").office(office).subject(user_id);
            audit::record(tx, &moment, event.detail("reason", &reason).detail("sessions", ended).client(client))?;
            Ok(Ok(()))
        })
        .await
}

fn actor(desk: &Desk) -> Actor {
    Actor::Staff { id: desk.id, name: desk.name.clone() }
}
