//! Times of options: absolute, or relative to the time of the run.

use super::lifetime::parse_seconds;
use super::time::invalid_time_error;
use super::{InvalidValue, Lifetime, Timestamp};

/// Absolute time, or time relative to the time of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSpec {
    /// Absolute time.
    At(Timestamp),
    /// This number of seconds after the current time; negative for the past.
    FromNow(i64),
}

impl TimeSpec {
    /// Parses RFC 3339, a date, Unix seconds, `now`, or a duration with a sign: `+1h`, `-1h`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text == "now" {
            return Ok(Self::FromNow(0));
        }
        // `1h ago` is negative too.
        let has_sign = |seconds: i64| seconds < 0 || text.starts_with('+');
        let duration = parse_seconds(text);
        match duration {
            Ok(seconds) if has_sign(seconds) => return Ok(Self::FromNow(seconds)),
            // A calendar unit or a missing unit; other text with a sign may be a time.
            Err(invalid) if invalid.hint.is_some() && text.starts_with(['+', '-']) => {
                return Err(InvalidValue { value_name: "time", ..invalid });
            }
            Ok(_) | Err(_) => {}
        }
        Timestamp::parse(text).map(Self::At).map_err(|invalid| {
            if invalid.hint.is_some() {
                return invalid;
            }
            let reason = "expected RFC 3339 (`2030-01-31T12:00:00Z`), a date, Unix seconds, `now`, \
                          `+1h` or `-1h`";
            let invalid = invalid_time_error(text, reason);
            match Lifetime::parse(text) {
                Ok(lifetime) => invalid.with_hint(format!("use `+{lifetime}` or `-{lifetime}`")),
                Err(_) => invalid,
            }
        })
    }

    /// Parses the bound of a filter: a time, or an age such as `7d`, which has no sign.
    pub(crate) fn parse_bound(text: &str) -> Result<Self, InvalidValue> {
        Self::parse(text).or_else(|invalid| match Lifetime::parse(text) {
            Ok(age) => Ok(Self::FromNow(-age.seconds())),
            Err(_) if invalid.hint.is_some() => Err(invalid),
            Err(_) => Err(invalid_time_error(
                text,
                "expected RFC 3339 (`2030-01-31T12:00:00Z`), a date, Unix seconds, `now`, or an \
                 age (`7d`)",
            )),
        })
    }

    /// Returns the absolute time.
    pub(crate) fn resolve(self, now: Timestamp) -> Result<Timestamp, InvalidValue> {
        match self {
            Self::At(time) => Ok(time),
            Self::FromNow(seconds) => now.checked_add_seconds(seconds).ok_or_else(|| {
                InvalidValue::new("time", "out of range: not in the years 1970–9999")
            }),
        }
    }

    /// Returns the absolute time of a bound; the minimum is the start of 1970.
    pub(crate) fn resolve_bound(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::FromNow(seconds) => now.saturating_add_seconds(seconds),
        }
    }
}

impl From<Timestamp> for TimeSpec {
    fn from(time: Timestamp) -> Self {
        Self::At(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix(1_000_000).unwrap()
    }

    #[test]
    fn time_is_absolute_or_relative() {
        for (text, seconds) in [
            ("7", 7),
            ("1970-01-02T00:00:00Z", 86_400),
            ("1970-01-02", 86_400),
            ("now", 1_000_000),
            ("+1h", 1_003_600),
            ("-1h", 996_400),
            ("-PT1H", 996_400),
            ("1h ago", 996_400),
            ("+1d12h", 1_129_600),
            ("+0s", 1_000_000),
        ] {
            assert_eq!(
                TimeSpec::parse(text).unwrap().resolve(now()).unwrap().unix(),
                seconds,
                "{text}"
            );
        }
        for text in [
            "",
            "yesterday",
            "1h",
            "+",
            "-",
            "--1h",
            "+1.5s",
            "-1",
            "+1",
            "+1mo",
            "NOW",
            "-2030-01-31",
        ] {
            assert!(TimeSpec::parse(text).is_err(), "{text}");
        }
        for text in ["-52w", "+9999w9999w", "+360000d", "-99999d"] {
            let time = TimeSpec::parse(text).ok().and_then(|time| time.resolve(now()).ok());
            assert_eq!(time.filter(|time| time.unix() < 0), None, "{text}");
        }
        assert!(TimeSpec::parse("-52w").unwrap().resolve(now()).is_err());
    }

    #[test]
    fn hint_of_refused_time_is_accepted() {
        for (text, hint) in [
            ("1h", "use `+1h` or `-1h`"),
            ("+1y", "use `+365d`"),
            ("-1mo", "use `-30d`"),
            ("-3600", "use `-3600s` for seconds"),
            ("1999999999000", "use seconds: `1999999999`"),
            ("2030-01-31T12:00:00", "use `2030-01-31T12:00:00Z`"),
            ("2030-01-31 12:00", "use `2030-01-31T12:00:00Z`"),
        ] {
            assert_eq!(TimeSpec::parse(text).unwrap_err().hint.as_deref(), Some(hint), "{text}");
            for word in hint.split('`').skip(1).step_by(2) {
                assert!(TimeSpec::parse(word).is_ok(), "{word}");
            }
        }
    }

    #[test]
    fn bound_is_time_or_age() {
        for (text, seconds) in [
            ("7", 7),
            ("now", 1_000_000),
            ("-1d", 913_600),
            ("1970-01-02T00:00:00Z", 86_400),
            ("1d", 913_600),
            ("PT1H", 996_400),
            ("52w", 0),
        ] {
            assert_eq!(
                TimeSpec::parse_bound(text).unwrap().resolve_bound(now()).unix(),
                seconds,
                "{text}"
            );
        }
        for text in ["", "yesterday", "0s", "1mo"] {
            assert!(TimeSpec::parse_bound(text).is_err(), "{text}");
        }
    }
}
