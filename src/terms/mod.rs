//! 利用規約: the texts that offices and users of the portal agree to, each by version. A new text is a new version, which everybody whom it
//! concerns is asked about once.
//!
//! The pages are steps of `first_login` and of the portal's login; who has agreed to what stands in the account.

mod flow;
mod model;
mod part;
mod store;

pub use flow::adopt;
pub(crate) use flow::prepare;
pub use model::{Terms, Text};
pub use part::part;
pub use store::{check, newest, newest_version};
