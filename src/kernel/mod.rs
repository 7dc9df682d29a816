//! Words of the field as types: typed ids, text normalisation, Japanese dates, the clock, randomness, secrets.
//!
//! Everything here is pure but the clock, randomness, `caller`, `leftover` and `thread`, which ask the system. Nothing in this room knows a database, a page or a
//! mail.

pub mod caller;
pub mod clock;
pub mod control_number;
pub mod day;
pub mod id;
pub mod jst;
pub mod leftover;
pub mod mail_address;
pub mod medical_code;
pub mod moment;
pub mod network;
pub mod office_number;
pub mod os;
pub mod prefecture;
pub mod random;
pub mod secret;
pub mod text;
pub mod thread;
pub mod user_id;

pub use clock::Clock;
pub use control_number::ControlNumber;
pub use id::Id;
pub use mail_address::{MailAddress, TypedTwice};
pub use medical_code::MedicalCode;
pub use moment::Moment;
pub use network::ClientNetwork;
pub use office_number::{OfficeKey, OfficeNumber};
pub use prefecture::Prefecture;
pub use random::Random;
pub use secret::Secret;
pub use user_id::UserId;
