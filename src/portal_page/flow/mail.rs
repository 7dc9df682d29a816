//! メールアドレス変更: a one-time password at the present address, a confirmation code at the new one, and then everybody is told.

use jiff::Timestamp;

use super::{Acting, count_change, oldest, too_many};
use crate::app::App;
use crate::audit;
use crate::codes::{self, Entered, Opened, Purpose, Resent, Sort};
use crate::kernel::{Id, MailAddress, TypedTwice};
use crate::portal::{self, Change, Institution, User};
use crate::portal_page::model::{MoveStage, Moving, Screen};
use crate::portal_page::store::MOVING;
use crate::security::sessions;
use crate::store::{Reads, StoreError, Tx};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this page.
    To(&'static str),
    /// The session is over.
    Ended,
    /// Back to what was typed, with this sentence beside it.
    Field(String),
    /// The code was looked at and is not right.
    Entered(Entered),
    /// The screen was drawn for another code: this one was not looked at.
    Overtaken,
}

const SAME: &str = "現在のメールアドレスと同じです。";
/// Told only to who has proved to read it: before that, nobody learns who has an account.
const TAKEN: &str = "このメールアドレスは、別の利用者として登録されています。";
const MOVED: &str =
    "ほかの画面でメールアドレスが変更されました。現在のメールアドレスをお確かめのうえ、もう一度操作してください。";
const OVER: &str =
    "コードの誤りが続いたため、操作を中止しました。メールアドレスは変わっていません。はじめからやり直してください。";

/// The flow of a session, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, app: &App, session: &[u8; 32], now: Timestamp) -> Result<Option<Moving>, StoreError> {
    Ok(r.get(&MOVING, session)?.filter(|flow| flow.at >= oldest(app, now)))
}

fn home(flow: Option<&Moving>) -> Went {
    Went::To(flow.map_or(Screen::Edit, |flow| flow.stage.home()).path())
}

impl Acting {
    fn moving(&self, r: &impl Reads) -> Result<Option<Moving>, StoreError> {
        Ok(r.get(&MOVING, self.key())?.filter(|flow| flow.at >= self.oldest()))
    }

    fn attempt(&self, id: Id, purpose: Purpose) -> codes::Attempt<'_> {
        let (keys, rules) = (&self.app.keys, &self.app.config.code);
        codes::Attempt { id, browser: *self.key(), purpose, now: self.moment.now, keys, rules }
    }

    fn open(&self, tx: &mut Tx<'_>, purpose: Purpose, address: MailAddress, user: Id) -> Result<Opened, StoreError> {
        let opening = codes::Opening {
            purpose,
            browser: *self.key(),
            address,
            account: user.to_string(),
            prefecture: Some(self.bearer.home()),
            sends: true,
            network: self.network.clone(),
        };
        codes::open(tx, &self.moment, &self.app.keys, &self.app.config, opening)
    }

    fn put(&self, tx: &mut Tx<'_>, stage: MoveStage, typed: TypedTwice) -> Result<Went, StoreError> {
        let flow = Moving { at: self.moment.now, typed, stage };
        tx.put(&MOVING, self.key(), &flow)?;
        Ok(home(Some(&flow)))
    }

    /// Back to what was typed, which says why: the code works no more.
    fn stop(&self, tx: &mut Tx<'_>, flow: Moving, why: &str) -> Result<Went, StoreError> {
        end_code(tx, Some(&flow))?;
        self.put(tx, MoveStage::Typing, flow.typed)?;
        Ok(Went::Field(why.to_owned()))
    }
}

fn end_code(tx: &mut Tx<'_>, flow: Option<&Moving>) -> Result<(), StoreError> {
    flow.and_then(|flow| flow.stage.challenge()).map_or(Ok(()), |old| codes::replace(tx, old))
}

/// \[戻る\]: what was typed is kept as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn keep(tx: &mut Tx<'_>, acting: &Acting, typed: &TypedTwice) -> Result<Went, StoreError> {
    if acting.bearer.present(tx)?.is_none() {
        return Ok(Went::Ended);
    }
    let flow = acting.moving(tx)?.filter(|flow| flow.stage != MoveStage::Done);
    let stage = flow.map_or(MoveStage::Typing, |flow| flow.stage);
    acting.put(tx, stage, typed.kept())?;
    Ok(Went::To(portal::HOME))
}

