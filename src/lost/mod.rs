//! 【パスワード等を紛失した方】: the fork between resetting a login oneself and applying for a new one.

pub mod pages;

pub use pages::TITLE;
