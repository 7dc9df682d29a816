//! ユーザの管理: what a federation sees and does of an office's account. Suspending and releasing it, ending locks, withdrawing a temporary
//! password, taking addresses out. Each is asked why, and is in the audit log.

pub mod desk;
mod flow;
mod model;

pub use desk::state_badge;
