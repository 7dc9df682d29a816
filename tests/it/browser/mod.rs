//! The product as people meet it: the real program, a real SMTP server, real Chromium, and paper read back from the PDF.

mod addresses;
mod again;
mod chrome;
mod code;
mod code_ends;
mod desk;
mod devices;
mod errands;
mod hands;
pub mod house;
mod keyboard;
mod look;
mod office;
mod passkey;
mod people;
mod portal_register;
mod rescue;
mod resend;
mod reset;
mod rules;
mod strangers;
mod tour;
mod user;
mod walk;
