//! ログイン中の端末: listed, and logged out from the list.
