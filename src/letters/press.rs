//! Printed PDFs between the press and the clerk: in memory only, each handed out once. They hold temporary passwords.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::kernel::{Id, Secret};

/// A PDF that nobody fetches for this long is forgotten; its letters must be printed again.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(30);

/// Holds what was printed and not yet fetched. Cheap to clone; clones share their PDFs.
#[derive(Clone, Default)]
pub struct Press(Arc<Mutex<HashMap<Id, Pdf>>>);

struct Pdf {
    bytes: Secret<Vec<u8>>,
    made: Timestamp,
}

impl Press {
    /// Lays out the PDF of a batch.
    pub(super) fn put(&self, batch: Id, bytes: Vec<u8>, now: Timestamp) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.insert(batch, Pdf { bytes: Secret::new(bytes), made: now });
    }

    /// Whether the PDF of a batch can still be fetched.
    pub(super) fn holds(&self, batch: Id, now: Timestamp) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.contains_key(&batch)
    }

    /// Hands out the PDF of a batch and forgets it.
    pub(super) fn take(&self, batch: Id, now: Timestamp) -> Option<Secret<Vec<u8>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.remove(&batch).map(|pdf| pdf.bytes)
    }

    /// Forgets what nobody fetched.
    pub(super) fn forget_old(&self, now: Timestamp) {
        forget_old(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

fn forget_old(held: &mut HashMap<Id, Pdf>, now: Timestamp) {
    held.retain(|_, pdf| now.duration_since(pdf.made) < KEPT_FOR);
}

impl std::fmt::Debug for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Press")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    #[test]
    fn a_pdf_is_handed_out_once_and_not_after_half_an_hour() {
        let (press, random) = (Press::default(), Random::seeded(1));
        let (first, second) = (Id::new(&random), Id::new(&random));
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        press.put(first, vec![1], now);
        press.put(second, vec![2], now);
        assert_eq!(press.take(first, now).map(|pdf| pdf.expose().clone()), Some(vec![1]));
        assert!(press.take(first, now).is_none());
        let later = now + KEPT_FOR;
        assert!(press.holds(second, later - SignedDuration::from_millis(1)));
        assert!(!press.holds(second, later));
    }
}
