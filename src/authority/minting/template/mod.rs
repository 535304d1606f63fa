//! What a token says before its values are known: the data of a preset. Filling it in is pure.
//!
//! A text may hold names in braces. One that is a single name takes that value with its type; in a
//! longer text values are written out. A member whose value is not there (null) is left out.

mod filling;

use super::Defect;
use crate::authority::Error;
use crate::crypto;
use crate::model::{Algorithm, Invalid, Lifetime, repeatable, strict_object};
use filling::Filling;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What stands where a header names the algorithm, which each has to (RFC 7515, section 4.1.1).
const ALGORITHM: &str = "{alg}";

/// What is made for each token, and cannot be said.
const MADE: [&str; 4] = ["alg", "kid", "jti", "uuid"];

/// What stands where a header names the key: another one would not be found by it.
const KEY_ID: &str = "{kid}";

/// A preset as its file has it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// The file has the preset's name; what is shown of one may be such a file.
    #[serde(default, rename = "name", skip_serializing)]
    _name: IgnoredAny,
    /// What kind of token it makes, in a sentence.
    pub(crate) about: String,
    /// Where its claims are documented.
    #[serde(default)]
    pub(crate) source: Vec<String>,
    /// The algorithm of whoever issues such tokens.
    pub(crate) algorithm: Option<String>,
    /// How long they live.
    pub(crate) ttl: Option<String>,
    /// Values that can be given, in the order in which their defaults are filled in.
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    /// The header's members, in order.
    #[serde(default = "plain_header")]
    pub(crate) header: Map<String, Value>,
    /// The claims, in order.
    pub(crate) claims: Map<String, Value>,
    /// What each claim is.
    #[serde(default)]
    pub(crate) explain: Map<String, Value>,
    /// What makes a token of this kind wrong in a way of its own, by the name of the defect.
    #[serde(default)]
    pub(crate) defects: BTreeMap<Defect, Change>,
    /// The verifiers that take such tokens, and which defects each lets through, with the reason.
    #[serde(default)]
    pub(crate) verifiers: BTreeMap<String, BTreeMap<Defect, String>>,
}

/// Members to replace; null takes one away. Texts are filled in like those of the preset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Members of the header.
    #[serde(default)]
    pub(crate) header: Map<String, Value>,
    /// Claims.
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
    /// What is wrong then, and which rule says so.
    pub(crate) why: String,
}

/// What one token says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// The header.
    pub(crate) header: Map<String, Value>,
    /// The claims.
    pub(crate) claims: Map<String, Value>,
}

/// Where values come from that are made for each token.
pub(crate) trait Source {
    /// The value of that name; `None` if there is none.
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error>;
}

impl<F: FnMut(&str) -> Result<Option<Value>, crypto::Error>> Source for F {
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error> {
        self(name)
    }
}

impl Template {
    /// Reads a preset's file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let refused = |why: String| Invalid::new("preset", why);
        let object = strict_object(bytes).map_err(refused)?;
        let template: Self = serde_json::from_value(Value::from(object))
            .map_err(|error| Invalid::new("preset", error.to_string()))?;
        template.algorithm()?;
        template.ttl()?;
        if template.header.get("alg").and_then(Value::as_str) != Some(ALGORITHM) {
            return Err(refused(format!("its `header` needs \"alg\": \"{ALGORITHM}\"")));
        }
        if let Some(name) = MADE.iter().find(|name| template.parameters.contains_key(**name)) {
            return Err(refused(format!(
                "a parameter of it is called `{name}`, which has a meaning"
            )));
        }
        if template.header.get("kid").is_some_and(|kid| kid != KEY_ID) {
            return Err(refused(format!("the `kid` of its `header` can only be \"{KEY_ID}\"")));
        }
        Ok(template)
    }

    pub(crate) fn algorithm(&self) -> Result<Option<Algorithm>, Invalid> {
        self.algorithm.as_deref().map(Algorithm::parse).transpose()
    }

    pub(crate) fn ttl(&self) -> Result<Option<Lifetime>, Invalid> {
        self.ttl.as_deref().map(Lifetime::parse).transpose()
    }

    /// Header and claims with everything filled in. `given` holds values of parameters, each of its
    /// parameter's type.
    pub(crate) fn fill(
        &self,
        given: &Map<String, Value>,
        source: &mut impl Source,
    ) -> Result<Said, Error> {
        let mut filling = Filling::of(&self.parameters, given, source)?;
        let header = filling.members(&self.header, 1)?;
        Ok(Said { header, claims: filling.members(&self.claims, 1)? })
    }

    /// The members of a change with everything filled in, null where one is taken away.
    pub(super) fn filled_change(
        &self,
        change: &Change,
        given: &Map<String, Value>,
        source: &mut impl Source,
    ) -> Result<Said, Error> {
        let mut filling = Filling::of(&self.parameters, given, source)?;
        let mut all = |template: &Map<String, Value>| {
            let mut members = Map::new();
            for (name, value) in template {
                let value = filling.filled(value, 1)?.unwrap_or(Value::Null);
                members.insert(name.clone(), value);
            }
            Ok::<_, Error>(members)
        };
        Ok(Said { header: all(&change.header)?, claims: all(&change.claims)? })
    }

    /// A word of the command line as a value of that parameter: in the type of its default.
    pub(crate) fn typed(&self, name: &str, words: &[&str]) -> Result<Value, Invalid> {
        let Some(default) = self.parameters.get(name) else {
            let names: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            let why = format!("`{}` is not one of {}", repeatable(name), names.join(", "));
            return Err(Invalid::new("parameter", why));
        };
        let texts = || words.iter().map(|word| Value::from(*word));
        match (default, words) {
            (Value::Array(_), [""]) => Ok(Value::Array(Vec::new())),
            (Value::String(_), [_, _, ..]) if name != "aud" => {
                Err(Invalid::new("parameter", format!("`{name}` is one text, not a list")))
            }
            (Value::String(_) | Value::Null, [one]) => Ok(Value::from(*one)),
            (Value::Array(_) | Value::String(_) | Value::Null, _) => Ok(texts().collect()),
            (Value::Bool(_) | Value::Number(_) | Value::Object(_), _) => {
                let value = serde_json::from_str(&words.join(" ")).ok();
                value.filter(|value| same_type(value, default)).ok_or_else(|| {
                    let why = format!("`{name}` must be of the type of its default, {default}");
                    Invalid::new("parameter", why)
                })
            }
        }
    }
}

fn plain_header() -> Map<String, Value> {
    let members = [("alg", ALGORITHM), ("typ", "JWT"), ("kid", KEY_ID)];
    members.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect()
}

fn same_type(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

#[cfg(test)]
mod tests;
