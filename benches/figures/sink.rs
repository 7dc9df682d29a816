//! A mail server that takes everything as fast as it comes, and can be told to keep senders waiting.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::Outcome;
use crate::role::{Helper, Role, orders, tell};

/// What it has taken.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    pub mails: usize,
    /// From the first to the last, in seconds.
    pub seconds: f64,
}

#[derive(Default)]
struct State {
    taken: Taken,
    first: Option<Instant>,
    hold: Duration,
}

/// Tells its port; then answers `count`, and to `hold MILLISECONDS` says `true`.
pub async fn serve() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    tell(&listener.local_addr()?.port())?;
    let state = Rc::new(RefCell::new(State::default()));
    let local = LocalSet::new();
    let shared = Rc::clone(&state);
    local.spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(talk(stream, Rc::clone(&shared)));
        }
    });
    local
        .run_until(async {
            let mut orders = orders();
            while let Some(order) = orders.recv().await {
                match order.strip_prefix("hold ") {
                    Some(millis) => {
                        state.borrow_mut().hold = Duration::from_millis(millis.parse()?);
                        tell(&true)?;
                    }
                    None => tell(&state.borrow().taken)?,
                }
            }
            Ok(())
        })
        .await
}

async fn talk(stream: TcpStream, state: Rc<RefCell<State>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 localhost ESMTP\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb = String::from_utf8_lossy(&line[..line.len().min(4)]).to_ascii_uppercase();
        match verb.as_str() {
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                loop {
                    line.clear();
                    if lines.read_until(b'\n', &mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == b".\r\n" {
                        break;
                    }
                }
                let hold = state.borrow().hold;
                if !hold.is_zero() {
                    tokio::time::sleep(hold).await;
                }
                note(&mut state.borrow_mut());
                write.write_all(b"250 taken\r\n").await?;
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => write.write_all(b"250 fine\r\n").await?,
        }
    }
}

fn note(state: &mut State) {
    let first = *state.first.get_or_insert_with(Instant::now);
    state.taken = Taken { mails: state.taken.mails + 1, seconds: first.elapsed().as_secs_f64() };
}

/// A sink in a process of its own.
pub struct Sink {
    helper: Helper,
    pub port: u16,
}

impl Sink {
    pub fn start() -> Outcome<Self> {
        let mut helper = Helper::start(&Role::Sink)?;
        let port = helper.hear()?;
        Ok(Self { helper, port })
    }

    pub fn taken(&mut self) -> Outcome<Taken> {
        self.helper.ask("count")
    }

    /// Keeps whoever has sent a mail waiting for the answer.
    pub fn hold(&mut self, millis: u64) -> Outcome<()> {
        self.helper.ask::<bool>(&format!("hold {millis}")).map(drop)
    }
}
