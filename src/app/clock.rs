//! The only place that reads the clock.

use crate::failure::{Failure, Kind};
use crate::model::Timestamp;
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of a run: read once, when it is first needed, and again after waiting for a lock.
#[derive(Debug, Default)]
pub(super) struct Clock(Cell<Option<Timestamp>>);

impl Clock {
    /// The time; whole seconds, rounded down.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        match self.0.get() {
            Some(now) => Ok(now),
            None => self.read(),
        }
    }

    /// Reads it again: after waiting, what other processes wrote must not be from the future.
    pub(super) fn read(&self) -> Result<Timestamp, Failure> {
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = elapsed
            .ok()
            .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
            .and_then(Timestamp::from_unix)
            .ok_or_else(|| Failure::new(Kind::Internal, "internal", "the clock is wrong"))?;
        self.0.set(Some(now));
        Ok(now)
    }
}
