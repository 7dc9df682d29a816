//! The way from a command to the running server: `admin.sock` in the data folder.
//!
//! One process owns the database, so a command that needs it asks that process. A connection carries one request, one JSON
//! object on a line; the answer is any number of progress lines and one last line, the result or an error sentence. No line
//! is longer than [`MAX_LINE`]. This file knows the protocol and no feature; what a request means is the handler's business.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod client;
mod server;

pub use client::{CallError, call};
pub use server::{AdminSocket, Handler, ProgressSender, serve};

/// Longest line in bytes, either way.
pub const MAX_LINE: usize = 1024 * 1024;

/// What a command asks of the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Name of the command, e.g. `staff add`.
    pub command: String,
    /// Its arguments, in a form the handler of that command knows.
    pub args: Value,
}

/// What the server answers at the end, in a form the command knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Response(pub Value);

/// How far a long command has come. Lines may be left out when they come faster than they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// All steps, once known.
    pub total: Option<u64>,
    /// What is being done.
    pub message: String,
}

/// A line from the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Progress(Progress),
    Done(Response),
    Error(String),
}

/// Where the socket lies.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// A name for a socket in `folder` that fits into the 108 bytes the system allows: the plain path, or for deep folders the
/// way through the opened folder, which must be kept open as long as the name is used.
fn short_name(folder: &Path, name: &str) -> std::io::Result<(PathBuf, Option<std::fs::File>)> {
    use std::os::fd::AsRawFd as _;

    let plain = folder.join(name);
    if plain.as_os_str().as_bytes().len() < 100 {
        return Ok((plain, None));
    }
    let opened = std::fs::File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", opened.as_raw_fd()));
    Ok((path, Some(opened)))
}

#[cfg(test)]
mod tests;
