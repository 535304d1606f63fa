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
    /// Parses `name=value` arguments: the values in `text` are strings, the values in `json` are JSON
    /// (see [`parse_strict_value`]). Refuses a name that is set twice.
    pub(crate) fn parse(text: &[String], json: &[String]) -> Result<Self, InvalidValue> {
        let mut claims = Map::new();
        let text_arguments = text.iter().map(|argument| (argument, false));
        for (argument, is_json) in
            text_arguments.chain(json.iter().map(|argument| (argument, true)))
        {
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

    /// Returns, for messages, the names of claims whose value is a string that is usually meant as
    /// JSON: an array, an object, a boolean, `null`, or a number in a claim that is a time.
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

    /// Returns the first claim that a user cannot set in an app token, if any.
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
    fn claim_with_json_as_text_is_listed() {
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
