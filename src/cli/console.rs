//! Answers the admin socket: commands that need a live database reach the running server here.

use std::sync::Arc;

use super::socket::Handler;
use crate::app::App;

/// The handler for [`super::socket::serve`]: one arm for each command.
#[must_use]
pub fn handler(app: App) -> Handler {
    Arc::new(move |request, progress| {
        let app = app.clone();
        Box::pin(async move {
            let _ = (&app, &progress);
            match request.command.as_str() {
                super::staff::COMMAND => super::staff::answer(&app, request).await,
                other => Err(format!("動いているサーバーは {other} というコマンドを知りません")),
            }
        })
    })
}
