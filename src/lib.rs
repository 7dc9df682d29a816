//! `uketsuke`: the whole reception counter of a federation (国保連合会) in one binary.
//!
//! Feature rooms stand on foundation rooms. The rule between them, checked by `tests/it/architecture.rs`:
//!
//! - Foundations (`config`, `kernel`, `store`, `jobs`, `security`, `mail`, `pdf`, `audit`, `web`) never name a feature.
//! - Only `routes`, `app`, `cli` and `demo` name every room.
//! - A feature calls another only through what its `mod.rs` re-exports.

pub mod account_desk;
pub mod accounts;
pub mod app;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod codes;
pub mod config;
pub mod contact_form;
pub mod demo;
pub mod first_login;
pub mod inquiries_list;
pub mod jobs;
pub mod kernel;
pub mod ledger;
pub mod letters;
pub mod login;
pub mod lost;
pub mod mail;
pub mod notices;
pub mod passkeys;
pub mod pdf;
pub mod portal;
pub mod portal_desk;
pub mod portal_login;
pub mod portal_page;
pub mod portal_register;
pub mod reissue;
pub mod reset;
pub mod routes;
pub mod security;
pub mod security_code;
pub mod security_mail;
pub mod staff;
pub mod store;
pub mod terms;
pub mod top_menu;
pub mod user_info;
pub mod web;
