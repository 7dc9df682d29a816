//! The server itself, for `serve` and `demo`: listens, works off jobs, answers the admin socket, stops in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::Server;
use poem::listener::{Acceptor, AcceptorExt as _, IntoTlsConfigStream as _, Listener as _, TcpListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::listening::{Answering, Door, Guarded, Rules};
use super::socket::{self, AdminSocket};
use super::{CliError, tls};
use crate::app::App;
use crate::kernel::os;
use crate::routes::Row;
use crate::security::housekeeping;

/// Requests in hand get this long when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// Requests that one connection may have under way over HTTP/2; poem would set no bound. An answer that its client does not take lies
/// in memory meanwhile, some 16 KiB of it: eight of them are no more than the connection itself takes. A page of ours asks for fewer.
const STREAMS: u32 = 8;

/// Serves until it is told to stop (SIGTERM, SIGINT) or the database is lost. `more` are routes beyond the table: none for `serve`.
///
/// # Errors
/// A sentence that names the address that cannot be listened on, or says that the database was lost.
pub async fn serve(app: App, more: Vec<Row>, admin: Option<AdminSocket>, ready: impl FnOnce()) -> Result<(), CliError> {
    let server = &app.config.server;
    let listen = server.listen;
    let failed = |what: &str, why: &str| CliError::Failed(format!("{what}（{why}）"));
    // Heard from here on: a SIGTERM just after the start must stop in order as well.
    let signals = Signals::hear().map_err(|error| failed("停止の合図を受け取れません", &os::cause(&error)))?;
    app.prepare().await.map_err(|error| failed("データベースを準備できません", &error.japanese()))?;

    let (stop, stopping) = watch::channel(false);
    let mut lanes = app.runner().start(&stopping, &app.front.alive);
    let console = admin.map(|admin| tokio::spawn(socket::serve(admin, super::console::handler(app.clone()))));

    let until = wait_for_end(app.clone(), signals);
    let cannot_listen = |error: std::io::Error| CliError::Failed(self::cannot_listen(listen, &error));
    let certificate = match (&server.tls_cert, &server.tls_key) {
        (Some(cert), Some(key)) => Some(tls::config(cert, key)?.into_stream().map_err(cannot_listen)?),
        _ => None,
    };
    let door = Door::new(Rules::of(&app.config));
    let acceptor = Guarded::new(TcpListener::bind(listen).into_acceptor().await.map_err(cannot_listen)?, Arc::clone(&door));
    let lost = if let Some(certificate) = certificate {
        let mut acceptor = acceptor.rustls(certificate);
        tls::take_up(&mut acceptor).await;
        ready();
        run(acceptor, app.endpoint_with(more), door, until).await?
    } else {
        ready();
        run(acceptor, app.endpoint_with(more), door, until).await?
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
        .map_err(|error| failed("ログインの最終利用時刻を記録できません", &error.japanese()))
}

/// Serves whom `door` lets in through `acceptor`; says whether it ended because the database was lost.
pub(super) async fn run(
    acceptor: impl Acceptor + 'static,
    endpoint: impl poem::Endpoint + 'static,
    door: Arc<Door>,
    until: impl Future<Output = bool>,
) -> Result<bool, CliError> {
    let (lost, mut was_lost) = watch::channel(false);
    let signal = async move {
        let _ = lost.send(until.await);
    };
    Server::new_with_acceptor(acceptor)
        .http2_max_concurrent_streams(STREAMS)
        .run_with_graceful_shutdown(Answering::new(endpoint, door), signal, Some(GRACE))
        .await
        .map_err(|error| CliError::Failed(format!("サーバーが止まりました（{}）", os::cause(&error))))?;
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

/// Why nothing can be heard there.
pub(super) fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> String {
    format!("{listen} で待ち受けできません（{}）", os::cause(error))
}
