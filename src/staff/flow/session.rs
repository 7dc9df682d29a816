//! While somebody is logged in: going to another federation, logging out.

use super::FlowError;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::Prefecture;
use crate::security::sessions;
use crate::staff::{Desk, store};
use crate::store::StoreError;

/// Ends a session: the logout button.
///
/// # Errors
/// [`FlowError`].
pub async fn leave(app: &App, session: [u8; 32], desk: Desk, client: String) -> Result<(), FlowError> {
    let moment = app.moment();
    app.store
        .write(move |tx| {
            sessions::end(tx, &session)?;
            let actor = Actor::Staff { id: desk.id, name: desk.name.clone() };
            audit::record(tx, &moment, Event::new(actor, "staff.logout").subject(desk.id).client(&client))
        })
        .await?;
    Ok(())
}

/// Takes a member of all federations to the desk of another one, where they stay until they go elsewhere.
///
/// # Errors
/// [`FlowError`].
pub async fn move_to(app: &App, desk: Desk, prefecture: Prefecture, client: String) -> Result<(), FlowError> {
    let moment = app.moment();
    app.store
        .write(move |tx| {
            let Some(mut member) = store::find(tx, desk.id)? else { return Ok(()) };
            member.working_at = Some(prefecture);
            store::save(tx, &member)?;
            let actor = Actor::Staff { id: desk.id, name: desk.name.clone() };
            let event = Event::new(actor, "staff.choose_federation").subject(desk.id).prefecture(prefecture);
            audit::record(tx, &moment, event.client(&client))?;
            Ok::<_, StoreError>(())
        })
        .await?;
    Ok(())
}
