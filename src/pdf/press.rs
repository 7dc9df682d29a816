//! The process that sets documents: what `uketsuke press` does. It hears of nothing but templates and inputs, and ends with whoever
//! started it.

use std::fs::File;
use std::io::{self, Error};
use std::os::fd::AsFd as _;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use super::frames::{self, Done, Refusal, Wanted};
use super::typesetter::Typesetter;
use crate::kernel::thread;

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Sets what is ordered on stdin and answers on stdout, until stdin ends.
///
/// # Errors
/// When the first frame does not come or nobody listens any more.
pub fn press() -> io::Result<()> {
    // Beside a storm of logins a print takes its share of what the pages leave, and no more.
    thread::step_back();
    step_forward_when_memory_runs_out();
    // For `ps` and `top`; otherwise it would be named after the link by which it was started.
    let _ = rustix::thread::set_name(c"uketsuke-press");
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    let mut orders = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let typesetter = Typesetter::of(frames::read_head(&mut orders)?);
    let (sender, ordered) = channel();
    std::thread::Builder::new().name("orders".to_owned()).spawn(move || listen(&mut orders, &sender))?;
    for (wanted, input) in ordered {
        let (done, pdf) = set(&typesetter, &wanted, input);
        frames::write_head(&mut answers, &done)?;
        frames::write(&mut answers, &pdf)?;
        if done.resident_kib.is_none() {
            return Err(Error::other("a panic"));
        }
    }
    Ok(())
}

/// Hears also while a document is being set that whoever asked for it is gone, however it died: a template with a loop that does not
/// end must not outlive the server.
fn listen(orders: &mut File, sender: &Sender<(Wanted, Vec<u8>)>) {
    while let (Ok(wanted), Ok(input)) = (frames::read_head(orders), frames::read(orders)) {
        if sender.send((wanted, input)).is_err() {
            return;
        }
    }
    std::process::exit(0);
}

fn set(typesetter: &Typesetter, wanted: &Wanted, input: Vec<u8>) -> (Done, Vec<u8>) {
    let templates: Vec<&str> = wanted.templates.iter().map(String::as_str).collect();
    let work = AssertUnwindSafe(|| typesetter.render_json(&templates, &wanted.title, input));
    match std::panic::catch_unwind(work) {
        Ok(Ok(pdf)) => (Done { refused: None, resident_kib: resident_kib() }, pdf),
        Ok(Err(error)) => (Done { refused: Some(error.into()), resident_kib: resident_kib() }, Vec::new()),
        Err(_) => {
            let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
            let refused = Refusal::Typesetting(format!("a panic at {place}"));
            (Done { refused: Some(refused), resident_kib: None }, Vec::new())
        }
    }
}

/// The memory that this process takes of the machine's.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A print can be asked for again; the server answers everybody. Failing costs nothing as long as there is memory.
fn step_forward_when_memory_runs_out() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "800");
}
