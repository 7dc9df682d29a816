//! Q1–Q4: from the categories to the inquiry sent. Each step is one transaction on the flow's row.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::super::model::{Asked, Asking, Draft, Inquiry, InquiryNumber, Screen, Stage, State, What, listed};
use super::super::{mails, store};
use crate::audit::{self, Actor, Event};
use crate::config::Config;
use crate::kernel::{Moment, jst};
use crate::security::limits::{self, Allowance, Rule};
use crate::security::{Keys, Purpose};
use crate::store::{Reads, StoreError, Tx};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// New rows of flows from one network: whoever sends no cookie begins a flow with each form, and rows stay for a day.
const NEW_FLOWS: Rule = Rule { name: "contact.flows", per: SignedDuration::from_hours(1), most: 60 };
/// Inquiries with one address (D): somebody else's can be typed.
const OF_ADDRESS: Rule = Rule { name: "contact.address", per: A_DAY, most: 5 };
/// Inquiries of one network (D): one must not be able to bury the operators.
const OF_NETWORK: Rule = Rule { name: "contact.network", per: A_DAY, most: 20 };
/// Receipts to one address (D). What comes beyond is kept, and Q4 says that no mail was sent.
const MAILS: Rule = Rule { name: "contact.mail", per: A_DAY, most: 3 };

/// The world of one step: time, settings, keys, and where the visitor is.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// Time and randomness.
    pub moment: Moment,
    /// Settings.
    pub config: &'a Config,
    /// For what a form says that it has shown.
    pub keys: &'a Keys,
    /// Hash of the flow cookie.
    pub flow: [u8; 32],
    /// The client's network, as limits count it.
    pub network: String,
    /// The client's address, for the audit log.
    pub client: IpAddr,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this screen.
    To(Screen),
    /// Config has no such pair of categories (any more).
    NoCategory,
    /// Too many flows were begun from this network.
    TooManyFlows {
        /// When the next one may be begun.
        again_at: Timestamp,
    },
}

/// How \[送信\] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// To this screen.
    To(Screen),
    /// Config has no such pair of categories any more.
    NoCategory,
    /// So many inquiries came with this address, or from this network.
    TooMany {
        /// When the next one is taken.
        again_at: Timestamp,
    },
    /// Another tab of this browser has gone on with something else.
    Other(Screen),
}

impl Visitor<'_> {
    fn current(&self, r: &impl Reads) -> Result<Option<Asking>, StoreError> {
        current(r, self.config, self.moment.now, self.flow)
    }

    fn keep(&self, tx: &mut Tx<'_>, draft: Draft, stage: Stage) -> Result<Screen, StoreError> {
        let screen = stage.home();
        store::put_flow(tx, self.flow, &Asking { at: self.moment.now, draft, stage })?;
        Ok(screen)
    }
}

/// The flow of this browser, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, config: &Config, now: Timestamp, key: [u8; 32]) -> Result<Option<Asking>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::flow(r, key)?.filter(|flow| flow.at >= oldest))
}

/// Q1 \[次へ\]. What was typed for another inquiry stays, as long as that was not sent.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn choose(tx: &mut Tx<'_>, visitor: &Visitor<'_>, category: &str, item: &str) -> Result<Went, StoreError> {
    if listed(&visitor.config.portal.categories, category, item).is_none() {
        return Ok(Went::NoCategory);
    }
    let now = visitor.moment.now;
    let before = visitor.current(tx)?;
    if before.is_none() {
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, NEW_FLOWS, &visitor.network)? {
            return Ok(Went::TooManyFlows { again_at });
        }
        limits::hit(tx, now, NEW_FLOWS, &visitor.network)?;
    }
    let draft = before.map(|flow| flow.draft).unwrap_or_default().with_category(category, item);
    visitor.keep(tx, draft, Stage::Content).map(Went::To)
}

/// Q2 \[戻る\]: what was typed is kept as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn leave(tx: &mut Tx<'_>, visitor: &Visitor<'_>, draft: &Draft) -> Result<Screen, StoreError> {
    let Some(flow) = visitor.current(tx)? else { return Ok(Screen::Category) };
    if matches!(flow.stage, Stage::Content | Stage::Checking(_)) {
        let (category, item) = (flow.draft.category.clone(), flow.draft.item.clone());
        visitor.keep(tx, draft.kept().with_category(&category, &item), Stage::Typing)?;
    }
    Ok(Screen::Category)
}

