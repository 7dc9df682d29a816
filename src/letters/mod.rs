//! Letters: the 電子請求ログイン情報再発行通知書 (L-1), the cover list of a printed batch (L-3), and what becomes of them until the
//! office logs in.
//!
//! Temporary passwords exist between `print` and the paper only: the database holds keyed hashes, the PDF is handed out once from
//! memory.

pub mod desk;
mod flow;
mod issue;
mod model;
mod post;
mod press;
mod print;
pub mod reading;
pub mod sheet;
mod store;
mod template_input;

pub use flow::{EXPIRE, PRINT, Posted, deliver, expire_job, order, post, print_job, take_back};
pub use issue::{Issued, Offices, issue};
pub use model::{Act, Letter, LetterNumber, Occasion, Refused, Serial, State, Step};
pub use post::{Posting, on_first_login, on_reset, on_withdrawal, withdraw_password};
pub use press::Press;
pub use print::Choice;
pub use store::{Batch, Stage, Wanted, check, count_in_state, last_serial, of_application, of_office, printed_up_to};
