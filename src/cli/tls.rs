//! The certificate of our own port: read and judged before anybody is served.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use poem::listener::{Acceptor, RustlsCertificate, RustlsConfig};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::CliError;
use crate::kernel::os;

/// The files of `server.tls_cert` and `server.tls_key`, if a server can do TLS with them.
///
/// # Errors
/// A sentence that names the file that cannot be used.
pub fn config(cert: &Path, key: &Path) -> Result<RustlsConfig, CliError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| CliError::Failed(format!("{} を読めません（{}）", path.display(), os::cause(&error))))
    };
    let (chain, secret) = (read(cert)?, read(key)?);
    judge(&chain, &secret).map_err(|told| CliError::Failed(told.sentence(cert, key)))?;
    Ok(RustlsConfig::new().fallback(RustlsCertificate::new().cert(chain).key(secret)))
}

/// What is wrong with the two files.
enum Wrong {
    Certificate,
    Key,
    Pair(rustls::Error),
}

impl Wrong {
    fn sentence(&self, cert: &Path, key: &Path) -> String {
        match self {
            Self::Certificate => format!("{} にPEM形式の証明書がありません", cert.display()),
            Self::Key => format!("{} にPEM形式の秘密鍵がありません", key.display()),
            Self::Pair(error) => {
                format!("{} の証明書は {} の秘密鍵では使えません（{error}）", cert.display(), key.display())
            }
        }
    }
}

/// poem itself would only log that a certificate is of no use, and then serve nobody.
fn judge(chain: &[u8], secret: &[u8]) -> Result<(), Wrong> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|_| Wrong::Certificate)?;
    if chain.is_empty() {
        return Err(Wrong::Certificate);
    }
    let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|_| Wrong::Key)?;
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map(drop)
        .map_err(Wrong::Pair)
}

/// Has poem take the certificate up. It does so while it waits for the first connection, and may drop that one.
pub async fn take_up(acceptor: &mut impl Acceptor) {
    let mut first = pin!(acceptor.accept());
    std::future::poll_fn(|context| {
        let _ = first.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}
