//! The process's log, as the real subscriber writes it, caught for one test.

use std::cell::Cell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;
use uketsuke::cli::logging;
use uketsuke::config::{Log, LogFormat, LogLevel};

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Lines of the log written on this thread for as long as this lives.
pub struct Lines {
    text: Text,
    _subscriber: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Text {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    pub fn catch(format: LogFormat, level: LogLevel) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // With a single subscriber, tracing asks the one of the thread that comes by a line first whether anybody wants it; that
            // thread may be another test's, which has none. Two that stay make it ask all.
            for _ in 0..2 {
                std::mem::forget(tracing::Dispatch::new(logging::subscriber(
                    &Log { format, level: LogLevel::Trace },
                    std::io::sink,
                    false,
                )));
            }
            // Panics of tests that catch no lines are told as always.
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| if CATCHES.get() { logging::tell_panic(panic) } else { usual(panic) }));
        });
        CATCHES.set(true);
        let text = Text::default();
        let subscriber = logging::subscriber(&Log { format, level }, text.clone(), false);
        Self { text, _subscriber: tracing::subscriber::set_default(subscriber) }
    }

    /// What was written since the last call, line by line.
    pub fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.text.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        CATCHES.set(false);
        if std::thread::panicking() {
            eprintln!("{}", self.take().join("\n"));
        }
    }
}
