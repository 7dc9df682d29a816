//! Counted tries of a login: of each device by itself, and of all together that the account does not know (spec 2). The same rules at the
//! login of staff and at the portal's; that of offices, which knows of their letters, lies in `claim`.
//!
//! What is typed is kept as a keyed hash, the door: it may be a password typed into the wrong field.

use jiff::Timestamp;

use super::locks::{LOOKED_AT, Locks};
use super::model::{Strangers, Tries};
use crate::config::Lockout;
use crate::kernel::Id;
use crate::security::devices;
use crate::store::{Reads, Span, StoreError, Table, Tx};

/// (door, browser or device).
pub type TriesKey = ([u8; 32], [u8; 32]);

/// The two tables of one login.
pub struct Doors {
    /// What each device tried on each typed text.
    pub tries: Table<TriesKey, Tries>,
    /// What all devices together tried on it that the account does not know.
    pub strangers: Table<[u8; 32], Strangers>,
}

/// Who tries what.
#[derive(Clone, Debug)]
pub struct Knock {
    /// What tries of the typed text are counted under, existing or not.
    pub door: [u8; 32],
    /// What the devices of the account are remembered under. Where there is none, of somebody whom there is not: it costs the same.
    pub owner: String,
    /// The browser, which every visitor's cookie names.
    pub browser: [u8; 32],
    /// The device, if its cookie is ours.
    pub device: Option<Id>,
}

/// A try counted as wrong until it turns out right.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// When it was counted.
    pub at: Timestamp,
    /// Unknown devices are let through, or this is none.
    pub open: bool,
    /// The end of the lock that begins if this try is wrong.
    pub locks: Option<Timestamp>,
    key: TriesKey,
    known: bool,
}

/// This device is locked for the typed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its end.
    pub until: Timestamp,
    /// The audit log is still to be told: one entry tells of the lock, not one for each try that it refuses.
    pub tell: bool,
}

