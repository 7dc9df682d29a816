//! How many codes may be asked for (spec 2, mail limits). What strangers ask for uses up nothing of what an office may ask for that is
//! logged in, nor of the resets of others.

use jiff::{SignedDuration, Timestamp};

use super::purpose::Purpose;
use crate::config;
use crate::kernel::MailAddress;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{StoreError, Tx};

/// A code that is asked for.
pub(super) struct Asked<'a> {
    pub(super) purpose: Purpose,
    pub(super) account: &'a str,
    pub(super) address: &'a MailAddress,
    pub(super) network: &'a str,
    /// A mail is to leave; else everything looks as if one did.
    pub(super) sends: bool,
}

/// Whether it may be sent.
pub(super) enum Counted {
    /// The screen goes on. `sends` is `false` as well where the mailbox has had its share, and that must not be told.
    Fits { sends: bool },
    /// Beyond a cap, which the screen says.
    TooMany { again_at: Timestamp },
}

/// What the account of [`Purpose::PortalLost`] begins with where it is asked for on a device that the user is known on. Such codes are
/// counted apart, to the mailbox as well: there only an address is typed, so that what strangers ask for would close it.
pub const KNOWN_DEVICE: &str = "portal device ";

/// On whose account a code goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Anybody, for an address of their own: a mail leaves in any case.
    Visitor,
    /// Anybody, for an office and an address that need not belong together: a mail leaves only if they do.
    Silent,
    /// An office or a user of the portal that is logged in, or has typed the password.
    Office,
}

impl Asker {
    const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::ReissueContact | Purpose::ReissueWithdraw => Self::Visitor,
            Purpose::Reset | Purpose::NewDevice | Purpose::PortalLost => Self::Silent,
            Purpose::FirstAddress
            | Purpose::NewAddress
            | Purpose::AddAddress
            | Purpose::ChangeAddress
            | Purpose::DeleteAddress
            | Purpose::PortalRegister
            | Purpose::PortalLogin
            | Purpose::PortalMail
            | Purpose::PortalNewMail => Self::Office,
        }
    }
}

/// Counts one code against all caps, or none of them: the account first, since offices share networks.
///
/// The mailbox of a reset is counted by the mails that leave, or whoever types an address with many numbers would close it. That count must
/// not show: beyond it nothing leaves and nothing is told, as with a pair that is closed; and what sends nothing is counted in rows that
/// are as many, of its own pair.
pub(super) fn count(tx: &mut Tx<'_>, now: Timestamp, caps: &config::Limits, asked: &Asked<'_>) -> Result<Counted, StoreError> {
    let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
    let (asker, address) = (Asker::of(asked.purpose), asked.address.key());
    let mut pair = format!("{} {address}", asked.account);
    let mut mailbox = address;
    match asker {
        Asker::Visitor => {}
        Asker::Silent if asked.purpose != Purpose::PortalLost => mailbox.insert_str(0, "reset "),
        // Apart from those of resets: at the portal, whoever knows an address has a mail sent to it.
        Asker::Silent if asked.account.starts_with(KNOWN_DEVICE) => mailbox.insert_str(0, &format!("{} ", asked.account)),
        Asker::Silent => mailbox.insert_str(0, "portal "),
        Asker::Office => {
            pair.insert_str(0, "office ");
            mailbox.insert_str(0, "office ");
        }
    }
    let of_pair = [
        Rule { name: "code.pair.hour", per: hour, most: caps.codes_per_pair_hour },
        Rule { name: "code.pair.day", per: day, most: caps.codes_per_pair_day },
    ];
    let of_mailbox = [
        Rule { name: "code.address.hour", per: hour, most: caps.codes_per_address_hour },
        Rule { name: "code.address.day", per: day, most: caps.codes_per_address_day },
    ];
    let of_network = [Rule { name: "code.network.hour", per: hour, most: caps.codes_per_network_hour }];
    let full = full(tx, now, &of_mailbox, &mailbox)?;
    let told = if asker == Asker::Silent { None } else { full };
    let told = told.max(self::full(tx, now, &of_pair, &pair)?).max(self::full(tx, now, &of_network, asked.network)?);
    if let Some(again_at) = told {
        return Ok(Counted::TooMany { again_at });
    }
    let sends = asked.sends && full.is_none();
    hit(tx, now, &of_pair, &pair)?;
    hit(tx, now, &of_network, asked.network)?;
    if sends || asker != Asker::Silent {
        hit(tx, now, &of_mailbox, &mailbox)?;
    } else {
        // The caps of the pair, which has room: it is never full, and the rows are written in any case.
        let unsent = [("code.unsent.hour", hour), ("code.unsent.day", day)];
        hit(tx, now, &unsent.map(|(name, per)| Rule { name, per, most: caps.codes_per_pair_day }), &pair)?;
    }
    Ok(Counted::Fits { sends })
}

/// The time from which one more fits under all of these, if it does not now.
fn full(tx: &Tx<'_>, now: Timestamp, rules: &[Rule], who: &str) -> Result<Option<Timestamp>, StoreError> {
    let mut again = None;
    for rule in rules {
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, *rule, who)? {
            again = again.max(Some(again_at));
        }
    }
    Ok(again)
}

fn hit(tx: &mut Tx<'_>, now: Timestamp, rules: &[Rule], who: &str) -> Result<(), StoreError> {
    rules.iter().try_for_each(|rule| limits::hit(tx, now, *rule, who).map(drop))
}
