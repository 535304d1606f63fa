//! Signing of one test token. If requested, the signature or the serialization gets a defect.

use super::super::Error;
use super::super::signing::ensure_verifiable_length;
use super::defects::Defect;
use super::template::TokenParts;
use super::token_builder::TokenBuilder;
use crate::crypto::{self, MAX_TOKEN_BYTES, TokenSigner};
use crate::model::{Algorithm, KeySpec};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Map, Value, json};

/// Refuses header and claims if the signed token would have more than [`MAX_TOKEN_BYTES`]. A token
/// with the requested defect [`Defect::Oversized`] is not refused. Returns the length of header and
/// claims as JSON in bytes. A token near or above the limit is signed to find its size, because the
/// length of a signature depends on the key and on the defect.
pub(super) fn check_size(builder: &TokenBuilder<'_>, parts: &TokenParts) -> Result<usize, Error> {
    let json_length =
        |members: &Map<String, Value>| serde_json::to_vec(members).map_or(0, |json| json.len());
    let length = json_length(&parts.header) + json_length(&parts.claims);
    if builder.request.defect != Some(Defect::Oversized) && !fits_with_any_signature(length) {
        sign_checked(&TokenSigner::new(builder.key)?, parts, builder.request.defect)?;
    }
    Ok(length)
}

/// Returns whether a token has at most [`MAX_TOKEN_BYTES`] even with the longest possible
/// signature. `json_length` is the length of header and claims as JSON in bytes.
pub(super) const fn fits_with_any_signature(json_length: usize) -> bool {
    /// Length of the signature of the largest RSA key (16,384 bits) in base64url, plus the two full
    /// stops in a token, rounded up.
    const MAX_SIGNATURE_LENGTH: usize = 2_800;
    (json_length * 4).div_ceil(3) + MAX_SIGNATURE_LENGTH <= MAX_TOKEN_BYTES
}

/// Signs the token. Refuses a token of more than [`MAX_TOKEN_BYTES`], except with the defect
/// [`Defect::Oversized`].
pub(super) fn sign_checked(
    signer: &TokenSigner<'_>,
    parts: &TokenParts,
    defect: Option<Defect>,
) -> Result<SecretString, Error> {
    let token = sign_token(signer, parts, defect)?;
    if defect != Some(Defect::Oversized) {
        ensure_verifiable_length(token.expose_secret().len())?;
    }
    Ok(token)
}

/// Signs the token. If `defect` affects the signature or the serialization, adds this part of the
/// defect. `parts` already contains the header parameters and claims that `defect` changes.
pub(super) fn sign_token(
    signer: &TokenSigner<'_>,
    parts: &TokenParts,
    defect: Option<Defect>,
) -> Result<SecretString, Error> {
    let key = signer.key();
    let sign_valid = || signer.sign(&parts.header, &parts.claims);
    let sign_with = |key: &KeySpec| TokenSigner::new(key)?.sign(&parts.header, &parts.claims);
    Ok(match defect {
        Some(Defect::WrongKey) => sign_with(&crypto::other_key(key)?)?,
        Some(Defect::AlgConfusion) => sign_with(&public_key_as_secret(key)?)?,
        Some(Defect::TamperedPayload) => {
            let mut claims = parts.claims.clone();
            let is_present = claims.get("tampered") == Some(&json!(true));
            claims.insert("tampered".to_owned(), json!(!is_present));
            with_payload_of(&sign_valid()?, &signer.sign(&parts.header, &claims)?)
        }
        Some(Defect::BadSignature) => edit_token(&sign_valid()?, |input, signature| {
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            let rest = signature.get(1..).unwrap_or_default();
            format!("{input}.{first}{rest}")
        }),
        Some(Defect::Truncated) => edit_token(&sign_valid()?, |input, signature| {
            // Base64url without padding is still valid after each group of four characters.
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

/// Returns an HS256 key whose secret is the public key of `key` as PEM.
fn public_key_as_secret(key: &KeySpec) -> Result<KeySpec, Error> {
    let pem = crypto::public_key_pem(key)?.unwrap_or_default();
    let material = SecretSlice::from(pem.into_bytes());
    Ok(KeySpec { algorithm: Algorithm::HS256, material, ..key.clone() })
}

/// Splits `token` into the signing input (header and payload) and the signature. Returns the token
/// that `edit` makes of these two parts.
fn edit_token(token: &SecretString, edit: impl Fn(&str, &str) -> String) -> SecretString {
    let (input, signature) = token.expose_secret().rsplit_once('.').unwrap_or_default();
    SecretString::from(edit(input, signature))
}

/// Returns `token` with the payload of `payload_token`.
fn with_payload_of(token: &SecretString, payload_token: &SecretString) -> SecretString {
    let payload = payload_token.expose_secret().split('.').nth(1).unwrap_or_default();
    edit_token(token, |input, signature| {
        let header = input.split('.').next().unwrap_or_default();
        format!("{header}.{payload}.{signature}")
    })
}
