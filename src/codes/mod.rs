//! Codes by mail: confirmation codes (確認コード) and one-time passwords (ワンタイムパスワード).

mod model;

pub use model::{Challenge, End, Entered, Purpose, Sort, looks_like};
