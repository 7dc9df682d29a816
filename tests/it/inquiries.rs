//! 照会一覧: the applications of an office.
