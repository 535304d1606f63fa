//! Timestamps in whole seconds, and their text forms.

use super::{InvalidValue, Lifetime};
use jiff::civil::{Date, DateTime, DateTimeDifference};
use jiff::fmt::friendly::{Designator, Direction, Spacing, SpanPrinter};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{RoundMode, Unit};
use serde::{Serialize, Serializer};
use std::fmt;

/// Timestamp in whole seconds since 1970 (`NumericDate` of RFC 7519, section 2), from 0 to
/// [`MAX_UNIX_SECONDS`]. Every value has an RFC 3339 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

/// Last supported second: 9999-12-30T22:00:00Z, the maximum of jiff.
pub(crate) const MAX_UNIX_SECONDS: i64 = 253_402_207_200;

impl Timestamp {
    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        (0..=MAX_UNIX_SECONDS).contains(&seconds).then_some(Self(seconds))
    }

    pub(crate) const fn unix(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 or Unix seconds. A date without a time means the start of the day in UTC.
    /// Also accepts variants of RFC 3339 that jiff parses, such as `2030-01-31T12Z`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = |reason: &str| InvalidValue::new("time", reason);
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::parse_rfc3339(text).ok_or_else(|| {
                let reason = "expected RFC 3339 (`2030-01-31T12:00:00Z`), a date or Unix seconds";
                invalid_time_error(text, reason)
            });
        }
        let seconds = text.parse().map_err(|_| invalid("out of range"))?;
        if seconds > MAX_UNIX_SECONDS {
            return Err(out_of_range_error(seconds));
        }
        Self::from_unix(seconds).ok_or_else(|| invalid("out of range"))
    }

    /// Parses RFC 3339, or a date as the start of the day in UTC, in the range of timestamps.
    fn parse_rfc3339(text: &str) -> Option<Self> {
        let instant =
            parse_instant(text).filter(|instant| *instant >= jiff::Timestamp::UNIX_EPOCH)?;
        Self::from_unix(instant.as_second())
    }

    /// Adds a lifetime. Returns `None` if the result is after [`MAX_UNIX_SECONDS`].
    pub(crate) fn checked_add(self, lifetime: Lifetime) -> Option<Self> {
        self.0.checked_add(lifetime.seconds()).and_then(Self::from_unix)
    }

    /// Adds a number of seconds, which can be negative. A result out of range is replaced by the
    /// first or the last timestamp.
    pub(crate) fn saturating_add_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(0, MAX_UNIX_SECONDS))
    }

    /// Adds a number of seconds, which can be negative. Returns `None` if the result is out of
    /// range.
    pub(super) fn checked_add_seconds(self, seconds: i64) -> Option<Self> {
        self.0.checked_add(seconds).and_then(Self::from_unix)
    }

    /// Returns the time relative to `now`, such as `in 6 d`, `3 h ago` or `now`. The difference
    /// is rounded to the largest unit (year, day, hour, minute or second) that it contains at least
    /// once.
    pub(crate) fn to_relative(self, now: Self) -> String {
        let until = |unit: Unit, mode| {
            let difference = DateTimeDifference::new(self.to_civil());
            let difference = difference.largest(unit.max(Unit::Day)).smallest(unit);
            // Rounding to years fails close to the year 9999. The difference is then zero, so that
            // the next smaller unit, days, is used.
            now.to_civil().until(difference.mode(mode)).unwrap_or_default()
        };
        let unit = [Unit::Year, Unit::Day, Unit::Hour, Unit::Minute]
            .into_iter()
            .find(|unit| !until(*unit, RoundMode::Trunc).is_zero())
            .unwrap_or(Unit::Second);
        let span = until(unit, RoundMode::HalfExpand);
        let text = SpanPrinter::new()
            .designator(Designator::Compact)
            .spacing(Spacing::BetweenUnitsAndDesignators)
            .direction(Direction::Suffix)
            .span_to_string(&span);
        match span.signum() {
            0 => "now".to_owned(),
            1 => format!("in {text}"),
            _ => text,
        }
    }

    /// Returns date and time of day in UTC.
    fn to_civil(self) -> DateTime {
        // Every `Timestamp` is in the range of jiff.
        Offset::UTC.to_datetime(jiff::Timestamp::from_second(self.0).unwrap_or_default())
    }
}

