//! 利用規約: the text that offices agree to, by version. A new text is a new version, which every office is asked about once.
//!
//! The page is a step of `first_login`; who has agreed to what stands in the account.

mod flow;
mod model;
mod store;

pub use flow::adopt;
pub(crate) use flow::prepare;
pub use model::{BUILT_IN, Terms};
pub use store::{check, newest, newest_version};