/// \[次へ\]: a one-time password goes to the present address.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ask(tx: &mut Tx<'_>, acting: &Acting, typed: &TypedTwice, new: &MailAddress) -> Result<Went, StoreError> {
    let Some((user, ..)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    if user.mail == *new {
        return Ok(Went::Field(SAME.to_owned()));
    }
    let now = acting.moment.now;
    if let Some(why) = too_many(tx, now, user.id)? {
        return Ok(Went::Field(why.to_string()));
    }
    let flow = acting.moving(tx)?;
    if let Some(flow) = &flow
        && let Some(challenge) = flow.stage.challenge().filter(|_| flow.stage.waits_for(new, &user.mail))
    {
        // Came back and changed nothing: the code that is on its way still works.
        let view = codes::view(tx, &acting.app.config.code, challenge, now)?;
        if view.is_some_and(|view| view.end.is_none() && now < view.valid_until) {
            return acting.put(tx, flow.stage.clone(), typed.kept());
        }
    }
    match acting.open(tx, Purpose::PortalMail, user.mail.clone(), user.id)? {
        Opened::TooMany { again_at } => Ok(Went::Field(codes::too_many(Sort::OneTime, again_at))),
        Opened::Open(challenge) => {
            end_code(tx, flow.as_ref())?;
            // Whole: an address can be had that is masked like another.
            codes::regard(tx, challenge, new.to_string())?;
            acting.put(tx, MoveStage::Asking { new: new.clone(), present: user.mail, challenge }, typed.kept())
        }
    }
}

/// \[次へ\] on 【ワンタイムパスワード入力】. The right one is used up, and a confirmation code goes to the new address.
///
/// `shown` is the challenge that the screen was drawn for.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn answer_otp(tx: &mut Tx<'_>, acting: &Acting, shown: Option<Id>, typed: &str) -> Result<Went, StoreError> {
    let Some((user, ..)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    let Some(flow) = acting.moving(tx)? else { return Ok(home(None)) };
    let MoveStage::Asking { new, present, challenge } = flow.stage.clone() else { return Ok(home(Some(&flow))) };
    if shown != Some(challenge) {
        return Ok(Went::Overtaken);
    }
    if user.mail != present {
        return acting.stop(tx, flow, MOVED);
    }
    match codes::enter(tx, acting.attempt(challenge, Purpose::PortalMail), typed)? {
        Entered::Right => {}
        Entered::Ended | Entered::Used => return acting.stop(tx, flow, OVER),
        other => return Ok(Went::Entered(other)),
    }
    match acting.open(tx, Purpose::PortalNewMail, new.clone(), user.id)? {
        Opened::TooMany { again_at } => {
            acting.put(tx, MoveStage::Typing, flow.typed)?;
            Ok(Went::Field(codes::too_many(Sort::Confirmation, again_at)))
        }
        Opened::Open(challenge) => acting.put(tx, MoveStage::Proving { new, present, challenge }, flow.typed),
    }
}

/// \[変更\] on 【確認コード入力】. The right one ends the flow.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn answer_code(tx: &mut Tx<'_>, acting: &Acting, shown: Option<Id>, typed: &str) -> Result<Went, StoreError> {
    let Some((user, _, institution)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    let Some(flow) = acting.moving(tx)? else { return Ok(home(None)) };
    let MoveStage::Proving { new, present, challenge } = flow.stage.clone() else { return Ok(home(Some(&flow))) };
    if shown != Some(challenge) {
        return Ok(Went::Overtaken);
    }
    if user.mail != present {
        return acting.stop(tx, flow, MOVED);
    }
    match codes::enter(tx, acting.attempt(challenge, Purpose::PortalNewMail), typed)? {
        Entered::Right => finish(tx, acting, flow, user, &institution, new),
        Entered::Ended | Entered::Used => acting.stop(tx, flow, OVER),
        other => Ok(Went::Entered(other)),
    }
}

/// The user has another address, and both hear of it. Every other session ends; devices and passkeys are the same person's.
fn finish(
    tx: &mut Tx<'_>,
    acting: &Acting,
    flow: Moving,
    user: User,
    institution: &Institution,
    new: MailAddress,
) -> Result<Went, StoreError> {
    let old = user.mail.clone();
    let (masked_old, masked_new) = (old.masked(), new.masked());
    let Some(user) = portal::change_mail(tx, user, new)? else { return acting.stop(tx, flow, TAKEN) };
    let ended = sessions::end_others(tx, acting.bearer.subject(), acting.key())?;
    count_change(tx, acting.moment.now, user.id)?;
    let event = acting.bearer.event("portal.mail").detail("address", &masked_new).detail("before", &masked_old);
    audit::record(tx, &acting.moment, event.detail("ended_sessions", ended))?;
    portal::tell(tx, &acting.moment, &user, institution.home, Change::MailChanged { masked_old, masked_new }, &[old])?;
    acting.put(tx, MoveStage::Done, TypedTwice::default())
}

/// \[再送\] on `screen`. `Err`: this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, acting: &Acting, screen: Screen) -> Result<Result<Resent, Went>, StoreError> {
    if acting.bearer.present(tx)?.is_none() {
        return Ok(Err(Went::Ended));
    }
    let flow = acting.moving(tx)?;
    let challenge = flow.as_ref().filter(|flow| flow.stage.home() == screen).and_then(|flow| flow.stage.challenge());
    let Some(challenge) = challenge else { return Ok(Err(home(flow.as_ref()))) };
    codes::resend(tx, &acting.moment, &acting.app.config, challenge, *acting.key(), &acting.network).map(Ok)
}
