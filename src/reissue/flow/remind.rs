//! M-13: the temporary password on the letter ends in seven days and was not used yet.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::model::{Printing, State};
use super::super::store;
use super::mark::warn_of_end;
use crate::jobs::{self, Job, Kind, Lane, Outcome};
use crate::kernel::{ControlNumber, Id, Moment};
use crate::store::{Store, StoreError, Tx};

/// The job that sends M-13, planned when a letter is printed.
pub const REMIND: Kind = Kind::new("reissue.remind", Lane::Clock);

/// How long before the end of the temporary password M-13 leaves (spec 4).
const BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct About {
    number: ControlNumber,
    letter: String,
}

/// Plans the reminder of a letter. A password that lives seven days or less gets none.
pub(super) fn plan(tx: &mut Tx<'_>, moment: &Moment, number: ControlNumber, printing: &Printing) -> Result<(), StoreError> {
    let due = due(printing);
    if due <= moment.now {
        return Ok(());
    }
    let id = Id::new(&moment.part(&format!("remind {number} {}", printing.letter)).random());
    jobs::enqueue(tx, id, moment.now, REMIND, due, &About { number, letter: printing.letter.clone() })
}

fn due(printing: &Printing) -> Timestamp {
    printing.valid_until.saturating_sub(BEFORE).unwrap_or(Timestamp::MIN)
}

/// Handles [`REMIND`]: the mail leaves only while that very letter is out and unused, and not before its time: a clock that was set may
/// have brought the job here early.
pub async fn remind(store: Store, moment: Moment, job: Job) -> Outcome {
    let Ok(about) = job.payload::<About>() else { return Outcome::Done };
    let kept = job.clone();
    let sent = store
        .write(move |tx| {
            let out = store::find(tx, about.number)?.filter(|one| matches!(one.state, State::Printed | State::Posted));
            let printing = out.as_ref().and_then(|one| one.letter().cloned()).filter(|p| p.letter == about.letter);
            if let (Some(one), Some(printing)) = (out, printing) {
                let due = due(&printing);
                if kept.now < due {
                    return Ok(Some(due));
                }
                warn_of_end(tx, &moment, &one, printing.valid_until)?;
            }
            jobs::finish(tx, &kept)?;
            Ok::<_, StoreError>(None)
        })
        .await;
    match sent {
        Ok(early) => early.map_or(Outcome::Finished, Outcome::Again),
        Err(error) => {
            tracing::error!(%error, "a reminder could not be written");
            let error_pause = SignedDuration::from_mins(10);
            Outcome::Again(job.now.saturating_add(error_pause).unwrap_or(job.now))
        }
    }
}
