//! Helpers with a process of their own: this program starts itself again with a role.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{Outcome, load, menu, sink};

const VARIABLE: &str = "UKETSUKE_FIGURES_ROLE";

/// What a helper does.
#[derive(Debug, Serialize, Deserialize)]
pub enum Role {
    /// Logs in again and again.
    Storm(load::Storm),
    /// Asks for pages at an even pace.
    Pages(load::Pages),
    /// Asks for one page as fast as it comes.
    Hammer(load::Hammer),
    /// Small writes at an even pace until it is told to stop.
    Writes(load::Writes),
    /// A mail server.
    Sink,
    /// A bare poem server that answers the given bytes.
    Bare(menu::Bare),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Storm(_) => "storm",
            Self::Pages(_) => "pages",
            Self::Hammer(_) => "hammer",
            Self::Writes(_) => "writes",
            Self::Sink => "sink",
            Self::Bare(_) => "bare",
        })
    }
}

/// The role of this process, if it has one.
pub fn asked() -> Option<Role> {
    let text = std::env::var(VARIABLE).ok()?;
    Some(serde_json::from_str(&text).expect("a helper is started by this program only"))
}

/// Plays it to its end.
pub fn play(role: &Role) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match role {
        Role::Storm(storm) => tell(&runtime.block_on(storm.run())?),
        Role::Pages(pages) => tell(&runtime.block_on(pages.run())?),
        Role::Hammer(hammer) => tell(&runtime.block_on(hammer.run())?),
        Role::Writes(writes) => tell(&runtime.block_on(writes.run())?),
        Role::Sink => runtime.block_on(sink::serve()),
        // As many threads as the server itself has.
        Role::Bare(bare) => tokio::runtime::Runtime::new()?.block_on(bare.serve()),
    }
}

/// Says something to whoever started this process: one line.
pub fn tell(value: &impl Serialize) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(out.flush()?)
}

/// The lines that whoever started this process says to it.
pub fn orders() -> mpsc::UnboundedReceiver<String> {
    let (sender, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    orders
}

/// A helper at work; it ends with this.
pub struct Helper {
    child: Child,
    orders: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Helper {
    pub fn start(role: &Role) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(VARIABLE, serde_json::to_string(role)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let told = BufReader::new(child.stdout.take().ok_or("piped above")?);
        Ok(Self { child, orders, told })
    }

    /// The next line that it says.
    pub fn hear<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let mut line = String::new();
        if self.told.read_line(&mut line)? == 0 {
            return Err("a helper ended without a word".into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Gives it an order and hears the answer.
    pub fn ask<T: DeserializeOwned>(&mut self, order: &str) -> Outcome<T> {
        writeln!(self.orders.as_mut().ok_or("it was told to stop")?, "{order}")?;
        self.hear()
    }

    /// Tells it that no more orders come, and hears its last word.
    pub fn stop<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        self.orders = None;
        self.hear()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a helper and waits for its result.
pub fn run<T: DeserializeOwned>(role: &Role) -> Outcome<T> {
    Helper::start(role)?.hear()
}
