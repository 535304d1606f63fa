//! Keys in the forms in which users and other programs have them, told apart from secrets by their
//! structure: PEM, DER, JWK and SSH, as they are or in base64 or hex.

use crate::crypto::der;
use crate::crypto::verifier::is_pem;
use crate::model::parse_strict_object;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Deserializer, Map, Value};
use zeroize::Zeroizing;

/// A form in which a key was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyFormat {
    structure: &'static str,
    /// The outermost encoding around it.
    encoding: Option<TextEncoding>,
}

/// An encoding of bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextEncoding {
    /// Base64 as `base64 -d` reads it.
    Base64,
    /// Base64 of the other alphabet, without padding, or with something around it.
    LooseBase64,
    Hex,
}

impl KeyFormat {
    const fn new(structure: &'static str) -> Self {
        Self { structure, encoding: None }
    }

    /// The form of bytes that equal a public key.
    pub(crate) const PUBLIC: Self = Self::new("the bytes of a public key");

    /// Returns the form as a noun phrase.
    pub(crate) fn to_display(self) -> String {
        let suffix = match self.encoding {
            None => "",
            Some(TextEncoding::Base64 | TextEncoding::LooseBase64) => " in base64",
            Some(TextEncoding::Hex) => " in hex",
        };
        format!("{}{suffix}", self.structure)
    }

    /// Returns why such bytes are no secret.
    pub(crate) fn refusal_message(self) -> String {
        format!("this is rather a key of another kind than a secret: {}", self.to_display())
    }

    /// Returns the command that brings the key into a form that is read.
    pub(crate) fn hint(self) -> Option<&'static str> {
        match self.encoding {
            Some(TextEncoding::Base64) => Some("decode it first: base64 -d"),
            Some(TextEncoding::Hex) => Some("decode it first: xxd -r -p"),
            None if self.structure == JWK_ARRAY => Some("give one key of it: jq '.[0]'"),
            Some(TextEncoding::LooseBase64) | None => None,
        }
    }
}

const PEM: &str = "a PEM";
const DER: &str = "DER";
const JWK: &str = "a JWK or JWK Set";
const JWK_ARRAY: &str = "an array of JWKs";
const SSH: &str = "an SSH key";

/// So many encodings around a key are undone.
const MAX_LAYERS: usize = 4;

/// Shorter text does not hold a key.
const MIN_TEXT_LENGTH: usize = 32;

/// Returns the form of a key, if the bytes are one: PEM or JSON in whatever encoding of Unicode, a
/// key of SSH, or DER, as they are or in base64 or hex.
pub(in crate::crypto) fn detect_key(bytes: &[u8]) -> Option<KeyFormat> {
    detect_within(bytes, MAX_LAYERS)
}

/// Returns whether the bytes are one JWK that is a secret by its own word.
pub(in crate::crypto) fn is_symmetric_jwk(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
        && parse_strict_object(bytes)
            .is_ok_and(|jwk| jwk.get("kty").is_some_and(|kind| kind == "oct"))
}

fn detect_within(bytes: &[u8], layers: usize) -> Option<KeyFormat> {
    if der::begins_with_key(bytes) {
        return Some(KeyFormat::new(DER));
    }
    if is_ssh_blob(bytes) {
        return Some(KeyFormat::new(SSH));
    }
    let text = normalize_text(bytes);
    if is_armored(&text) {
        return Some(KeyFormat::new(PEM));
    }
    if is_ssh_text(&text) {
        return Some(KeyFormat::new(SSH));
    }
    let layers = layers.checked_sub(1)?;
    detect_in_json(&text, layers).or_else(|| {
        decode_candidates(&text).iter().find_map(|(encoding, inner)| {
            let found = detect_within(inner, layers)?;
            Some(KeyFormat { encoding: Some(*encoding), ..found })
        })
    })
}

