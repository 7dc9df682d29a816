//! セキュリティコード: set, asked at login, taken away.
