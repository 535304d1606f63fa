//! Test tokens: any claims, signed by a test key, so that they can never log in here or pass as an
//! app token.

mod authorize;
mod claim_rows;
mod claims;
mod defects;
mod fixtures;
mod presets;
mod record;
mod signing;
mod template;
mod token_builder;

pub(crate) use authorize::authorize_minter;
pub(super) use authorize::{check_grantable_permissions, check_mint_permission};
pub(crate) use claim_rows::ClaimRows;
pub(crate) use defects::Defect;
pub(crate) use fixtures::{Fixture, Fixtures, build_fixtures, build_fixtures_with_external_key};
pub(crate) use presets::{builtin_preset_names, load_builtin_preset};
pub(crate) use signing::{MintJob, MintedToken};
pub(crate) use template::Template;

use super::Expiry;
use crate::crypto;
use crate::model::{Algorithm, InvalidValue, Jti, Timestamp};
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
pub(crate) struct MintRequest {
    template: Template,
    parameter_values: Map<String, Value>,
    /// Claims that replace those of the template, or follow them.
    pub(crate) claims: Map<String, Value>,
    header: Map<String, Value>,
    /// The identity of the one token, in the place of what the template would give it.
    jti: Option<Jti>,
    /// What signs.
    pub(crate) signer: Signer,
    /// When they were issued: now unless said.
    pub(crate) issued_at: Option<Timestamp>,
    /// From when they are valid.
    pub(crate) not_before: Option<Timestamp>,
    /// When they end: after what the preset says, or an hour, unless said. They always end.
    pub(crate) expiry: Expiry,
    /// Whether they are recorded, so that they can be listed and revoked.
    pub(crate) record: bool,
    /// The one thing that is wrong with them.
    pub(crate) defect: Option<Defect>,
}

impl MintRequest {
    /// What the preset says, and nothing else.
    pub(crate) fn new(template: Template) -> Self {
        Self {
            template,
            parameter_values: Map::new(),
            claims: Map::new(),
            header: Map::new(),
            jti: None,
            signer: Signer::Algorithm(None),
            issued_at: None,
            not_before: None,
            expiry: Expiry::Default,
            record: false,
            defect: None,
        }
    }

    /// Gives a parameter of the preset a value.
    pub(crate) fn set_parameter(
        &mut self,
        name: &str,
        values: &[&str],
    ) -> Result<(), InvalidValue> {
        let value = self.template.parse_parameter(name, values)?;
        self.parameter_values.insert(name.to_owned(), value);
        Ok(())
    }

    /// Says what a claim is that most tokens have: by the parameter of that name where the preset
    /// has one, else as it is. Nothing is said without words.
    pub(crate) fn set_claim(&mut self, name: &str, values: &[&str]) -> Result<(), InvalidValue> {
        match values {
            [] => return Ok(()),
            values if self.template.parameters.contains_key(name) => {
                return self.set_parameter(name, values);
            }
            [single] => self.claims.insert(name.to_owned(), Value::from(*single)),
            values => self.claims.insert(name.to_owned(), values.iter().copied().collect()),
        };
        Ok(())
    }

    /// Says which permissions there are: a list, also of one, unless the preset has it otherwise.
    pub(crate) fn set_permissions(&mut self, permissions: &[&str]) -> Result<(), InvalidValue> {
        const NAME: &str = "permissions";
        let list: Value = permissions.iter().copied().collect();
        match self.template.parameters.get(NAME) {
            _ if permissions.is_empty() => return Ok(()),
            None => self.claims.insert(NAME.to_owned(), list),
            Some(Value::Null) => self.parameter_values.insert(NAME.to_owned(), list),
            Some(_) => return self.set_parameter(NAME, permissions),
        };
        Ok(())
    }

    /// Gives the one token an identity that can be recorded, unless one was said.
    pub(crate) fn assign_jti(&mut self) {
        self.jti = Some(crypto::generate_jti());
    }

    /// Adds members to the header, or replaces them; what selects the key cannot be said.
    pub(crate) fn extend_header(
        &mut self,
        members: Map<String, Value>,
    ) -> Result<(), InvalidValue> {
        if members.keys().any(|name| name == "alg" || name == "kid") {
            return Err(InvalidValue::new("header", "`alg` and `kid` are those of the key"));
        }
        self.header.extend(members);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
