//! お知らせ: public ones on the top menu, addressed ones in an office's account, and the list of software versions.

mod mails;
mod model;
pub mod pages;
mod store;

pub use mails::{KIND, compose, mail_title};
pub use model::{Addressed, Notice, Public, Version};
pub use store::{
    changes, check, delete_public, delete_version, of_office, of_office_one, public, public_all, public_one, put_public,
    put_version, tell_office, versions, versions_all,
};
