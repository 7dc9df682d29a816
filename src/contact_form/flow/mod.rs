//! The use cases: what a visitor sends, what an operator does. Each is one transaction.

pub(super) mod ask;
pub(super) mod desk;
