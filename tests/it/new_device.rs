//! A one-time password lets a device in while strangers are refused.
