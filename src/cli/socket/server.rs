//! The server's side.

use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Line, MAX_LINE, Progress, Request, Response, short_name};

/// What a request does. The error is a Japanese sentence for whoever typed the command.
pub type Handler =
    Arc<dyn Fn(Request, ProgressSender) -> BoxFuture<'static, std::result::Result<Response, String>> + Send + Sync>;

/// A command that sends no request within this time is cut off.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// Commands served at the same time.
const AT_ONCE: usize = 16;

/// Tells the command how far its request has come. Never waits: only the newest progress is kept for a slow reader.
#[derive(Clone, Debug)]
pub struct ProgressSender(watch::Sender<Option<Progress>>);

impl ProgressSender {
    /// Replaces the progress told before.
    pub fn send(&self, progress: Progress) {
        self.0.send_replace(Some(progress));
    }
}

/// The socket of a running server; its file is removed when this is dropped.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Opens `admin.sock` in the data folder with mode 0600. A socket left behind by a killed server is replaced.
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `AddrInUse` when another server answers there, else what the system says.
    pub fn bind(data_dir: &Path) -> Result<Self> {
        let (path, folder) = short_name(data_dir, "admin.sock")?;
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(Error::new(ErrorKind::AddrInUse, "another server answers on admin.sock"));
        }
        // Made under another name, so that it never shows with a wider mode, then moved over what is there.
        let (fresh, _kept) = short_name(data_dir, "admin.sock.new")?;
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&fresh)?;
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&fresh, &path)?;
        drop(folder);
        Ok(Self { listener, path: super::path(data_dir) })
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // Nothing is lost if it stays: the next command finds nobody behind it, the next server replaces it.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Serves requests until it is dropped or aborted; requests under way are then dropped as well. A request goes on when the
/// command that sent it has gone away.
pub async fn serve(socket: AdminSocket, handler: Handler) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.listener.accept(), if running.len() < AT_ONCE => match accepted {
                Ok((stream, _)) => {
                    running.spawn(connection(stream, Arc::clone(&handler)));
                }
                Err(error) => {
                    tracing::warn!(%error, "admin socket: accept failed");
                    // Out of file descriptors: trying again at once would only burn the processor.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            },
            Some(_) = running.join_next(), if !running.is_empty() => {}
        }
    }
}

async fn connection(stream: UnixStream, handler: Handler) {
    let allowed = stream.peer_cred().is_ok_and(|peer| may_call(peer.uid()));
    let (read, mut write) = stream.into_split();
    let last = if allowed {
        match request(read).await {
            Ok(request) => handle(request, handler, &mut write).await,
            Err(sentence) => Line::Error(sentence),
        }
    } else {
        tracing::warn!("admin socket: refused another user of this machine");
        Line::Error("サーバーと同じ利用者か root で実行してください".into())
    };
    // The command may be gone; what it asked for is done all the same.
    send(&mut write, &last).await.ok();
}

/// The server's own user, and root, who could become that user anyway.
fn may_call(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

async fn request(read: OwnedReadHalf) -> std::result::Result<Request, String> {
    let mut line = Vec::new();
    let mut read = BufReader::new(read.take(MAX_LINE as u64));
    let complete = match tokio::time::timeout(REQUEST_WITHIN, read.read_until(b'\n', &mut line)).await {
        Ok(Ok(_)) => line.pop() == Some(b'\n'),
        Ok(Err(_)) | Err(_) => false,
    };
    if !complete {
        return Err("依頼が届かないか、大きすぎます".into());
    }
    serde_json::from_slice(&line).map_err(|_| "依頼の形式が違います。サーバーとコマンドの版が同じか確かめてください".to_owned())
}

async fn handle(request: Request, handler: Handler, write: &mut OwnedWriteHalf) -> Line {
    let command = request.command.clone();
    let (sender, mut progress) = watch::channel(None);
    let work = AssertUnwindSafe(async { handler(request, ProgressSender(sender)).await }).catch_unwind();
    tokio::pin!(work);
    let (mut listening, mut reporting) = (true, true);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return match result {
                Ok(Ok(response)) => Line::Done(response),
                Ok(Err(sentence)) => Line::Error(sentence),
                Err(_) => {
                    tracing::error!(command, "admin socket: a request panicked");
                    Line::Error("サーバーの中で誤りが起きました。サーバーのログを確かめてください".into())
                }
            },
            changed = progress.changed(), if listening && reporting => match changed {
                Ok(()) => {
                    let newest = progress.borrow_and_update().clone();
                    if let Some(newest) = newest {
                        listening = send(write, &Line::Progress(newest)).await.is_ok();
                    }
                }
                // The handler dropped its sender and works on in silence.
                Err(_) => reporting = false,
            },
        }
    }
}

async fn send(write: &mut OwnedWriteHalf, line: &Line) -> Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    if text.len() > MAX_LINE {
        tracing::error!(bytes = text.len(), "admin socket: an answer was too long to send");
        text = serde_json::to_vec(&Line::Error("終わりましたが、結果が大きすぎて表示できません".into()))?;
        text.push(b'\n');
    }
    write.write_all(&text).await
}
