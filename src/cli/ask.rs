//! Asks the running server to do a command, or does it in this process when no server runs.

use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::socket::{self, CallError, Progress, ProgressSender, Request, Response};
use super::{CliError, installation};
use crate::app::App;
use crate::config::{Config, Loaded};
use crate::kernel::os;

/// Hears how far a command has come.
pub type Tell = Arc<dyn Fn(Progress) + Send + Sync>;

/// Sends `args` to the server as `command`; without a server opens the installation and calls `perform`. Shows a progress bar.
///
/// # Errors
/// A sentence; what it means for the data is the command's to say.
pub fn ask<A, D, F, Fut>(loaded: Loaded, command: &str, args: A, perform: F) -> Result<D, CliError>
where
    A: Serialize,
    D: Serialize + DeserializeOwned,
    F: FnOnce(App, A, Tell) -> Fut,
    Fut: Future<Output = Result<D, String>>,
{
    let data_folder = loaded.config.server.data_dir.clone();
    ask_or(&data_folder, command, args, |args, tell| alone(loaded.config, args, tell, perform))
}

/// As [`ask`]; without a server calls `otherwise`.
///
/// # Errors
/// As [`ask`].
pub fn ask_or<A, D>(
    data_folder: &Path,
    command: &str,
    args: A,
    otherwise: impl FnOnce(A, Tell) -> Result<D, CliError>,
) -> Result<D, CliError>
where
    A: Serialize,
    D: DeserializeOwned,
{
    let failed = |error: &dyn std::fmt::Display| CliError::Failed(error.to_string());
    let bar = Bar::new();
    let request = Request { command: command.to_owned(), args: serde_json::to_value(&args).map_err(|error| failed(&error))? };
    let tell = bar.tell();
    let called = socket::call(data_folder, &request, |progress| tell(progress));
    let done = match called {
        Ok(Response(done)) => serde_json::from_value(done).map_err(|error| failed(&error)),
        Err(CallError::NotRunning) => otherwise(args, tell),
        Err(error) => Err(failed(&error)),
    };
    bar.clear();
    done
}

/// Opens the installation in this process and performs.
///
/// # Errors
/// A sentence that names what cannot be opened, or the command's own.
pub fn alone<A, D, F, Fut>(config: Config, args: A, tell: Tell, perform: F) -> Result<D, CliError>
where
    F: FnOnce(App, A, Tell) -> Fut,
    Fut: Future<Output = Result<D, String>>,
{
    installation::expect_no_lost_database(&config)?;
    let app = installation::open(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| CliError::Failed(os::cause(&error)))?;
    let work = async {
        // What a process before has left behind is cleared away here as at the start of the server.
        app.prepare().await.map_err(|error| error.japanese())?;
        perform(app.clone(), args, tell).await
    };
    runtime.block_on(work).map_err(CliError::Failed)
}

/// The server's side: reads the arguments, performs, writes the answer.
///
/// # Errors
/// A sentence for whoever typed the command.
pub async fn answer<A, D, F, Fut>(app: &App, request: Request, progress: ProgressSender, perform: F) -> Result<Response, String>
where
    A: DeserializeOwned,
    D: Serialize,
    F: FnOnce(App, A, Tell) -> Fut,
    Fut: Future<Output = Result<D, String>>,
{
    let args = serde_json::from_value(request.args).map_err(|error| error.to_string())?;
    let tell: Tell = Arc::new(move |step| progress.send(step));
    let done = perform(app.clone(), args, tell).await?;
    serde_json::to_value(done).map(Response).map_err(|error| error.to_string())
}

/// A bar on the terminal; nothing where stderr is none.
#[derive(Clone)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        Self(ProgressBar::hidden())
    }

    fn show(&self, progress: &Progress) {
        if self.0.is_hidden() && self.0.position() == 0 {
            self.0.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {percent}%  残り {eta}") {
                self.0.set_style(style.progress_chars("=> "));
            }
        }
        self.0.set_length(progress.total.unwrap_or(progress.done).max(1));
        self.0.set_message(progress.message.clone());
        self.0.set_position(progress.done);
    }

    /// What shows progress on it.
    pub(super) fn tell(&self) -> Tell {
        let bar = self.clone();
        Arc::new(move |progress| bar.show(&progress))
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
