//! 端末の確認: the one-time password has let a device in.

use super::super::model::Stage;
use super::Visitor;
use super::prove::forgive;
use crate::accounts::{self, Account, Change};
use crate::audit::{self, Actor, Event};
use crate::kernel::Id;
use crate::login;
use crate::security::devices;
use crate::store::{StoreError, Tx};

/// From now on the device is known to this account: what strangers do keeps nobody out who logs in with it. The password is asked for as
/// ever, so this opens no session.
pub(super) fn admit(tx: &mut Tx<'_>, visitor: &Visitor<'_>, account: &Account, device: Id) -> Result<(), StoreError> {
    let (moment, user_id) = (&visitor.moment, account.user_id);
    devices::remember(tx, &user_id.to_string(), device, moment.now)?;
    // One that was wrong too often counts as a stranger's for a day, also when it is known.
    login::forgive_device(tx, visitor.keys, user_id, device)?;
    let flow = visitor.current(tx)?;
    if let Some((_, address)) = flow.as_ref().and_then(|flow| flow.stage.pair()) {
        forgive(tx, account, address)?;
    }
    accounts::tell_change(tx, moment, account, Change::DeviceAdmitted)?;
    let event = Event::new(Actor::Office(user_id), "login.device").office(user_id.office()).client(visitor.client);
    audit::record(tx, moment, event)?;
    visitor.keep(tx, flow.map(|flow| flow.typed).unwrap_or_default(), Stage::Done { user_id, device: Some(device) }).map(drop)
}