/// Returns the error for Unix seconds after [`MAX_UNIX_SECONDS`]. If the number may be a time in
/// another unit, such as milliseconds, the hint proposes this time in seconds.
fn out_of_range_error(seconds: i64) -> InvalidValue {
    let invalid = InvalidValue::new("time", "out of range: after 9999-12-30T22:00:00Z");
    match guess_time_unit(seconds.into()) {
        Some((_, seconds)) => invalid.with_hint(format!("use seconds: `{seconds}`")),
        None => invalid,
    }
}

/// Returns the probable unit of a number that is too large for seconds since 1970, and the time in
/// seconds. The unit is milliseconds, as in JavaScript, microseconds or nanoseconds. Returns `None`
/// for a number that can be seconds, and for a number that is too large in every unit.
pub(crate) fn guess_time_unit(number: i128) -> Option<(&'static str, i64)> {
    /// End of the year 9999 in seconds since 1970. Many issuers use this value as the expiry time
    /// of tokens that must not expire, so it is not a time in another unit.
    const LAST_SECOND_OF_9999: i128 = 253_402_300_799;
    const UNITS: [(i128, &str); 3] =
        [(1_000, "milliseconds"), (1_000_000, "microseconds"), (1_000_000_000, "nanoseconds")];
    let mut times = UNITS.iter().filter_map(|(factor, unit)| {
        let seconds = i64::try_from(number / factor).ok()?;
        Timestamp::from_unix(seconds).map(|_| (*unit, seconds))
    });
    times.next().filter(|_| number > LAST_SECOND_OF_9999)
}

/// Returns the error for a text that is not a valid time. If the only defect is that the time is
/// out of range, or that a date with a time of day has no time zone, the error describes this
/// defect. Otherwise, the reason of the error is `default_reason`.
pub(super) fn invalid_time_error(text: &str, default_reason: &str) -> InvalidValue {
    const OUT_OF_RANGE: &str =
        "out of range: expected a time from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z";
    let invalid = |reason: &str| InvalidValue::new("time", reason);
    if parse_instant(text).is_some() || parse_date(text).is_some() {
        return invalid(OUT_OF_RANGE);
    }
    let Ok(pieces) = Pieces::parse(text) else { return invalid(default_reason) };
    let Some(time) = pieces.time().filter(|_| text.contains(':') && !text.contains('[')) else {
        return invalid(default_reason);
    };
    let time_in_utc = format!("{}Z", pieces.date().to_datetime(time));
    if pieces.offset().is_some() || Timestamp::parse_rfc3339(&time_in_utc).is_none() {
        return invalid(OUT_OF_RANGE);
    }
    invalid(&format!("time zone missing; for UTC use `{time_in_utc}`"))
        .with_hint(format!("use `{time_in_utc}`"))
}

/// Parses RFC 3339, or a date as the start of the day in UTC.
fn parse_instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| parse_start_of_day(text))
}

/// Returns the start of a day in UTC. The only accepted format is `2030-01-31`.
fn parse_start_of_day(day: &str) -> Option<jiff::Timestamp> {
    Offset::UTC.to_timestamp(parse_date(day)?.into()).ok()
}

