//! A disk that forgets what was not synced, and that can be full or broken. It holds one database.
//!
//! Until `sync_data` comes back, what was written lies in a cache. When the power goes, any part of it may have reached the disk: in
//! order or not, whole or torn.

use std::collections::HashMap;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use uketsuke::kernel::Random;

/// What the power cut may tear: sectors and pages.
const SECTOR: usize = 512;
const PAGE: usize = 4096;

/// What a disk is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Write,
    Resize,
    Sync,
    Read,
}

/// Trouble from some point on.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub on: Act,
    /// How often that act still succeeds.
    pub after: u64,
    /// `ENOSPC` or `EIO`.
    pub code: i32,
    /// Whether it is over after the first time.
    pub once: bool,
}

/// `ENOSPC`.
pub const NO_SPACE: i32 = 28;
/// `EIO`.
pub const IO: i32 = 5;

enum Pending {
    Write(usize, Vec<u8>),
    Resize(usize),
}

struct State {
    /// What surely survives.
    durable: Vec<u8>,
    /// What the process sees.
    seen: Vec<u8>,
    /// What lies between the two, in order.
    pending: Vec<Pending>,
    /// Handles of earlier lives reach nothing any more.
    life: u64,
    /// Changes until the power goes.
    left: Option<u64>,
    trouble: Option<Trouble>,
    struck: bool,
    random: Random,
}

/// The disk. Clones are the same one.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

/// The disk as one process reaches it.
pub struct Plugged {
    disk: Disk,
    life: u64,
}

