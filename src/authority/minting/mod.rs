//! Test tokens: any claims, signed by a test key, so that they can never log in here or pass as an
//! app token.

mod assembly;
mod credential;
mod defects;
mod fixtures;
mod presets;
mod recording;
mod saying;
mod signing;
mod template;
mod told;

pub(crate) use credential::minter;
pub(super) use credential::{may_give, may_have_mint};
pub(crate) use defects::Defect;
pub(crate) use fixtures::{Fixture, Fixtures, fixtures, fixtures_alone};
pub(crate) use presets::{preset, presets};
pub(crate) use signing::{Minted, Minting};
pub(crate) use template::Template;
pub(crate) use told::Told;

use super::End;
use crate::crypto;
use crate::model::{Algorithm, Invalid, Jti, Timestamp};
use serde_json::{Map, Value};

/// What signs a test token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The test key of that algorithm, or of the one that the preset names; else ES256.
    Algorithm(Option<Algorithm>),
    /// The test key of that id.
    Key(String),
}

/// What test tokens should say.
#[derive(Debug, Clone)]
pub(crate) struct Mint {
    template: Template,
    given: Map<String, Value>,
    /// Claims that replace those of the template, or follow them.
    pub(crate) claims: Map<String, Value>,
    header: Map<String, Value>,
    /// The identity of the one token, in the place of what the template would give it.
    identity: Option<Jti>,
    /// What signs.
    pub(crate) signer: Signer,
    /// When they were issued: now unless said.
    pub(crate) issued_at: Option<Timestamp>,
    /// From when they are valid.
    pub(crate) not_before: Option<Timestamp>,
    /// When they end: after what the preset says, or an hour, unless said. They always end.
    pub(crate) end: End,
    /// Whether they are recorded, so that they can be listed and revoked.
    pub(crate) record: bool,
    /// The one thing that is wrong with them.
    pub(crate) defect: Option<Defect>,
}

impl Mint {
    /// What the preset says, and nothing else.
    pub(crate) fn new(template: Template) -> Self {
        Self {
            template,
            given: Map::new(),
            claims: Map::new(),
            header: Map::new(),
            identity: None,
            signer: Signer::Algorithm(None),
            issued_at: None,
            not_before: None,
            end: End::Default,
            record: false,
            defect: None,
        }
    }

    /// Gives a parameter of the preset a value.
    pub(crate) fn set(&mut self, name: &str, words: &[&str]) -> Result<(), Invalid> {
        let value = self.template.typed(name, words)?;
        self.given.insert(name.to_owned(), value);
        Ok(())
    }

    /// Says what a claim is that most tokens have: by the parameter of that name where the preset
    /// has one, else as it is. Nothing is said without words.
    pub(crate) fn say(&mut self, name: &str, words: &[&str]) -> Result<(), Invalid> {
        match words {
            [] => return Ok(()),
            words if self.template.parameters.contains_key(name) => return self.set(name, words),
            [one] => self.claims.insert(name.to_owned(), Value::from(*one)),
            several => self.claims.insert(name.to_owned(), several.iter().copied().collect()),
        };
        Ok(())
    }

    /// Says which permissions there are: a list, also of one, unless the preset has it otherwise.
    pub(crate) fn permit(&mut self, words: &[&str]) -> Result<(), Invalid> {
        const NAME: &str = "permissions";
        let list: Value = words.iter().copied().collect();
        match self.template.parameters.get(NAME) {
            _ if words.is_empty() => return Ok(()),
            None => self.claims.insert(NAME.to_owned(), list),
            Some(Value::Null) => self.given.insert(NAME.to_owned(), list),
            Some(_) => return self.set(NAME, words),
        };
        Ok(())
    }

    /// Gives the one token an identity that can be recorded, unless one was said.
    pub(crate) fn identify(&mut self) {
        self.identity = Some(crypto::jti());
    }

    /// Adds members to the header, or replaces them; what selects the key cannot be said.
    pub(crate) fn add_header(&mut self, members: Map<String, Value>) -> Result<(), Invalid> {
        if members.keys().any(|name| name == "alg" || name == "kid") {
            return Err(Invalid::new("header", "`alg` and `kid` are those of the key"));
        }
        self.header.extend(members);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
