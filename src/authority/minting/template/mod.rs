//! What a token says before its values are known: the data of a preset. Filling it in is pure.
//!
//! A text may hold names in braces. One that is a single name takes that value with its type; in a
//! longer text values are written out. A member whose value is not there (null) is left out.

mod render;

use super::Defect;
use crate::authority::Error;
use crate::crypto;
use crate::model::{Algorithm, InvalidValue, Lifetime, parse_strict_object, redact_for_error};
use render::Renderer;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What stands where a header names the algorithm, which each has to (RFC 7515, section 4.1.1).
const ALG_PLACEHOLDER: &str = "{alg}";

/// What is made for each token, and cannot be said.
const RESERVED_NAMES: [&str; 4] = ["alg", "kid", "jti", "uuid"];

/// What stands where a header names the key: another one would not be found by it.
const KID_PLACEHOLDER: &str = "{kid}";

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
    pub(crate) defects: BTreeMap<Defect, DefectPatch>,
    /// The verifiers that take such tokens, and which defects each lets through, with the reason.
    #[serde(default)]
    pub(crate) verifiers: BTreeMap<String, BTreeMap<Defect, String>>,
}

/// Members to replace; null takes one away. Texts are filled in like those of the preset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefectPatch {
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
pub(crate) struct TokenParts {
    /// The header.
    pub(crate) header: Map<String, Value>,
    /// The claims.
    pub(crate) claims: Map<String, Value>,
}

/// Where values come from that are made for each token.
pub(crate) trait ValueSource {
    /// The value of that name; `None` if there is none.
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error>;
}

impl<F: FnMut(&str) -> Result<Option<Value>, crypto::Error>> ValueSource for F {
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error> {
        self(name)
    }
}

impl Template {
    /// Reads a preset's file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, InvalidValue> {
        let refuse = |why: String| InvalidValue::new("preset", why);
        let object = parse_strict_object(bytes).map_err(refuse)?;
        let template: Self = serde_json::from_value(Value::from(object))
            .map_err(|error| InvalidValue::new("preset", error.to_string()))?;
        template.algorithm()?;
        template.ttl()?;
        if template.header.get("alg").and_then(Value::as_str) != Some(ALG_PLACEHOLDER) {
            return Err(refuse(format!("its `header` needs \"alg\": \"{ALG_PLACEHOLDER}\"")));
        }
        if let Some(name) =
            RESERVED_NAMES.iter().find(|name| template.parameters.contains_key(**name))
        {
            return Err(refuse(format!(
                "a parameter of it is called `{name}`, which has a meaning"
            )));
        }
        if template.header.get("kid").is_some_and(|kid| kid != KID_PLACEHOLDER) {
            return Err(refuse(format!(
                "the `kid` of its `header` can only be \"{KID_PLACEHOLDER}\""
            )));
        }
        Ok(template)
    }

    pub(crate) fn algorithm(&self) -> Result<Option<Algorithm>, InvalidValue> {
        self.algorithm.as_deref().map(Algorithm::parse).transpose()
    }

    pub(crate) fn ttl(&self) -> Result<Option<Lifetime>, InvalidValue> {
        self.ttl.as_deref().map(Lifetime::parse).transpose()
    }

    /// Header and claims with everything filled in. `given` holds values of parameters, each of its
    /// parameter's type.
    pub(crate) fn render(
        &self,
        parameter_values: &Map<String, Value>,
        source: &mut impl ValueSource,
    ) -> Result<TokenParts, Error> {
        let mut renderer = Renderer::new(&self.parameters, parameter_values, source)?;
        let header = renderer.render_members(&self.header, 1)?;
        Ok(TokenParts { header, claims: renderer.render_members(&self.claims, 1)? })
    }

    /// The members of a change with everything filled in, null where one is taken away.
    pub(super) fn render_patch(
        &self,
        patch: &DefectPatch,
        parameter_values: &Map<String, Value>,
        source: &mut impl ValueSource,
    ) -> Result<TokenParts, Error> {
        let mut renderer = Renderer::new(&self.parameters, parameter_values, source)?;
        let mut render_members = |template: &Map<String, Value>| {
            let mut members = Map::new();
            for (name, value) in template {
                let value = renderer.render_value(value, 1)?.unwrap_or(Value::Null);
                members.insert(name.clone(), value);
            }
            Ok::<_, Error>(members)
        };
        Ok(TokenParts {
            header: render_members(&patch.header)?,
            claims: render_members(&patch.claims)?,
        })
    }

    /// A word of the command line as a value of that parameter: in the type of its default.
    pub(crate) fn parse_parameter(
        &self,
        name: &str,
        values: &[&str],
    ) -> Result<Value, InvalidValue> {
        let Some(default) = self.parameters.get(name) else {
            let names: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            let why = format!("`{}` is not one of {}", redact_for_error(name), names.join(", "));
            return Err(InvalidValue::new("parameter", why));
        };
        let texts = || values.iter().map(|text| Value::from(*text));
        match (default, values) {
            (Value::Array(_), [""]) => Ok(Value::Array(Vec::new())),
            (Value::String(_), [_, _, ..]) if name != "aud" => {
                Err(InvalidValue::new("parameter", format!("`{name}` is one text, not a list")))
            }
            (Value::String(_) | Value::Null, [text]) => Ok(Value::from(*text)),
            (Value::Array(_) | Value::String(_) | Value::Null, _) => Ok(texts().collect()),
            (Value::Bool(_) | Value::Number(_) | Value::Object(_), _) => {
                let value = serde_json::from_str(&values.join(" ")).ok();
                value.filter(|value| is_same_type(value, default)).ok_or_else(|| {
                    let why = format!("`{name}` must be of the type of its default, {default}");
                    InvalidValue::new("parameter", why)
                })
            }
        }
    }
}

fn plain_header() -> Map<String, Value> {
    let members = [("alg", ALG_PLACEHOLDER), ("typ", "JWT"), ("kid", KID_PLACEHOLDER)];
    members.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect()
}

fn is_same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

#[cfg(test)]
mod tests;
