//! argon2 on threads of its own: as many as there are cores, each with its own memory block, at the lowest priority, so that a storm
//! of logins neither slows the pages nor grows the process. Blocks are made when they are needed and given back when nobody logs in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::keys::{KeyId, Keys, Purpose};
use crate::kernel::{Secret, secret, thread};

/// Hashes that may wait for a free thread, for each thread. More wait than a person would: 503 with Retry-After.
const WAITING_PER_THREAD: usize = 256;

/// The memory blocks are given back when no hash was asked for in this time. Making one anew costs less than a hash.
const IDLE: Duration = Duration::from_secs(10);

/// A stored password hash: a PHC string, and the key that peppered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    phc: String,
    key: KeyId,
}

impl PasswordHash {
    /// The PHC string, for `verify` and for tests.
    #[must_use]
    pub fn phc(&self) -> &str {
        &self.phc
    }
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether it should be hashed anew: other parameters or an older pepper than now in force. Only with `matches`.
    pub rehash: bool,
}

/// All threads are busy and many wait already. Pages answer 503.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

enum Task {
    Hash { password: Secret<String>, salt: [u8; 16], answer: oneshot::Sender<PasswordHash> },
    Verify { password: Secret<String>, stored: Option<PasswordHash>, answer: oneshot::Sender<Verdict> },
}

/// The hashing threads. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    queue: mpsc::SyncSender<Task>,
    done: Arc<AtomicU64>,
}

impl Hasher {
    /// Starts one thread for each core.
    ///
    /// # Errors
    /// A sentence when the parameters are outside what argon2 allows.
    pub fn start(keys: Keys, memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, String> {
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|error| error.to_string())?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (queue, tasks) = mpsc::sync_channel(WAITING_PER_THREAD * threads);
        let tasks = Arc::new(Mutex::new(tasks));
        let done = Arc::new(AtomicU64::new(0));
        let blocks = Blocks::default();
        for n in 0..threads {
            let mut bench = Bench::new(keys.clone(), params.clone(), blocks.clone());
            let (tasks, done) = (Arc::clone(&tasks), Arc::clone(&done));
            std::thread::Builder::new()
                .name(format!("hash-{n}"))
                .spawn(move || {
                    thread::step_back();
                    loop {
                        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(IDLE);
                        match task {
                            Ok(task) => {
                                done.fetch_add(1, Ordering::Relaxed);
                                bench.perform(task);
                            }
                            // One thread waits here for all; those behind it have laid their blocks down as well.
                            Err(mpsc::RecvTimeoutError::Timeout) => bench.blocks.free(),
                            Err(mpsc::RecvTimeoutError::Disconnected) => return,
                        }
                    }
                })
                .map_err(|error| error.to_string())?;
        }
        Ok(Self { queue, done })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn hash(&self, password: Secret<String>, salt: [u8; 16]) -> Result<PasswordHash, Busy> {
        let (answer, result) = oneshot::channel();
        self.queue.try_send(Task::Hash { password, salt, answer }).map_err(|_| Busy)?;
        result.await.map_err(|_| Busy)
    }

    /// Compares a password with a stored hash. `None` costs the same and never matches: an account that does not exist must not be
    /// recognised by the time of the answer.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn verify(&self, password: Secret<String>, stored: Option<PasswordHash>) -> Result<Verdict, Busy> {
        let (answer, result) = oneshot::channel();
        self.queue.try_send(Task::Verify { password, stored, answer }).map_err(|_| Busy)?;
        result.await.map_err(|_| Busy)
    }

    /// How many hashes were computed since the start. Tests of equal cost compare it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

/// Memory that no thread works in at the moment; never more than one block for each thread.
#[derive(Clone, Default)]
struct Blocks(Arc<Mutex<Vec<Vec<Block>>>>);

impl Blocks {
    fn take(&self) -> Vec<Block> {
        self.lock().pop().unwrap_or_default()
    }

    fn lay_down(&self, memory: Vec<Block>) {
        self.lock().push(memory);
    }

    fn free(&self) {
        // The lock is not held while the memory goes back to the system.
        let free = std::mem::take(&mut *self.lock());
        drop(free);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's place: parameters, keys and where its memory comes from.
struct Bench {
    keys: Keys,
    params: Params,
    blocks: Blocks,
}

impl Bench {
    const fn new(keys: Keys, params: Params, blocks: Blocks) -> Self {
        Self { keys, params, blocks }
    }

    fn perform(&mut self, task: Task) {
        // Whoever asked may have gone away; then the answer is of no use to anybody.
        match task {
            Task::Hash { password, salt, answer } => {
                let _ = answer.send(self.hash(&password, salt));
            }
            Task::Verify { password, stored, answer } => {
                let _ = answer.send(self.verify(&password, stored.as_ref()));
            }
        }
    }

    fn compute(&mut self, key: KeyId, password: &Secret<String>, salt: &[u8], params: &Params) -> Option<[u8; 32]> {
        let pepper = self.keys.derived(Purpose::Pepper, key)?;
        let argon2 = Argon2::new_with_secret(pepper.expose(), Algorithm::Argon2id, Version::V0x13, params.clone()).ok()?;
        let mut memory = self.blocks.take();
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::default());
        }
        let mut out = [0; 32];
        let hashed = argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut out, &mut memory);
        self.blocks.lay_down(memory);
        hashed.ok()?;
        Some(out)
    }

