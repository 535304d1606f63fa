//! What a token says: the preset's words, filled in, and what was said besides.

use super::super::Error;
use super::template::{TokenParts, ValueSource};
use super::token_builder::TokenBuilder;
use super::{Defect, MintJob, MintRequest};
use crate::crypto;
use crate::model::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// When a token begins and ends, unless its claims say otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl MintJob {
    /// Header and claims of one good token.
    pub(super) fn render_parts(
        &self,
        builder: &TokenBuilder<'_>,
        validity: Validity,
    ) -> Result<TokenParts, Error> {
        let MintRequest { template, parameter_values, header, claims, jti, .. } = &self.request;
        let mut parts =
            template.render(parameter_values, &mut self.value_source(builder, validity))?;
        parts.claims.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        parts.header.extend(header.clone());
        parts.claims.extend(builder.row_claims.clone());
        parts.claims.extend(claims.clone());
        Ok(parts)
    }

    /// Whether the identity of that token was chosen, not made for it.
    pub(super) fn has_custom_jti(&self, row: &Map<String, Value>) -> bool {
        let MintRequest { template, claims, jti, .. } = &self.request;
        let text = template.claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        let is_generated = jti.is_some() || text.contains("{jti}") || text.contains("{uuid}");
        !is_generated || row.contains_key("jti") || claims.contains_key("jti")
    }

    /// What the preset itself says that a defect changes.
    pub(super) fn preset_patch(
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
            &mut self.value_source(builder, validity),
        )?))
    }

    /// What is wrong with a token of that defect, and who is known to let it through.
    pub(super) fn describe_defect(
        &self,
        defect: Option<Defect>,
    ) -> (String, BTreeMap<String, String>) {
        let Some(defect) = defect else { return ("nothing is wrong".to_owned(), BTreeMap::new()) };
        let template = &self.request.template;
        let preset_description = template.defects.get(&defect).map(|patch| patch.why.as_str());
        let accepts = |(verifier, accepted_defects): (&String, &BTreeMap<Defect, String>)| {
            accepted_defects.get(&defect).map(|why| (verifier.clone(), why.clone()))
        };
        let accepted_by = template.verifiers.iter().filter_map(accepts).collect();
        (preset_description.unwrap_or_else(|| defect.description()).to_owned(), accepted_by)
    }

    fn value_source(&self, builder: &TokenBuilder<'_>, validity: Validity) -> impl ValueSource {
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
