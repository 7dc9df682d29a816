//! A reset answers alike whether number and address belong together or not.
