//! What can go wrong between data and paper.

use std::path::PathBuf;

use thiserror::Error;

/// A document that could not be made.
#[derive(Debug, Error)]
pub enum PdfError {
    /// A file in the template folder exists but cannot be read.
    #[error("cannot read the template {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason given by the system.
        source: std::io::Error,
    },
    /// A template does not compile, or what it makes is not an accessible PDF. The start of the server stops here.
    #[error("template {file}, line {line}, column {column}: {message}")]
    Template {
        /// Path of the overriding file, or the file name followed by "(built in)".
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The first complaint with its hints, in Typst's English.
        message: String,
    },
    /// A complaint that belongs to no line of a template.
    #[error("typesetting failed: {0}")]
    Typesetting(String),
    /// A template was asked for that was never handed to the typesetter.
    #[error("no template named {0}")]
    UnknownTemplate(String),
    /// The input cannot be written as JSON.
    #[error("the template's input is not valid: {0}")]
    Input(#[from] serde_json::Error),
    /// An embedded font cannot be parsed: the binary is damaged.
    #[error("the embedded font {0} cannot be read")]
    Font(&'static str),
    /// The process that sets documents cannot be started.
    #[error("the process that sets documents cannot be started: {0}")]
    NotStarted(#[source] std::io::Error),
    /// It ended at its work, twice.
    #[error("the process that sets documents ended at its work ({0})")]
    Ended(String),
    /// It was ended because a document took too long: a template with a loop that does not end.
    #[error("{templates}: not set within {seconds} seconds")]
    TooSlow {
        /// The templates of the document.
        templates: String,
        /// How long was waited.
        seconds: u64,
    },
}