impl Disk {
    /// A disk with this content; `seed` decides what survives power cuts.
    pub fn new(content: Vec<u8>, seed: u64) -> Self {
        let state = State {
            durable: content.clone(),
            seen: content,
            pending: Vec::new(),
            life: 0,
            left: None,
            trouble: None,
            struck: false,
            random: Random::seeded(seed),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// For a process that starts now. Handles of those before are dead.
    pub fn plug(&self) -> Plugged {
        let mut state = self.lock();
        state.life += 1;
        (state.left, state.trouble, state.struck) = (None, None, false);
        let life = state.life;
        drop(state);
        Plugged { disk: self.clone(), life }
    }

    /// The power goes at the `n`th change from now (the first is 1).
    pub fn cut_after(&self, n: u64) {
        self.lock().left = Some(n);
    }

    /// From now on the disk misbehaves.
    pub fn trouble(&self, trouble: Trouble) {
        self.lock().trouble = Some(trouble);
    }

    /// Whether the power has gone or the trouble has come.
    pub fn has_struck(&self) -> bool {
        self.lock().struck
    }

    /// The power goes now.
    pub fn cut(&self) {
        self.lock().cut();
    }

    /// The process dies, the machine does not: nothing is lost.
    pub fn kill(&self) {
        self.lock().life += 1;
    }

    /// What has been synced.
    pub fn durable(&self) -> Vec<u8> {
        self.lock().durable.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut(&mut self) {
        self.struck = true;
        self.life += 1;
        self.durable = self.survivors();
        self.seen = self.durable.clone();
        self.pending.clear();
    }

    /// What is on the disk when the power comes back.
    fn survivors(&mut self) -> Vec<u8> {
        let (random, count) = (self.random.clone(), self.pending.len());
        let below = |n: usize| random.below(u32::try_from(n).unwrap()) as usize;
        let whole: Vec<bool> = (0..count).map(|_| below(2) == 0).collect();
        let prefix = below(count + 1);
        match below(6) {
            0 => self.durable.clone(),
            1 => self.seen.clone(),
            2 => self.apply(|i, _| i < prefix, PAGE),
            3 => self.apply(|i, _| whole[i], PAGE),
            mode => {
                // Each block as it was at some instant of its own.
                let mut until = HashMap::new();
                self.apply(|i, block| i < *until.entry(block).or_insert_with(|| below(count + 1)), [PAGE, SECTOR][mode % 2])
            }
        }
    }

    /// The durable content with those parts of what was pending that `arrives` takes. The length is one that it has had.
    fn apply(&self, mut arrives: impl FnMut(usize, usize) -> bool, block: usize) -> Vec<u8> {
        let mut out = self.durable.clone();
        let mut length = out.len();
        for (i, pending) in self.pending.iter().enumerate() {
            match pending {
                Pending::Resize(to) => {
                    if arrives(i, usize::MAX) {
                        length = *to;
                    }
                    let end = out.len();
                    out.resize(end.max(*to), 0);
                    for at in blocks(*to, end, block) {
                        if arrives(i, at.0 / block) {
                            out[at.0..at.1].fill(0);
                        }
                    }
                }
                Pending::Write(at, bytes) => {
                    let end = out.len();
                    out.resize(end.max(at + bytes.len()), 0);
                    for (from, to) in blocks(*at, at + bytes.len(), block) {
                        if arrives(i, from / block) {
                            out[from..to].copy_from_slice(&bytes[from - at..to - at]);
                        }
                    }
                }
            }
        }
        out.resize(length, 0);
        out
    }

    /// One act: `Err` if the power is gone or the disk refuses it.
    fn begin(&mut self, act: Act) -> Result<(), Error> {
        if act != Act::Read
            && let Some(left) = &mut self.left
        {
            *left -= 1;
            if *left == 0 {
                // A sync may have done its work before the end.
                if act == Act::Sync && self.random.below(2) == 0 {
                    self.sync();
                }
                self.cut();
                return Err(gone());
            }
        }
        match &mut self.trouble {
            Some(trouble) if trouble.on == act && trouble.after == 0 => {
                let code = trouble.code;
                if trouble.once {
                    self.trouble = None;
                }
                self.struck = true;
                Err(Error::from_raw_os_error(code))
            }
            Some(trouble) if trouble.on == act => {
                trouble.after -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the power goes at the next change, which then may have reached the disk like all that is pending.
    fn is_last(&self) -> bool {
        self.left == Some(1)
    }

    fn sync(&mut self) {
        if !self.pending.is_empty() {
            self.durable.clone_from(&self.seen);
            self.pending.clear();
        }
    }

    fn resize(&mut self, to: usize) {
        self.seen.resize(to, 0);
        self.pending.push(Pending::Resize(to));
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = self.seen.len();
        self.seen.resize(end.max(at + bytes.len()), 0);
        self.seen[at..at + bytes.len()].copy_from_slice(bytes);
        self.pending.push(Pending::Write(at, bytes.to_vec()));
    }
}

/// The parts of `from..to` that lie in one block each.
fn blocks(from: usize, to: usize, block: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = from;
    std::iter::from_fn(move || {
        if at >= to {
            return None;
        }
        let end = ((at / block + 1) * block).min(to);
        Some((std::mem::replace(&mut at, end), end))
    })
}

fn gone() -> Error {
    Error::other("the power is gone")
}

impl Plugged {
    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.disk.lock();
        if state.life == self.life { Ok(state) } else { Err(gone()) }
    }
}

fn place(n: u64) -> usize {
    usize::try_from(n).unwrap()
}

impl StorageBackend for Plugged {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.state()?.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let mut state = self.state()?;
        state.begin(Act::Read)?;
        let from = place(offset);
        let bytes = state.seen.get(from..from + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut state = self.state()?;
        if state.is_last() {
            state.resize(place(len));
        }
        state.begin(Act::Resize)?;
        state.resize(place(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut state = self.state()?;
        state.begin(Act::Sync)?;
        state.sync();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut state = self.state()?;
        if state.is_last() {
            state.write(place(offset), data);
        }
        let begun = state.begin(Act::Write);
        // A disk that is full or broken takes a part of what it refuses.
        let part = match &begun {
            Ok(()) => data.len(),
            Err(error) if error.raw_os_error().is_some() => state.random.below(u32::try_from(data.len()).unwrap() + 1) as usize,
            Err(_) => 0,
        };
        if part > 0 {
            state.write(place(offset), &data[..part]);
        }
        begun
    }
}

impl std::fmt::Debug for Plugged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plugged({})", self.life)
    }
}
