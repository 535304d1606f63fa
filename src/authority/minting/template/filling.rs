//! A preset filled in: names in braces become values. What it makes of one token is bounded, for
//! names of names can stand for any amount.

use super::Source;
use crate::authority::Error;
use crate::crypto::LARGEST_TOKEN;
use crate::model::Invalid;
use serde_json::{Map, Value};

/// So much may be made on the way to one token: each value counts as one, and texts and names by
/// their length.
const MOST: usize = 4 * LARGEST_TOKEN;

/// So many arrays and objects may stand in one another: no more are read.
const DEEPEST: usize = 127;

/// The values of one token's parameters, and the room that is left.
pub(super) struct Filling<'s, S> {
    known: Map<String, Value>,
    source: &'s mut S,
    room: usize,
}

impl<'s, S: Source> Filling<'s, S> {
    /// Begins with the parameters: what was given, and the defaults of the others.
    pub(super) fn of(
        parameters: &Map<String, Value>,
        given: &Map<String, Value>,
        source: &'s mut S,
    ) -> Result<Self, Error> {
        let mut filling = Self { known: Map::new(), source, room: MOST };
        for (name, default) in parameters {
            let value = match given.get(name) {
                Some(value) => Some(filling.counted(value.clone(), 1)?),
                None => filling.filled(default, 1)?,
            };
            filling.known.insert(name.clone(), value.unwrap_or(Value::Null));
        }
        Ok(filling)
    }

    /// The members that have a value, in an object that is so `deep`: 1 for the outermost.
    pub(super) fn members(
        &mut self,
        template: &Map<String, Value>,
        deep: usize,
    ) -> Result<Map<String, Value>, Error> {
        let mut all = Map::new();
        for (name, value) in template {
            self.take(name.len())?;
            if let Some(value) = self.filled(value, deep)? {
                all.insert(name.clone(), value);
            }
        }
        Ok(all)
    }

    /// The value with names replaced; `None` if one of them has no value.
    pub(super) fn filled(&mut self, template: &Value, deep: usize) -> Result<Option<Value>, Error> {
        Ok(match template {
            Value::String(text) => return self.text(text, deep),
            Value::Array(items) => {
                let deeper = self.deeper(deep)?;
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    all.extend(self.filled(item, deeper)?);
                }
                Some(Value::from(all))
            }
            Value::Object(object) => {
                let deeper = self.deeper(deep)?;
                Some(Value::from(self.members(object, deeper)?))
            }
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) => Some(self.counted(template.clone(), deep)?),
        })
    }

    fn text(&mut self, text: &str, deep: usize) -> Result<Option<Value>, Error> {
        let single = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = single.filter(|name| !name.contains(['{', '}'])) {
            let value = self.find(name)?;
            return Ok(Some(self.counted(value, deep)?).filter(|value| !value.is_null()));
        }
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind
                .split_once('}')
                .ok_or_else(|| Invalid::new("preset", "a brace is not closed"))?;
            let value = match self.find(name)? {
                Value::Null => return Ok(None),
                Value::String(value) => value,
                value
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    value.to_string()
                }
            };
            self.take(before.len() + value.len())?;
            whole.push_str(before);
            whole.push_str(&value);
            rest = after;
        }
        self.take(1 + rest.len())?;
        whole.push_str(rest);
        Ok(Some(Value::from(whole)))
    }

    fn find(&mut self, name: &str) -> Result<Value, Error> {
        if let Some(value) = self.known.get(name) {
            return Ok(value.clone());
        }
        let unknown = || Invalid::new("preset", format!("no parameter is called `{name}`")).into();
        self.source.value(name)?.ok_or_else(unknown)
    }

    /// The value, if there is room for it.
    fn counted(&mut self, value: Value, deep: usize) -> Result<Value, Error> {
        self.count(&value, deep)?;
        Ok(value)
    }

    fn count(&mut self, value: &Value, deep: usize) -> Result<(), Error> {
        match value {
            Value::String(text) => self.take(1 + text.len()),
            Value::Array(items) => {
                let deeper = self.deeper(deep)?;
                items.iter().try_for_each(|item| self.count(item, deeper))
            }
            Value::Object(object) => {
                let deeper = self.deeper(deep)?;
                object.iter().try_for_each(|(name, value)| {
                    self.take(name.len())?;
                    self.count(value, deeper)
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.take(1),
        }
    }

    /// Enters an array or an object.
    fn deeper(&mut self, deep: usize) -> Result<usize, Error> {
        self.take(1)?;
        if deep < DEEPEST { Ok(deep + 1) } else { Err(too_much("deeper")) }
    }

    fn take(&mut self, length: usize) -> Result<(), Error> {
        self.room = self.room.checked_sub(length).ok_or_else(|| too_much("longer"))?;
        Ok(())
    }
}

fn too_much(how: &str) -> Error {
    Invalid::new("preset", format!("what it says is {how} than a token can be")).into()
}
