//! One connection, and how long it may keep the server waiting.
//!
//! While a request is in our hands the client waits for us (its body has a time of its own, see [`crate::web::Form`]). Else we wait for
//! the client, with a patience that bytes it sends do not renew: only a whole request does, or an answer that is taken.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Entry;

/// At most so much is read at once: hyper sizes its buffer by what arrives, and would keep 400 KiB for each connection.
const PIECE: usize = 16 * 1024;

/// How HTTP/2 begins where no TLS handshake has agreed on it. No browser speaks it so, nor does a proxy that is not told to; whoever
/// else does could hold several times the memory of a plain connection.
const UNAGREED: &[u8] = b"PRI ";

/// How long one connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the next whole request.
    pub idle: Duration,
    /// Bytes of an answer that renew all of it; whoever takes fewer in that time is cut off.
    pub least: u32,
    /// Bytes read without a whole request coming of them.
    pub unasked: usize,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Life {
    patience: Patience,
    now: Mutex<State>,
    over: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

#[derive(Debug)]
struct State {
    /// Requests being answered; several over HTTP/2.
    in_hand: usize,
    /// When patience ends, if none is.
    until: Instant,
    /// Bytes read since the last request, less those written.
    unasked: usize,
}

impl Life {
    pub(super) fn new(patience: Patience) -> Self {
        let state = State { in_hand: 0, until: Instant::now() + patience.idle, unasked: 0 };
        Self {
            patience,
            now: Mutex::new(state),
            over: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) {
        let mut state = self.state();
        state.in_hand += 1;
        state.unasked = 0;
    }

    pub(super) fn end(&self) {
        let mut state = self.state();
        state.in_hand -= 1;
        state.unasked = 0;
        state.until = Instant::now() + self.patience.idle;
    }

    fn read(&self, bytes: usize) {
        let mut state = self.state();
        if state.in_hand == 0 {
            state.unasked = state.unasked.saturating_add(bytes);
            if state.unasked > self.patience.unasked {
                self.over.store(true, Ordering::Release);
            }
        }
    }

    fn wrote(&self, bytes: usize) {
        let bought = self.patience.idle.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / self.patience.least.max(1);
        let mut state = self.state();
        state.until = (state.until + bought).min(Instant::now() + self.patience.idle);
        state.unasked = state.unasked.saturating_sub(bytes);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Waits until patience is at its end, and then cuts the connection.
    async fn watch(self: Arc<Self>) {
        loop {
            let now = Instant::now();
            let until = {
                let state = self.state();
                // Whatever is in hand now, patience begins anew after it: looking again that late is early enough.
                if state.in_hand > 0 { now + self.patience.idle } else { state.until }
            };
            if until <= now {
                break;
            }
            tokio::time::sleep_until(until).await;
        }
        self.over.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }
}

/// A stream that ends when patience does: whoever reads is told the end, whoever writes an error, and both let go of the socket.
#[derive(Debug)]
pub struct Watched<S> {
    inner: S,
    watch: AbortHandle,
    entry: Entry,
    /// How far what was read first is [`UNAGREED`]; `None` once it is something else.
    opening: Option<usize>,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S, entry: Entry) -> Self {
        let watch = tokio::spawn(Arc::clone(&entry.life).watch()).abort_handle();
        Self { inner, watch, entry, opening: Some(0) }
    }

    /// Whether HTTP/2 begins without TLS.
    fn begins_unagreed(&mut self, read: &[u8]) -> bool {
        let Some(seen) = self.opening else { return false };
        let awaited = &UNAGREED[seen..];
        let both = awaited.len().min(read.len());
        self.opening = (awaited[..both] == read[..both] && both < awaited.len()).then_some(seen + both);
        awaited == &read[..both]
    }

    fn may_write(&self, cx: &Context<'_>) -> io::Result<()> {
        // In this order: an end between the two would else wake nobody.
        self.entry.life.writer.register(cx.waker());
        if self.entry.life.is_over() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.entry.life.reader.register(cx.waker());
        if this.entry.life.is_over() {
            return Poll::Ready(Ok(()));
        }
        // What fits is read in place: a piece of the buffer would first have to be filled with zeros.
        let before = buf.filled().len();
        if buf.remaining() <= PIECE {
            ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        } else {
            let mut piece = ReadBuf::new(buf.initialize_unfilled_to(buf.remaining().min(PIECE)));
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut piece))?;
            let read = piece.filled().len();
            buf.advance(read);
        }
        if this.begins_unagreed(&buf.filled()[before..]) {
            buf.set_filled(before);
            this.entry.life.over.store(true, Ordering::Release);
            return Poll::Ready(Ok(()));
        }
        this.entry.life.read(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.may_write(cx)?;
        let wrote = ready!(Pin::new(&mut this.inner).poll_write(cx, buf))?;
        this.entry.life.wrote(wrote);
        Poll::Ready(Ok(wrote))
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.may_write(cx)?;
        let wrote = ready!(Pin::new(&mut this.inner).poll_write_vectored(cx, bufs))?;
        this.entry.life.wrote(wrote);
        Poll::Ready(Ok(wrote))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.may_write(cx)?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}
