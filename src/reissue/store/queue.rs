//! What the desk lists: applications of one federation by state, as places in a queue. Only keys are read here; a page's rows are
//! read afterwards.

use jiff::Timestamp;

use super::super::model::{Application, State};
use super::{BY_OFFICE, BY_STATE};
use crate::kernel::{ControlNumber, OfficeKey, Prefecture};
use crate::store::{Reads, Span, StoreError};

/// A place in the queue. Places sort by receipt, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::reissue) struct Place {
    pub(in crate::reissue) received: Timestamp,
    pub(in crate::reissue) number: ControlNumber,
}

impl Place {
    pub(in crate::reissue) fn of(one: &Application) -> Self {
        Self { received: one.received, number: one.number }
    }
}

/// The places of every application of a federation in one of `states`, oldest receipt first. A year of a large federation is a few
/// ten thousand keys: run it on `store.search` unless the states are those of open applications.
pub(in crate::reissue) fn places(r: &impl Reads, prefecture: Prefecture, states: &[State]) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::new();
    for state in states {
        r.each(&BY_STATE, &Span::prefix(&(prefecture, state.number())), |(_, _, received, number), ()| {
            places.push(Place { received, number });
            Ok(true)
        })?;
    }
    places.sort_unstable();
    Ok(places)
}

/// The first place behind `after` among `states`.
pub(in crate::reissue) fn next(
    r: &impl Reads,
    prefecture: Prefecture,
    states: &[State],
    after: Place,
) -> Result<Option<Place>, StoreError> {
    let mut first: Option<Place> = None;
    for state in states {
        let part = (prefecture, state.number());
        let span = Span::prefix(&part).after(&(prefecture, state.number(), after.received, after.number));
        if let Some(((_, _, received, number), ())) = r.first(&BY_STATE, &span)? {
            let place = Place { received, number };
            first = Some(first.map_or(place, |known| known.min(place)));
        }
    }
    Ok(first)
}

/// How many applications of a federation in `state` arrived after `since`.
pub(in crate::reissue) fn arrived_since(
    r: &impl Reads,
    prefecture: Prefecture,
    state: State,
    since: Timestamp,
) -> Result<usize, StoreError> {
    let mut arrived = 0;
    let newest_first = Span::prefix(&(prefecture, state.number())).descending();
    r.each(&BY_STATE, &newest_first, |(_, _, received, _), ()| {
        let newer = received > since;
        arrived += usize::from(newer);
        Ok(newer)
    })?;
    Ok(arrived)
}

/// The control numbers of an office's applications, oldest first.
pub(in crate::reissue) fn numbers_of_office(r: &impl Reads, office: OfficeKey) -> Result<Vec<ControlNumber>, StoreError> {
    let mut numbers = Vec::new();
    r.each(&BY_OFFICE, &Span::prefix(&office), |(_, number), ()| {
        numbers.push(number);
        Ok(true)
    })?;
    Ok(numbers)
}
