//! The command `uketsuke`.

use std::process::ExitCode;

/// glibc's keeps what a print or an import has freed, scattered over the arenas of many threads; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    uketsuke::cli::main()
}