fn parse_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "2030-01-31".len())
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_times_are_timestamps() {
        assert_eq!(Timestamp::parse("0").unwrap().to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::parse("2030-01-31T13:00:00+01:00").unwrap().unix(), 1_896_091_200);
        assert_eq!(Timestamp::parse("2030-01-31").unwrap().unix(), 1_896_048_000);
        for text in [
            "",
            "tomorrow",
            "-1",
            "99999999999999999999",
            "1960-01-01T00:00:00Z",
            "1960-01-01",
            "2030-02-30",
            "2030-1-31 ",
            "203001-31",
            "20300131T1",
            "2030-01-31T12",
            "2030-01-31T12:00:00",
            "-2030-01-31",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_zone_is_reported_as_missing_only_if_no_zone_is_given() {
        for text in ["2026-11-21T12:00:00", "2026-11-21 12:00", "2026-11-21t12:00:00"] {
            let message = Timestamp::parse(text).unwrap_err().to_string();
            let expected = "time: time zone missing; for UTC use `2026-11-21T12:00:00Z`";
            assert_eq!(message, expected, "{text}");
        }
        let error = Timestamp::parse("2026-11-21T12:00:00[Europe/Berlin]").unwrap_err();
        assert!(!error.to_string().contains("zone"), "{error}");
    }

    #[test]
    fn relative_time_is_rounded() {
        let now = Timestamp::parse("2026-11-22T10:40:46Z").unwrap();
        for (seconds, expected) in [
            (0, "now"),
            (1, "in 1 s"),
            (-59, "59 s ago"),
            (60, "in 1 m"),
            (899, "in 15 m"),
            (3_569, "in 59 m"),
            (3_599, "in 1 h"),
            (3_600, "in 1 h"),
            (-10_800, "3 h ago"),
            (84_599, "in 23 h"),
            (86_399, "in 1 d"),
            (86_400, "in 1 d"),
            (561_600, "in 7 d"), // 6.5 days
            (561_599, "in 6 d"),
            (-7_776_000, "90 d ago"),
            (31_535_999, "in 365 d"),
            (31_536_000, "in 1 y"),
            (-47_304_001, "2 y ago"),
        ] {
            let timestamp = Timestamp::from_unix(now.unix() + seconds).unwrap();
            assert_eq!(timestamp.to_relative(now), expected, "{seconds}");
        }
        let first = Timestamp::from_unix(0).unwrap();
        assert_eq!(first.to_relative(now), "57 y ago");
        assert_eq!(
            Timestamp::from_unix(MAX_UNIX_SECONDS).unwrap().to_relative(first),
            "in 2932896 d"
        );
    }

    #[test]
    fn unit_is_guessed_only_for_a_number_too_large_for_seconds() {
        for (number, unit) in [
            (1_999_999_999_123, Some(("milliseconds", 1_999_999_999))),
            (1_999_999_999_123_456, Some(("microseconds", 1_999_999_999))),
            (1_999_999_999_123_456_789, Some(("nanoseconds", 1_999_999_999))),
            (1_999_999_999, None),
            (253_402_300_799, None),
            (-1_999_999_999_123, None),
            (i128::MAX, None),
        ] {
            assert_eq!(guess_time_unit(number), unit, "{number}");
        }
        let hint = Timestamp::parse("1999999999123456").unwrap_err().hint;
        assert_eq!(hint.as_deref(), Some("use seconds: `1999999999`"));
    }

    #[test]
    fn date_out_of_range_is_refused_without_hint() {
        for text in [
            "9999-12-31T23:59:59",
            "9999-12-31T23:59:59Z",
            "9999-12-30T21:30:00-05:00",
            "1960-01-01T00:00:00",
            "1960-01-01T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
            "1970-01-01T00:30:00+01:00",
            "9999-12-31",
            "1960-01-01",
        ] {
            let invalid = Timestamp::parse(text).unwrap_err();
            assert!(invalid.reason.starts_with("out of range: "), "{text}: {}", invalid.reason);
            assert_eq!(invalid.hint, None, "{text}");
        }
    }

    #[test]
    fn addition_beyond_maximum_timestamp_returns_none() {
        let maximum = Timestamp::from_unix(MAX_UNIX_SECONDS).unwrap();
        assert_eq!(maximum.checked_add(Lifetime::from_seconds(1).unwrap()), None);
    }
}
