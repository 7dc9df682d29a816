//! 【トップメニュー】: the door of the whole product, and the text of a public notice.
//!
//! Everybody gets the same page, so it is kept rendered; only the clock is filled in.

mod kept;
pub mod pages;

pub use kept::Kept;
