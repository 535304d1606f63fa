//! Text of facts: values with a bounded length, and times.

use crate::model::{Timestamp, escape};
use serde_json::Value;

/// Returns a value as text: a string without quotes, any other value as JSON.
pub(in crate::authority) fn value_to_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the values as alternatives in a message: `` `a` or `b` ``.
pub(in crate::authority) fn describe_alternatives(values: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> =
        values.iter().map(|value| quote(&excerpt(value.as_ref(), 0))).collect();
    quoted.join(" or ")
}

/// Returns a time with its distance from `reference`, the time of verification:
/// `2026-11-21T12:00:00Z (3 h ago)`. If `reference` differs from `now`, the text also states
/// `reference`: `(3 h before 2030-01-01T00:00:00Z)`. If `reference` differs from `now` and is equal
/// to `time`, the text has no distance.
pub(in crate::authority) fn describe_time(
    time: Timestamp,
    reference: Timestamp,
    now: Timestamp,
) -> String {
    describe_distance(time, &time.to_relative(reference), reference, now)
}

/// Returns the remaining lifetime of a token that expires too early, and the expiry:
/// `7d (expires 2026-11-21T12:00:00Z)`, or `none (expired …)`. `reference` is the time of
/// verification, and `earliest` is the earliest accepted expiry. The remaining lifetime is rounded,
/// unless the lifetime until `earliest` has the same rounded text. In this case, the remaining
/// lifetime is exact: `59m59s`.
pub(in crate::authority) fn describe_short_expiry(
    expiry: Timestamp,
    earliest: Timestamp,
    reference: Timestamp,
) -> String {
    let seconds = expiry.unix() - reference.unix();
    if seconds <= 0 {
        return format!("none (expired {expiry})");
    }
    let rounded = expiry.to_relative(reference);
    let span = if rounded == earliest.to_relative(reference) {
        let units = [
            (seconds / 86_400, "d"),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ];
        let units = units.iter().filter(|(count, _)| *count > 0);
        units.map(|(count, unit)| format!("{count}{unit}")).collect::<Vec<_>>().concat()
    } else {
        rounded.trim_start_matches("in ").replace(' ', "")
    };
    format!("{span} (expires {expiry})")
}

/// Returns the text for [`describe_time`]. `relative` is the distance of `time` from `reference`,
/// such as `3 h ago`.
fn describe_distance(
    time: Timestamp,
    relative: &str,
    reference: Timestamp,
    now: Timestamp,
) -> String {
    if reference == now {
        return format!("{time} ({relative})");
    }
    match (relative.strip_suffix(" ago"), relative.strip_prefix("in ")) {
        (Some(span), _) => format!("{time} ({span} before {reference})"),
        (_, Some(span)) => format!("{time} ({span} after {reference})"),
        (None, None) => time.to_string(),
    }
}

/// Maximum length of an excerpt of a value, in characters without `…`.
const MAX_VALUE_CHARS: usize = 200;

/// Number of equal characters before the first difference in an excerpt that omits the start.
const CONTEXT_CHARS: usize = 20;

/// Returns the index of the character at which excerpts of two different values start: 0, unless
/// the first difference would be cut off.
pub(super) fn excerpt_start(found: &str, expected: &str) -> usize {
    let common = found.chars().zip(expected.chars()).take_while(|(left, right)| left == right);
    let common_count = common.count();
    if common_count < MAX_VALUE_CHARS { 0 } else { common_count - CONTEXT_CHARS }
}

/// Returns at most [`MAX_VALUE_CHARS`] characters from the index `start` on, with `…` in place of
/// omitted text.
pub(super) fn excerpt(text: &str, start: usize) -> String {
    let mut rest = text.chars().skip(start);
    let mut output = String::from(if start > 0 { "…" } else { "" });
    output.extend(rest.by_ref().take(MAX_VALUE_CHARS));
    if rest.next().is_some() {
        output.push('…');
    }
    output
}

/// Returns the value of a claim for a message: escaped, in backticks. For an empty value, returns
/// `an empty string`.
pub(super) fn quote_value(text: &str) -> String {
    if text.is_empty() { "an empty string".to_owned() } else { quote(text) }
}

/// Returns text for a message: escaped, in backticks.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", escape(text))
}
