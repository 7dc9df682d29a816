//! The process's own log: stderr, text or JSON, by `[log]`.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::CliError;
use super::unfailing::Unfailing;
use crate::config::{Log, LogFormat, LogLevel};

/// Starts logging for the whole process; once, before the first worker.
///
/// # Errors
/// When logging has been started before.
pub fn start(log: &Log) -> Result<(), CliError> {
    let lines = Unfailing::new(std::io::stderr(), log.format);
    let started = subscriber(log, lines, std::io::stderr().is_terminal()).try_init();
    started.map_err(|error| CliError::Failed(format!("ログを始められません（{error}）")))?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// What writes the lines; `colours` are for terminals and the text format.
pub fn subscriber<W>(log: &Log, to: W, colours: bool) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // It would tell on stderr what it cannot write there, by a macro that panics, and the panic would be logged.
    let lines = tracing_subscriber::fmt::layer().with_writer(to).log_internal_errors(false);
    let chosen = tracing_subscriber::registry().with(filter(log.level));
    match log.format {
        LogFormat::Text => Box::new(chosen.with(lines.with_ansi(colours))),
        LogFormat::Json => Box::new(chosen.with(lines.json().flatten_event(true))),
    }
}

/// A panic is one line like any other, with the operation id of the request it happened in. Its own text is told only if it stands
/// in the source as it is: one put together at run time may quote what somebody typed.
pub fn tell_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or_default();
    tracing::error!(place, text, "a panic");
}

/// The level is for our own events; the parts speak up only when something is wrong, so that `debug` stays readable and no
/// part writes a request's content.
fn filter(level: LogLevel) -> Targets {
    let (ours, parts) = match level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::WARN),
        LogLevel::Trace => (LevelFilter::TRACE, LevelFilter::WARN),
    };
    // This one tells as an error whatever a browser has sent that it cannot read. We say ourselves why an answer was refused.
    Targets::new().with_default(parts).with_target("webauthn_rs", LevelFilter::OFF).with_target("uketsuke", ours)
}
