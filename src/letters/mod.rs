//! Letters: the 電子請求ログイン情報再発行通知書 (L-1) and the cover list of a printed batch (L-3).

pub mod reading;
pub mod sheet;
mod template_input;
