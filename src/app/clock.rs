//! Clock of a run; the only module that reads the system clock.

use crate::failure::{Code, Failure};
use crate::model::Timestamp;
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Time of a run: read on first use, and again after waiting for a lock.
#[derive(Debug, Default)]
pub(super) struct Clock(Cell<Option<Timestamp>>);

impl Clock {
    /// Returns the time of the run in whole seconds, rounded down.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        match self.0.get() {
            Some(now) => Ok(now),
            None => self.read(),
        }
    }

    /// Reads the clock and replaces an earlier time. Called again after a wait, so that rows that
    /// other processes wrote during the wait do not appear to be from the future.
    pub(super) fn read(&self) -> Result<Timestamp, Failure> {
        #[expect(clippy::disallowed_methods, reason = "the only module that reads the clock")]
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = elapsed
            .ok()
            .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
            .and_then(Timestamp::from_unix)
            .ok_or_else(|| Failure::new(Code::Internal, "system clock is outside 1970–9999"))?;
        self.0.set(Some(now));
        Ok(now)
    }
}
