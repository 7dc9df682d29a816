//! Whether a database is whole: nothing is half of something, whatever has happened to the process or to the power.

use std::collections::BTreeMap;

use uketsuke::app;
use uketsuke::audit;
use uketsuke::jobs::{self, Lane};
use uketsuke::kernel::{ControlNumber, Prefecture};
use uketsuke::letters;
use uketsuke::mail::outbox::{self, Row, State as MailState};
use uketsuke::reissue::{self, Application, Move, State, What};
use uketsuke::security::Keys;
use uketsuke::store::{Check, Read, Store, StoreError};

/// The federations of all tests.
const FEDERATIONS: [u8; 2] = [7, 13];
const MOST: usize = 100_000;

/// What lies in a database that is whole.
pub struct Whole {
    pub applications: BTreeMap<ControlNumber, Application>,
    /// Mails by where they stand.
    pub waiting: Vec<Row>,
    pub sent: Vec<Row>,
}

/// Reads all that belongs together and panics where it does not.
pub fn check(store: &Store, keys: &Keys) -> Whole {
    let damage = store.read(|r| audit::verify(r, Some(keys))).unwrap();
    assert!(damage.is_empty(), "the audit log is damaged: {damage:?}");
    store
        .read(|r| {
            let applications = applications(r)?;
            for one in applications.values() {
                whole(r, one)?;
            }
            let [waiting, sent] = [MailState::Waiting, MailState::Sent].map(|state| mails(r, state).unwrap());
            assert_eq!(
                jobs::waiting(r, Lane::Mail, MOST)?,
                waiting.len(),
                "each mail that waits has its job, and no other has one"
            );
            Ok::<_, StoreError>(Whole { applications, waiting, sent })
        })
        .unwrap()
}

/// The same, and every row of every table as `verify` reads them.
pub fn check_all(store: &Store, keys: &Keys) -> Whole {
    let findings = store.read(|r| Check::run(r, &mut |_, _| true, |c| app::check(c, Some(keys)))).unwrap();
    assert!(findings.damage.is_empty(), "{:?}", findings.damage);
    check(store, keys)
}

/// All applications as the lists by state know them. Their numbers are gap-free.
fn applications(r: &Read) -> Result<BTreeMap<ControlNumber, Application>, StoreError> {
    let mut all = BTreeMap::new();
    for federation in FEDERATIONS.map(|number| Prefecture::new(number).unwrap()) {
        for state in State::ALL {
            for one in reissue::in_state(r, federation, state, None, MOST)? {
                assert_eq!(
                    (one.state, one.office.prefecture),
                    (state, federation),
                    "{} is listed where it does not stand",
                    one.number
                );
                assert!(all.insert(one.number, one).is_none(), "an application is listed twice");
            }
        }
    }
    let mut last: Option<ControlNumber> = None;
    for number in all.keys() {
        let expected = match last {
            Some(last) if last.month() == number.month() => last.sequence() + 1,
            _ => 1,
        };
        assert_eq!(number.sequence(), expected, "control numbers have a gap before {number}");
        last = Some(*number);
    }
    Ok(all)
}

/// An application, its history, its audit entries, its mails and its letter are of one piece.
fn whole(r: &Read, one: &Application) -> Result<(), StoreError> {
    let number = one.number.to_string();
    let listed = reissue::of_office(r, one.office, MOST)?;
    assert!(listed.contains(one), "{number} is not in its office's list");
    let entries = audit::about(r, &number, MOST)?;
    let told = entries.iter().filter(|entry| entry.action.starts_with("reissue.")).count();
    assert_eq!(told, one.history.len(), "{number}: history and audit log differ");
    assert_eq!(one.history.last().map(|step| step.to), Some(one.state), "{number}: history and state differ");
    if let Some(contact) = &one.contact {
        let mails = outbox::about(r, &number, MOST)?.into_iter().filter(|(_, row)| row.to == *contact).count();
        let tells = |what: &What| match what {
            What::Arrived => true,
            What::Moved(mv) => matches!(mv, Move::Approve { .. } | Move::Reject(_) | Move::Inquire(_) | Move::Post { .. }),
        };
        let expected = one.history.iter().filter(|step| tells(&step.what)).count();
        assert_eq!(mails, expected, "{number}: mails to the applicant");
    }
    if matches!(one.state, State::Printed | State::Posted) {
        let letter = letters::of_application(r, one.number)?;
        assert!(letter.is_some_and(|letter| letter.state.is_out() && letter.number.is_some()), "{number} has no letter");
    }
    Ok(())
}

/// The mails of all federations in one state.
fn mails(r: &Read, state: MailState) -> Result<Vec<Row>, StoreError> {
    let mut all = Vec::new();
    for federation in FEDERATIONS.map(Prefecture::new).into_iter().chain([None]) {
        all.extend(outbox::list(r, state, federation, 0, MOST)?.into_iter().map(|(_, row)| row));
    }
    Ok(all)
}
