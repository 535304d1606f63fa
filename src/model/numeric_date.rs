//! Description of `NumericDate` values (RFC 7519, section 2) as dates. A value can be any JSON
//! number.

use super::time::guess_time_unit;
use jiff::Timestamp;
use serde_json::Number;

/// Number of digits after the decimal point in a number of seconds with nanoseconds.
const NANOSECOND_DIGITS: usize = 9;

/// Returns the date and time of a number of seconds since 1970, with up to nine digits of a
/// fraction.
///
/// For a number that is out of range, returns the number and this reason. If the number is written
/// as an integer and can be a date in milliseconds, microseconds or nanoseconds, the text also
/// contains this unit and the date.
pub(crate) fn describe_numeric_date(number: &Number) -> String {
    let text = number.to_string();
    if let Some(instant) = parse_instant(&text) {
        return instant.to_string();
    }
    let reason = format!("{text}, out of range for a date");
    match parse_other_unit(&text) {
        Some((unit, instant)) => format!("{reason}; as {unit}: {instant}"),
        None => reason,
    }
}

/// Parses an integer that is too large for seconds since 1970. Returns the unit and the date if the
/// integer can be a date in milliseconds, microseconds or nanoseconds; `None` for any other number.
fn parse_other_unit(text: &str) -> Option<(&'static str, Timestamp)> {
    let (unit, seconds) = guess_time_unit(text.parse().ok()?)?;
    Some((unit, Timestamp::from_second(seconds).ok()?))
}

/// Parses a number of seconds since 1970. Returns `None` outside the range of [`Timestamp`], from
/// -9999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999999Z.
fn parse_instant(text: &str) -> Option<Timestamp> {
    if text.contains(['e', 'E']) {
        let seconds: f64 = text.parse().ok()?;
        let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        return Timestamp::from_duration(duration).ok();
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String =
        fraction.chars().chain(std::iter::repeat('0')).take(NANOSECOND_DIGITS).collect();
    let nanoseconds: i32 = digits.parse().ok()?;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Timestamp::new(whole.parse().ok()?, sign * nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_date_or_a_reason() {
        for (text, expected) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("1700000000.5", "2023-11-14T22:13:20.5Z"),
            ("1700000000.123456789012", "2023-11-14T22:13:20.123456789Z"),
            ("1700000000.0", "2023-11-14T22:13:20Z"),
            ("1.7e9", "2023-11-14T22:13:20Z"),
            ("17E+8", "2023-11-14T22:13:20Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("-0.5", "1969-12-31T23:59:59.5Z"),
            ("-62135596800", "0001-01-01T00:00:00Z"),
            (
                "1999999999000",
                "1999999999000, out of range for a date; as milliseconds: 2033-05-18T03:33:19Z",
            ),
            (
                "1999999999000000",
                "1999999999000000, out of range for a date; as microseconds: 2033-05-18T03:33:19Z",
            ),
            ("12345678901234567890123", "12345678901234567890123, out of range for a date"),
            ("1e400", "1e+400, out of range for a date"),
        ] {
            let number: Number = text.parse().unwrap();
            assert_eq!(describe_numeric_date(&number), expected, "{text}");
        }
    }
}
