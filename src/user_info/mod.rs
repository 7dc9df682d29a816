//! 【ユーザ情報変更】 (spec 3, U1): what an office changes about its own login – password, address for notices, the devices that are
//! logged in. Security addresses have a room of their own.

mod flow;
pub mod pages;
mod store;

pub use flow::{CLEAN, clean};
pub use store::check;
