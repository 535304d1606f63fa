//! Durations in whole seconds.

use super::InvalidValue;
use jiff::fmt::friendly::{Designator, Direction, Spacing, SpanPrinter};
use jiff::{Span, SpanRelativeTo};
use std::fmt;

/// Duration of one second to 1,000 years of 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lifetime(i64);

#[expect(clippy::as_conversions, reason = "`From` cannot be called in a constant")]
impl Lifetime {
    const MAX_SECONDS: i64 = 1_000 * 365 * 86_400;

    pub(crate) const fn from_seconds(seconds: i64) -> Option<Self> {
        if seconds >= 1 && seconds <= Self::MAX_SECONDS { Some(Self(seconds)) } else { None }
    }

    /// Creates a lifetime from a constant number of days, at least 1.
    pub(crate) const fn from_days(days: u16) -> Self {
        Self(days as i64 * 86_400)
    }

    /// Creates a lifetime from a constant number of minutes, at least 1.
    pub(crate) const fn from_minutes(minutes: u16) -> Self {
        Self(minutes as i64 * 60)
    }

    pub(crate) const fn seconds(self) -> i64 {
        self.0
    }

    /// Parses `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h` or ISO 8601 (`P7D`). A day has 24 hours.
    /// Months and years, which have no fixed length, and numbers without a unit are rejected.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        const POSITIVE_HINT: &str = "use a duration above zero, such as `1h`";
        let seconds = parse_seconds(text).map_err(|invalid| {
            let is_negative = text.starts_with('-') && invalid.hint.is_some();
            if is_negative { invalid.with_hint(POSITIVE_HINT) } else { invalid }
        })?;
        if seconds < 1 {
            let invalid = InvalidValue::new("duration", "expected a duration above zero");
            return Err(invalid.with_hint(POSITIVE_HINT));
        }
        Self::from_seconds(seconds).ok_or_else(|| {
            InvalidValue::new("duration", "must be between one second and 1,000 years")
        })
    }
}

/// Parses a duration with or without a sign, in whole seconds.
pub(super) fn parse_seconds(text: &str) -> Result<i64, InvalidValue> {
    let invalid = |reason: &str| InvalidValue::new("duration", reason);
    if text.parse::<i64>().is_ok() {
        return Err(invalid("unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)")
            .with_hint(format!("use `{text}s` for seconds")));
    }
    let span: Span = text.parse().map_err(|_| {
        invalid("expected `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h`, `P7D` or similar")
    })?;
    let Ok(duration) = span.to_duration(SpanRelativeTo::days_are_24_hours()) else {
        let error = invalid("months and years have no fixed length");
        return Err(match span_in_days(&span) {
            Some(days) if text.starts_with('+') => error.with_hint(format!("use `+{days}`")),
            Some(days) => error.with_hint(format!("use `{days}`")),
            None => error,
        });
    };
    if duration.subsec_nanos() != 0 {
        return Err(invalid("fractions of a second are not supported"));
    }
    Ok(duration.as_secs())
}

/// Returns a span as text in which a year has 365 days and a month 30 days.
fn span_in_days(span: &Span) -> Option<String> {
    let days = i32::from(span.get_years()) * 365 + span.get_months() * 30 + span.get_days();
    let span = span.try_years(0).ok()?.try_months(0).ok()?.try_days(days).ok()?;
    let printer = SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None);
    Some(printer.direction(Direction::Sign).span_to_string(&span))
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            s if s % 86_400 == 0 => (s / 86_400, "d"),
            s if s % 3_600 == 0 => (s / 3_600, "h"),
            s if s % 60 == 0 => (s / 60, "m"),
            s => (s, "s"),
        };
        write!(f, "{count}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetime_parses_common_formats() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("12h", 43_200),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("1d12h", 129_600),
            ("P7D", 604_800),
            ("PT1M", 60),
        ] {
            assert_eq!(Lifetime::parse(text).unwrap().seconds(), seconds, "{text}");
        }
        for text in [
            "",
            "7",
            "-7d",
            "0s",
            "1mo",
            "1y",
            "P1M",
            "1.5s",
            "1000d1ns", // a whole number of seconds when converted to a float
            "7 bananas",
            "99999999999d",
        ] {
            assert!(Lifetime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lifetime_displays_in_largest_unit() {
        for text in ["90s", "15m", "12h", "7d"] {
            assert_eq!(Lifetime::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn hint_of_refused_lifetime_is_accepted() {
        for (text, hint) in [
            ("1y", "use `365d`"),
            ("1mo", "use `30d`"),
            ("P1Y", "use `365d`"),
            ("2y6mo1d12h", "use `911d12h`"),
            ("+1y", "use `+365d`"),
            ("3600", "use `3600s` for seconds"),
            ("-3600", "use a duration above zero, such as `1h`"),
            ("-1y", "use a duration above zero, such as `1h`"),
            ("-1h", "use a duration above zero, such as `1h`"),
            ("0s", "use a duration above zero, such as `1h`"),
        ] {
            assert_eq!(Lifetime::parse(text).unwrap_err().hint.as_deref(), Some(hint), "{text}");
            let word = hint.split('`').nth(1).unwrap();
            assert!(Lifetime::parse(word).is_ok(), "{word}");
        }
    }
}
