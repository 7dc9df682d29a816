//! Real SMTP with a few connections kept open.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::message::Composed;
use super::pool::Pool;
use super::session::{self, Failure, Target};
use super::{Deliver, OutgoingMail, SendError};
use crate::config::{SmtpTls, SmtpUrl};
use crate::kernel::os;

/// What may be set beside the server's address.
#[derive(Debug, Clone)]
pub struct Options {
    /// Longest time for one mail, from opening a connection to the server's last answer.
    pub timeout: Duration,
    /// Most connections at a time.
    pub connections: usize,
    /// How long a connection is kept without use.
    pub idle: Duration,
    /// PEM file with certificates to be trusted beside those of the system: a federation's own authority.
    pub ca_file: Option<PathBuf>,
}

impl Default for Options {
    /// 30 seconds, 4 connections, 15 seconds idle, the system's certificates.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), connections: 4, idle: Duration::from_secs(15), ca_file: None }
    }
}

/// Why no transport could be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address of the server; not repeated here, it may hold a password.
    #[error("メールサーバーのURLが正しくありません。暗号化なしの smtp:// は同じ機械のときだけ使えます")]
    Url,
    /// The file with further certificates.
    #[error("証明書ファイル {path} を読み取れません: {reason}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// TLS as such, for instance when the system has no certificates at all.
    #[error("TLS の準備ができません(OS の証明書パッケージ ca-certificates をお確かめください): {0}")]
    Tls(String),
}

/// Mails over SMTP. Clones share their connections.
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    timeout: Duration,
    slots: Semaphore,
    pool: Arc<Pool>,
}

impl Transport {
    /// A transport to `smtp_url` (see [`SmtpUrl`]); no connection is opened yet. `timeout` is per mail.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn connect_lazy(smtp_url: &str, timeout: Duration) -> Result<Self, SetupError> {
        let url = smtp_url.parse().map_err(|_| SetupError::Url)?;
        Self::with(url, Options { timeout, ..Options::default() })
    }

    /// As [`Transport::connect_lazy`], with everything that can be set.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn with(url: SmtpUrl, options: Options) -> Result<Self, SetupError> {
        let tls = match url.tls() {
            SmtpTls::None => None,
            SmtpTls::StartTls | SmtpTls::Tls => Some(tls_parameters(url.host(), &options)?),
        };
        let hello = url.hello_name().map_or_else(ClientId::default, |name| ClientId::Domain(name.to_owned()));
        Ok(Self {
            shared: Arc::new(Shared {
                target: Target { url, tls, hello },
                timeout: options.timeout,
                slots: Semaphore::new(options.connections.max(1)),
                pool: Pool::new(options.idle),
            }),
        })
    }

    /// Sends one mail. Waiting for a free connection is not part of the time-out, everything else is.
    ///
    /// # Errors
    /// See [`Deliver::deliver`].
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        let composed = Composed::of(mail)?;
        let shared = &self.shared;
        shared.in_time(shared.deliver(&composed, &mail.body)).await
    }

    /// Opens a connection as for a mail and closes it again: for `doctor` and readiness.
    ///
    /// # Errors
    /// Why no mail could be sent now.
    pub async fn probe(&self) -> Result<(), SendError> {
        let shared = &self.shared;
        let open = async {
            session::quit(session::open(&shared.target).await?).await;
            Ok(())
        };
        shared.in_time(open).await
    }

    /// Closes idle connections politely, at the end of the process.
    pub async fn close(&self) {
        self.shared.pool.close().await;
    }
}

impl Deliver for Transport {
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), SendError>> {
        self.send(mail).boxed()
    }
}

impl Shared {
    async fn in_time(&self, work: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
        // The semaphore is never closed; if it were, sending would be no worse for it.
        let _slot = self.slots.acquire().await;
        let late = || SendError::temporary("メールサーバーから時間内に応答がありませんでした");
        timeout(self.timeout, work).await.unwrap_or_else(|_| Err(late()))
    }

    async fn deliver(&self, mail: &Composed, body: &str) -> Result<(), SendError> {
        if let Some(mut idle) = self.pool.take() {
            if !idle.soiled || session::reset(&mut idle.connection).await {
                match self.attempt(idle.connection, mail, body).await {
                    Err(failure) if failure.lost_early => {}
                    outcome => return outcome.map_err(|failure| failure.error),
                }
            }
            self.pool.clear();
        }
        let fresh = session::open(&self.target).await?;
        let outcome = self.attempt(fresh, mail, body).await;
        outcome.map_err(|failure| failure.error)
    }

    async fn attempt(&self, mut connection: AsyncSmtpConnection, mail: &Composed, body: &str) -> Result<(), Failure> {
        let outcome = session::hand_over(&mut connection, &self.target, mail, body).await;
        match &outcome {
            Ok(()) => self.pool.keep(connection, false),
            Err(failure) if failure.usable => self.pool.keep(connection, true),
            Err(_) => {}
        }
        outcome
    }
}

/// Checks the server's certificate and name against the system's authorities and the given ones; TLS 1.2 or newer.
fn tls_parameters(host: &str, options: &Options) -> Result<TlsParameters, SetupError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &options.ca_file {
        let bad = |reason: String| SetupError::CaFile { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|e| bad(os::cause(&e)))?;
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(bad("PEM 形式の証明書がありません".to_owned()));
        }
        let certificate = Certificate::from_pem(&pem).map_err(|_| bad("PEM 形式の証明書として読めません".to_owned()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|e| SetupError::Tls(e.to_string()))
}
