//! `uketsuke serve`: the server.

/// Arguments of `serve`: none, everything is configured.
#[derive(Debug, clap::Args)]
pub struct Args {}
