//! A list of passwords that stood in leaks: an attacker tries them first, also those that look as if they had been drawn by lot.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The list as it was published, in lower case, the most frequent first (`assets/vendor/passwords`).
const LIST: &str = include_str!("../../assets/vendor/passwords/common-passwords.txt");

/// Found by hash from the first time a password is chosen.
static ALL: LazyLock<HashSet<&str>> = LazyLock::new(|| LIST.lines().collect());

/// Whether it stands in the list, however its letters are written.
pub(super) fn is_leaked(password: &str) -> bool {
    ALL.contains(password.to_lowercase().as_str())
}

#[cfg(test)]
pub(super) fn entries() -> impl Iterator<Item = &'static str> {
    LIST.lines()
}
