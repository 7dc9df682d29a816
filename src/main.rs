//! The command `uketsuke`.

use std::process::ExitCode;

fn main() -> ExitCode {
    uketsuke::cli::main()
}
