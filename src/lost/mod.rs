//! 【パスワード等を紛失した方】: the fork between resetting a login oneself and applying for a new one, and what both begin with.

mod begin;
pub mod pages;

pub use begin::{Choosing, NUMBER, check_number, chosen_prefecture, number_field, too_many_flows};
pub use pages::TITLE;
