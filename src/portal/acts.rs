//! How users and members come to be, change hands and go. Each act is a part of a use case's transaction, which has read and decided before.

use super::initial::grant_initial;
use super::mails::{self, Change};
use super::model::{Institution, MOST_ADDITIONAL, Medical, Member, User, What};
use super::person::Person;
use super::store;
use crate::kernel::{Id, MailAddress, Moment, Prefecture};
use crate::passkeys;
use crate::security::sessions::{self, Subject};
use crate::security::{Keys, devices};
use crate::store::{Reads, StoreError, Tx};

/// A main user who has come to be.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The main user's place.
    pub member: Member,
    /// Where.
    pub institution: Institution,
    /// Who was it before, if that was another person: dropped, and told if they had ever come in.
    pub before: Option<Member>,
    /// Whether the mail holds an initial password. Never shown: it would tell who has an account.
    pub mailed: bool,
}

/// Why nobody was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddFault {
    /// There are [`MOST_ADDITIONAL`].
    Full,
    /// The address belongs to a member of this institution.
    Taken,
}

impl std::fmt::Display for AddFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => {
                write!(f, "追加できる利用者は{MOST_ADDITIONAL}名までです。使わなくなった利用者を削除してから追加してください。")
            }
            Self::Taken => f.write_str("このメールアドレスは、この事業所・医療機関の利用者として登録されています。"),
        }
    }
}

impl std::error::Error for AddFault {}

/// The one way a main user comes to be (first registration of an office; creation for a medical institution): finds or makes institution,
/// user and member. A member who has the address becomes the main one, with the data as typed; who was it before is dropped. M-9 goes out.
///
/// A suspension by staff stays on the member: whether it forbids this is the caller's to ask.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn settle_main(
    tx: &mut Tx<'_>,
    moment: &Moment,
    keys: &Keys,
    what: What,
    home: Prefecture,
    person: Person,
    mail: MailAddress,
) -> Result<Settled, StoreError> {
    let known = find(tx, &what)?;
    let before = known.as_ref().map_or(Ok(None), |one| store::member(tx, one.main))?;
    let user = user_of(tx, moment, mail)?;
    let mut institution = known.unwrap_or_else(|| {
        let id = Id::new(&moment.part(&format!("portal institution {}", word(&what))).random());
        // The main member is known below.
        Institution { id, what: what.clone(), home, main: id, created: moment.now }
    });
    let present = store::memberships(tx, user.id)?.into_iter().find(|one| one.institution == institution.id);
    let is_new = present.is_none();
    let mut member = present.unwrap_or_else(|| Member::new(moment, institution.id, user.id, true, person.clone()));
    member.main = true;
    member.person = person;
    member.suspended = member.suspended.filter(|_| member.is_suspended_by_staff());
    institution.what = what;
    institution.main = member.id;
    store::save_institution(tx, &institution)?;
    if is_new {
        store::new_member(tx, &member)?;
    } else {
        store::save_member(tx, &member)?;
    }
    let before = before.filter(|before| before.id != member.id);
    if let Some(before) = &before {
        if before.entered.is_some() {
            tell_member(tx, moment, before, Change::Replaced)?;
        }
        drop_member(tx, before)?;
    }
    let (member, mailed) = invite(tx, moment, keys, member, None)?;
    Ok(Settled { member, institution, before, mailed })
}

/// Adds a member beside the main one; M-14i goes out. Counts in this transaction, so that two requests at once make no fifth.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn add_member(
    tx: &mut Tx<'_>,
    moment: &Moment,
    keys: &Keys,
    institution: Id,
    person: Person,
    mail: MailAddress,
    by: &Member,
) -> Result<Result<Member, AddFault>, StoreError> {
    let members = store::members_of(tx, institution)?;
    let known = store::user_by_mail(tx, &mail)?;
    if known.is_some_and(|user| members.iter().any(|one| one.user == user.id)) {
        return Ok(Err(AddFault::Taken));
    }
    if members.iter().filter(|one| !one.main).count() >= MOST_ADDITIONAL {
        return Ok(Err(AddFault::Full));
    }
    let user = user_of(tx, moment, mail)?;
    let member = Member::new(moment, institution, user.id, false, person);
    store::new_member(tx, &member)?;
    Ok(Ok(invite(tx, moment, keys, member, Some(by))?.0))
}

