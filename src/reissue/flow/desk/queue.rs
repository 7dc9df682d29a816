//! The queue of a federation: filter, search, pages, oldest first.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::super::model::{Application, State};
use super::super::super::store::{self, queue};
use super::flags::{Flag, flags};
use crate::kernel::{ControlNumber, OfficeKey, OfficeNumber, Prefecture, text};
use crate::ledger::{self, Entry};
use crate::store::{Reads, StoreError};

/// Rows on a page.
pub const PAGE: usize = 25;
/// How many offices a search by name may lead to; a word in more names than this is too common to help.
const OFFICES_MOST: usize = 2_000;

/// Which applications are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// 未処理: waiting for the desk's decision. What the queue opens with.
    #[default]
    Undecided,
    /// Everything that something may still become of, letters in the post included.
    Open,
    /// Everything.
    All,
    /// One state.
    In(State),
}

impl Filter {
    /// The states it lets through.
    #[must_use]
    pub fn states(self) -> Vec<State> {
        State::ALL
            .into_iter()
            .filter(|state| match self {
                Self::Undecided => state.is_undecided(),
                Self::Open => state.is_open(),
                Self::All => true,
                Self::In(one) => *state == one,
            })
            .collect()
    }

    /// The value in addresses; empty for the one that the queue opens with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Undecided => "",
            Self::Open => "open",
            Self::All => "all",
            Self::In(state) => state.word(),
        }
    }

    /// Reads [`Self::word`]; whatever it does not know is the one that the queue opens with.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "all" => Self::All,
            other => State::from_word(other).map_or(Self::Undecided, Self::In),
        }
    }
}

/// What is asked of the queue.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The desk's federation.
    pub prefecture: Prefecture,
    /// Which states.
    pub filter: Filter,
    /// Typed into 検索; empty for all.
    pub search: String,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// From 1.
    pub page: u32,
    /// The time, for the days waiting.
    pub now: Timestamp,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The application.
    pub one: Application,
    /// Its office in the ledger, if it is still there.
    pub entry: Option<Entry>,
    /// What to look at twice.
    pub flags: Vec<Flag>,
}

/// One page of the queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many there are on all pages.
    pub total: usize,
    /// This page, from 1.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many the search would find in any state, where the filter hides some.
    pub in_any_state: usize,
    /// The search word occurs in so many offices' names that not all were looked at.
    pub too_common: bool,
}

/// A page of the queue. Reads the ledger's search texts where something is searched for: run it on `store.search`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn queue(r: &impl Reads, ask: &Ask) -> Result<Queue, StoreError> {
    let mut places = queue::places(r, ask.prefecture, &ask.filter.states())?;
    let (mut in_any_state, mut too_common) = (0, false);
    if !ask.search.trim().is_empty() {
        let wanted = Wanted::new(r, ask.prefecture, &ask.search)?;
        too_common = wanted.too_common;
        places.retain(|place| wanted.fits(place.number));
        if ask.filter != Filter::All {
            let all = queue::places(r, ask.prefecture, &State::ALL)?;
            in_any_state = all.into_iter().filter(|place| wanted.fits(place.number)).count();
        }
    }
    if ask.newest_first {
        places.reverse();
    }
    let total = places.len();
    let pages = u32::try_from(total.div_ceil(PAGE)).unwrap_or(u32::MAX).max(1);
    let page = ask.page.clamp(1, pages);
    let from = (page as usize - 1) * PAGE;
    let mut rows = Vec::new();
    for place in places.into_iter().skip(from).take(PAGE) {
        let Some(one) = store::find_at(r, ask.prefecture, place.number)? else { continue };
        let entry = ledger::find(r, one.office)?;
        let flags = flags(r, &one, entry.as_ref(), ask.now)?;
        rows.push(Row { one, entry, flags });
    }
    Ok(Queue { rows, total, page, pages, in_any_state, too_common })
}

/// What a search looks for: a part of the control number, or the applications of offices whose ledger entry fits.
struct Wanted {
    part: Option<String>,
    of_offices: BTreeSet<ControlNumber>,
    too_common: bool,
}

impl Wanted {
    fn new(r: &impl Reads, prefecture: Prefecture, search: &str) -> Result<Self, StoreError> {
        let code = text::capital_code(search);
        let digits = code.strip_prefix('U').unwrap_or(&code);
        let part = (digits.len() >= 2 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| code.clone());
        let found = ledger::search(r, prefecture, search, OFFICES_MOST)?;
        let too_common = found.total > found.entries.len();
        let mut offices: BTreeSet<OfficeKey> = found.entries.into_iter().map(|entry| entry.key).collect();
        // An office may have gone from the ledger since it applied.
        offices.extend(OfficeNumber::parse(search).ok().map(|number| OfficeKey::new(prefecture, number)));
        let mut of_offices = BTreeSet::new();
        for office in offices {
            of_offices.extend(queue::numbers_of_office(r, office)?);
        }
        Ok(Self { part, of_offices, too_common })
    }

    fn fits(&self, number: ControlNumber) -> bool {
        self.of_offices.contains(&number) || self.part.as_ref().is_some_and(|part| number.to_string().contains(part))
    }
}

/// What waits for the desk's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// 受付済.
    pub received: usize,
    /// 審査中.
    pub under_review: usize,
    /// 照会中.
    pub inquiring: usize,
    /// 受付済 ones that arrived after the page was made.
    pub new: usize,
}

/// Counted up to this; more is shown as 9999.
const COUNT_MOST: usize = 9_999;

/// Counts what waits at the desk of `prefecture`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waiting(r: &impl Reads, prefecture: Prefecture, since: Timestamp) -> Result<Waiting, StoreError> {
    let count = |state| store::count_in_state(r, prefecture, state, COUNT_MOST);
    Ok(Waiting {
        received: count(State::Received)?,
        under_review: count(State::UnderReview)?,
        inquiring: count(State::Inquiring)?,
        new: queue::arrived_since(r, prefecture, State::Received, since)?,
    })
}
