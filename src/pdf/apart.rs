//! The server's side of the process that sets its documents: started at the first one, kept warm for the next, ended when nobody has
//! printed for a while or when a job has made it big.

use std::io::{Error, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::PdfError;
use super::frames::{self, Done, Wanted};
use super::template::Shelf;
use crate::kernel::Secret;

/// How documents are set apart. The default is what the server does.
#[derive(Clone, Debug)]
pub struct Apart {
    /// The program, which is started with `press` as its only argument.
    pub program: PathBuf,
    /// A document that takes longer than this is given up, and the process with it.
    pub patience: Duration,
    /// How long the process is kept after its last document.
    pub idle: Duration,
    /// A process that holds more than this after a document is ended at once.
    pub most_resident_kib: u64,
}

impl Default for Apart {
    fn default() -> Self {
        Self {
            // The version that runs, even when an upgrade has laid another in its place.
            program: PathBuf::from("/proc/self/exe"),
            patience: Duration::from_mins(2),
            idle: Duration::from_mins(1),
            most_resident_kib: 150 << 10,
        }
    }
}

/// A thread that keeps the process: one document at a time.
pub(super) struct Keeper {
    orders: Sender<Order>,
}

struct Order {
    wanted: Wanted,
    input: Secret<Vec<u8>>,
    answer: SyncSender<Result<Vec<u8>, PdfError>>,
}

impl Keeper {
    pub(super) fn start(apart: Apart, shelf: &Shelf) -> Result<Self, PdfError> {
        let (orders, ordered) = channel();
        let desk = Desk { apart, shelf: serde_json::to_vec(shelf)?, running: None };
        let thread = std::thread::Builder::new().name("press keeper".to_owned());
        thread.spawn(move || desk.serve(&ordered)).map_err(PdfError::NotStarted)?;
        Ok(Self { orders })
    }

    pub(super) fn render(&self, templates: &[&str], title: &str, input: Secret<Vec<u8>>) -> Result<Vec<u8>, PdfError> {
        let templates = templates.iter().map(|name| (*name).to_owned()).collect();
        let (answer, answered) = sync_channel(1);
        let order = Order { wanted: Wanted { templates, title: title.to_owned() }, input, answer };
        let gone = || PdfError::Ended("its keeper is gone".to_owned());
        self.orders.send(order).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

/// What the keeper's thread has at hand.
struct Desk {
    apart: Apart,
    shelf: Vec<u8>,
    running: Option<Running>,
}

/// Why a document did not come.
enum Broken {
    NotStarted(Error),
    Ended(ExitStatus),
    TooSlow,
}

impl Desk {
    fn serve(mut self, ordered: &Receiver<Order>) {
        loop {
            let next = match self.running {
                Some(_) => ordered.recv_timeout(self.apart.idle),
                None => ordered.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                Ok(order) => {
                    let (done, resident) = self.work(&order);
                    // Whoever waits for the document does not wait for the end of the process, too.
                    order.answer.send(done).ok();
                    if resident.is_none_or(|kib| kib > self.apart.most_resident_kib) {
                        self.running = None;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.running = None,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The document, and what the process holds afterwards.
    fn work(&mut self, order: &Order) -> (Result<Vec<u8>, PdfError>, Option<u64>) {
        let mut tried = self.attempt(order);
        if let Err(Broken::Ended(status)) = &tried {
            // It may have died long before (somebody killed it) or for want of memory that is there again. Nothing of it has reached
            // anybody, so the same letters with the same passwords are set once more.
            tracing::warn!(%status, "the process that sets documents ended at its work; a new one sets the document again");
            tried = self.attempt(order);
        }
        let error = match tried {
            Ok((done, pdf)) => return (done.refused.map_or(Ok(pdf), |refused| Err(refused.into())), done.resident_kib),
            Err(Broken::NotStarted(error)) => PdfError::NotStarted(error),
            Err(Broken::Ended(status)) => PdfError::Ended(status.to_string()),
            Err(Broken::TooSlow) => {
                PdfError::TooSlow { templates: order.wanted.templates.join(" + "), seconds: self.apart.patience.as_secs() }
            }
        };
        (Err(error), None)
    }

    fn attempt(&mut self, order: &Order) -> Result<(Done, Vec<u8>), Broken> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => Running::start(&self.apart).map_err(Broken::NotStarted)?,
        };
        match running.exchange(&self.shelf, order) {
            Ok(done) => {
                self.running = Some(running);
                Ok(done)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Broken::TooSlow),
            Err(_) => Err(running.end().map_or_else(Broken::NotStarted, Broken::Ended)),
        }
    }
}

/// The process at work. It ends with this.
struct Running {
    child: Child,
    wire: UnixStream,
    /// Whether it has its templates.
    ready: bool,
}

impl Running {
    fn start(apart: &Apart) -> Result<Self, Error> {
        // Both directions over one socket, because a socket can be waited for with a limit.
        let (wire, theirs) = UnixStream::pair()?;
        wire.set_read_timeout(Some(apart.patience))?;
        wire.set_write_timeout(Some(apart.patience))?;
        let child = Command::new(&apart.program)
            .arg0("uketsuke")
            .arg("press")
            // The configuration stands there, with the password of the mail server.
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            // What it has to say comes with the answer; a line of Typst's own could quote a letter.
            .stderr(Stdio::null())
            // Ctrl+C at a terminal is for the server, which lets the print in hand come to its end.
            .process_group(0)
            .spawn()?;
        Ok(Self { child, wire, ready: false })
    }

    fn exchange(&mut self, shelf: &[u8], order: &Order) -> Result<(Done, Vec<u8>), Error> {
        if !self.ready {
            frames::write(&mut self.wire, shelf)?;
            self.ready = true;
        }
        frames::write_head(&mut self.wire, &order.wanted)?;
        frames::write(&mut self.wire, order.input.expose())?;
        Ok((frames::read_head(&mut self.wire)?, frames::read(&mut self.wire)?))
    }

    /// Ends it, if it has not ended by itself; it holds nothing that would be lost.
    fn end(&mut self) -> Result<ExitStatus, Error> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the process that sets documents could not be ended");
        }
    }
}