/// Posts M-9 or M-14i, with a new initial password for who has no password of their own; says whether it has one. `by` is who asked.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn invite(
    tx: &mut Tx<'_>,
    moment: &Moment,
    keys: &Keys,
    mut member: Member,
    by: Option<&Member>,
) -> Result<(Member, bool), StoreError> {
    let (Some(user), Some(institution)) = (store::user(tx, member.user)?, store::institution(tx, member.institution)?) else {
        return Ok((member, false));
    };
    let user = grant_initial(tx, moment, keys, user)?;
    member.invited = moment.now;
    store::save_member(tx, &member)?;
    mails::invite(tx, moment, &user, &member, institution.home, by)?;
    Ok((member, user.initial.is_some()))
}

/// Makes another member the main one: both are told. `from` goes on as an additional user.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn hand_over(tx: &mut Tx<'_>, moment: &Moment, from: &Member, to: &Member) -> Result<(), StoreError> {
    let Some(mut institution) = store::institution(tx, to.institution)? else { return Ok(()) };
    institution.main = to.id;
    store::save_institution(tx, &institution)?;
    store::save_member(tx, &Member { main: false, ..from.clone() })?;
    store::save_member(tx, &Member { main: true, ..to.clone() })?;
    tell_member(tx, moment, from, Change::NoLongerMain)?;
    tell_member(tx, moment, to, Change::MadeMain)
}

/// Takes a member out who is not the main one (any more): sessions that work there end, and with the last place the user is gone.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn drop_member(tx: &mut Tx<'_>, member: &Member) -> Result<(), StoreError> {
    end_sessions_at(tx, member.user, member.id)?;
    store::delete_member(tx, member)?;
    if store::memberships(tx, member.user)?.is_empty() { end_user(tx, member.user) } else { Ok(()) }
}

/// Ends the sessions of a user that work at one place, a member's id; says how many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_sessions_at(tx: &mut Tx<'_>, user: Id, place: Id) -> Result<usize, StoreError> {
    let mut all = sessions::list(tx, Subject::Portal(user))?;
    all.retain(|(_, session)| session.place == Some(place));
    all.iter().try_for_each(|(key, _)| sessions::end(tx, key))?;
    Ok(all.len())
}

/// A user is gone: sessions, devices, passkeys, the row and its address. Waiting logins and flows find no user of their revision any more;
/// what was counted at the login belongs to the typed address, whoever has it, and ends by time.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_user(tx: &mut Tx<'_>, id: Id) -> Result<(), StoreError> {
    let Some(user) = store::user(tx, id)? else { return Ok(()) };
    sessions::end_all(tx, Subject::Portal(id))?;
    passkeys::forget_all(tx, Subject::Portal(id))?;
    forget_devices(tx, id)?;
    store::delete_user(tx, &user)
}

/// Forgets all devices of a user, those that are known to the lock-out and those that skip the one-time password.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget_devices(tx: &mut Tx<'_>, user: Id) -> Result<(), StoreError> {
    devices::forget_all(tx, &device_owner(user))?;
    devices::forget_all(tx, &trusted_owner(user))
}

/// Under what a device is remembered that the user has logged in with: its tries are counted for itself.
#[must_use]
pub fn device_owner(user: Id) -> String {
    format!("portal {user}")
}

/// Under what a device is remembered on which the user has asked for no one-time password. Another promise than [`device_owner`].
#[must_use]
pub fn trusted_owner(user: Id) -> String {
    format!("portal-otp {user}")
}

/// Tells the user of a change at one institution, which the mail names (M-14c).
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_member(tx: &mut Tx<'_>, moment: &Moment, member: &Member, change: Change) -> Result<(), StoreError> {
    let (Some(user), Some(institution)) = (store::user(tx, member.user)?, store::institution(tx, member.institution)?) else {
        return Ok(());
    };
    mails::tell_at(tx, moment, &user, institution.home, Some(institution.id), change, &[])
}

fn find(r: &impl Reads, what: &What) -> Result<Option<Institution>, StoreError> {
    match what {
        What::Care(user_id) => store::of_office(r, *user_id),
        What::Medical(Medical { code, .. }) => store::of_code(r, code),
    }
}

fn word(what: &What) -> String {
    match what {
        What::Care(user_id) => user_id.to_string(),
        What::Medical(Medical { code, .. }) => code.to_string(),
    }
}

/// The user of this address, made if there is none. Whoever makes one gives it a place in the same transaction.
fn user_of(tx: &mut Tx<'_>, moment: &Moment, mail: MailAddress) -> Result<User, StoreError> {
    if let Some(user) = store::user_by_mail(tx, &mail)? {
        return Ok(user);
    }
    let id = Id::new(&moment.part(&format!("portal user {}", mail.key())).random());
    let user = User::new(id, mail, moment.now);
    store::new_user(tx, &user)?;
    Ok(user)
}

#[cfg(test)]
#[path = "acts_tests.rs"]
mod tests;
