//! What a login is for.

use serde::{Deserialize, Serialize};

/// What a right password, and a right security code after it, lead to. A login that waits for its code keeps it: typed at the screen of the
/// other goal, the code is that of a login that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Goal {
    /// A session of the office.
    #[default]
    Enter,
    /// The portal's knowledge that this is the office, and nothing else.
    Portal,
}
