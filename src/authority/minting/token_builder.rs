//! Header and claims of one test token, valid or with a single defect. The module `verification`
//! must not depend on this module.

use super::super::Error;
use super::super::claims::GRANTING_CLAIMS;
use super::defects::Defect;
use super::generated::{GenerateFn, GeneratedKind};
use super::request::MintRequest;
use super::template::{InputRow, TokenParts, ValueSource};
use crate::crypto::MAX_TOKEN_BYTES;
use crate::model::{Algorithm, KeySpec, Timestamp, Untrusted, UserUuid};
use serde_json::{Map, Value, json};

const DAY_SECONDS: i64 = 86_400;

/// Times of a token: the values of `{iat}`, `{exp}` and `{not_before}` in the preset. The row and
/// explicit claims can override the claims `iat`, `exp` and `nbf` of the preset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
}

/// Builder of header and claims, with the inputs that all tokens of a request share.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenBuilder<'a> {
    pub(super) request: &'a MintRequest,
    /// Issuer of the store; `None` with an external key.
    pub(super) issuer: Option<&'a str>,
    /// Uid of the minter; `None` with an external key.
    pub(super) uid: Option<UserUuid>,
    pub(super) validity: Validity,
    /// Set if the rows are from an input file.
    pub(super) has_input_rows: bool,
    pub(super) key: &'a KeySpec,
    /// Value of `{kid}` in the preset, usually the `kid` of the header. The preset or the request
    /// can set another `kid`.
    pub(super) kid: Option<&'a Untrusted>,
}

