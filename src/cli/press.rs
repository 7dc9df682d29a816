//! `uketsuke press`: the server starts itself by it, to set letters in a process of their own. Not for people, so no command of
//! [`Cli`](super::Cli): no help names it, and it reads no settings.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::out;
use crate::kernel::os;
use crate::pdf;

/// Whether the process was started by a server.
pub(super) fn is_asked() -> bool {
    std::env::args_os().skip(1).eq(["press"])
}

/// Sets documents until the server ends or has had enough.
pub(super) fn run() -> ExitCode {
    if std::io::stdin().is_terminal() {
        out::complain("press は、サーバーが通知書のPDFを作るために自分で起動するものです（使い方は uketsuke --help）\n");
        return ExitCode::from(2);
    }
    match pdf::press() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::complain(&format!("通知書のPDFを作るプロセスが終わりました（{}）\n", os::cause(&error)));
            ExitCode::FAILURE
        }
    }
}
