//! Functions that the fuzzer in `tests/fuzz` calls, one for each fuzz target. A function panics if
//! the code under test violates a property. This module is compiled only for the fuzzer and the
//! tests.
#![expect(clippy::missing_panics_doc, reason = "a fuzz target reports a failed check by a panic")]

use crate::model::{NUMBER_MEMBER, parse_lenient_value};
use serde_json::Value;

mod claims;
mod input_formats;
mod keys;
mod token;
mod typed_values;

pub use claims::claims;
pub use input_formats::input_formats;
pub use keys::keys;
pub use token::token;
pub use typed_values::typed_values;

/// Parses JSON with `serde_json`, independently of the code under test. `serde_json` reserves one
/// member name for numbers. For a text with this member name, returns the result of the code under
/// test instead.
fn parse_independently(bytes: &[u8]) -> Option<Value> {
    let value = parse_lenient_value(bytes).ok();
    if value.as_ref().is_some_and(has_reserved_member) {
        return value;
    }
    serde_json::from_slice(bytes).ok()
}

/// Returns whether the value contains a number that has a fraction or an exponent and exceeds the
/// range of a double. The strict reader refuses such numbers.
fn has_number_out_of_range(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.as_str().contains(['.', 'e', 'E'])
                && number.as_f64().is_none_or(|double| !double.is_finite())
        }
        Value::Object(members) => members.values().any(has_number_out_of_range),
        Value::Array(items) => items.iter().any(has_number_out_of_range),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Returns whether the value contains an object with the member name that `serde_json` reserves for
/// numbers.
fn has_reserved_member(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name == NUMBER_MEMBER || has_reserved_member(member)),
        Value::Array(items) => items.iter().any(has_reserved_member),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// Name of a fuzz target and of its directory in the corpus, and the function of the target.
    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 5] = [
        ("token", token),
        ("claims", claims),
        ("keys", keys),
        ("typed_values", typed_values),
        ("input_formats", input_formats),
    ];

    #[test]
    fn each_target_passes_on_its_corpus() {
        // The corpus is not in `tests/fuzz`, because that directory is a separate Cargo package.
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        for (name, target) in TARGETS {
            let inputs = fs::read_dir(corpus.join(name)).unwrap();
            let inputs: Vec<_> = inputs.map(|entry| entry.unwrap().path()).collect();
            assert!(!inputs.is_empty(), "{name}");
            for input in inputs {
                let bytes = fs::read(&input).unwrap();
                let result = std::panic::catch_unwind(|| target(&bytes));
                assert!(result.is_ok(), "{}", input.display());
            }
        }
        let names = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<BTreeSet<_>>(), TARGETS.map(|(name, _)| name.into()).into());
    }
}
