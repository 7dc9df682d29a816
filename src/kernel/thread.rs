//! Threads that work behind the pages.

/// Puts the calling thread, and those that it will start, behind all others of the machine: whoever waits for a page comes first. Failing
/// to step back costs only speed.
pub fn step_back() {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19);
}
