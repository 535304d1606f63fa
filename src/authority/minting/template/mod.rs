//! Token templates: the data of presets. The output of rendering depends only on the template, the
//! parameter values and a [`ValueSource`].
//!
//! A text may contain names in braces. A text that consists of one such name is replaced by the
//! value of the name, and the value keeps its type. In a longer text, values are inserted as text.
//! A member or list item is omitted if its text contains a name with the value `null`.
//! `{NAME.owner}` and `{NAME.name}` are the parts of a parameter with a value such as
//! `octo-org/octo-repo`.

mod render;

use super::defects::Defect;
use crate::authority::Error;
use crate::model::{
    Algorithm, InvalidValue, Lifetime, Timestamp, Untrusted, find_similar, parse_kid,
    parse_strict_object, parse_strict_value, redact_for_error,
};
use render::Renderer;
pub(super) use render::ValueSource;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Required value of `alg` in a template's header; every header has `alg` (RFC 7515, section
/// 4.1.1).
const ALG_PLACEHOLDER: &str = "{alg}";

/// Names of the values of the signing key and of the generated ids. A parameter cannot have such a
/// name.
const RESERVED_NAMES: [&str; 4] = ["alg", "kid", "jti", "uuid"];

/// Value of `kid` in a template's header that is replaced by the key id of the signing key.
const KID_PLACEHOLDER: &str = "{kid}";

/// Content of a preset file.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// Ignored, because the file name is the name of the preset. The JSON output of
    /// `token presets show NAME` has this member, and may be saved as a preset file.
    #[serde(default, rename = "name", skip_serializing)]
    _name: IgnoredAny,
    /// Description of the preset's tokens, one phrase.
    #[serde(alias = "about")]
    pub(crate) description: String,
    /// URLs of the documentation of the claims.
    #[serde(default, alias = "source")]
    pub(crate) sources: Vec<String>,
    /// Date of the documentation that the preset was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<String>,
    /// Default algorithm of the signing key: the algorithm of the issuer that the preset imitates.
    #[serde(alias = "algorithm")]
    pub(crate) alg: Option<String>,
    /// Default token lifetime.
    pub(crate) ttl: Option<String>,
    /// Parameters with defaults, in the order in which the defaults are rendered.
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    /// Header parameters, in order.
    #[serde(default = "plain_header")]
    pub(crate) header: Map<String, Value>,
    /// Claims, in order.
    pub(crate) claims: Map<String, Value>,
    /// Explanations of claims, by claim name.
    #[serde(default)]
    pub(crate) explain: Map<String, Value>,
    /// Patches of defects. Each patch replaces the built-in patch of its defect, if any.
    #[serde(default)]
    pub(crate) defects: BTreeMap<Defect, DefectPatch>,
    /// Verifiers of such tokens. For each verifier: the defects that the verifier accepts, each
    /// with the reason.
    #[serde(default)]
    pub(crate) verifiers: BTreeMap<String, BTreeMap<Defect, String>>,
}

/// Changes of header and claims that give a token a defect. `null` removes a member. Texts are
/// rendered like the texts of the preset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefectPatch {
    /// Header parameters to replace or add.
    #[serde(default)]
    pub(crate) header: Map<String, Value>,
    /// Claims to replace or add.
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
    /// Description of the defect, with the RFC section that the token violates, if any.
    #[serde(alias = "why")]
    pub(crate) description: String,
}

/// Header and claims of one token.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenParts {
    /// JOSE header.
    pub(crate) header: Map<String, Value>,
    /// Claims of the payload.
    pub(crate) claims: Map<String, Value>,
}

/// Parameters and claims of a row. A row that is not from an input file has only claims.
#[derive(Debug, Clone, Default)]
pub(super) struct InputRow {
    pub(super) parameters: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
}

