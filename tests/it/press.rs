//! Letters are set by a process of its own: the same program, started by the server.

mod keeper;
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for what must happen; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(90);

/// The living processes that this one has started and that run this program.
fn children(parent: u32, program: &Path) -> Vec<i32> {
    let ids = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let wanted = std::fs::canonicalize(program).unwrap();
    ids.filter(|id| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
        field("PPid:") == parent.to_string() && std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|path| path == wanted)
    })
    .collect()
}

/// The one that there must be.
fn only_child(parent: u32, program: &Path) -> i32 {
    let found = children(parent, program);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

/// What it has open, each once, but for what whoever runs the tests hands down to all their processes.
fn open_files(id: i32) -> Vec<String> {
    let handed_down: Vec<String> = open("self").filter(|(number, _)| is_handed_down(number)).map(|(_, file)| file).collect();
    let mut files: Vec<String> = open(&id.to_string()).map(|(_, file)| file).collect();
    files.retain(|file| file == "/dev/null" || !handed_down.contains(file));
    files.sort();
    files.dedup();
    files
}

/// Number and file of all that a process has open.
fn open(id: &str) -> impl Iterator<Item = (String, String)> {
    let entries = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().map(|entry| entry.unwrap().path());
    // The folder itself, which is being read, is no longer there for the link of its own number.
    entries.filter_map(|path| {
        let file = std::fs::read_link(&path).ok()?.display().to_string();
        Some((path.file_name()?.to_str()?.to_owned(), file))
    })
}

/// Whether this process was given it in order to be handed down: all that Rust opens is closed on exec.
fn is_handed_down(number: &str) -> bool {
    const CLOSED_ON_EXEC: u32 = 0o2_000_000;
    let told = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = told.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.is_some_and(|flags| u32::from_str_radix(flags.trim(), 8).unwrap() & CLOSED_ON_EXEC == 0)
}

fn is_alive(id: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// The time that it has worked, in hundredths of a second.
fn cpu_ticks(id: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(11)?.parse().ok()).unwrap_or(0)
}

fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(id: i32, signal: Signal) {
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}