impl Doors {
    /// Whether the account has been entered with this device before, and it was not wrong too often since. Every other device is a
    /// stranger's, also one that another account knows.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn is_known(&self, r: &impl Reads, now: Timestamp, knock: &Knock) -> Result<bool, StoreError> {
        Ok(self.of_known_device(r, now, knock)?.is_some())
    }

    /// Counts a try as wrong, unless this device is locked.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn reserve(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        rules: &Lockout,
        knock: &Knock,
    ) -> Result<Result<Held, Locked>, StoreError> {
        let of_device = self.of_known_device(tx, now, knock)?;
        let known = of_device.is_some();
        let (key, mut tries) = match of_device {
            Some(own) => own,
            None => self.of_browser(tx, knock)?,
        };
        if let Some(until) = tries.locked_until(now) {
            let tell = tries.tell_lock();
            if tell {
                tx.put(&self.tries, &key, &tries)?;
            }
            return Ok(Err(Locked { until, tell }));
        }
        tries.reserve(now, rules);
        let mut open = true;
        if !known {
            let mut strangers = tx.get(&self.strangers, &key.0)?.unwrap_or_default();
            open = strangers.reserve(now, rules);
            tx.put(&self.strangers, &key.0, &strangers)?;
        }
        tx.put(&self.tries, &key, &tries)?;
        Ok(Ok(Held { at: now, open, locks: tries.locked_until(now), key, known }))
    }

    /// Takes a held try back: it was right, or could not be decided.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn give_back(&self, tx: &mut Tx<'_>, held: &Held) -> Result<(), StoreError> {
        tx.update(&self.tries, &held.key, Tries::give_back)?;
        if !held.known && held.open {
            tx.update(&self.strangers, &held.key.0, |all| all.give_back(held.at))?;
        }
        Ok(())
    }

    /// Somebody has entered: what this browser and this device had tried is forgotten, and the run of wrong tries ends. `failed` is when
    /// this very login was counted as a failure before, for a wrong code: that one is taken back.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn succeed(&self, tx: &mut Tx<'_>, knock: &Knock, failed: Option<Timestamp>) -> Result<(), StoreError> {
        tx.delete(&self.tries, &(knock.door, knock.browser))?;
        if let Some(device) = knock.device {
            tx.delete(&self.tries, &(knock.door, devices::count_key(device)))?;
        }
        tx.update(&self.strangers, &knock.door, |all| all.succeed(failed)).map(drop)
    }

    /// Forgets every count and lock of this door, of all devices; says how many rows there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn forget(&self, tx: &mut Tx<'_>, door: &[u8; 32]) -> Result<usize, StoreError> {
        let rows = tx.list(&self.tries, &Span::prefix(door), usize::MAX)?;
        for (key, _) in &rows {
            tx.delete(&self.tries, key)?;
        }
        Ok(rows.len() + usize::from(tx.delete(&self.strangers, door)?))
    }

    /// Until when the device is locked, if it is.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn locked_until(&self, r: &impl Reads, now: Timestamp, knock: &Knock) -> Result<Option<Timestamp>, StoreError> {
        let (_, tries) = match self.of_known_device(r, now, knock)? {
            Some(own) => own,
            None => self.of_browser(r, knock)?,
        };
        Ok(tries.locked_until(now))
    }

    /// What keeps people out at this door just now, for the desk that may end it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn locks(&self, r: &impl Reads, now: Timestamp, rules: &Lockout, door: &[u8; 32]) -> Result<Locks, StoreError> {
        let mut locks = Locks::default();
        for (_, tries) in r.list(&self.tries, &Span::prefix(door), LOOKED_AT)? {
            if let Some(until) = tries.locked_until(now) {
                locks.devices += 1;
                locks.until = locks.until.max(Some(until));
            }
        }
        locks.strangers = r.get(&self.strangers, door)?.is_some_and(|strangers| strangers.are_refused(now, rules));
        Ok(locks)
    }

    fn of_browser(&self, r: &impl Reads, knock: &Knock) -> Result<(TriesKey, Tries), StoreError> {
        let key = (knock.door, knock.browser);
        Ok((key, r.get(&self.tries, &key)?.unwrap_or_else(Tries::none)))
    }

    fn of_known_device(&self, r: &impl Reads, now: Timestamp, knock: &Knock) -> Result<Option<(TriesKey, Tries)>, StoreError> {
        let Some(device) = knock.device else { return Ok(None) };
        if !devices::is_known(r, &knock.owner, device)? {
            return Ok(None);
        }
        let key = (knock.door, devices::count_key(device));
        let tries = r.get(&self.tries, &key)?.unwrap_or_else(Tries::none);
        Ok((!tries.is_worn_out(now)).then_some((key, tries)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::store::DOORS;
    use super::*;
    use crate::store::Store;

    fn at(minutes: i64) -> Timestamp {
        "2026-01-20T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    fn knock(browser: u8, device: Option<u8>) -> Knock {
        let device = device.map(|n| Id::from_bytes([n; 16]));
        Knock { door: [1; 32], owner: "portal 1".to_owned(), browser: [browser; 32], device }
    }

    fn reserve(store: &Store, minute: i64, knock: &Knock) -> Result<Held, Locked> {
        let knock = knock.clone();
        store.write_blocking(move |tx| DOORS.reserve(tx, at(minute), &Lockout::default(), &knock)).unwrap()
    }

    /// A store that remembers device 9.
    fn store() -> Store {
        let store = Store::in_memory().unwrap();
        store.write_blocking(|tx| devices::remember(tx, "portal 1", Id::from_bytes([9; 16]), at(0))).unwrap();
        store
    }

    #[test]
    fn three_wrong_tries_lock_one_device_and_no_other() {
        let store = store();
        for minute in 0..3 {
            assert!(reserve(&store, minute, &knock(2, None)).is_ok());
        }
        let locked = |minute| reserve(&store, minute, &knock(2, None)).unwrap_err();
        assert_eq!(locked(2), Locked { until: at(32), tell: true });
        assert_eq!(locked(2), Locked { until: at(32), tell: false }, "the log is told once");
        assert!(reserve(&store, 2, &knock(3, None)).is_ok() && reserve(&store, 2, &knock(2, Some(9))).is_ok());
        let locks = || store.read(|r| DOORS.locks(r, at(3), &Lockout::default(), &[1; 32])).unwrap();
        assert_eq!(locks(), Locks { devices: 1, until: Some(at(32)), strangers: false });
        let until = |knock: Knock| store.read(|r| DOORS.locked_until(r, at(3), &knock)).unwrap();
        assert_eq!((until(knock(2, None)), until(knock(2, Some(9)))), (Some(at(32)), None));
        assert!(store.write_blocking(|tx| DOORS.forget(tx, &[1; 32])).unwrap() >= 3);
        assert_eq!(locks(), Locks::default());
        assert!(reserve(&store, 3, &knock(2, None)).is_ok());
    }

    #[test]
    fn q22_strangers_are_refused_after_thirty_and_a_known_device_is_not() {
        let store = store();
        for n in 0..30 {
            assert!(reserve(&store, 0, &knock(n, None)).unwrap().open);
        }
        assert!(!reserve(&store, 1, &knock(31, None)).unwrap().open);
        assert!(!reserve(&store, 1, &knock(32, Some(8))).unwrap().open, "a device that only another account knows");
        assert!(reserve(&store, 1, &knock(33, Some(9))).unwrap().open);
    }

    #[test]
    fn what_was_right_is_taken_back_and_a_login_forgets_what_its_device_had_tried() {
        let store = store();
        let (one, two) = (reserve(&store, 0, &knock(2, None)).unwrap(), reserve(&store, 1, &knock(2, None)).unwrap());
        store.write_blocking(move |tx| DOORS.give_back(tx, &two)).unwrap();
        assert!(reserve(&store, 2, &knock(2, None)).unwrap().locks.is_none(), "one of the two before was taken back");
        assert!(one.locks.is_none() && reserve(&store, 3, &knock(2, None)).unwrap().locks.is_some());
        store.write_blocking(|tx| DOORS.succeed(tx, &knock(2, None), None)).unwrap();
        assert!(reserve(&store, 4, &knock(2, None)).unwrap().locks.is_none());
        let known = |device| store.read(|r| DOORS.is_known(r, at(0), &knock(2, device))).unwrap();
        assert_eq!([None, Some(8), Some(9)].map(known), [false, false, true]);
    }
}