impl Template {
    /// Parses a preset file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, InvalidValue> {
        let refuse = |reason: String| InvalidValue::new("preset", reason);
        let object = parse_strict_object(bytes).map_err(|error| refuse(error.to_string()))?;
        let template: Self = serde_json::from_value(Value::from(object))
            .map_err(|error| InvalidValue::new("preset", error.to_string()))?;
        template.algorithm()?;
        template.ttl()?;
        if let Some(date) = &template.as_of {
            Timestamp::parse(date)
                .map_err(|invalid| InvalidValue { value_name: "as_of", ..invalid })?;
        }
        if template.header.get("alg").and_then(Value::as_str) != Some(ALG_PLACEHOLDER) {
            return Err(refuse(format!("`header` must contain \"alg\": \"{ALG_PLACEHOLDER}\"")));
        }
        if let Some(name) =
            RESERVED_NAMES.iter().find(|name| template.parameters.contains_key(**name))
        {
            return Err(refuse(format!("parameter name `{name}` is reserved")));
        }
        if template.header.get("kid").is_some_and(|kid| !kid.is_string()) {
            return Err(refuse("`kid` in `header` must be a string".to_owned()));
        }
        Ok(template)
    }

    pub(crate) fn algorithm(&self) -> Result<Option<Algorithm>, InvalidValue> {
        self.alg.as_deref().map(Algorithm::parse).transpose()
    }

    pub(crate) fn ttl(&self) -> Result<Option<Lifetime>, InvalidValue> {
        self.ttl.as_deref().map(Lifetime::parse).transpose()
    }

    /// Renders header and claims. `parameter_values` replace the defaults of parameters, and are
    /// inserted unchanged.
    pub(in crate::authority::minting) fn render(
        &self,
        parameter_values: &Map<String, Value>,
        source: &mut impl ValueSource,
    ) -> Result<TokenParts, Error> {
        let mut renderer = Renderer::new(&self.parameters, parameter_values, source)?;
        let header = renderer.render_members(&self.header, 1)?;
        Ok(TokenParts { header, claims: renderer.render_members(&self.claims, 1)? })
    }

    /// Returns the key id that the template prescribes; `None` if the `kid` of the header is
    /// [`KID_PLACEHOLDER`] or missing. The prescribed key id must consist of text and parameters,
    /// because it identifies a key.
    pub(in crate::authority::minting) fn prescribed_kid(
        &self,
        parameter_values: &Map<String, Value>,
    ) -> Result<Option<Untrusted>, Error> {
        let Some(kid) = self.header.get("kid").filter(|kid| *kid != KID_PLACEHOLDER) else {
            return Ok(None);
        };
        // Each name that is not a parameter has the value `null`: a text with such a name has no
        // value, and is refused below.
        let mut null_values = |_: &str| Ok(Some(Value::Null));
        let mut renderer = Renderer::new(&self.parameters, parameter_values, &mut null_values)?;
        let kid = renderer.render_value(kid, 1)?;
        let Some(kid) = kid.as_ref().and_then(Value::as_str) else {
            let reason = "`kid` in `header` must consist of text and parameters";
            return Err(InvalidValue::new("preset", reason).into());
        };
        Ok(Some(parse_kid(kid)?))
    }

    /// Replaces the `kid` of the header, if any, by [`KID_PLACEHOLDER`].
    pub(in crate::authority::minting) fn use_signing_key_kid(&mut self) {
        if let Some(kid) = self.header.get_mut("kid") {
            *kid = KID_PLACEHOLDER.into();
        }
    }

    /// Renders a patch. Members that the patch removes are `null` in the result.
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

    /// Returns the description of a defect (`no defect` for `None`), and the verifiers that accept
    /// a token with the defect, each with the reason.
    pub(super) fn describe_defect(
        &self,
        defect: Option<Defect>,
    ) -> (String, BTreeMap<String, String>) {
        let Some(defect) = defect else { return ("no defect".to_owned(), BTreeMap::new()) };
        let preset_description = self.defects.get(&defect).map(|patch| patch.description.as_str());
        let accepts = |(verifier, accepted_defects): (&String, &BTreeMap<Defect, String>)| {
            accepted_defects.get(&defect).map(|reason| (verifier.clone(), reason.clone()))
        };
        let accepted_by = self.verifiers.iter().filter_map(accepts).collect();
        (preset_description.unwrap_or_else(|| defect.description()).to_owned(), accepted_by)
    }

    /// Converts the texts given for a parameter to a value with the type of the default of the
    /// parameter. For a list, a single empty text means the empty list. Exceptions: for the default
    /// `null`, the value is a text, or a list of several texts. For `aud`, several texts are
    /// accepted even if the default is a single text.
    pub(crate) fn parse_parameter(
        &self,
        name: &str,
        values: &[&str],
    ) -> Result<Value, InvalidValue> {
        let Some(default) = self.parameters.get(name) else {
            let names: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            let expected = if names.is_empty() {
                "the preset has no parameters".to_owned()
            } else {
                format!("expected one of {}", names.join(", "))
            };
            let reason = format!("unknown name `{}`: {expected}", redact_for_error(name));
            let invalid = InvalidValue::new("parameter", reason);
            return Err(match find_similar(name, names) {
                Some(name) => invalid.with_hint(format!("use `{}`", redact_for_error(name))),
                None => invalid,
            });
        };
        let texts = || values.iter().map(|text| Value::from(*text));
        match (default, values) {
            (Value::Array(_), [""]) => Ok(Value::Array(Vec::new())),
            (Value::String(_), [_, _, ..]) if name != "aud" => Err(InvalidValue::new(
                "parameter",
                format!("`{name}` accepts a single value, not a list"),
            )),
            (Value::String(_) | Value::Null, [text]) => Ok(Value::from(*text)),
            (Value::Array(_) | Value::String(_) | Value::Null, _) => Ok(texts().collect()),
            (Value::Bool(_) | Value::Number(_) | Value::Object(_), _) => {
                let value = parse_strict_value(values.join(" ").as_bytes()).ok();
                value.filter(|value| is_same_type(value, default)).ok_or_else(|| {
                    let reason = format!("`{name}` must have the type of its default, {default}");
                    InvalidValue::new("parameter", reason)
                })
            }
        }
    }

    /// Splits an input row into the parameters of the preset and the claims. A member is both if a
    /// parameter and a claim of the preset have its name. A text for a parameter is converted to
    /// the type of the parameter, or refused. Any other value with the wrong type for the parameter
    /// is only a claim.
    pub(super) fn split_row(&self, row: &Map<String, Value>) -> Result<InputRow, InvalidValue> {
        let (mut parameters, mut claims) = (Map::new(), Map::new());
        for (name, value) in row {
            let parameter = match (self.parameters.get(name), value) {
                (None, _) => None,
                (Some(_), Value::String(text)) => Some(self.parse_parameter(name, &[text])?),
                (Some(default), value) => Some(value.clone())
                    .filter(|value| default.is_null() || is_same_type(value, default)),
            };
            if parameter.is_none() || self.claims.contains_key(name) {
                claims.insert(name.clone(), value.clone());
            }
            parameters.extend(parameter.map(|parameter| (name.clone(), parameter)));
        }
        Ok(InputRow { parameters, claims })
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
