//! `uketsuke serve`: the server.

use super::socket::AdminSocket;
use super::{CliError, installation, logging, memory, serving};
use crate::config::Loaded;
use crate::kernel::os;

/// Arguments of `serve`: none, everything is configured.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Serves until stopped.
///
/// # Errors
/// A sentence that names what is missing or cannot be used.
pub fn run(_: &Args, loaded: Loaded) -> Result<(), CliError> {
    loaded.ready_to_serve()?;
    logging::start(&loaded.config.log)?;
    memory::keep_to_ourselves();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| CliError::Failed(os::cause(&error)))?;
    // Outside the runtime: opening waits for the writer thread.
    let app = installation::open(loaded.config)?;
    if !app.config.backup.is_arranged() {
        tracing::warn!("no backups are made: set backup.directory, or backup.elsewhere if they are made by other means");
    }
    runtime.block_on(async {
        let (url, listen) = (app.config.server.public_url.to_string(), app.config.server.listen);
        let admin = AdminSocket::bind(&app.config.server.data_dir)
            .map_err(|error| CliError::Failed(format!("管理用ソケットを用意できません（{}）", os::cause(&error))))?;
        serving::serve(app, Vec::new(), Some(admin), || tracing::info!(%listen, url, "serving")).await
    })
}
