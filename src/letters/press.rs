//! Printed PDFs between the press and the clerk: in memory only, each handed out once. They hold temporary passwords.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::kernel::{Id, Prefecture, Secret, clock};

/// A PDF that nobody fetches for this long is forgotten; its letters must be printed again.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(30);

/// What lies here at most, some 50 of the largest prints: a desk could print over and over and fetch nothing.
const MOST_BYTES: usize = 64 << 20;

/// Holds what was printed and not yet fetched. Cheap to clone; clones share their PDFs.
#[derive(Clone)]
pub struct Press {
    held: Arc<Mutex<HashMap<Id, Pdf>>>,
    most_bytes: usize,
}

struct Pdf {
    prefecture: Prefecture,
    bytes: Secret<Vec<u8>>,
    made: Timestamp,
}

impl Default for Press {
    fn default() -> Self {
        Self { held: Arc::default(), most_bytes: MOST_BYTES }
    }
}

impl Press {
    /// Lays out the PDF of a batch. Where there is no room for it, the oldest of the federation that holds most is forgotten: what was
    /// just printed is what a clerk is waiting for, and no desk prints another's away.
    pub(super) fn put(&self, batch: Id, prefecture: Prefecture, bytes: Vec<u8>, now: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.insert(batch, Pdf { prefecture, bytes: Secret::new(bytes), made: now });
        while bytes_in(held.values()) > self.most_bytes {
            let of = |prefecture| bytes_in(held.values().filter(|pdf| pdf.prefecture == prefecture));
            let others = held.iter().filter(|(id, _)| **id != batch);
            let Some(id) = others.max_by_key(|(_, pdf)| (of(pdf.prefecture), Reverse(pdf.made))).map(|(id, _)| *id) else {
                return;
            };
            held.remove(&id);
            tracing::warn!(batch = %id, "a printed PDF was forgotten: too many lie unfetched");
        }
    }

    /// Whether the PDF of a batch can still be fetched.
    pub(super) fn holds(&self, batch: Id, now: Timestamp) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.contains_key(&batch)
    }

    /// Hands out the PDF of a batch and forgets it.
    pub(super) fn take(&self, batch: Id, now: Timestamp) -> Option<Secret<Vec<u8>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut held, now);
        held.remove(&batch).map(|pdf| pdf.bytes)
    }

    /// Forgets what nobody fetched.
    pub(super) fn forget_old(&self, now: Timestamp) {
        forget_old(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

fn forget_old(held: &mut HashMap<Id, Pdf>, now: Timestamp) {
    held.retain(|_, pdf| now.duration_since(pdf.made) < KEPT_FOR && !clock::is_ahead(pdf.made, now));
}

fn bytes_in<'a>(pdfs: impl Iterator<Item = &'a Pdf>) -> usize {
    pdfs.map(|pdf| pdf.bytes.expose().len()).sum()
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

    fn place(number: u8) -> Prefecture {
        Prefecture::new(number).unwrap()
    }

    #[test]
    fn a_full_press_forgets_the_oldest_of_the_federation_that_printed_most_and_never_the_newest() {
        let press = Press { most_bytes: 10, ..Press::default() };
        let random = Random::seeded(1);
        let mut now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let mut put = |number, bytes| {
            let id = Id::new(&random);
            now += SignedDuration::from_secs(1);
            press.put(id, place(number), vec![0; bytes], now);
            (id, now)
        };
        let holds = |(id, at): (Id, Timestamp)| press.holds(id, at);
        let elsewhere = put(13, 4);
        let (first, second) = (put(7, 3), put(7, 3));
        assert!(holds(elsewhere) && holds(first) && holds(second), "as much as there is room for");
        let third = put(7, 3);
        assert_eq!((holds(first), holds(second), holds(third)), (false, true, true));
        assert!(holds(elsewhere), "though it is the oldest of all");
        // One that alone is too large is still what its clerk waits for.
        let large = put(13, 11);
        assert_eq!([elsewhere, second, third, large].map(holds), [false, false, false, true]);
    }

    #[test]
    fn a_pdf_is_handed_out_once_and_not_after_half_an_hour() {
        let (press, random) = (Press::default(), Random::seeded(1));
        let (first, second) = (Id::new(&random), Id::new(&random));
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        press.put(first, place(7), vec![1], now);
        press.put(second, place(7), vec![2], now);
        assert_eq!(press.take(first, now).map(|pdf| pdf.expose().clone()), Some(vec![1]));
        assert!(press.take(first, now).is_none());
        let later = now + KEPT_FOR;
        assert!(press.holds(second, later - SignedDuration::from_millis(1)));
        assert!(!press.holds(second, later));
    }

    #[test]
    fn a_pdf_of_a_clock_that_was_ahead_is_not_kept_until_that_day() {
        let (press, id) = (Press::default(), Id::new(&Random::seeded(1)));
        let ahead: Timestamp = "2026-01-10T09:00:00Z".parse().unwrap();
        press.put(id, place(7), vec![1], ahead);
        assert!(press.holds(id, ahead - SignedDuration::from_mins(4)), "a little ahead is not doubted");
        assert!(!press.holds(id, ahead - SignedDuration::from_hours(9)));
    }
}
