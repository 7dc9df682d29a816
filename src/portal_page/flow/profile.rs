//! 【登録情報の変更】.

use super::Acting;
use crate::audit;
use crate::portal::{self, Person};
use crate::portal_page::model::person_word;
use crate::store::{StoreError, Tx};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// It is written, or was so before.
    Done,
    /// The session is over.
    Ended,
    /// Another screen has changed it since this one was drawn.
    Overtaken,
}

/// \[変更\]. `shown` tells what the form was drawn from.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn change(tx: &mut Tx<'_>, acting: &Acting, person: &Person, shown: &str) -> Result<Went, StoreError> {
    let Some((_, mut member, _)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    if member.person == *person {
        return Ok(Went::Done);
    }
    if person_word(&member.person) != shown {
        return Ok(Went::Overtaken);
    }
    member.person = person.clone();
    portal::save_member(tx, &member)?;
    // Neither what it was nor what it is now: a name leaves with its person, the log does not.
    audit::record(tx, &acting.moment, acting.bearer.event("portal.profile").detail("member", member.id))?;
    Ok(Went::Done)
}