    fn hash(&mut self, password: &Secret<String>, salt: [u8; 16]) -> PasswordHash {
        let (key, params) = (self.keys.newest(), self.params.clone());
        let out =
            self.compute(key, password, &salt, &params).expect("parameters were checked at the start, the salt has 16 bytes");
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().expect("three small numbers fit into a PHC string"),
            salt: Some(phc::Salt::new(&salt).expect("16 bytes are within a salt's bounds")),
            hash: Some(phc::Output::new(&out).expect("32 bytes are within an output's bounds")),
        };
        PasswordHash { phc: hash.to_string(), key }
    }

    fn verify(&mut self, password: &Secret<String>, stored: Option<&PasswordHash>) -> Verdict {
        let parsed = stored.and_then(|stored| {
            let hash = phc::PasswordHash::new(&stored.phc).ok()?;
            let params = Params::try_from(&hash).ok()?;
            Some((stored.key, params, hash.salt?, hash.hash?))
        });
        let Some((key, params, salt, expected)) = parsed else {
            let params = self.params.clone();
            let _ = self.compute(self.keys.newest(), password, &[0; 16], &params);
            return Verdict { matches: false, rehash: false };
        };
        let matches =
            self.compute(key, password, salt.as_ref(), &params).is_some_and(|out| secret::same(&out, expected.as_bytes()));
        let costs = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
        let outdated = key != self.keys.newest() || costs(&params) != costs(&self.params);
        Verdict { matches, rehash: matches && outdated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn hasher(seed: u64, memory: u32) -> Hasher {
        Hasher::start(Keys::fresh(&Random::seeded(seed)), memory, 1, 1).unwrap()
    }

    #[tokio::test]
    async fn q8_hashes_are_argon2id_phc_strings_with_the_configured_costs() {
        let hasher = Hasher::start(Keys::fresh(&Random::seeded(1)), 19_456, 2, 1).unwrap();
        let hash = hasher.hash(secret("Abcdefg1"), [7; 16]).await.unwrap();
        assert!(hash.phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.phc());
        assert_eq!(hasher.verify(secret("Abcdefg1"), Some(hash)).await.unwrap(), Verdict { matches: true, rehash: false });
    }

    #[tokio::test]
    async fn q2_case_and_trailing_space_matter() {
        let hasher = hasher(1, 64);
        let hash = hasher.hash(secret("Abcdefg1"), [7; 16]).await.unwrap();
        for wrong in ["abcdefg1", "Abcdefg1 ", "Abcdefg", ""] {
            assert!(!hasher.verify(secret(wrong), Some(hash.clone())).await.unwrap().matches, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn q8_changed_parameters_ask_for_a_new_hash() {
        let hash = hasher(1, 64).hash(secret("Abcdefg1"), [7; 16]).await.unwrap();
        let verdict = hasher(1, 128).verify(secret("Abcdefg1"), Some(hash)).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, rehash: true });
    }

    #[tokio::test]
    async fn q9_without_the_pepper_the_right_password_does_not_match() {
        let hash = hasher(1, 64).hash(secret("Abcdefg1"), [7; 16]).await.unwrap();
        assert!(!hasher(2, 64).verify(secret("Abcdefg1"), Some(hash)).await.unwrap().matches);
    }

    #[test]
    fn memory_is_held_while_it_is_worked_in_and_given_back_when_nobody_logs_in() {
        let params = Params::new(64, 1, 1, Some(32)).unwrap();
        let mut bench = Bench::new(Keys::fresh(&Random::seeded(1)), params, Blocks::default());
        assert_eq!(bench.blocks.lock().len(), 0, "none before the first login");
        for _ in 0..2 {
            bench.hash(&secret("Abcdefg1"), [7; 16]);
            assert_eq!(bench.blocks.lock().len(), 1, "the next hash takes the same");
        }
        bench.blocks.free();
        assert_eq!(bench.blocks.lock().len(), 0);
        let hash = bench.hash(&secret("Abcdefg1"), [7; 16]);
        assert!(bench.verify(&secret("Abcdefg1"), Some(&hash)).matches);
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_costs_one_hash_too() {
        let hasher = hasher(1, 64);
        assert!(!hasher.verify(secret("x"), None).await.unwrap().matches);
        assert_eq!(hasher.count(), 1);
    }
}
