//! The one way by which commands write to the terminal. Nothing here panics: a deed is done whether or not anybody can be told of it.

use std::io::{self, ErrorKind, Write as _};

use super::CliError;
use crate::kernel::os;

/// Tells on stdout what was done.
///
/// # Errors
/// That it could not be told: it was done all the same.
pub(super) fn tell(text: &str) -> Result<(), CliError> {
    write(text)
        .map_err(|error| CliError::Failed(format!("実行は終わりましたが、結果を標準出力に書けません（{}）", os::cause(&error))))
}

/// Shows on stdout what was asked for, where nothing was done. Whoever reads only the first lines (`| head`) has got what they wanted.
///
/// # Errors
/// When it cannot be written.
pub(super) fn show(text: &str) -> Result<(), CliError> {
    match write(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| CliError::Failed(format!("標準出力に書けません（{}）", os::cause(&error)))),
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    // The last line need not end with the end of a line.
    out.flush()
}

/// Says on stderr what went wrong. Where that cannot be written either, the exit code is left.
pub(super) fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
