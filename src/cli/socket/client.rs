//! The command's side. Blocking: a command line does one thing at a time.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::{Line, MAX_LINE, Progress, Request, Response, short_name};
use crate::kernel::os;

/// Why a request got no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No server runs on this data folder: the command may open the database itself.
    #[error("サーバーは動いていません")]
    NotRunning,
    /// The server said no, in its own Japanese sentence.
    #[error("{0}")]
    Refused(String),
    /// The connection failed or spoke another language.
    #[error("動いているサーバーと話せません（{0}）")]
    Broken(String),
}

/// Asks the server that owns `data_dir` and waits for its last word; `on_progress` is called for every progress line.
///
/// # Errors
/// [`CallError`]. A socket that a killed server left behind counts as [`CallError::NotRunning`].
pub fn call(data_dir: &Path, request: &Request, mut on_progress: impl FnMut(Progress)) -> Result<Response, CallError> {
    let mut stream = connect(data_dir)?;
    let mut line = serde_json::to_vec(request).map_err(|_| misread())?;
    line.push(b'\n');
    if line.len() > MAX_LINE {
        return Err(CallError::Broken("依頼が大きすぎます".into()));
    }
    stream.write_all(&line).map_err(|error| broken(&error))?;
    let mut answers = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        answers.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line).map_err(|error| broken(&error))?;
        if line.pop() != Some(b'\n') {
            return Err(CallError::Broken("答えが途中で切れました".into()));
        }
        match serde_json::from_slice(&line).map_err(|_| misread())? {
            Line::Progress(progress) => on_progress(progress),
            Line::Done(response) => return Ok(response),
            Line::Error(sentence) => return Err(CallError::Refused(sentence)),
        }
    }
}

fn connect(data_dir: &Path) -> Result<UnixStream, CallError> {
    let gone = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory => CallError::NotRunning,
        _ => broken(&error),
    };
    let (path, _folder) = short_name(data_dir, "admin.sock").map_err(gone)?;
    UnixStream::connect(path).map_err(gone)
}

fn broken(error: &std::io::Error) -> CallError {
    CallError::Broken(os::cause(error))
}

/// Server and command are of different versions.
fn misread() -> CallError {
    CallError::Broken("形式が違います。サーバーとコマンドの版が同じか確かめてください".into())
}