/// Q2 \[次へ\]: everything fits.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn fill(tx: &mut Tx<'_>, visitor: &Visitor<'_>, draft: &Draft, asked: &Asked) -> Result<Went, StoreError> {
    let Some(flow) = visitor.current(tx)? else { return Ok(Went::To(Screen::Category)) };
    if !matches!(flow.stage, Stage::Content | Stage::Checking(_)) {
        return Ok(Went::To(flow.stage.home()));
    }
    // Another tab has chosen another category meanwhile: the fields of this one are not its.
    let listed = listed(&visitor.config.portal.categories, &flow.draft.category, &flow.draft.item);
    if listed.is_none_or(|(kind, category)| kind != asked.kind || category != asked.category) {
        return Ok(Went::NoCategory);
    }
    let draft = draft.kept().with_category(&flow.draft.category, &flow.draft.item);
    visitor.keep(tx, draft, Stage::Checking(Box::new(asked.clone()))).map(Went::To)
}

/// What Q3 shows, as its form says it back: one browser may hold the screens of two inquiries, and only one flow.
#[must_use]
pub fn checked(keys: &Keys, asked: &Asked) -> String {
    let text = serde_json::json!(asked).to_string();
    let keyed = keys.mac(Purpose::Csrf, &[b"inquiry as shown", text.as_bytes()]);
    data_encoding::HEXLOWER.encode(&keyed.mac[..16])
}

/// Q3 \[送信\]. A second click finds the flow at its end and changes nothing.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn send(tx: &mut Tx<'_>, visitor: &Visitor<'_>, shown: &str) -> Result<Sending, StoreError> {
    let Some(flow) = visitor.current(tx)? else { return Ok(Sending::To(Screen::Category)) };
    let Stage::Checking(asked) = flow.stage else { return Ok(Sending::To(flow.stage.home())) };
    if checked(visitor.keys, &asked) != shown {
        return Ok(Sending::Other(Screen::Check));
    }
    let (category, item) = &asked.category;
    if listed(&visitor.config.portal.categories, category, item).is_none_or(|(kind, _)| kind != asked.kind) {
        return Ok(Sending::NoCategory);
    }
    let now = visitor.moment.now;
    let address = asked.contact.mail.key();
    let counted = [(OF_ADDRESS, address.as_str()), (OF_NETWORK, visitor.network.as_str())];
    for (rule, who) in counted {
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, rule, who)? {
            return Ok(Sending::TooMany { again_at });
        }
    }
    for (rule, who) in counted {
        limits::hit(tx, now, rule, who)?;
    }
    let mailed = limits::hit(tx, now, MAILS, &address)? == Allowance::Fine;
    let one = receive(tx, &visitor.moment, visitor.client, *asked, mailed)?;
    visitor.keep(tx, Draft::default(), Stage::Done { number: one.number, mailed }).map(Sending::To)
}

/// Takes an inquiry in, under a number that nobody has. `mailed`: its receipt goes out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn receive(tx: &mut Tx<'_>, moment: &Moment, client: IpAddr, asked: Asked, mailed: bool) -> Result<Inquiry, StoreError> {
    let Asked { home, kind, category, contact, text, medical } = asked;
    let mut one = Inquiry {
        number: new_number(tx, moment)?,
        home,
        received: moment.now,
        category,
        kind,
        contact: Some(contact),
        text,
        medical,
        state: State::Received,
        since: moment.now,
        history: Vec::new(),
        institution: None,
    };
    one.go_on(moment.now, "", (State::Received, What::Received), "");
    store::put_new(tx, &one)?;
    if mailed {
        mails::tell(tx, moment, &one)?;
    }
    let event = Event::new(Actor::Visitor, "contact.receive").prefecture(one.home).subject(one.number);
    audit::record(tx, moment, event.client(client))?;
    Ok(one)
}

fn new_number(r: &impl Reads, moment: &Moment) -> Result<InquiryNumber, StoreError> {
    let (random, month) = (moment.part("inquiry number").random(), jst::year_month(moment.now));
    loop {
        // A million a month: there is one that is free, long before anybody works off as many.
        let number = InquiryNumber::drawn(month, &random);
        if store::find(r, number)?.is_none() {
            return Ok(number);
        }
    }
}
