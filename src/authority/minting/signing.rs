//! Signing of one test token, with the defects of the signature and of the serialization.

use super::super::Error;
use super::super::signing::ensure_verifiable_length;
use super::defects::Defect;
use super::template::TokenParts;
use super::token_builder::TokenBuilder;
use crate::crypto::{self, MAX_TOKEN_BYTES};
use crate::model::{Algorithm, KeySpec, Timestamp, TokenId, Untrusted};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// A signed test token, as printed.
#[derive(Debug, Serialize)]
pub(crate) struct MintedToken {
    #[serde(serialize_with = "serialize_exposed")]
    pub(crate) token: SecretString,
    /// `jti` claim; `None` if the claim is missing or not a string.
    pub(crate) jti: Option<Untrusted>,
    /// Id of the row, if the token is recorded.
    pub(crate) id: Option<TokenId>,
    /// `exp` claim; `None` if the claim is missing or not a time in whole seconds.
    #[serde(skip)]
    pub(crate) expires_at: Option<Timestamp>,
}

fn serialize_exposed<S: Serializer>(
    token: &SecretString,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

impl MintedToken {
    /// Signs a token with header and claims `parts`.
    pub(super) fn sign(builder: &TokenBuilder<'_>, parts: &TokenParts) -> Result<Self, Error> {
        let token = sign_token(builder.key, parts, builder.request.defect)?;
        if builder.request.defect != Some(Defect::Oversized) {
            ensure_verifiable_length(token.expose_secret().len())?;
        }
        let jti = parts.claims.get("jti").and_then(Value::as_str).map(Untrusted::new);
        let expires_at =
            parts.claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
        Ok(Self { token, jti, id: None, expires_at })
    }
}

/// Refuses header and claims that make a token too large for the verifier, before any token of the
/// request is printed. A token near the limit is signed, because the length of a signature depends
/// on the key and on the defect.
pub(super) fn ensure_verifiable_size(
    builder: &TokenBuilder<'_>,
    parts: &TokenParts,
) -> Result<(), Error> {
    /// Length of the signature of the largest RSA key (16,384 bits) in base64url, and the full stops.
    const MAX_SIGNATURE_LENGTH: usize = 2_800;
    if builder.request.defect == Some(Defect::Oversized) {
        return Ok(());
    }
    let encoded_length = |members: &Map<String, Value>| {
        let length = serde_json::to_vec(members).map_or(0, |json| json.len());
        (length * 4).div_ceil(3)
    };
    let length = encoded_length(&parts.header) + encoded_length(&parts.claims);
    if length + MAX_SIGNATURE_LENGTH <= MAX_TOKEN_BYTES {
        return Ok(());
    }
    let token = sign_token(builder.key, parts, builder.request.defect)?;
    ensure_verifiable_length(token.expose_secret().len())
}

/// Signs the token. Adds `defect` if the defect affects the signature or the serialization.
pub(super) fn sign_token(
    key: &KeySpec,
    parts: &TokenParts,
    defect: Option<Defect>,
) -> Result<SecretString, Error> {
    let sign_with = |key: &KeySpec, claims| crypto::sign_parts(key, &parts.header, claims);
    let sign_valid = || sign_with(key, &parts.claims);
    Ok(match defect {
        Some(Defect::WrongKey) => sign_with(&crypto::other_key(key)?, &parts.claims)?,
        Some(Defect::AlgConfusion) => sign_with(&public_key_as_secret(key)?, &parts.claims)?,
        Some(Defect::TamperedPayload) => {
            let mut claims = parts.claims.clone();
            claims.insert("tampered".to_owned(), json!(true));
            with_payload_of(&sign_valid()?, &sign_with(key, &claims)?)
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

fn public_key_as_secret(key: &KeySpec) -> Result<KeySpec, Error> {
    let pem = crypto::public_key_pem(key)?.unwrap_or_default();
    let material = SecretSlice::from(pem.into_bytes());
    Ok(KeySpec { algorithm: Algorithm::HS256, material, ..key.clone() })
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
