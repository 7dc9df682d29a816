//! 介護情報基盤ポータル: its users, the institutions they belong to, and what opens their accounts.
//!
//! A [`User`] is a person with one mail address and one password; a [`Member`] is this person at one [`Institution`]. Every rule about places
//! (one main user, four others) is kept by the acts of this room and held by [`check()`].

mod acts;
mod check;
mod doors;
mod fields;
mod guard;
mod initial;
mod mails;
mod model;
mod next;
mod person;
mod reauth;
mod session;
mod standing;
mod store;

pub use acts::{
    AddFault, Settled, add_member, device_owner, drop_member, end_sessions_at, end_user, forget_devices, hand_over, invite,
    settle_main, tell_member, trusted_owner,
};
pub use check::check;
pub use doors::{DOORS, door, knock, refused_subject};
pub use fields::{person_fields, read_person, read_user, typed, user_fields};
pub use guard::{Admission, Bearer, Door, FIRST, HOME, PortalMenu, admit, audit_subject, turn_away};
pub use initial::{grant_initial, initial_password, is_initial_password};
pub use mails::{Change, KINDS, compose, mail_home, mail_title, tell};
pub use model::{INITIAL_DAYS, Initial, Institution, MOST_ADDITIONAL, Medical, Member, Suspended, SuspendedBy, User, What};
pub use next::{Next, Step, Why, next};
pub use person::{Draft, Person, PersonFault, PersonFaults, PersonField};
pub use reauth::{confirm, confirm_always, is_fresh, password_again, password_anew};
pub use session::extend;
pub use standing::{Standing, about, home_of, invitation, name_of, own_words, standing, standing_of};
pub use store::{
    change_mail, each_of_home, institution, member, members_of, memberships, of_code, of_office, save_member, save_user,
    save_user_quietly, user, user_by_mail,
};

use crate::terms::Text;

pub use crate::config::ID_APPLICATION;
pub use crate::security::passwords::check_portal;

/// The terms that users of the portal agree to.
pub const TERMS: Text = Text::Portal;
