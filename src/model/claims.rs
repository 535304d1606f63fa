//! Additional claims or header parameters of a token.

use super::{InvalidValue, parse_strict_value, redact_for_error};
use serde_json::{Map, Value};

/// Claims that a user cannot set in an app token: the registered claims of RFC 7519, section 4.1,
/// and the claims that jeton defines.
const RESERVED_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "id",
    "owner",
    "target",
    "permissions",
    "type",
    "app",
    "sid",
    "role",
    "fresh",
    "bloqueado", // Spanish for "blocked": marks session tokens
];

/// Claims from `--claim k=v` and `--claim-json k=JSON`, or header parameters from `--header` and
/// `--header-json`, with unique names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ExtraClaims(pub(crate) Map<String, Value>);

impl ExtraClaims {
    /// Parses arguments in the form `name=value`. A value in `text_arguments` is a string; a value
    /// in `json_arguments` is JSON (see [`parse_strict_value`]). Refuses a name that occurs twice.
    pub(crate) fn parse(
        text_arguments: &[String],
        json_arguments: &[String],
    ) -> Result<Self, InvalidValue> {
        let mut claims = Map::new();
        let text_arguments = text_arguments.iter().map(|argument| (argument, false));
        let json_arguments = json_arguments.iter().map(|argument| (argument, true));
        for (argument, is_json) in text_arguments.chain(json_arguments) {
            let (name, value) = argument
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| InvalidValue::new("claim", "not in the format `name=value`"))?;
            let invalid = |reason: String| {
                InvalidValue::new("claim", format!("`{}` {reason}", redact_for_error(name)))
            };
            let value = if is_json {
                parse_strict_value(value.as_bytes()).map_err(|error| {
                    let invalid_json = invalid(format!("is {}", error.describe_without_line()));
                    if !error.may_lack_quotes() {
                        return invalid_json;
                    }
                    invalid_json.with_hint(
                        "enclose each text in double quotes, and the argument in single quotes: 'name=[\"TEXT\"]'",
                    )
                })?
            } else {
                value.into()
            };
            if claims.insert(name.to_owned(), value).is_some() {
                return Err(invalid("is set more than once".to_owned()));
            }
        }
        Ok(Self(claims))
    }

    /// Returns the names of the claims with a string value that the user probably meant as JSON.
    /// The string must be the text of an array, an object, a boolean or `null`. In `exp`, `nbf` and
    /// `iat`, it can also be the text of a number. The names are safe for messages (see
    /// [`redact_for_error`]).
    pub(crate) fn json_like_names(&self) -> Vec<String> {
        let is_json_like = |name: &str, text: &str| match parse_strict_value(text.as_bytes()) {
            Ok(Value::Number(_)) => matches!(name, "exp" | "nbf" | "iat"),
            Ok(Value::String(_)) | Err(_) => false,
            Ok(Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::Null) => true,
        };
        let names = self.0.iter().filter_map(|(name, value)| {
            value.as_str().filter(|text| is_json_like(name, text)).map(|_| redact_for_error(name))
        });
        names.collect()
    }

    /// Returns the name of the first claim that a user cannot set in an app token, if any.
    pub(crate) fn find_reserved(&self) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|name| RESERVED_CLAIMS.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn claim_values_are_text_or_json() {
        let claims = ExtraClaims::parse(
            &to_strings(&["a=1", "b=x=y"]),
            &to_strings(&["c=1", "d={\"e\":[]}"]),
        );
        let text = Value::Object(claims.unwrap().0).to_string();
        assert_eq!(text, r#"{"a":"1","b":"x=y","c":1,"d":{"e":[]}}"#);
    }

    #[test]
    fn string_claims_that_look_like_json_are_listed() {
        let words =
            ["a=[1]", "b={}", "c=true", "d=null", "exp=5", "e=5", "f=[x", "g=\"x\"", "nbf=x"];
        let claims = ExtraClaims::parse(&to_strings(&words), &to_strings(&["h=[1]"])).unwrap();
        assert_eq!(claims.json_like_names(), ["a", "b", "c", "d", "exp"]);
    }

    #[test]
    fn malformed_and_repeated_claims_are_refused() {
        for word in ["a", "=1", ""] {
            assert!(ExtraClaims::parse(&to_strings(&[word]), &[]).is_err(), "{word}");
        }
        for word in ["a=", "a=x", "a=1,\"b\":2", "a={\"b\":1,\"b\":1}", "a=1}//"] {
            assert!(ExtraClaims::parse(&[], &to_strings(&[word])).is_err(), "{word}");
        }
        assert!(ExtraClaims::parse(&to_strings(&["a=1"]), &to_strings(&["a=2"])).is_err());
    }

    #[test]
    fn reserved_claims_are_found() {
        assert_eq!(
            ExtraClaims::parse(&to_strings(&["sub=x"]), &[]).unwrap().find_reserved(),
            Some("sub")
        );
    }
}
