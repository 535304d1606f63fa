//! The baseline `hash`: Argon2 hashes with the parameters of jeton, without any other work.

use crate::home::Outcome;
use argon2::{Argon2, Block};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, available_parallelism};

/// Computes `count` hashes: a single hash on the calling thread, several hashes on all cores. Each
/// thread allocates memory once, and uses the memory for all its hashes.
pub(super) fn hash_passwords(count: u32) -> Outcome<()> {
    let next_index = AtomicU32::new(0);
    let hash_remaining = || {
        let argon2 = Argon2::default();
        let mut memory = vec![Block::default(); argon2.params().block_count()];
        while next_index.fetch_add(1, Ordering::Relaxed) < count {
            let mut hash = [0; 32];
            argon2
                .hash_password_into_with_memory(b"lovelace", &[7; 16], &mut hash, &mut memory)
                .map_err(|error| error.to_string())?;
            black_box(hash);
        }
        Ok::<_, String>(())
    };
    if count == 1 {
        return Ok(hash_remaining()?);
    }
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..available_parallelism()?.get()).map(|_| scope.spawn(hash_remaining)).collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}
