//! What several tests share.

pub mod app;
pub mod browser;
pub mod office;
pub mod sink;

pub use app::TestApp;
