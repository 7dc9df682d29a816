//! Use cases, each one write transaction.

pub mod apply;
pub mod clean;
pub mod desk;
pub mod mark;
mod notices;
pub mod progress;
pub mod remind;
