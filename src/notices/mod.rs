//! お知らせ: public ones on the top menu, addressed ones in an office's account, and the list of software versions.

mod model;
pub mod pages;
mod store;

pub use model::{Addressed, Notice, Public, Version};
pub use store::{
    changes, check, delete_public, delete_version, mark_read, of_office, public, public_all, public_one, put_public, put_version,
    tell_office, unread, versions, versions_all,
};
