//! What the server holds in memory (master keys, printed passwords) stays there.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// From here on neither this process nor one that it starts leaves a core dump, and no other process of the same user looks into it.
pub(super) fn keep_to_ourselves() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none).and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable)) {
        tracing::warn!(%error, "a crash may leave the keys in a core dump");
    }
}