/// Returns the text without a byte order mark and without the zeros of UTF-16 and UTF-32.
fn normalize_text(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let marks = [0xEF, 0xBB, 0xBF, 0xFE, 0xFF];
    let text = bytes.iter().copied().skip_while(|byte| *byte == 0 || marks.contains(byte));
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(text.filter(|byte| *byte != 0).collect());
    Zeroizing::new(text.trim_ascii().to_vec())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// PEM (RFC 7468), also without its first line, and the armor of SSH2 (RFC 4716).
fn is_armored(text: &[u8]) -> bool {
    is_pem(text) || contains(text, b"-----END ") || contains(text, b"---- BEGIN ")
}

/// Names of SSH key types, as they begin.
const SSH_TYPES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// A line of a public key file or of `authorized_keys`, or a key of `PuTTY`.
fn is_ssh_text(text: &[u8]) -> bool {
    let unquoted = text.trim_ascii_start().strip_prefix(b"\"").unwrap_or(text);
    let prefixes =
        ["ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "sk-ssh-", "PuTTY-User-Key-File-"];
    prefixes.iter().any(|prefix| unquoted.starts_with(prefix.as_bytes()))
        || text
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|word| word.starts_with(b"AAAA"))
            .any(|word| decode_candidates(word).iter().any(|(_, blob)| is_ssh_blob(blob)))
}

/// A public key as it is sent (RFC 4253, section 6.6), or a private key of OpenSSH.
fn is_ssh_blob(bytes: &[u8]) -> bool {
    let is_public = || match bytes {
        [0, 0, 0, length, rest @ ..] => rest
            .get(..usize::from(*length))
            .is_some_and(|name| SSH_TYPES.iter().any(|kind| name.starts_with(kind.as_bytes()))),
        _ => false,
    };
    bytes.starts_with(b"openssh-key-v1\0") || is_public()
}

/// Returns the form of a key inside JSON: a JWK, a JWK Set, JWKs one after another, a text that is
/// a key, or a document that has one of them in it. Damaged JSON counts by the `kty` in it.
fn detect_in_json(text: &[u8], layers: usize) -> Option<KeyFormat> {
    if !matches!(text.first(), Some(b'{' | b'[' | b'"')) {
        return has_key_type(text).then_some(KeyFormat::new(JWK));
    }
    let values = Deserializer::from_slice(text).into_iter::<Value>();
    let found = values.map_while(Result::ok).find_map(|value| detect_in_value(&value, layers));
    let format = found.or_else(|| has_key_type(text).then_some(KeyFormat::new(JWK)))?;
    if format.structure == JWK && text.starts_with(b"[") {
        return Some(KeyFormat::new(JWK_ARRAY));
    }
    Some(format)
}

fn detect_in_value(value: &Value, layers: usize) -> Option<KeyFormat> {
    match value {
        Value::String(text) if text.len() >= MIN_TEXT_LENGTH => {
            detect_within(text.as_bytes(), layers)
        }
        Value::Array(items) => items.iter().find_map(|item| detect_in_value(item, layers)),
        Value::Object(members) if is_jwk(members) => Some(KeyFormat::new(JWK)),
        Value::Object(members) => {
            members.values().find_map(|member| detect_in_value(member, layers))
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns whether these are the members of a JWK, whose `kty` may have been lost, or of a set.
fn is_jwk(members: &Map<String, Value>) -> bool {
    let has = |name: &str| members.contains_key(name);
    let is_set = members.get("keys").and_then(Value::as_array);
    members.get("kty").is_some_and(Value::is_string)
        || (has("n") && has("e"))
        || (has("crv") && has("x"))
        || is_set.is_some_and(|keys| keys.is_empty() || keys.iter().any(Value::is_object))
}

/// Returns whether there is a `kty` with the name of an asymmetric type behind it, whatever the
/// quotes: JSON that is damaged or escaped, or YAML.
fn has_key_type(text: &[u8]) -> bool {
    const KINDS: [&[u8]; 4] = [b"RSA", b"EC", b"OKP", b"AKP"];
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"\"'\\:=".contains(byte);
    text.windows(3).enumerate().filter(|(_, window)| window == b"kty").any(|(at, _)| {
        let following = text.get(at + 3..).unwrap_or_default();
        let separator_length = following.iter().take_while(|byte| is_between(byte)).count();
        let (separators, word) = following.split_at(separator_length);
        let length = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_assigned = separators.iter().any(|byte| matches!(byte, b':' | b'='));
        is_assigned && word.get(..length).is_some_and(|word| KINDS.contains(&word))
    })
}

/// Returns what the text means as base64 of either alphabet and as hex. White space, quotes and
/// written-out line breaks are passed over; what else is no sign of base64 separates texts.
pub(super) fn decode_candidates(text: &[u8]) -> Vec<(TextEncoding, Zeroizing<Vec<u8>>)> {
    let alphabet_chars = strip_formatting(text);
    let is_strict = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(byte);
    let kind = if text.iter().all(is_strict) && alphabet_chars.len().is_multiple_of(4) {
        TextEncoding::Base64
    } else {
        TextEncoding::LooseBase64
    };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let base64 = alphabet_chars
        .split(|byte| !is_base64(byte))
        .filter(|part| part.len() >= MIN_TEXT_LENGTH)
        .filter_map(|part| Some((kind, decode_base64(part)?)));
    let hex = decode_hex(&alphabet_chars).map(|bytes| (TextEncoding::Hex, bytes));
    hex.into_iter().chain(base64).collect()
}

/// Returns the text without white space, quotes and written-out line breaks, in the standard
/// alphabet.
fn strip_formatting(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut chars = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'\\' => {
                rest = tail.strip_prefix(b"n").or(tail.strip_prefix(b"r")).unwrap_or(tail);
            }
            b'"' | b'\'' | 0 => {}
            b'-' => chars.push(b'+'),
            b'_' => chars.push(b'/'),
            byte if byte.is_ascii_whitespace() => {}
            byte => chars.push(*byte),
        }
    }
    chars
}

fn decode_base64(part: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    // One letter alone is less than a byte.
    let whole = if part.len() % 4 == 1 { part.split_last()?.1 } else { part };
    GeneralPurpose::new(&STANDARD, config).decode(whole).ok().map(Zeroizing::new)
}

/// Returns the bytes of hexadecimal digits, with `:` between them, or `0x` or `\x` before them.
fn decode_hex(chars: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(chars.len()));
    let mut rest = chars;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'0', [b'x' | b'X', more @ ..]) => rest = more,
            (b':' | b',' | b'x', _) => {}
            _ => digits
                .push(char::from(*first).to_digit(16).and_then(|digit| u8::try_from(digit).ok())?),
        }
    }
    let (pairs, odd) = digits.as_chunks::<2>();
    let is_whole = odd.is_empty() && digits.len() >= MIN_TEXT_LENGTH;
    is_whole.then(|| Zeroizing::new(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
}
