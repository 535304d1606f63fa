//! Header and claims of a test token, from the preset and the explicit options.

use super::super::Error;
use super::template::{TokenParts, ValueSource};
use super::token_builder::TokenBuilder;
use super::{Defect, MintJob, MintRequest};
use crate::crypto;
use crate::model::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Default `iat` and `exp` of a token; explicit claims override both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl MintJob {
    /// Renders header and claims of a valid token. Precedence of claims, lowest first: preset,
    /// `jti` of the request, row, explicit claims.
    pub(super) fn render_parts(
        &self,
        builder: &TokenBuilder<'_>,
        validity: Validity,
    ) -> Result<TokenParts, Error> {
        let MintRequest { template, parameter_values, header, claims, jti, .. } = &self.request;
        let mut parts =
            template.render(parameter_values, &mut self.create_value_source(builder, validity))?;
        parts.claims.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        parts.header.extend(header.clone());
        parts.claims.extend(builder.row_claims.clone());
        parts.claims.extend(claims.clone());
        Ok(parts)
    }

    /// Returns whether the `jti` of the row's token was chosen by the user instead of generated.
    pub(super) fn has_custom_jti(&self, row: &Map<String, Value>) -> bool {
        let MintRequest { template, claims, jti, .. } = &self.request;
        let text = template.claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        let is_generated = jti.is_some() || text.contains("{jti}") || text.contains("{uuid}");
        !is_generated || row.contains_key("jti") || claims.contains_key("jti")
    }

    /// Renders the preset's patch for a defect, if the preset defines one.
    pub(super) fn render_preset_patch(
        &self,
        builder: &TokenBuilder<'_>,
        validity: Validity,
        defect: Defect,
    ) -> Result<Option<TokenParts>, Error> {
        let MintRequest { template, parameter_values, .. } = &self.request;
        let Some(patch) = template.defects.get(&defect) else { return Ok(None) };
        Ok(Some(template.render_patch(
            patch,
            parameter_values,
            &mut self.create_value_source(builder, validity),
        )?))
    }

    /// Describes a defect, with the verifiers known to accept such a token and the reason for each.
    pub(super) fn describe_defect(
        &self,
        defect: Option<Defect>,
    ) -> (String, BTreeMap<String, String>) {
        let Some(defect) = defect else { return ("no defect".to_owned(), BTreeMap::new()) };
        let template = &self.request.template;
        let preset_description =
            template.defects.get(&defect).map(|patch| patch.description.as_str());
        let accepts = |(verifier, accepted_defects): (&String, &BTreeMap<Defect, String>)| {
            accepted_defects.get(&defect).map(|reason| (verifier.clone(), reason.clone()))
        };
        let accepted_by = template.verifiers.iter().filter_map(accepts).collect();
        (preset_description.unwrap_or_else(|| defect.description()).to_owned(), accepted_by)
    }

    fn create_value_source(
        &self,
        builder: &TokenBuilder<'_>,
        validity: Validity,
    ) -> impl ValueSource {
        move |name: &str| {
            Ok(Some(match name {
                "alg" => json!(builder.key.algorithm.name()),
                "kid" => json!(builder.kid),
                "issuer" => json!(self.issuer),
                "uid" => json!(self.uid),
                "iat" => json!(validity.issued_at.unix()),
                "exp" => json!(validity.expires_at.unix()),
                "not_before" => json!(self.request.not_before.map(Timestamp::unix)),
                "jti" => json!(crypto::generate_jti()),
                "uuid" => json!(crypto::generate_uuid()),
                "random" => json!(crypto::generate_password()?),
                _ => return Ok(None),
            }))
        }
    }
}
