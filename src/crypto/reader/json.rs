//! Keys in JSON: JWK, JWK Set, array of JWKs, service account of Google, and certificate map (an
//! object that maps key ids to certificates or public keys). Also errors for other JSON documents
//! that contain or reference a key.

use super::document::{EntryMaterial, KeyDocument, KeyEntry};
use super::unsupported::UnsupportedFormat;
use crate::crypto::error::invalid_key;
use crate::crypto::key_error::KeyError;
use crate::crypto::pem::is_pem;
use crate::crypto::secret::{detect_key, is_jwk_or_set};
use crate::model::{InvalidValue, parse_strict_value};
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Map, Value};
use std::mem;

/// Maximum depth at which a key is searched in a document. The document itself has depth 1.
const MAX_DEPTH: usize = 8;

/// Function that reads the keys in the text of a JSON member. Returns `None` if no format is
/// recognized.
type ReadText<'f> = &'f dyn Fn(&[u8]) -> Result<Option<KeyDocument>, KeyError>;

/// Reads the keys of a JSON document. Returns `None` for a document without a key.
pub(super) fn read(text: &[u8], read_text: ReadText<'_>) -> Result<Option<KeyDocument>, KeyError> {
    match parse_strict_value(text).map_err(|error| json_error(text, error.to_string()))? {
        Value::Object(members) => read_object(members, read_text),
        Value::Array(items) => read_array(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(None),
    }
}

/// Returns the error for invalid JSON. The error is [`KeyError::InvalidJson`] if no key is
/// recognized in the text. The text can then be a secret. `description` is the error of the parser.
fn json_error(text: &[u8], description: String) -> KeyError {
    let documents = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let count = documents.take_while(Result::is_ok).take(2).count();
    let error = invalid_key(if count > 1 {
        "not well-formed JSON: found several documents, expected a JWK Set".to_owned()
    } else {
        description
    });
    if detect_key(text).is_some() {
        return error.into();
    }
    let is_document = count > 0 || text.windows(3).any(|part| part == b"kty");
    KeyError::InvalidJson { error, is_document }
}

fn read_object(
    mut members: Map<String, Value>,
    read_text: ReadText<'_>,
) -> Result<Option<KeyDocument>, KeyError> {
    members.retain(|_, value| !value.is_null());
    match members.get_mut("keys") {
        Some(Value::Array(jwks)) => return read_set(mem::take(jwks), ".keys[0]").map(Some),
        Some(_) => {
            let error = invalid_key("`keys` is not an array");
            return Err(KeyError::InvalidJson { error, is_document: true });
        }
        None => {}
    }
    if is_jwk_or_set(&members) || members.contains_key("kty") {
        let entry = read_jwk(members)?;
        return Ok(Some(KeyDocument { entries: vec![entry], first_key_jq_path: None }));
    }
    let text_member = |name: &str| members.get(name).and_then(Value::as_str);
    if let Some(private_key) = text_member("private_key").filter(|key| is_pem(key.as_bytes())) {
        return read_service_account(private_key, text_member("private_key_id"), read_text);
    }
    if text_member("jwks_uri").is_some() {
        return Err(UnsupportedFormat::Discovery.into());
    }
    if text_member("realm").is_some() && text_member("public_key").is_some() {
        return Err(UnsupportedFormat::Realm.into());
    }
    if let Some(document) = read_certificate_map(&members, read_text) {
        return Ok(Some(document));
    }
    refuse_key_in_member(&Value::Object(members))
}

/// Reads the keys of a JWK Set (RFC 7517, section 5) or of an array of JWKs.
fn read_set(jwks: Vec<Value>, first_key_jq_path: &'static str) -> Result<KeyDocument, KeyError> {
    if jwks.is_empty() {
        return Err(invalid_key("no keys found, expected at least one key").into());
    }
    let read_key = |jwk: Value| {
        let entry = match jwk {
            Value::Object(mut members) => {
                members.retain(|_, value| !value.is_null());
                read_jwk(members)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(invalid_key("not an object")),
        };
        entry.unwrap_or_else(|error| KeyEntry {
            kid: None,
            material: EntryMaterial::Unusable(error.into()),
        })
    };
    let entries = jwks.into_iter().map(read_key).collect();
    Ok(KeyDocument { entries, first_key_jq_path: Some(first_key_jq_path) })
}

/// Reads an array of JWKs. Refuses any other array that contains a key, and an empty array.
fn read_array(items: Vec<Value>) -> Result<Option<KeyDocument>, KeyError> {
    let has_jwk = items.iter().filter_map(Value::as_object).any(is_jwk_or_set);
    if has_jwk || items.is_empty() {
        return read_set(items, ".[0]").map(Some);
    }
    refuse_key_in_member(&Value::Array(items))
}

/// Returns a JWK with its `kid` (RFC 7517, section 4.5) as a key entry.
fn read_jwk(members: Map<String, Value>) -> Result<KeyEntry, InvalidValue> {
    let kid = match members.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err(invalid_key("`kid` is not a string")),
    };
    Ok(KeyEntry { kid, material: EntryMaterial::Jwk(members) })
}

/// Reads the private key of a service account of Google. `kid` is the member `private_key_id`.
fn read_service_account(
    private_key: &str,
    kid: Option<&str>,
    read_text: ReadText<'_>,
) -> Result<Option<KeyDocument>, KeyError> {
    let mut document = read_text(private_key.as_bytes())?;
    for entry in document.iter_mut().flat_map(|document| &mut document.entries) {
        entry.kid = kid.map(str::to_owned);
    }
    Ok(document)
}

/// Reads an object that maps key ids to certificates or public keys in PEM, such as the object in
/// which Google publishes certificates. Returns `None` for any other object, and if no member is
/// usable.
fn read_certificate_map(
    members: &Map<String, Value>,
    read_text: ReadText<'_>,
) -> Option<KeyDocument> {
    let read_member = |(kid, value): (&String, &Value)| {
        let text = value.as_str().filter(|text| is_pem(text.as_bytes()))?;
        let material = match read_text(text.as_bytes()) {
            // In a chain of certificates, the first certificate contains the key that signs tokens.
            Ok(document) => document?.entries.into_iter().next()?.material,
            Err(error) => EntryMaterial::Unusable(error),
        };
        let is_private = matches!(material, EntryMaterial::PrivateDer(_));
        (!is_private).then(|| KeyEntry { kid: Some(kid.clone()), material })
    };
    let entries = members.iter().map(read_member).collect::<Option<Vec<_>>>()?;
    let is_usable = |entry: &KeyEntry| !matches!(entry.material, EntryMaterial::Unusable(_));
    entries.iter().any(is_usable).then_some(KeyDocument { entries, first_key_jq_path: Some(".[]") })
}

/// Refuses a document with a key in a member, at any depth up to [`MAX_DEPTH`]. Returns `None` for
/// a document without such a key.
fn refuse_key_in_member(document: &Value) -> Result<Option<KeyDocument>, KeyError> {
    let mut path = Vec::new();
    let Some(is_text) = find_key(document, &mut path, MAX_DEPTH) else { return Ok(None) };
    let path = path.into_iter().collect();
    Err(UnsupportedFormat::JsonMember { path, is_text }.into())
}

/// Finds the first key in `value`. Returns `Some(true)` if the key is a string, `Some(false)` if
/// the key is a JWK or a JWK Set, and `None` if there is no key within `max_depth`. Appends the
/// segments of the path to the key, in the notation of `jq`, to `path`. A segment is `None` if a
/// command cannot contain the name of the member.
fn find_key(value: &Value, path: &mut Vec<Option<String>>, max_depth: usize) -> Option<bool> {
    let inner_depth = max_depth.checked_sub(1)?;
    let mut visit = |segment: Option<String>, inner: &Value| {
        path.push(segment);
        let found = find_key(inner, path, inner_depth);
        if found.is_none() {
            path.pop();
        }
        found
    };
    match value {
        Value::String(text) => detect_key(text.as_bytes()).map(|_| true),
        Value::Object(members) if is_jwk_or_set(members) => Some(false),
        Value::Object(members) => {
            members.iter().find_map(|(name, inner)| visit(path_segment(name), inner))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, inner)| visit(Some(format!("[{index}]")), inner)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns the segment of a `jq` path for the member `name`. Returns `None` if a command cannot
/// contain the name. Blanks in the name are escaped, so that the path is one word in a hint.
fn path_segment(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/@- ".contains(&byte);
    let is_plain_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(is_plain);
    is_plain_name.then(|| format!(".\"{}\"", name.replace(' ', "\\u0020")))
}
