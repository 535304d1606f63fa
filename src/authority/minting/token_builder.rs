//! Builder of one test token, valid or with a single defect. `verification` must not depend on this
//! module.

use super::super::Error;
use super::super::claims::GRANTING_CLAIMS;
use super::claims::Validity;
use super::template::TokenParts;
use super::{Defect, MintJob};
use crate::crypto::{self, MAX_TOKEN_BYTES};
use crate::model::{Algorithm, KeySpec, RsaBits, Timestamp, Untrusted};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Map, Value, json};

const DAY_SECONDS: i64 = 86_400;

/// Inputs for one token: job, key, header `kid` and the claims of its input row.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenBuilder<'a> {
    pub(super) job: &'a MintJob,
    pub(super) key: &'a KeySpec,
    pub(super) kid: Option<&'a Untrusted>,
    /// Claims of the input row for which this token is minted.
    pub(super) row_claims: &'a Map<String, Value>,
}

impl TokenBuilder<'_> {
    /// Builds header and claims with the requested defect.
    pub(super) fn build_requested(&self) -> Result<TokenParts, Error> {
        let defect = self.job.request.defect;
        self.build(defect)?.ok_or_else(|| {
            let name = defect.map_or("", Defect::name);
            Error::Usage(format!(
                "defect `{name}` not applicable: the token lacks the claim to change (set `--aud` \
                 or `--scope`), or the defect requires an asymmetric key or another preset"
            ))
        })
    }

    /// Builds header and claims with `defect`. Returns `None` if the defect does not apply to
    /// tokens of this kind.
    pub(super) fn build(&self, defect: Option<Defect>) -> Result<Option<TokenParts>, Error> {
        let validity = self.job.validity;
        let validity =
            if defect == Some(Defect::Expired) { expired_validity(validity)? } else { validity };
        let mut parts = self.job.render_parts(self, validity)?;
        let Some(defect) = defect else { return Ok(Some(parts)) };
        let patch = match self.job.render_preset_patch(self, validity, defect)? {
            Some(preset_patch) => Some(preset_patch),
            None => self.build_standard_patch(defect, &parts, validity),
        };
        Ok(patch.map(|patch| {
            apply_patch(&mut parts.header, patch.header);
            apply_patch(&mut parts.claims, patch.claims);
            // The new `jti` will be revoked; the requested `jti` may belong to another token.
            if defect == Defect::Revoked {
                parts.claims.insert("jti".to_owned(), json!(crypto::generate_jti()));
            }
            parts
        }))
    }

    /// Returns the patch of a defect for which the preset defines none.
    fn build_standard_patch(
        &self,
        defect: Defect,
        parts: &TokenParts,
        validity: Validity,
    ) -> Option<TokenParts> {
        let is_symmetric = self.key.algorithm.is_symmetric();
        let has_claim = |name: &str| parts.claims.contains_key(name);
        let is_applicable = match defect {
            Defect::Expired | Defect::MissingExp => has_claim("exp"),
            Defect::UnknownKid => !is_symmetric && parts.header.contains_key("kid"),
            Defect::AlgConfusion => !is_symmetric,
            Defect::WrongIssuer => has_claim("iss"),
            Defect::WrongAudience => has_claim("aud"),
            Defect::MissingPermission => GRANTING_CLAIMS.iter().any(|name| has_claim(name)),
            Defect::WrongType => false,
            Defect::Revoked => parts.claims.get("jti").is_some_and(Value::is_string),
            Defect::NotYetValid
            | Defect::BadSignature
            | Defect::WrongKey
            | Defect::AlgNone
            | Defect::TamperedPayload
            | Defect::Truncated
            | Defect::Malformed
            | Defect::Crit
            | Defect::Oversized => true,
        };
        is_applicable.then(|| match defect {
            Defect::Expired => claim_patch("exp", json!(validity.expires_at.unix())),
            Defect::NotYetValid => claim_patch("nbf", json!(validity.expires_at.unix() - 1)),
            Defect::UnknownKid => header_patch(&[("kid", json!("unpublished-key"))]),
            Defect::AlgNone => header_patch(&[("alg", json!("none"))]),
            Defect::AlgConfusion => header_patch(&[("alg", json!(Algorithm::HS256.name()))]),
            Defect::Crit => header_patch(&[("crit", json!(["urn:x"])), ("urn:x", json!(true))]),
            Defect::WrongIssuer => claim_patch("iss", json!("https://issuer.invalid/")),
            Defect::WrongAudience => other_values_patch(&parts.claims, &["aud"]),
            Defect::MissingExp => claim_patch("exp", Value::Null),
            Defect::MissingPermission => other_values_patch(&parts.claims, &GRANTING_CLAIMS),
            Defect::Oversized => claim_patch("padding", json!("x".repeat(MAX_TOKEN_BYTES))),
            Defect::BadSignature
            | Defect::WrongKey
            | Defect::TamperedPayload
            | Defect::Truncated
            | Defect::Malformed
            | Defect::WrongType
            | Defect::Revoked => TokenParts::default(),
        })
    }

    /// Signs the token. Adds `defect` if the defect affects the signature or the serialization.
    pub(super) fn sign(
        &self,
        parts: &TokenParts,
        defect: Option<Defect>,
    ) -> Result<SecretString, Error> {
        let sign_with = |key: &KeySpec, claims| crypto::sign_parts(key, &parts.header, claims);
        let sign_valid = || sign_with(self.key, &parts.claims);
        Ok(match defect {
            Some(Defect::WrongKey) => {
                let (algorithm, purpose) = (self.key.algorithm, self.key.purpose);
                let other_key = crypto::generate_key(algorithm, purpose, RsaBits::default())?;
                sign_with(&other_key, &parts.claims)?
            }
            Some(Defect::AlgConfusion) => sign_with(&self.public_key_as_secret()?, &parts.claims)?,
            Some(Defect::TamperedPayload) => {
                let mut claims = parts.claims.clone();
                claims.insert("tampered".to_owned(), json!(true));
                with_payload_of(&sign_valid()?, &sign_with(self.key, &claims)?)
            }
            Some(Defect::BadSignature) => edit_token(&sign_valid()?, |input, signature| {
                let first = if signature.starts_with('A') { 'B' } else { 'A' };
                let rest = signature.get(1..).unwrap_or_default();
                format!("{input}.{first}{rest}")
            }),
            Some(Defect::Truncated) => edit_token(&sign_valid()?, |input, signature| {
                // Whole groups of four characters keep the base64url well-formed.
                let half = signature.len() / 8 * 4;
                format!("{input}.{}", signature.get(..half).unwrap_or_default())
            }),
            Some(Defect::Malformed) => edit_token(&sign_valid()?, |input, _| input.to_owned()),
            Some(Defect::AlgNone) => edit_token(&sign_valid()?, |input, _| format!("{input}.")),
            None
            | Some(
                Defect::Expired
                | Defect::NotYetValid
                | Defect::UnknownKid
                | Defect::WrongIssuer
                | Defect::WrongAudience
                | Defect::MissingExp
                | Defect::MissingPermission
                | Defect::WrongType
                | Defect::Crit
                | Defect::Oversized
                | Defect::Revoked,
            ) => sign_valid()?,
        })
    }

    fn public_key_as_secret(&self) -> Result<KeySpec, Error> {
        let pem = crypto::public_key_pem(self.key)?.unwrap_or_default();
        let material = SecretSlice::from(pem.into_bytes());
        Ok(KeySpec { algorithm: Algorithm::HS256, material, ..self.key.clone() })
    }
}

