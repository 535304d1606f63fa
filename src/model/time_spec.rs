//! Times in arguments: absolute, or relative to the current time.

use super::lifetime::parse_seconds;
use super::time::invalid_time_error;
use super::{InvalidValue, Lifetime, Timestamp};

const RANGE_HINT: &str = "use a time in the years 1970–9999, such as `+1h`";

/// Absolute time, or time relative to the current time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSpec {
    /// Absolute time.
    At(Timestamp),
    /// This number of seconds after the current time; negative for the past.
    FromNow(i64),
}

impl TimeSpec {
    /// Parses RFC 3339, a date, Unix seconds, `now`, or a duration with a sign, such as `+1h` or
    /// `-1h`. Also accepts `1h ago` for `-1h`. If the error has a hint, every value that the hint
    /// proposes is valid while the current time is in the years 2020–8999.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let reason = "expected RFC 3339 (`2030-01-31T12:00:00Z`), a date, Unix seconds, `now`, \
                      `+1h` or `-1h`";
        let hint = |lifetime| match Self::format_past(lifetime) {
            Some(past_time) => format!("use `+{lifetime}` or `{past_time}`"),
            None => format!("use `+{lifetime}`"),
        };
        Self::parse_or_suggest(text, reason, hint)
    }

    /// Parses a bound: the start or end time of a filter. Also accepts an age, which is a duration
    /// without a sign, such as `7d` for the time 7 days ago.
    pub(crate) fn parse_bound(text: &str) -> Result<Self, InvalidValue> {
        let reason = "expected RFC 3339 (`2030-01-31T12:00:00Z`), a date, Unix seconds, `now`, or an \
                      age (`7d`)";
        let hint = |age| format!("use `{age}`");
        Self::parse_or_suggest(text, reason, hint).or_else(|invalid| match Lifetime::parse(text) {
            Ok(age) => Ok(Self::FromNow(-age.seconds())),
            Err(_) => Err(invalid),
        })
    }

    /// Parses a time. A duration with neither a sign nor `ago` is an error; `suggest` returns the
    /// hint of this error. `reason` is the default reason of an error.
    fn parse_or_suggest(
        text: &str,
        reason: &str,
        suggest: impl Fn(Lifetime) -> String,
    ) -> Result<Self, InvalidValue> {
        if text == "now" {
            return Ok(Self::FromNow(0));
        }
        // A duration such as `1h ago` is negative, although it does not start with `-`.
        let has_sign = |seconds: i64| seconds < 0 || text.starts_with(['+', '-']);
        match parse_seconds(text) {
            Ok(seconds) if has_sign(seconds) => return Ok(Self::FromNow(seconds)),
            // `parse_seconds` returns a hint for a number without a unit, and for years and months.
            // A number without a sign can still be Unix seconds, so only text with a sign is
            // refused here.
            Err(invalid) if invalid.hint.is_some() && text.starts_with(['+', '-']) => {
                let seconds =
                    invalid.hint_values().next().and_then(|value| parse_seconds(value).ok());
                let invalid = InvalidValue { value_name: "time", ..invalid };
                let is_usable = seconds.is_some_and(Self::is_usable_from_now);
                return Err(if is_usable { invalid } else { invalid.with_hint(RANGE_HINT) });
            }
            Ok(_) | Err(_) => {}
        }
        Timestamp::parse(text).map(Self::At).map_err(|invalid| {
            if invalid.hint.is_some() {
                return invalid;
            }
            let invalid = invalid_time_error(text, reason);
            match Lifetime::parse(text).ok().or_else(|| Lifetime::parse_calendar_units(text)) {
                Some(lifetime) => invalid.with_hint(suggest(lifetime)),
                None => invalid,
            }
        })
    }

    /// Returns whether the time `seconds` from now is in the years 1970–9999 if the current time is
    /// in the years 2020–8999.
    const fn is_usable_from_now(seconds: i64) -> bool {
        /// Maximum distance to the past: 50 years, in seconds.
        const MAX_AGE: i64 = 50 * 365 * 86_400;
        /// Maximum distance to the future: 1,000 years, in seconds.
        const MAX_FUTURE: i64 = 20 * MAX_AGE;
        -MAX_AGE <= seconds && seconds <= MAX_FUTURE
    }

    /// Returns the argument for the time `age` ago, such as `-7d`. Returns `None` if this time may
    /// be before 1970.
    pub(crate) fn format_past(age: Lifetime) -> Option<String> {
        Self::is_usable_from_now(-age.seconds()).then(|| format!("-{age}"))
    }

    /// Returns the absolute time. `argument` is the name of the option with the time, for the
    /// error.
    pub(crate) fn resolve(self, argument: &str, now: Timestamp) -> Result<Timestamp, InvalidValue> {
        match self {
            Self::At(time) => Ok(time),
            Self::FromNow(seconds) => now.checked_add_seconds(seconds).ok_or_else(|| {
                let reason = format!("out of range: `{argument}` is not in the years 1970–9999");
                InvalidValue::new("time", reason).with_hint(RANGE_HINT)
            }),
        }
    }

    /// Returns the absolute time of a bound, limited to the years 1970–9999.
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
    use proptest::prelude::*;

    fn fixed_now() -> Timestamp {
        Timestamp::from_unix(1_000_000).unwrap()
    }

    #[test]
    fn only_absolute_or_relative_time_is_accepted() {
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
            ("-0s", 1_000_000),
        ] {
            assert_eq!(
                TimeSpec::parse(text).unwrap().resolve("--at", fixed_now()).unwrap().unix(),
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
    }

    #[test]
    fn relative_time_before_1970_is_refused() {
        for text in ["-52w", "-99999d"] {
            let time = TimeSpec::parse(text).unwrap();
            assert!(time.resolve("--at", fixed_now()).is_err(), "{text}");
        }
    }

    #[test]
    fn refused_time_has_the_expected_hint() {
        for (text, hint) in [
            ("1h", "use `+1h` or `-1h`"),
            ("1y", "use `+365d` or `-365d`"),
            ("100y", "use `+36500d`"),
            ("36500d", "use `+36500d`"),
            ("+8500y", "use a time in the years 1970–9999, such as `+1h`"),
            ("-60y", "use a time in the years 1970–9999, such as `+1h`"),
            ("+99999999999", "use a time in the years 1970–9999, such as `+1h`"),
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
        for (text, hint) in [
            ("1y", Some("use `365d`")),
            ("-1y", Some("use `-365d`")),
            ("1mo", Some("use `30d`")),
            ("1001y", None),
            ("1999999999000", Some("use seconds: `1999999999`")),
        ] {
            let invalid = TimeSpec::parse_bound(text).unwrap_err();
            assert_eq!(invalid.hint.as_deref(), hint, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_hint_proposes_valid_times(
            text in "[-+]?[0-9]{1,12}(s|m|h|d|w|mo|y|)([0-9]{1,3}(d|h|s))?",
            now in 1_700_000_000..4_000_000_000_i64,
        ) {
            let now = Timestamp::from_unix(now).unwrap();
            let resolve = |text: &str| TimeSpec::parse(text)?.resolve("--at", now);
            let resolve_bound = |text: &str| TimeSpec::parse_bound(text).map(|time| time.resolve_bound(now));
            if let Err(invalid) = resolve(&text) {
                prop_assert!(invalid.hint_values().all(|value| resolve(value).is_ok()), "{invalid:?}");
            }
            if let Err(invalid) = resolve_bound(&text) {
                prop_assert!(
                    invalid.hint_values().all(|value| resolve_bound(value).is_ok()),
                    "{invalid:?}"
                );
            }
        }
    }

    #[test]
    fn only_time_or_age_is_accepted_as_bound() {
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
                TimeSpec::parse_bound(text).unwrap().resolve_bound(fixed_now()).unix(),
                seconds,
                "{text}"
            );
        }
        for text in ["", "yesterday", "0s", "1mo"] {
            assert!(TimeSpec::parse_bound(text).is_err(), "{text}");
        }
    }
}
