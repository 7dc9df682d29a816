//! ユーザの管理: what staff do with an account, and why.
