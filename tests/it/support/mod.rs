//! What several tests share.

pub mod sink;