/// Returns a validity of the same length that ended a day before the time of issue.
fn expired_validity(validity: Validity) -> Result<Validity, Error> {
    let length = validity.expires_at.unix() - validity.issued_at.unix();
    let end = validity.issued_at.unix() - DAY_SECONDS;
    let (begin, end) = (Timestamp::from_unix(end - length), Timestamp::from_unix(end));
    match (begin, end) {
        (Some(issued_at), Some(expires_at)) => Ok(Validity { issued_at, expires_at }),
        _ => Err(Error::Usage("time of issue too early for an expired token".to_owned())),
    }
}

fn header_patch(members: &[(&str, Value)]) -> TokenParts {
    let header = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    TokenParts { header, claims: Map::new() }
}

fn claim_patch(name: &str, value: Value) -> TokenParts {
    let claims = [(name.to_owned(), value)].into_iter().collect();
    TokenParts { header: Map::new(), claims }
}

/// Returns a patch that replaces each present claim with another value: an array with an array, any
/// other value with a string.
fn other_values_patch(claims: &Map<String, Value>, names: &[&str]) -> TokenParts {
    let other_value = |value: &Value| {
        if value.is_array() { json!(["something-else"]) } else { json!("something-else") }
    };
    let replacements =
        names.iter().filter_map(|name| Some(((*name).to_owned(), other_value(claims.get(*name)?))));
    TokenParts { header: Map::new(), claims: replacements.collect() }
}

/// Replaces members in place, keeping the order; `null` removes a member.
fn apply_patch(members: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            members.insert(name, value);
        }
    }
}

/// Returns the token that `edit` makes of the signing input (header and payload) and the signature
/// of `token`.
fn edit_token(token: &SecretString, edit: impl Fn(&str, &str) -> String) -> SecretString {
    let (input, signature) = token.expose_secret().rsplit_once('.').unwrap_or_default();
    SecretString::from(edit(input, signature))
}

fn with_payload_of(token: &SecretString, payload_token: &SecretString) -> SecretString {
    let payload = payload_token.expose_secret().split('.').nth(1).unwrap_or_default();
    edit_token(token, |input, signature| {
        let header = input.split('.').next().unwrap_or_default();
        format!("{header}.{payload}.{signature}")
    })
}
