//! The process's own log: stderr, text or JSON, by `[log]`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::CliError;
use crate::config::{Log, LogFormat, LogLevel};

/// Starts logging for the whole process; once, before the first worker.
///
/// # Errors
/// When logging has been started before.
pub fn start(log: &Log) -> Result<(), CliError> {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter(log.level))).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    started.map_err(|error| CliError::Failed(format!("ログを始められません（{error}）")))
}

/// The level is for our own events; the parts speak up only when something is wrong, so that `debug` stays readable and no
/// part writes a request's content.
fn filter(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "warn,uketsuke=info",
        LogLevel::Debug => "warn,uketsuke=debug",
        LogLevel::Trace => "warn,uketsuke=trace",
    }
}
