//! Request for test tokens: preset, claims, signing key and times.

use super::super::tokens::Expiry;
use super::defects::Defect;
use super::template::Template;
use crate::authority::Error;
use crate::crypto;
use crate::model::{Algorithm, InvalidValue, Jti, TimeSpec, Untrusted, parse_kid};
use serde_json::{Map, Value};

/// Choice of the test key that signs the tokens; ignored if an external key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signer {
    /// Test key of this algorithm; `None` means the algorithm of the preset, or ES256 if the preset
    /// has no algorithm.
    Algorithm(Option<Algorithm>),
    /// Test key with this key id, which may be abbreviated.
    Key(String),
    /// Test key with the key id that the preset prescribes.
    PresetKey(Untrusted),
}

/// Request for one or more test tokens: preset, claims, signing key and times.
#[derive(Debug, Clone)]
pub(crate) struct MintRequest {
    /// Content of the preset.
    pub(super) template: Template,
    /// Requested values of preset parameters. They replace the values in input rows, and the
    /// defaults of the preset.
    pub(super) parameter_values: Map<String, Value>,
    /// Explicit claims. An explicit claim replaces the claim of the same name in the preset or in
    /// the input row. Explicit claims with other names come last in the token.
    pub(crate) claims: Map<String, Value>,
    /// Explicit header parameters. They are added to the header of the preset, or replace the
    /// header parameters of the same name.
    pub(super) header_overrides: Map<String, Value>,
    /// Claims that are left out of the tokens.
    pub(crate) omitted_claims: Vec<&'static str>,
    /// Generated `jti` of the only token of the request; replaces the `jti` of the template.
    pub(super) jti: Option<Jti>,
    /// Signing key.
    pub(crate) signer: Signer,
    /// Time of issue (`iat`); by default now.
    pub(crate) issued_at: Option<TimeSpec>,
    /// Start of validity (`nbf`).
    pub(crate) not_before: Option<TimeSpec>,
    /// Expiry; by default the time of issue plus the preset's TTL, or plus 1 hour if the preset has
    /// no TTL. Test tokens always expire, so `Never` means the default.
    pub(crate) expiry: Expiry,
    /// Set to record the tokens in the store, so that the tokens can be listed and revoked by id.
    pub(crate) record: bool,
    /// Single defect that every token of the request has.
    pub(crate) defect: Option<Defect>,
}

impl MintRequest {
    /// Creates a request for tokens with exactly the header and claims that a template defines.
    pub(crate) fn new(template: Template) -> Self {
        Self {
            template,
            parameter_values: Map::new(),
            claims: Map::new(),
            header_overrides: Map::new(),
            omitted_claims: Vec::new(),
            jti: None,
            signer: Signer::Algorithm(None),
            issued_at: None,
            not_before: None,
            expiry: Expiry::Default,
            record: false,
            defect: None,
        }
    }

    /// Sets a parameter of the preset.
    pub(crate) fn set_parameter(
        &mut self,
        name: &str,
        values: &[&str],
    ) -> Result<(), InvalidValue> {
        let value = self.template.parse_parameter(name, values)?;
        self.parameter_values.insert(name.to_owned(), value);
        Ok(())
    }

    /// Sets a claim such as `aud`. If the preset has a parameter of the same name, sets the
    /// parameter instead. Without values, nothing changes.
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

    /// Sets the claim or the preset parameter `permissions`. The value is a list even for a single
    /// permission. Exception: if the preset has a parameter `permissions` with a default other than
    /// `null`, the value gets the type of this default. Without permissions, nothing changes.
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

    /// Generates the `jti` of the token; a recorded token needs a `jti`.
    pub(crate) fn assign_jti(&mut self) {
        self.jti = Some(crypto::generate_jti());
    }

    /// Adds or replaces header parameters. `alg` is refused: the signing key sets `alg`.
    pub(crate) fn extend_header(
        &mut self,
        members: Map<String, Value>,
    ) -> Result<(), InvalidValue> {
        if members.contains_key("alg") {
            return Err(InvalidValue::new("header", "`alg` is set by the key"));
        }
        self.header_overrides.extend(members);
        Ok(())
    }

    /// Removes the key id from the explicit header parameters and returns the key id.
    pub(crate) fn take_header_kid(&mut self) -> Result<Option<Untrusted>, InvalidValue> {
        match self.header_overrides.shift_remove("kid") {
            None => Ok(None),
            Some(Value::String(kid)) => parse_kid(&kid).map(Some),
            Some(_) => Err(InvalidValue::new("key id", "not a string")),
        }
    }

    /// Sets the key id in the header, even if the preset's header has none.
    pub(crate) fn set_header_kid(&mut self, kid: &Untrusted) {
        self.header_overrides.insert("kid".to_owned(), kid.as_str().into());
    }

    /// Selects the key of the store that the preset prescribes, unless the request selects another
    /// key or an algorithm. In any case, the key id of the signing key replaces the key id in the
    /// preset's header.
    pub(crate) fn select_preset_key(&mut self) -> Result<(), Error> {
        let preset_kid = self.take_preset_kid()?;
        if let (Signer::Algorithm(None), Some(kid)) = (&self.signer, preset_kid) {
            self.signer = Signer::PresetKey(kid);
        }
        Ok(())
    }

    /// Returns the key id that the preset prescribes, if any. The header gets the key id of the
    /// signing key in place of the prescribed key id.
    pub(crate) fn take_preset_kid(&mut self) -> Result<Option<Untrusted>, Error> {
        let kid = self.template.prescribed_kid(&self.parameter_values)?;
        self.template.use_signing_key_kid();
        Ok(kid)
    }

    /// Returns the algorithm of the preset, if any.
    pub(crate) fn preset_algorithm(&self) -> Result<Option<Algorithm>, InvalidValue> {
        self.template.algorithm()
    }

    /// Returns `true` if the user or the preset may have chosen the `jti` of the token of a row,
    /// and `false` if the `jti` is generated.
    pub(super) fn has_custom_jti(&self, row_fields: &Map<String, Value>) -> bool {
        let text = self.template.claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        let is_generated = self.jti.is_some() || text.contains("{jti}") || text.contains("{uuid}");
        !is_generated || row_fields.contains_key("jti") || self.claims.contains_key("jti")
    }
}
