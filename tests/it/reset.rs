//! ログイン情報再設定 by number, security address and one-time password.
