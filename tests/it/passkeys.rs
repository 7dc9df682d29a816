//! パスキー of offices and staff.
