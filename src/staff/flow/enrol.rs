//! Enrolling by a one-time link: a password, then an authenticator app that proves itself by one code.

use jiff::{SignedDuration, Timestamp};

use super::super::model::{Invitation, Member, Stage};
use super::super::store;
use super::login::Caller;
use super::{FlowError, device_owner, of_member, tries};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Moment, Secret};
use crate::passkeys;
use crate::security::passwords::{self, PasswordFault};
use crate::security::sessions::Subject;
use crate::security::{Authenticator, Keys, PasswordHash, Purpose, devices};
use crate::store::{StoreError, Tx};

/// How long the browser may read that it is done.
const READ_THE_END: SignedDuration = SignedDuration::from_hours(1);

/// An enrolment as one browser sees it.
#[derive(Debug)]
pub struct Enrolment {
    /// Who enrols.
    pub member: Member,
    /// How far it has come.
    pub stage: Stage,
}

/// The enrolment of a link, if this browser may go on with it now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(app: &App, token: [u8; 32], browser: [u8; 32], now: Timestamp) -> Result<Option<Enrolment>, StoreError> {
    app.store.read(|r| {
        let Some(invitation) = store::invitation(r, &token)?.filter(|one| one.open_for(browser, now)) else {
            return Ok(None);
        };
        let member = store::find(r, invitation.member)?;
        Ok(member.map(|member| Enrolment { member, stage: invitation.stage }))
    })
}

/// The app's secret that this enrolment shows.
#[must_use]
pub fn authenticator(keys: &Keys, stage: &Stage) -> Option<Authenticator> {
    let Stage::PasswordChosen { authenticator, .. } = stage else { return None };
    keys.open(Purpose::Authenticator, authenticator).map(Authenticator::from_secret)
}

/// How a password was answered.
#[derive(Debug)]
pub enum Chosen {
    /// The app comes next.
    Next,
    /// Refused, with the reason.
    Refused(PasswordFault),
    /// The link is over, or belongs to another browser.
    Over,
}

/// Takes the new password. With it the link belongs to this browser: no other can use it any more.
///
/// # Errors
/// [`FlowError`].
pub async fn choose(app: &App, token: [u8; 32], browser: [u8; 32], password: Secret<String>) -> Result<Chosen, FlowError> {
    let moment = app.moment();
    let Some(enrolment) = find(app, token, browser, moment.now)? else { return Ok(Chosen::Over) };
    if let Err(fault) = passwords::check_staff(password.expose(), enrolment.member.name.as_str()) {
        return Ok(Chosen::Refused(fault));
    }
    let hash = app.hasher.hash(password, moment.part("staff password").random().bytes()).await?;
    let keys = app.keys.clone();
    let chosen = app
        .store
        .write(move |tx| {
            let Some(mut invitation) = open(tx, &token, browser, &moment)? else { return Ok(Chosen::Over) };
            let random = moment.part("staff authenticator").random();
            // Whoever comes back to choose another password may have scanned the code already: it stays.
            let authenticator = match invitation.stage {
                Stage::PasswordChosen { authenticator, .. } => authenticator,
                Stage::Invited | Stage::Enrolled => {
                    keys.seal(Purpose::Authenticator, Authenticator::new(&random).secret().expose(), &random)
                }
            };
            invitation.stage = Stage::PasswordChosen { password: hash.clone(), authenticator };
            invitation.browser = Some(browser);
            store::save_invitation(tx, &token, &invitation)?;
            Ok::<_, StoreError>(Chosen::Next)
        })
        .await?;
    Ok(chosen)
}

/// How the proving code was answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Proved {
    /// The member is enrolled.
    Enrolled,
    /// The code does not fit.
    Wrong,
    /// The link is over, or no password was chosen yet.
    Over,
}

/// Takes one code of the app and enrols: only now password and authenticator become the member's. The browser has proven both, so it is
/// remembered as after a login: tries of strangers do not keep the member out of it.
///
/// # Errors
/// [`FlowError`].
pub async fn prove(app: &App, token: [u8; 32], typed: String, caller: Caller) -> Result<Proved, FlowError> {
    let (moment, keys) = (app.moment(), app.keys.clone());
    let proved = app
        .store
        .write(move |tx| {
            let Some(mut invitation) = open(tx, &token, caller.browser, &moment)? else { return Ok(Proved::Over) };
            let Some(member) = store::find(tx, invitation.member)? else { return Ok(Proved::Over) };
            let Stage::PasswordChosen { password, authenticator: sealed } = invitation.stage else { return Ok(Proved::Over) };
            let secret = keys.open(Purpose::Authenticator, &sealed).map(Authenticator::from_secret);
            let Some(step) = secret.and_then(|app| app.check(&typed, moment.now)) else { return Ok(Proved::Wrong) };
            let mut member = enrolled(member, password, step);
            member.authenticator = Some(sealed);
            store::save(tx, &member)?;
            passkeys::forget_all(tx, Subject::Staff(member.id))?;
            devices::forget_all(tx, &device_owner(member.id))?;
            devices::remember(tx, &device_owner(member.id), caller.remember_as, moment.now)?;
            tries::succeed(tx, tries::door(&keys, &member.name), member.id, &caller)?;
            invitation.stage = Stage::Enrolled;
            invitation.expires = moment.now.saturating_add(READ_THE_END).unwrap_or(invitation.expires);
            store::save_invitation(tx, &token, &invitation)?;
            let actor = Actor::Staff { id: member.id, name: member.name.to_string() };
            audit::record(tx, &moment, of_member(Event::new(actor, "staff.enrol").client(&caller.client), &member))?;
            Ok::<_, StoreError>(Proved::Enrolled)
        })
        .await?;
    Ok(proved)
}

fn enrolled(mut member: Member, password: PasswordHash, step: u64) -> Member {
    member.strip();
    member.password = Some(password);
    member.last_step = step;
    member
}

/// The link, if this browser may still change something by it.
fn open(tx: &Tx<'_>, token: &[u8; 32], browser: [u8; 32], moment: &Moment) -> Result<Option<Invitation>, StoreError> {
    let invitation = store::invitation(tx, token)?;
    Ok(invitation.filter(|one| one.open_for(browser, moment.now) && !matches!(one.stage, Stage::Enrolled)))
}
