//! Help and wrong use, in Japanese.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::out;

/// Help of every command.
pub(super) const TEMPLATE: &str = "{about}\n\n使い方: {usage}\n\n{all-args}";

/// Prints help (exit code 0) or one sentence about wrong use (exit code 2).
pub(super) fn tell(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let shown = out::show(&error.to_string());
            shown.map_or_else(|error| super::ended(&error), |()| ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            out::complain(&error.to_string());
            ExitCode::from(2)
        }
        _ => {
            out::complain(&format!("{}（使い方は uketsuke --help）\n", sentence(error)));
            ExitCode::from(2)
        }
    }
}

pub(super) fn sentence(error: &clap::Error) -> String {
    let get = |kind| error.get(kind).map(text).unwrap_or_default();
    let arg = get(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand => format!("{} というコマンドはありません", get(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => format!("コマンドを指定してください（{} のどれか）", get(ContextKind::ValidSubcommand)),
        ErrorKind::UnknownArgument => format!("{arg} という引数は使えません"),
        ErrorKind::MissingRequiredArgument => format!("{arg} を指定してください"),
        ErrorKind::ArgumentConflict => format!("{arg} と {} は一緒に使えません", get(ContextKind::PriorArg)),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} の値の数が合いません")
        }
        ErrorKind::InvalidValue if get(ContextKind::InvalidValue).is_empty() => format!("{arg} の値を書いてください"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = get(ContextKind::InvalidValue);
            // What a value's own parser says is the most helpful; else the list of values it may have.
            let choices = get(ContextKind::ValidValue);
            match std::error::Error::source(error).map(ToString::to_string) {
                Some(reason) => format!("{arg} の値「{value}」は使えません: {reason}"),
                None if !choices.is_empty() => format!("{arg} の値「{value}」は使えません: {choices} のどれかを書いてください"),
                None => format!("{arg} の値「{value}」は使えません"),
            }
        }
        _ => "コマンドの書き方が正しくありません".into(),
    }
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(all) => all.join("・"),
        ContextValue::StyledStrs(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join("・"),
        other => other.to_string(),
    }
}
