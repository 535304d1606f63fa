//! Instants of the past, as people name them.

use super::time::unreadable;
use super::{Invalid, Lifetime, Timestamp};

/// An instant as people give it: a time, or how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Then.
    At(Timestamp),
    /// So long before now.
    Ago(Lifetime),
}

impl Moment {
    /// Reads RFC 3339, Unix seconds, or a duration, which is told by its unit.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let time = Timestamp::parse(text).map(Self::At);
        time.or_else(|_| Lifetime::parse(text).map(Self::Ago)).map_err(|_| {
            let why = "neither RFC 3339 (`2030-01-31T12:00:00Z`), nor Unix seconds, nor how long \
                       ago (`7d`)";
            unreadable(text, why)
        })
    }

    /// When it was; nothing was before 1970.
    pub(crate) fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(length) => now.minus(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        let now = Timestamp::from_unix(1_000_000).unwrap();
        for (text, seconds) in [
            ("7", 7),
            ("1970-01-02T00:00:00Z", 86_400),
            ("1d", 913_600),
            ("PT1H", 996_400),
            ("52w", 0),
        ] {
            assert_eq!(Moment::parse(text).unwrap().instant(now).unix(), seconds, "{text}");
        }
        for text in ["", "yesterday", "-1d", "0s", "1mo"] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }
}
