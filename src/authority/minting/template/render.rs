//! Rendering of presets: names in braces become values. The output for one token is bounded,
//! because the defaults of parameters can contain other parameters and thus expand exponentially.

use crate::authority::Error;
use crate::crypto::{self, MAX_TOKEN_BYTES};
use crate::model::{InvalidValue, redact_for_error};
use serde_json::{Map, Value};

/// Budget of one [`Renderer`]. Each value costs 1, plus its length in bytes if it is a text. A
/// member name costs its length in bytes, except in the outermost object of a patch.
const RENDER_BUDGET: usize = 4 * MAX_TOKEN_BYTES;

/// Maximum nesting depth of arrays and objects, the limit of the JSON parser.
const MAX_DEPTH: usize = 127;

/// Source of the values of names that are not parameters, such as `iat` and `jti`.
pub(in crate::authority::minting) trait ValueSource {
    /// Returns the value of `name`; `None` if the name is unknown.
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error>;
}

impl<F: FnMut(&str) -> Result<Option<Value>, crypto::Error>> ValueSource for F {
    fn value(&mut self, name: &str) -> Result<Option<Value>, crypto::Error> {
        self(name)
    }
}

/// Parameter values of one token, the source of all other values, and the remaining budget.
pub(super) struct Renderer<'s, S> {
    parameters: Map<String, Value>,
    source: &'s mut S,
    budget: usize,
}

impl<'s, S: ValueSource> Renderer<'s, S> {
    /// Creates a renderer with the given parameter values and the rendered defaults of the other
    /// parameters.
    pub(super) fn new(
        parameters: &Map<String, Value>,
        parameter_values: &Map<String, Value>,
        source: &'s mut S,
    ) -> Result<Self, Error> {
        let mut renderer = Self { parameters: Map::new(), source, budget: RENDER_BUDGET };
        for (name, default) in parameters {
            let value = match parameter_values.get(name) {
                Some(value) => Some(renderer.charge_and_return(value.clone(), 1)?),
                None => renderer.render_value(default, 1)?,
            };
            renderer.parameters.insert(name.clone(), value.unwrap_or(Value::Null));
        }
        Ok(renderer)
    }

    /// Renders an object at nesting level `depth` (1 for the outermost object). Omits members
    /// without a value.
    pub(super) fn render_members(
        &mut self,
        template: &Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, Error> {
        let mut members = Map::new();
        for (name, value) in template {
            self.consume(name.len())?;
            if let Some(value) = self.render_value(value, depth)? {
                members.insert(name.clone(), value);
            }
        }
        Ok(members)
    }

    /// Renders a value inside an object or array at nesting level `depth`. Returns `None` for
    /// `null`, and for a text that contains a name with the value `null`.
    pub(super) fn render_value(
        &mut self,
        template: &Value,
        depth: usize,
    ) -> Result<Option<Value>, Error> {
        Ok(match template {
            Value::String(text) => return self.render_text(text, depth),
            Value::Array(items) => {
                let inner_depth = self.enter_nested(depth)?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.extend(self.render_value(item, inner_depth)?);
                }
                Some(Value::from(values))
            }
            Value::Object(object) => {
                let inner_depth = self.enter_nested(depth)?;
                Some(Value::from(self.render_members(object, inner_depth)?))
            }
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) => {
                Some(self.charge_and_return(template.clone(), depth)?)
            }
        })
    }

    fn render_text(&mut self, text: &str, depth: usize) -> Result<Option<Value>, Error> {
        let single_name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = single_name.filter(|name| !name.contains(['{', '}'])) {
            let value = self.find_value(name)?;
            return Ok(Some(self.charge_and_return(value, depth)?).filter(|value| !value.is_null()));
        }
        let mut output = String::new();
        let mut rest = text;
        while let Some((prefix, tail)) = rest.split_once('{') {
            let (name, remainder) = tail
                .split_once('}')
                .ok_or_else(|| InvalidValue::new("preset", "unclosed brace"))?;
            let value = match self.find_value(name)? {
                Value::Null => return Ok(None),
                Value::String(value) => value,
                value
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    value.to_string()
                }
            };
            self.consume(prefix.len() + value.len())?;
            output.push_str(prefix);
            output.push_str(&value);
            rest = remainder;
        }
        self.consume(1 + rest.len())?;
        output.push_str(rest);
        Ok(Some(Value::from(output)))
    }

    /// Returns the value of a name in braces.
    fn find_value(&mut self, name: &str) -> Result<Value, Error> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        if let Some((parameter, part)) = name.split_once('.')
            && let (Some(value), "owner" | "name") = (self.parameters.get(parameter), part)
        {
            let (owner, name) = split_repository(parameter, value)?;
            return Ok(Value::from(if part == "owner" { owner } else { name }));
        }
        let reason = || format!("unknown name `{name}` in braces");
        self.source.value(name)?.ok_or_else(|| InvalidValue::new("preset", reason()).into())
    }

    /// Subtracts the cost of a value from the budget and returns the value. `depth` is the nesting
    /// level that contains the value.
    fn charge_and_return(&mut self, value: Value, depth: usize) -> Result<Value, Error> {
        self.charge(&value, depth)?;
        Ok(value)
    }

    fn charge(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        match value {
            Value::String(text) => self.consume(1 + text.len()),
            Value::Array(items) => {
                let inner_depth = self.enter_nested(depth)?;
                items.iter().try_for_each(|item| self.charge(item, inner_depth))
            }
            Value::Object(object) => {
                let inner_depth = self.enter_nested(depth)?;
                object.iter().try_for_each(|(name, value)| {
                    self.consume(name.len())?;
                    self.charge(value, inner_depth)
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.consume(1),
        }
    }

    /// Subtracts the cost of an array or object from the budget. `depth` is the nesting level that
    /// contains the array or object. Returns the nesting level that contains its items.
    fn enter_nested(&mut self, depth: usize) -> Result<usize, Error> {
        self.consume(1)?;
        if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(limit_exceeded("nesting depth")) }
    }

    fn consume(&mut self, cost: usize) -> Result<(), Error> {
        self.budget = self.budget.checked_sub(cost).ok_or_else(|| limit_exceeded("length"))?;
        Ok(())
    }
}

/// Splits the value of a parameter, such as `octo-org/octo-repo`, into owner and name.
fn split_repository<'v>(parameter: &str, value: &'v Value) -> Result<(&'v str, &'v str), Error> {
    let parts = value.as_str().and_then(|text| text.split_once('/'));
    let parts = parts.filter(|(owner, name)| {
        ![owner, name].iter().any(|part| part.is_empty() || part.contains(['/', ':', '@']))
    });
    parts.ok_or_else(|| {
        let found = redact_for_error(value.as_str().unwrap_or_default());
        let reason = format!("`{parameter}`: found `{found}`, expected `OWNER/NAME`");
        let hint = format!("use `--set {parameter}=OWNER/NAME`");
        InvalidValue::new("parameter", reason).with_hint(hint).into()
    })
}

fn limit_exceeded(limit: &str) -> Error {
    InvalidValue::new(
        "preset",
        format!("the rendered parameters, header and claims exceed the maximum {limit}"),
    )
    .into()
}
