//! Time bounds of filters: absolute time or age.

use super::time::invalid_time_error;
use super::{InvalidValue, Lifetime, Timestamp};

/// Absolute time or age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeBound {
    /// Absolute time.
    At(Timestamp),
    /// Age: this duration before the current time.
    Ago(Lifetime),
}

impl TimeBound {
    /// Parses RFC 3339, Unix seconds, or an age; an age has a unit.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let time = Timestamp::parse(text).map(Self::At);
        time.or_else(|_| Lifetime::parse(text).map(Self::Ago)).map_err(|_| {
            let reason =
                "expected RFC 3339 (`2030-01-31T12:00:00Z`), Unix seconds, or an age (`7d`)";
            invalid_time_error(text, reason)
        })
    }

    /// Returns the absolute time; the minimum is the start of 1970.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(age) => now.saturating_sub(age),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_bound_is_timestamp_or_age() {
        let now = Timestamp::from_unix(1_000_000).unwrap();
        for (text, seconds) in [
            ("7", 7),
            ("1970-01-02T00:00:00Z", 86_400),
            ("1d", 913_600),
            ("PT1H", 996_400),
            ("52w", 0),
        ] {
            assert_eq!(TimeBound::parse(text).unwrap().resolve(now).unix(), seconds, "{text}");
        }
        for text in ["", "yesterday", "-1d", "0s", "1mo"] {
            assert!(TimeBound::parse(text).is_err(), "{text}");
        }
    }
}
