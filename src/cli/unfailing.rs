//! Writes the log's lines where they can be written, and goes on where they cannot. A full disk or a reader that went away must not end
//! the server: it goes on answering, and says how many lines are missing as soon as it can.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use crate::config::LogFormat;

/// Where lines go. Each is handed over in one piece.
pub struct Unfailing<W> {
    format: LogFormat,
    state: Mutex<State<W>>,
}

struct State<W> {
    out: W,
    /// Lines that could not be written.
    lost: u64,
    /// Whether part of a line stands at the end.
    torn: bool,
}

impl<W: Write> Unfailing<W> {
    /// Writes to `out`; what it says itself has this format.
    pub fn new(out: W, format: LogFormat) -> Self {
        Self { format, state: Mutex::new(State { out, lost: 0, torn: false }) }
    }
}

impl<'w, W: Write + 'w> MakeWriter<'w> for Unfailing<W> {
    type Writer = Line<'w, W>;

    fn make_writer(&'w self) -> Line<'w, W> {
        Line { format: self.format, state: self.state.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// The place of one line.
pub struct Line<'w, W> {
    format: LogFormat,
    state: MutexGuard<'w, State<W>>,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.state.put_note(self.format).is_err() || self.state.put(line).is_err() {
            self.state.lost += 1;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Whoever flushes has nothing to do about it, either.
        let _ = self.state.out.flush();
        Ok(())
    }
}

impl<W: Write> State<W> {
    /// Says how many lines are missing, if there are any.
    fn put_note(&mut self, format: LogFormat) -> io::Result<()> {
        if self.lost == 0 {
            return Ok(());
        }
        let mut text = if self.torn { "\n".to_owned() } else { String::new() };
        let (mut time, lost) = (String::new(), self.lost);
        // A clock that cannot be told leaves its place empty.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        text += &match format {
            LogFormat::Text => format!("{time}  WARN uketsuke::log: lines could not be written lost={lost}\n"),
            LogFormat::Json => format!(
                "{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"message\":\"lines could not be written\",\"lost\":{lost},\"target\":\"uketsuke::log\"}}\n"
            ),
        };
        self.put(text.as_bytes())?;
        self.lost = 0;
        Ok(())
    }

    fn put(&mut self, text: &[u8]) -> io::Result<()> {
        let mut left = text;
        while !left.is_empty() {
            match self.out.write(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    left = &left[written..];
                    self.torn = !left.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A disk with so many bytes left.
    #[derive(Clone, Default)]
    struct Full(Arc<AtomicUsize>, Arc<Mutex<Vec<u8>>>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.0.load(Ordering::SeqCst).min(bytes.len());
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.fetch_sub(room, Ordering::SeqCst);
            self.1.lock().unwrap().extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(format: LogFormat) -> String {
        let disk = Full::default();
        let to = Unfailing::new(disk.clone(), format);
        let line = |text: &str| to.make_writer().write_all(text.as_bytes()).unwrap();
        let room = |bytes| disk.0.store(bytes, Ordering::SeqCst);
        room(9);
        for text in ["one\n", "two\n", "three\n", "four\n"] {
            line(text);
        }
        // Not enough even to say so: that line is lost as well.
        room(0);
        line("five\n");
        room(1000);
        line("six\n");
        line("seven\n");
        let text = disk.1.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn lines_that_were_lost_are_counted_and_told_when_there_is_room_again() {
        let text = log(LogFormat::Text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((&lines[..3], &lines[4..]), (&["one", "two", "t"][..], &["six", "seven"][..]), "{text}");
        assert!(lines[3].ends_with("WARN uketsuke::log: lines could not be written lost=3"), "{text}");

        let text = log(LogFormat::Json);
        let note: serde_json::Value = serde_json::from_str(text.lines().nth(3).unwrap()).unwrap();
        assert_eq!((&note["lost"], &note["level"]), (&3.into(), &"WARN".into()), "{text}");
    }
}
