//! `uketsuke demo`: the whole product in one process on invented data.
//!
//! Invented are all federations, offices, people and addresses: mail goes to example.jp, telephone numbers begin with 0000.
//! Like `app` and `cli` this room names every other; none names it. Its routes are handed to the server by `cli::demo` alone.

mod counter;
mod fill;
mod news;
pub mod offices;
mod pages;
pub mod people;
pub mod portal;
mod story;

pub use fill::{FillError, fill};
use poem::EndpointExt as _;
pub use story::TOLD;

use crate::mail::transport::Memory;
use crate::routes::{Row, Who};
use crate::web::layout::FooterLink;

/// Links that every page of the demo carries in its last line.
pub const LINKS: &[FooterLink] = &[
    FooterLink { label: "デモ: 届いたメール", href: "/demo/mail" },
    FooterLink { label: "デモ: 認証コード", href: "/demo/codes" },
];

/// The routes that only the demo has.
#[must_use]
pub fn rows(mails: &Memory) -> Vec<Row> {
    vec![
        Row::get("/demo/mail", Who::Public, pages::mails.data(mails.clone())),
        Row::get("/demo/mail/:id", Who::Public, pages::one_mail.data(mails.clone())),
        Row::get("/demo/codes", Who::Public, pages::codes),
    ]
}
