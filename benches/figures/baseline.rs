//! argon2 as such: as many threads as cores, each with its memory, no HTTP, no database.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::Outcome;
use crate::house::PASSWORD;

/// Hashes a second with the parameters of the default configuration.
pub fn hashes_per_second(seconds: f64) -> Outcome<f64> {
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|error| error.to_string())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let length = Duration::from_secs_f64(seconds);
    let work = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        let (begin, mut done, mut out) = (Instant::now(), 0_u64, [0; 32]);
        while begin.elapsed() < length {
            let hashed = argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut out, &mut memory);
            hashed.map_err(|error| error.to_string())?;
            done += 1;
        }
        Ok::<_, String>(done as f64 / begin.elapsed().as_secs_f64())
    };
    let rates = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
            .collect::<Result<Vec<f64>, _>>()
    })?;
    Ok(rates.iter().sum())
}
