//! `[log]`: the process's own log on stderr.

use serde::{Deserialize, Serialize};

/// Form and amount of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for collectors.
    pub format: LogFormat,
    /// The least important level written.
    pub level: LogLevel,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Least important level written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only failures.
    Error,
    /// And what should be looked at.
    Warn,
    /// And the course of things.
    #[default]
    Info,
    /// And details.
    Debug,
    /// And everything.
    Trace,
}

pub(super) const KEYS: &[(&str, &str)] =
    &[("log.format", "\"text\" か \"json\""), ("log.level", "\"error\"・\"warn\"・\"info\"・\"debug\"・\"trace\" のどれか")];
