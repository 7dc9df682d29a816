//! Durable jobs on the clock: mails to send, reminders, letters to print, clean-up.
//!
//! A job is a row written in the transaction of what it is for. The runner leases what is due, calls the handler that
//! `app.rs` registered for its kind, and removes or puts off the row. A process that dies in between does the job again.

mod model;
mod runner;
mod store;

pub use model::{Job, Kind, Lane, Outcome};
pub use runner::{Alive, Handler, Handlers, Runner};
pub use store::{cancel, check, enqueue, ensure, finish, payloads, waiting};

#[cfg(test)]
mod tests;
