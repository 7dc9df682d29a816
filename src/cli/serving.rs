//! The server itself, for `serve` and `demo`: listens, works off jobs, answers the admin socket, stops in order.

use std::time::Duration;

use poem::Server;
use poem::listener::{Acceptor, Listener as _, TcpListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::socket::{self, AdminSocket};
use super::{CliError, tls};
use crate::app::App;
use crate::routes::Row;
use crate::security::housekeeping;

/// Requests in hand get this long when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// A connection without traffic is closed after this long, so that idle ones cannot use up all there are.
const IDLE: Duration = Duration::from_secs(30);

/// Serves until it is told to stop (SIGTERM, SIGINT) or the database is lost. `more` are routes beyond the table: none for `serve`.
///
/// # Errors
/// A sentence that names the address that cannot be listened on, or says that the database was lost.
pub async fn serve(app: App, more: Vec<Row>, admin: Option<AdminSocket>, ready: impl FnOnce()) -> Result<(), CliError> {
    let server = &app.config.server;
    let listen = server.listen;
    let failed = |what: &str, error: &dyn std::fmt::Display| CliError::Failed(format!("{what}: {error}"));
    // Heard from here on: a SIGTERM just after the start must stop in order as well.
    let signals = Signals::hear().map_err(|error| failed("停止の合図を受け取れません", &error))?;
    app.prepare().await.map_err(|error| failed("データベースを準備できません", &error))?;

    let (stop, stopping) = watch::channel(false);
    let mut lanes = app.runner().start(&stopping, &app.front.alive);
    let console = admin.map(|admin| tokio::spawn(socket::serve(admin, super::console::handler(app.clone()))));

    let until = wait_for_end(app.clone(), signals);
    let cannot_listen = |error: std::io::Error| CliError::Failed(format!("{listen} で待ち受けできません: {error}"));
    let lost = match (&server.tls_cert, &server.tls_key) {
        (Some(cert), Some(key)) => {
            let listener = TcpListener::bind(listen).rustls(tls::config(cert, key)?);
            let mut acceptor = listener.into_acceptor().await.map_err(cannot_listen)?;
            tls::take_up(&mut acceptor).await;
            ready();
            run(acceptor, app.endpoint_with(more), IDLE, until).await?
        }
        _ => {
            let acceptor = TcpListener::bind(listen).into_acceptor().await.map_err(cannot_listen)?;
            ready();
            run(acceptor, app.endpoint_with(more), IDLE, until).await?
        }
    };

    app.break_off();
    let _ = stop.send(true);
    if let Some(console) = console {
        console.abort();
    }
    if lost {
        // The lanes would wait for a writer that has ended.
        lanes.abort_all();
        return Err(CliError::Failed("データベースへの書き込みに失敗したため停止しました。再起動してください".into()));
    }
    while lanes.join_next().await.is_some() {}
    housekeeping::write_down(&app.store, &app.front.seen)
        .await
        .map_err(|error| failed("ログインの最終利用時刻を記録できません", &error))
}

/// Says whether it ended because the database was lost.
async fn run(
    acceptor: impl Acceptor + 'static,
    endpoint: impl poem::Endpoint + 'static,
    idle: Duration,
    until: impl Future<Output = bool>,
) -> Result<bool, CliError> {
    let (lost, mut was_lost) = watch::channel(false);
    let signal = async move {
        let _ = lost.send(until.await);
    };
    Server::new_with_acceptor(acceptor)
        .idle_timeout(idle)
        .run_with_graceful_shutdown(endpoint, signal, Some(GRACE))
        .await
        .map_err(|error| CliError::Failed(format!("サーバーが止まりました: {error}")))?;
    Ok(*was_lost.borrow_and_update())
}

/// What asks the process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn hear() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

/// Says whether the database was lost.
async fn wait_for_end(app: App, mut signals: Signals) -> bool {
    tokio::select! {
        _ = signals.terminate.recv() => false,
        _ = signals.interrupt.recv() => false,
        () = app.store.broken() => true,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_says_nothing_more_is_closed() {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
        let endpoint = poem::endpoint::make_sync(|_| "here");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(run(acceptor, endpoint, Duration::from_millis(200), async {
            stopped.await.ok();
            false
        }));
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut used = TcpStream::connect(address).await.unwrap();
        used.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        // Both reads end only because the server closes: the clients keep their side open.
        let (mut nothing, mut answer) = (Vec::new(), Vec::new());
        let closed = async { (silent.read_to_end(&mut nothing).await, used.read_to_end(&mut answer).await) };
        let closed = tokio::time::timeout(Duration::from_secs(20), closed).await;
        assert!(closed.is_ok(), "a silent connection stays open");
        assert!(String::from_utf8_lossy(&answer).ends_with("here"), "{answer:?}");
        stop.send(()).unwrap();
        assert!(!server.await.unwrap().unwrap());
    }
}
