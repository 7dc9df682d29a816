//! The steps after a login with a temporary password: 【警告】 → 【パスワード変更】 → 【処理終了】 (S1, S2).
//!
//! Nothing else opens before they are done, and whoever breaks off resumes at the first step that is not done.

mod flow;
mod model;
pub mod pages;
mod store;

pub use model::{STEPS, Stage};
pub use store::check;