impl TokenBuilder<'_> {
    /// Builds header and claims of the token of a row, with the requested defect, if any. Refuses a
    /// defect that does not apply to the token.
    pub(super) fn build_for_request(
        &self,
        row_fields: &Map<String, Value>,
        generate: GenerateFn<'_>,
    ) -> Result<TokenParts, Error> {
        let defect = self.request.defect;
        self.build(row_fields, defect, generate)?.ok_or_else(|| {
            let name = defect.map_or("", Defect::name);
            let cause = defect.map_or("", |defect| self.inapplicability(defect));
            Error::Usage(format!("defect `{name}` not applicable: {cause}"))
        })
    }

    /// Returns the reason for which a defect does not apply to the token.
    fn inapplicability(&self, defect: Defect) -> &'static str {
        let is_symmetric = self.key.algorithm.is_symmetric();
        match defect {
            Defect::UnknownKid | Defect::AlgConfusion if is_symmetric => {
                "the key is a shared secret, expected an asymmetric key"
            }
            Defect::UnknownKid => "the token has no `kid` (with `--key-file`, set `--kid`)",
            Defect::WrongIssuer => "the token has no `iss` (set `--iss`)",
            Defect::WrongAudience => "the token has no `aud` (set `--aud`)",
            Defect::MissingPermission => "the token has no permissions (set `--scope`)",
            Defect::Expired | Defect::MissingExp => "the token has no `exp`",
            Defect::Revoked => "the token has no string as `jti`",
            Defect::WrongType => "only some presets define `wrong_type` (set one with `--preset`)",
            Defect::NotYetValid
            | Defect::BadSignature
            | Defect::WrongKey
            | Defect::AlgNone
            | Defect::AlgConfusion
            | Defect::TamperedPayload
            | Defect::Truncated
            | Defect::Malformed
            | Defect::Crit
            | Defect::Oversized => "the preset or the key does not allow this defect",
        }
    }

    /// Builds header and claims of the token of a row, with `defect`, if any. Most defects are
    /// added by a patch: a list of changed header parameters and claims. Returns `None` if the
    /// defect does not apply to the token.
    pub(super) fn build(
        &self,
        row_fields: &Map<String, Value>,
        defect: Option<Defect>,
        generate: GenerateFn<'_>,
    ) -> Result<Option<TokenParts>, Error> {
        let validity = if defect == Some(Defect::Expired) {
            expired_validity(self.validity)?
        } else {
            self.validity
        };
        let mut parts = self.render(row_fields, validity, generate)?;
        let Some(defect) = defect else { return Ok(Some(parts)) };
        let patch = match self.render_preset_patch(row_fields, validity, defect, generate)? {
            Some(preset_patch) => Some(preset_patch),
            None => self.build_standard_patch(defect, &parts, validity),
        };
        let Some(patch) = patch else { return Ok(None) };
        apply_patch(&mut parts.header, patch.header);
        apply_patch(&mut parts.claims, patch.claims);
        // A revoked token gets a new `jti`. The requested `jti` may belong to another token, which
        // would then be revoked, too.
        if defect == Defect::Revoked {
            parts.claims.insert("jti".to_owned(), json!(generate(GeneratedKind::Jti)?));
        }
        Ok(Some(parts))
    }

    /// Renders header and claims without the patch of a defect. A claim can come from several
    /// sources. Each source overrides the earlier sources in this order: preset, `jti` of the
    /// request, row, explicit claims.
    fn render(
        &self,
        row_fields: &Map<String, Value>,
        validity: Validity,
        generate: GenerateFn<'_>,
    ) -> Result<TokenParts, Error> {
        let MintRequest { template, header_overrides, claims, jti, omitted_claims, .. } =
            self.request;
        let InputRow { parameters: row_parameters, claims: row_claims } =
            self.split_row(row_fields)?;
        let parameter_values = self.parameter_values(row_parameters);
        let mut parts = template
            .render(&parameter_values, &mut self.create_value_source(validity, generate))?;
        parts.claims.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        parts.header.extend(header_overrides.clone());
        parts.claims.extend(row_claims);
        parts.claims.extend(claims.clone());
        parts.claims.retain(|name, _| !omitted_claims.contains(&name.as_str()));
        Ok(parts)
    }

    /// Renders the preset's patch for a defect, if the preset defines one.
    fn render_preset_patch(
        &self,
        row_fields: &Map<String, Value>,
        validity: Validity,
        defect: Defect,
        generate: GenerateFn<'_>,
    ) -> Result<Option<TokenParts>, Error> {
        let template = &self.request.template;
        let Some(patch) = template.defects.get(&defect) else { return Ok(None) };
        let parameter_values = self.parameter_values(self.split_row(row_fields)?.parameters);
        let source = &mut self.create_value_source(validity, generate);
        template.render_patch(patch, &parameter_values, source).map(Some)
    }

    /// Splits a row of an input file into parameters and claims. Without an input file, the row
    /// comes from the options of the command and has only claims.
    fn split_row(&self, row: &Map<String, Value>) -> Result<InputRow, Error> {
        if self.has_input_rows {
            Ok(self.request.template.split_row(row)?)
        } else {
            Ok(InputRow { claims: row.clone(), ..InputRow::default() })
        }
    }

    /// Returns the parameters of a row, overridden by the parameters of the request.
    fn parameter_values(&self, mut row_parameters: Map<String, Value>) -> Map<String, Value> {
        row_parameters.extend(self.request.parameter_values.clone());
        row_parameters
    }

    fn create_value_source(
        &self,
        validity: Validity,
        generate: GenerateFn<'_>,
    ) -> impl ValueSource {
        move |name: &str| {
            Ok(Some(match name {
                "alg" => json!(self.key.algorithm.name()),
                "kid" => json!(self.kid),
                "issuer" => json!(self.issuer),
                "uid" => json!(self.uid),
                "iat" => json!(validity.issued_at.unix()),
                "exp" => json!(validity.expires_at.unix()),
                "not_before" => json!(validity.not_before.map(Timestamp::unix)),
                "jti" => json!(generate(GeneratedKind::Jti)?),
                "uuid" => json!(generate(GeneratedKind::Uuid)?),
                "random" => json!(generate(GeneratedKind::Random)?),
                _ => return Ok(None),
            }))
        }
    }

    /// Returns the patch of a defect that the preset does not define; `None` if the defect does not
    /// apply to the token. The patch is empty if the defect is added in another way, for example by
    /// the signature.
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
}

/// Returns a validity of the same length and with the same `not_before`. The returned validity
/// ended a day before the issue time in `validity`.
fn expired_validity(validity: Validity) -> Result<Validity, Error> {
    let length = validity.expires_at.unix() - validity.issued_at.unix();
    let end = validity.issued_at.unix() - DAY_SECONDS;
    let (begin, end) = (Timestamp::from_unix(end - length), Timestamp::from_unix(end));
    match (begin, end) {
        (Some(issued_at), Some(expires_at)) => Ok(Validity { issued_at, expires_at, ..validity }),
        _ => Err(Error::Usage("issue time too early for the defect `expired`".to_owned())),
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

/// Returns a patch that replaces each of the claims `names` that is present with another value: an
/// array with an array, any other value with a string.
fn other_values_patch(claims: &Map<String, Value>, names: &[&str]) -> TokenParts {
    let other_value = |value: &Value| {
        if value.is_array() { json!(["something-else"]) } else { json!("something-else") }
    };
    let replacements =
        names.iter().filter_map(|name| Some(((*name).to_owned(), other_value(claims.get(*name)?))));
    TokenParts { header: Map::new(), claims: replacements.collect() }
}

/// Applies a patch: replaces existing members in place and adds new members at the end. `null` in
/// the patch removes a member.
fn apply_patch(members: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            members.insert(name, value);
        }
    }
}
