//! Where an institution stands (S4's steps), and what of it others need to know: its name, the words of its people, the mails to them.

use jiff::Timestamp;

use super::model::{Institution, Member, User, What};
use super::store;
use crate::config::Config;
use crate::kernel::{Id, Prefecture, UserId};
use crate::ledger;
use crate::mail::outbox;
use crate::store::{Reads, StoreError};
use crate::terms::{self, Text};

/// Where an institution stands on its way to its page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The main user's address, masked; `None` before the first registration.
    pub main: Option<String>,
    /// The main user has an initial password that opens no more, and no other.
    pub initial_expired: bool,
    /// The main user has come to マイページ.
    pub entered: bool,
    /// The main user has agreed to the newest terms of the portal.
    pub agreed: bool,
    /// How many users there are beside.
    pub additional: usize,
    /// The main user is suspended.
    pub suspended: bool,
}

/// Where a care office stands.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn standing(r: &impl Reads, user_id: UserId, now: Timestamp) -> Result<Standing, StoreError> {
    match store::of_office(r, user_id)? {
        Some(institution) => standing_of(r, &institution, now),
        None => Ok(Standing::default()),
    }
}

/// Where an institution stands.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn standing_of(r: &impl Reads, institution: &Institution, now: Timestamp) -> Result<Standing, StoreError> {
    let members = store::members_of(r, institution.id)?;
    let Some(main) = members.iter().find(|one| one.main) else { return Ok(Standing::default()) };
    let Some(user) = store::user(r, main.user)? else { return Ok(Standing::default()) };
    let newest = terms::newest_version(r, Text::Portal)?;
    Ok(Standing {
        main: Some(user.mail.masked()),
        initial_expired: !user.opens_by_password() && !user.initial_is_live(now),
        entered: main.entered.is_some(),
        agreed: user.terms.is_some_and(|agreed| agreed.version >= newest),
        additional: members.len() - 1,
        suspended: !main.is_usable(),
    })
}

/// What an institution is called: a care office as in the ledger, by its number where that does not know it any more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn name_of(r: &impl Reads, institution: &Institution) -> Result<String, StoreError> {
    Ok(match &institution.what {
        What::Medical(medical) => medical.name.clone(),
        What::Care(user_id) => {
            let office = user_id.office();
            ledger::find(r, office)?.map_or_else(|| office.number.to_string(), |entry| entry.name)
        }
    })
}

/// The federation whose operators see an institution: that of its prefecture if it is one of ours, else the first.
#[must_use]
pub fn home_of(config: &Config, prefecture: Prefecture) -> Prefecture {
    let ours = config.federation.iter().map(|one| one.prefecture);
    ours.clone().find(|one| *one == prefecture).or_else(|| ours.clone().next()).unwrap_or(prefecture)
}

/// Words that a password of this user must not hold: address, names, and the numbers of their institutions.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn own_words(r: &impl Reads, user: &User) -> Result<Vec<String>, StoreError> {
    let mail = user.mail.key();
    let mut words = vec![mail.split('@').next().unwrap_or_default().to_owned(), mail];
    for member in store::memberships(r, user.id)? {
        words.push(member.person.name);
        let Some(institution) = store::institution(r, member.institution)? else { continue };
        words.push(match &institution.what {
            What::Care(user_id) => user_id.office().number.to_string(),
            What::Medical(medical) => medical.code.to_string(),
        });
        // As for offices: of a name only what people also type into passwords.
        let name = name_of(r, &institution)?;
        words.extend(name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 4).map(str::to_owned));
    }
    Ok(words)
}

/// What mails to this member are about, for [`outbox::about`].
#[must_use]
pub fn about(member: Id) -> String {
    format!("portal {member}")
}

/// The newest M-9 or M-14i to a member, with whether the mail server has taken it over.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn invitation(r: &impl Reads, member: &Member) -> Result<Option<(Id, outbox::Row)>, StoreError> {
    Ok(outbox::about(r, &about(member.id), 1)?.pop())
}
