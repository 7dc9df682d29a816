//! The steps before the pages of an office open: 【利用規約】 → 【警告】 → 【パスワード変更】 → 【メールアドレス設定】 →
//! 【セキュリティ用メールアドレス設定】, each with its end (S1, S2).
//!
//! Which one is due is computed from the account by `model::next`, at every request: nothing else opens before they are done, and whoever breaks
//! off resumes at the first step that is not done.

mod flow;
mod model;
pub mod pages;
mod store;

pub use flow::{CLEAN, clean, due, next_for, settle};
pub use model::{Done, Next, Step};
pub use store::{check, forget};
