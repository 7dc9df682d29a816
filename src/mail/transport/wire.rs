//! The stream under a connection.
//!
//! lettre would open its own, but never sets `TCP_NODELAY` and writes the end of each mail separately, so that
//! every mail waits some 40 ms for the peer's delayed ACK. Ours sets it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::io::{AsyncRead as _, AsyncWrite as _};
#[expect(deprecated, reason = "lettre has no other way to speak TLS on a stream of ours")]
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};

/// Longest wait for one address of a host that has several.
const PER_ADDRESS: Duration = Duration::from_secs(10);

/// Opens a TCP connection; with `loopback_only` to no address but a loopback one, whatever the name resolves to.
pub(super) async fn dial(host: &str, port: u16, loopback_only: bool) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no usable address");
    // The resolver's errors are of no kind; what they mean is that there is no such name.
    let addresses = lookup_host((host, port)).await.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
    for address in addresses {
        if loopback_only && !address.ip().is_loopback() {
            continue;
        }
        match tokio::time::timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Gives out at most one line per read, as a connection needs until STARTTLS.
///
/// Whatever a man in the middle appends to the plain answer to STARTTLS would otherwise wait in lettre's buffer and
/// be taken for an answer inside TLS. Held back here it goes to the TLS handshake, which refuses it.
#[derive(Debug)]
pub(super) struct LineByLine {
    tcp: TcpStream,
    held: Vec<u8>,
}

impl LineByLine {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { tcp, held: Vec::new() }
    }
}

impl AsyncRead for LineByLine {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            let mut chunk = [0; 4096];
            let mut fresh = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.tcp).poll_read(cx, &mut fresh))?;
            this.held.extend_from_slice(fresh.filled());
        }
        let line = this.held.iter().position(|byte| *byte == b'\n');
        let end = line.map_or(this.held.len(), |at| at + 1).min(buf.remaining());
        buf.put_slice(&this.held[..end]);
        this.held.drain(..end);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

/// TLS from the first byte, as lettre's own TLS stream dressed as one of ours.
#[expect(deprecated, reason = "see the import")]
pub(super) struct Tls(AsyncNetworkStream);

impl Tls {
    pub(super) async fn handshake(tcp: TcpStream, parameters: TlsParameters) -> Result<Self, lettre::transport::smtp::Error> {
        #[expect(deprecated, reason = "see the import")]
        let mut stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
        stream.upgrade_tls(parameters).await?;
        Ok(Self(stream))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl AsyncRead for Tls {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.get_mut().0);
        let count = ready!(stream.poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tls {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_close(cx)
    }
}

impl AsyncTokioStream for Tls {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
