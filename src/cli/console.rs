//! Answers the admin socket: commands that need a live database reach the running server here.

use std::sync::Arc;

use super::socket::Handler;
use super::{account, ask, backup, keys, ledger, staff, verify};
use crate::app::App;

/// The handler for [`super::socket::serve`]: one arm for each command.
#[must_use]
pub fn handler(app: App) -> Handler {
    Arc::new(move |request, progress| {
        let app = app.clone();
        Box::pin(async move {
            match request.command.as_str() {
                account::COMMAND => ask::answer(&app, request, progress, account::perform).await,
                backup::COMMAND => ask::answer(&app, request, progress, backup::perform).await,
                keys::COMMAND => ask::answer(&app, request, progress, keys::perform).await,
                ledger::COMMAND => ask::answer(&app, request, progress, ledger::perform).await,
                staff::COMMAND => ask::answer(&app, request, progress, staff::perform).await,
                verify::COMMAND => ask::answer(&app, request, progress, verify::perform).await,
                other => Err(format!("動いているサーバーは {other} というコマンドを知りません")),
            }
        })
    })
}
