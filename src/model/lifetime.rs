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

    /// Creates a lifetime in a constant, without validation; `days` must be at least 1.
    pub(crate) const fn from_days(days: u16) -> Self {
        Self(days as i64 * 86_400)
    }

    /// Creates a lifetime in a constant, without validation; `minutes` must be at least 1.
    pub(crate) const fn from_minutes(minutes: u16) -> Self {
        Self(minutes as i64 * 60)
    }

    pub(crate) const fn seconds(self) -> i64 {
        self.0
    }

    /// Parses `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h` or ISO 8601 (`P7D`). A day has 24 hours.
    /// Months and years are rejected, because they have no fixed length; numbers without a unit are
    /// also rejected. If the error has a hint, every value that the hint proposes is valid.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        const POSITIVE_HINT: &str = "use a duration above zero, such as `5m`";
        const RANGE_HINT: &str = "use a duration from `1s` to `365000d`";
        let not_positive = || {
            InvalidValue::new("duration", "expected a duration above zero").with_hint(POSITIVE_HINT)
        };
        let seconds = parse_seconds(text).map_err(|invalid| {
            // The hint of `parse_seconds` may propose a value that is zero, negative or too large.
            let Some(value) = invalid.hint.as_deref().and_then(|hint| hint.split('`').nth(1))
            else {
                return invalid;
            };
            match parse_seconds(value) {
                Ok(seconds) if Self::from_seconds(seconds).is_some() => invalid,
                Ok(seconds) if seconds > 0 => invalid.with_hint(RANGE_HINT),
                Ok(_) => not_positive(),
                Err(_) => invalid.with_hint(POSITIVE_HINT),
            }
        })?;
        if seconds < 1 {
            return Err(not_positive());
        }
        Self::from_seconds(seconds).ok_or_else(|| {
            InvalidValue::new("duration", "must be between one second and 1,000 years")
                .with_hint(RANGE_HINT)
        })
    }

    /// Parses a lifetime that may contain years and months: a year counts as 365 days, a month as
    /// 30 days.
    pub(super) fn parse_calendar_units(text: &str) -> Option<Self> {
        let text_in_days = replace_calendar_units(&text.parse().ok()?)?;
        Self::parse(&text_in_days).ok()
    }

    /// Parses a lifetime of at most `max`. If the error has a hint, every value that the hint
    /// proposes is valid and at most `max`. `value_name` is the name of the value in the error for
    /// a lifetime above `max`.
    pub(crate) fn parse_up_to(
        max: Self,
        value_name: &'static str,
        text: &str,
    ) -> Result<Self, InvalidValue> {
        let is_accepted = |word: &str| Self::parse(word).is_ok_and(|lifetime| lifetime <= max);
        let hint = format!("use a duration from `1s` to `{max}`");
        let lifetime = Self::parse(text).map_err(|invalid| {
            let is_hint_usable = invalid.hint_values().all(is_accepted);
            if is_hint_usable { invalid } else { invalid.with_hint(&*hint) }
        })?;
        if lifetime > max {
            let reason = format!("more than the maximum of `{max}`");
            return Err(InvalidValue::new(value_name, reason).with_hint(&*hint));
        }
        Ok(lifetime)
    }
}

/// Parses a duration with or without a sign, and returns the number of seconds. A fraction of a
/// second is an error.
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
        return Err(match replace_calendar_units(&span) {
            Some(in_days) if text.starts_with('+') => error.with_hint(format!("use `+{in_days}`")),
            Some(in_days) => error.with_hint(format!("use `{in_days}`")),
            None => error,
        });
    };
    if duration.subsec_nanos() != 0 {
        return Err(invalid("fractions of a second are not supported"));
    }
    Ok(duration.as_secs())
}

/// Returns a span as text, with days in place of years and months: a year counts as 365 days, a
/// month as 30 days.
fn replace_calendar_units(span: &Span) -> Option<String> {
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
    use proptest::prelude::*;

    #[test]
    fn lifetime_is_parsed_and_validated() {
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
    fn hint_for_refused_lifetime_proposes_valid_lifetime() {
        for (text, hint) in [
            ("1y", "use `365d`"),
            ("1mo", "use `30d`"),
            ("P1Y", "use `365d`"),
            ("2y6mo1d12h", "use `911d12h`"),
            ("+1y", "use `+365d`"),
            ("3600", "use `3600s` for seconds"),
            ("-3600", "use a duration above zero, such as `5m`"),
            ("-1y", "use a duration above zero, such as `5m`"),
            ("-1h", "use a duration above zero, such as `5m`"),
            ("0s", "use a duration above zero, such as `5m`"),
            ("0", "use a duration above zero, such as `5m`"),
            ("0y", "use a duration above zero, such as `5m`"),
            ("1001y", "use a duration from `1s` to `365000d`"),
            ("365001d", "use a duration from `1s` to `365000d`"),
            ("99999999999", "use a duration from `1s` to `365000d`"),
        ] {
            assert_eq!(Lifetime::parse(text).unwrap_err().hint.as_deref(), Some(hint), "{text}");
            for word in hint.split('`').skip(1).step_by(2) {
                assert!(Lifetime::parse(word).is_ok(), "{word}");
            }
        }
    }

    proptest! {
        #[test]
        fn hint_proposes_valid_lifetimes_up_to_maximum(
            text in "[-+]?[0-9]{1,12}(s|m|h|d|w|mo|y|)([0-9]{1,3}(d|h|s))?",
            max in 1..2 * Lifetime::MAX_SECONDS,
        ) {
            // A number out of range becomes five minutes, so half of the cases have this maximum.
            let max = Lifetime::from_seconds(max).unwrap_or(Lifetime::from_minutes(5));
            let parse_limited = |text: &str| Lifetime::parse_up_to(max, "leeway", text);
            if let Err(invalid) = Lifetime::parse(&text) {
                prop_assert!(invalid.hint_values().all(|value| Lifetime::parse(value).is_ok()), "{invalid:?}");
            }
            if let Err(invalid) = parse_limited(&text) {
                prop_assert!(invalid.hint_values().all(|value| parse_limited(value).is_ok()), "{invalid:?}");
            }
        }
    }
}
