//! Mails of one federation that could not be sent: looking through them, sending one again.

use std::net::IpAddr;

use crate::audit::{self, Actor, Event};
use crate::kernel::{ControlNumber, Id, Moment, OfficeKey, Prefecture, UserId};
use crate::ledger;
use crate::mail::outbox::{self, State};
use crate::reissue;
use crate::staff::Desk;
use crate::store::{Reads, StoreError, Tx};

/// Rows of a page.
pub const ROWS: usize = 25;
/// Counting stops here.
const COUNT_MOST: usize = 10_000;

/// What a mail is about, as far as it is this federation's and still there.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The application.
    pub application: Option<ControlNumber>,
    /// The office.
    pub office: Option<OfficeKey>,
    /// What the ledger calls it.
    pub name: Option<String>,
}

/// A mail that could not be sent.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which.
    pub id: Id,
    /// Its row.
    pub row: outbox::Row,
    /// What it is about.
    pub about: About,
}

/// One page of them, newest first.
#[derive(Clone, Debug)]
pub struct FailedPage {
    /// The rows of this page.
    pub rows: Vec<Failed>,
    /// Of all pages.
    pub total: usize,
    /// From 1.
    pub page: u32,
    /// How many pages there are; at least one.
    pub pages: u32,
}

/// The failed mails of a federation that may be sent again. A page beyond the last is the last.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn failed(r: &impl Reads, prefecture: Prefecture, page: u32) -> Result<FailedPage, StoreError> {
    let total = outbox::count(r, State::Failed, Some(prefecture), COUNT_MOST)?;
    let pages = u32::try_from(total.div_ceil(ROWS)).unwrap_or(u32::MAX).max(1);
    let page = page.clamp(1, pages);
    let mut rows = Vec::new();
    for (id, row) in outbox::list(r, State::Failed, Some(prefecture), (page as usize - 1) * ROWS, ROWS)? {
        let mut about = about(r, prefecture, &row.about)?;
        if let Some(office) = about.office {
            about.name = ledger::find(r, office)?.map(|entry| entry.name);
        }
        rows.push(Failed { id, row, about });
    }
    Ok(FailedPage { rows, total, page, pages })
}

fn about(r: &impl Reads, prefecture: Prefecture, subject: &str) -> Result<About, StoreError> {
    if let Some(number) = ControlNumber::parse(subject) {
        let one = reissue::find_at(r, prefecture, number)?;
        return Ok(About { application: one.as_ref().map(|one| one.number), office: one.map(|one| one.office), name: None });
    }
    let office = UserId::parse(subject).map(UserId::office).filter(|office| office.prefecture == prefecture);
    Ok(About { office, ..About::default() })
}

/// How \[再送\] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It waits to be sent.
    Waits,
    /// It is no failed mail any more; nothing was done.
    Already,
    /// This federation has no such mail.
    NotHere,
}

/// Sends a failed mail again.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn send_again(tx: &mut Tx<'_>, moment: &Moment, desk: &Desk, client: IpAddr, mail: Id) -> Result<Again, StoreError> {
    let own = |row: &outbox::Row| row.prefecture == Some(desk.prefecture()) && row.useless_after.is_none();
    let Some(row) = outbox::find(tx, mail)?.filter(own) else { return Ok(Again::NotHere) };
    let about = about(tx, desk.prefecture(), &row.about)?;
    if !outbox::send_again(tx, moment, mail)? {
        return Ok(Again::Already);
    }
    let event = Event::new(Actor::Staff { id: desk.id, name: desk.name.clone() }, "mail.send_again");
    let event = match about.office {
        Some(office) => event.office(office),
        None => event.prefecture(desk.prefecture()),
    };
    audit::record(tx, moment, event.subject(row.about).detail("mail", row.kind).client(client))?;
    Ok(Again::Waits)
}
