//! What a token says: the preset's words, filled in, and what was said besides.

use super::super::Error;
use super::assembly::Assembly;
use super::template::{Said, Source};
use super::{Defect, Mint, Minting};
use crate::crypto;
use crate::model::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// When a token begins and ends, unless its claims say otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Minting {
    /// Header and claims of one good token.
    pub(super) fn said(&self, of: &Assembly<'_>, span: Span) -> Result<Said, Error> {
        let Mint { template, given, header, claims, identity, .. } = &self.wish;
        let mut said = template.fill(given, &mut self.source(of, span))?;
        said.claims.extend(identity.map(|jti| ("jti".to_owned(), json!(jti))));
        said.header.extend(header.clone());
        said.claims.extend(of.row.clone());
        said.claims.extend(claims.clone());
        Ok(said)
    }

    /// Whether the identity of that token was chosen, not made for it.
    pub(super) fn chooses_identity(&self, row: &Map<String, Value>) -> bool {
        let Mint { template, claims, identity, .. } = &self.wish;
        let text = template.claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        let is_made = identity.is_some() || text.contains("{jti}") || text.contains("{uuid}");
        !is_made || row.contains_key("jti") || claims.contains_key("jti")
    }

    /// What the preset itself says that a defect changes.
    pub(super) fn own_change(
        &self,
        of: &Assembly<'_>,
        span: Span,
        defect: Defect,
    ) -> Result<Option<Said>, Error> {
        let Mint { template, given, .. } = &self.wish;
        let Some(change) = template.defects.get(&defect) else { return Ok(None) };
        Ok(Some(template.filled_change(change, given, &mut self.source(of, span))?))
    }

    /// What is wrong with a token of that defect, and who is known to let it through.
    pub(super) fn known(&self, defect: Option<Defect>) -> (String, BTreeMap<String, String>) {
        let Some(defect) = defect else { return ("nothing is wrong".to_owned(), BTreeMap::new()) };
        let template = &self.wish.template;
        let own = template.defects.get(&defect).map(|change| change.why.as_str());
        let accepts = |(verifier, lets): (&String, &BTreeMap<Defect, String>)| {
            lets.get(&defect).map(|why| (verifier.clone(), why.clone()))
        };
        let accepted_by = template.verifiers.iter().filter_map(accepts).collect();
        (own.unwrap_or_else(|| defect.why()).to_owned(), accepted_by)
    }

    fn source(&self, of: &Assembly<'_>, span: Span) -> impl Source {
        move |name: &str| {
            Ok(Some(match name {
                "alg" => json!(of.key.algorithm.name()),
                "kid" => json!(of.kid),
                "issuer" => json!(self.issuer),
                "uid" => json!(self.uid),
                "iat" => json!(span.issued_at.unix()),
                "exp" => json!(span.expires_at.unix()),
                "not_before" => json!(self.wish.not_before.map(Timestamp::unix)),
                "jti" => json!(crypto::jti()),
                "uuid" => json!(crypto::uuid()),
                "random" => json!(crypto::random_password()?),
                _ => return Ok(None),
            }))
        }
    }
}
