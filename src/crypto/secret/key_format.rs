//! Detection of keys by their structure, to distinguish keys from shared secrets. Detects formats
//! such as PEM, DER, JWK and SSH, plain or in base64 or hex.

use super::text_encoding::{MIN_TEXT_LENGTH, TextEncoding, decode_candidates};
use crate::crypto::der;
use crate::crypto::input_limits::has_too_many_separators;
use crate::crypto::pem::is_pem;
use serde_json::{Deserializer, Map, Value};
use zeroize::Zeroizing;

/// Format of a detected key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyFormat {
    /// Structure of the key, as a noun phrase.
    structure: &'static str,
    /// Outermost encoding of the key; `None` if the key is not encoded or the encoding is unknown.
    encoding: Option<TextEncoding>,
}

impl KeyFormat {
    const fn new(structure: &'static str) -> Self {
        Self { structure, encoding: None }
    }

    /// Format of a key that [`detect_key`] does not detect, but the reader of key documents
    /// recognizes, for example because other text is around the key. Also the format of a document
    /// that only references keys.
    pub(super) const ENCODED_KEY: Self = Self::new("an encoded key");

    /// Format of a shared secret that equals the bytes of a public key.
    pub(crate) const PUBLIC_KEY_BYTES: Self = Self::new("the bytes of a public key");

    /// Returns the format as a noun phrase.
    pub(crate) fn to_display(self) -> String {
        let suffix = match self.encoding {
            None => "",
            Some(TextEncoding::Base64 | TextEncoding::LooseBase64) => " in base64",
            Some(TextEncoding::Hex) => " in hex",
        };
        format!("{}{suffix}", self.structure)
    }

    /// Returns whether the outermost encoding is hex.
    pub(in crate::crypto) fn is_hex(self) -> bool {
        self.encoding == Some(TextEncoding::Hex)
    }

    /// Returns the error message for an input in this format where a shared secret is expected.
    pub(crate) fn refusal_message(self) -> String {
        format!("found {}, expected a shared secret", self.to_display())
    }

    /// Returns the hint with the command that decodes a key in hex; `None` for other keys.
    pub(crate) fn hint(self) -> Option<&'static str> {
        match self.encoding {
            Some(TextEncoding::Hex) => {
                Some("decode the key first: (umask 077; xxd -r -p FILE > key.txt)")
            }
            Some(TextEncoding::Base64 | TextEncoding::LooseBase64) | None => None,
        }
    }
}

const PEM: &str = "a PEM key";
const DER: &str = "DER";
const JWK: &str = "a JWK or JWK Set";
const JWK_ARRAY: &str = "an array of JWKs";
const SSH: &str = "an SSH key";
const JAVA_KEYSTORE: &str = "a Java keystore";
const XML: &str = "an RSA key in XML";

/// Magic bytes of the two formats of Java keystores.
const JAVA_KEYSTORE_MAGICS: [[u8; 4]; 2] = [[0xFE, 0xED, 0xFE, 0xED], [0xCE, 0xCE, 0xCE, 0xCE]];

/// Maximum number of layers around a key. A layer is base64, hex or JSON. The JSON of a JWK is also
/// a layer.
const MAX_LAYERS: usize = 4;

/// Returns the format if the bytes are or contain a key, plain, in base64 or in hex. Detects PEM,
/// JWK and XML in any Unicode encoding, SSH keys, Java keystores, and DER.
pub(in crate::crypto) fn detect_key(bytes: &[u8]) -> Option<KeyFormat> {
    detect_within(bytes, MAX_LAYERS)
}

/// Returns the format of a key that has at most `layers` layers around it.
fn detect_within(bytes: &[u8], layers: usize) -> Option<KeyFormat> {
    if der::starts_with_key(bytes) {
        return Some(KeyFormat::new(DER));
    }
    if is_ssh_blob(bytes) {
        return Some(KeyFormat::new(SSH));
    }
    if is_java_keystore(bytes) {
        return Some(KeyFormat::new(JAVA_KEYSTORE));
    }
    let text = normalize_text(bytes);
    if is_armored(&text) {
        return Some(KeyFormat::new(PEM));
    }
    if is_ssh_text(&text) {
        return Some(KeyFormat::new(SSH));
    }
    if contains(&text, b"<RSAKeyValue>") {
        return Some(KeyFormat::new(XML));
    }
    let layers = layers.checked_sub(1)?;
    detect_in_json(&text, layers).or_else(|| {
        decode_candidates(&text).iter().find_map(|(encoding, inner)| {
            let format = detect_within(inner, layers)?;
            Some(KeyFormat { encoding: Some(*encoding), ..format })
        })
    })
}

/// Returns the text without a byte order mark, without the zero bytes of UTF-16 and UTF-32, and
/// without surrounding whitespace.
fn normalize_text(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let marks = [0xEF, 0xBB, 0xBF, 0xFE, 0xFF];
    let text = bytes.iter().copied().skip_while(|byte| *byte == 0 || marks.contains(byte));
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(text.filter(|byte| *byte != 0).collect());
    Zeroizing::new(text.trim_ascii().to_vec())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Returns whether the text contains PEM (RFC 7468) or an SSH2 public key file (RFC 4716). The PEM
/// may be damaged, or lack its first line.
fn is_armored(text: &[u8]) -> bool {
    is_pem(text)
        || contains(text, b"-----END ")
        || contains(text, b"---- BEGIN ")
        || has_key_label(text)
}

/// Returns whether the label of a key follows closely after `BEGIN` or `END`. The comparison is
/// case-insensitive. Any characters, such as `%20`, may be between the marker and the label.
fn has_key_label(text: &[u8]) -> bool {
    /// Limit for the distance between the start of `BEGIN` or `END` and the start of the label.
    const LABEL_DISTANCE_LIMIT: usize = 40;
    let starts_with = |text: &[u8], word: &[u8]| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let starts_with_any =
        |text: &[u8], words: &[&[u8]]| words.iter().any(|word| starts_with(text, word));
    (0..text.len()).filter_map(|at| text.get(at..)).any(|rest| {
        starts_with_any(rest, &[b"BEGIN", b"END"])
            && (3..LABEL_DISTANCE_LIMIT).filter_map(|at| rest.get(at..)).any(|label| {
                starts_with_any(
                    label,
                    &[b"PUBLIC", b"PRIVATE KEY", b"PRIVATE%20KEY", b"CERTIFICATE"],
                )
            })
    })
}

/// Returns whether the bytes are a Java keystore.
pub(in crate::crypto) fn is_java_keystore(bytes: &[u8]) -> bool {
    JAVA_KEYSTORE_MAGICS.iter().any(|magic| bytes.starts_with(magic))
}

/// Prefixes of SSH key types.
const SSH_TYPE_PREFIXES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// Returns whether the text is an SSH public key, is a `PuTTY` key, or contains an SSH public key
/// in base64, as a line of `authorized_keys` does.
pub(in crate::crypto) fn is_ssh_text(text: &[u8]) -> bool {
    let unquoted = text.trim_ascii_start().strip_prefix(b"\"").unwrap_or(text);
    let prefixes =
        ["ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "sk-ssh-", "PuTTY-User-Key-File-"];
    prefixes.iter().any(|prefix| unquoted.starts_with(prefix.as_bytes()))
        || text
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|word| word.starts_with(b"AAAA"))
            .any(|word| decode_candidates(word).iter().any(|(_, blob)| is_ssh_blob(blob)))
}

/// Returns whether the bytes are, in binary form, an SSH public key (RFC 4253, section 6.6) or an
/// OpenSSH private key.
fn is_ssh_blob(bytes: &[u8]) -> bool {
    let is_public = || match bytes {
        [0, 0, 0, length, rest @ ..] => rest.get(..usize::from(*length)).is_some_and(|name| {
            SSH_TYPE_PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
        }),
        _ => false,
    };
    bytes.starts_with(b"openssh-key-v1\0") || is_public()
}

/// Returns the format of a key in JSON: in a JWK, a JWK Set, several consecutive JWKs, a string
/// with a key, or a document that contains one of these. In damaged JSON, and in text in other
/// formats such as YAML, an asymmetric key is recognized by `kty`.
fn detect_in_json(text: &[u8], layers: usize) -> Option<KeyFormat> {
    if !matches!(text.first(), Some(b'{' | b'[' | b'"')) {
        return has_key_type(text).then_some(KeyFormat::new(JWK));
    }
    // To limit the memory, a document with too many values is not parsed: only its text is searched
    // for `kty`.
    let json = if has_too_many_separators(text) { &[][..] } else { text };
    let values = Deserializer::from_slice(json).into_iter::<Value>();
    let detected = values.map_while(Result::ok).find_map(|value| detect_in_value(&value, layers));
    let format = detected.or_else(|| has_key_type(text).then_some(KeyFormat::new(JWK)))?;
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
        Value::Object(members) if is_jwk_or_set(members) => Some(KeyFormat::new(JWK)),
        Value::Object(members) => {
            members.values().find_map(|member| detect_in_value(member, layers))
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns whether an object with these members is a JWK, with or without `kty`, or a JWK Set.
pub(in crate::crypto) fn is_jwk_or_set(members: &Map<String, Value>) -> bool {
    let has = |name: &str| members.contains_key(name);
    let keys_array = members.get("keys").and_then(Value::as_array);
    members.get("kty").is_some_and(Value::is_string)
        || (has("n") && has("e"))
        || (has("crv") && has("x"))
        || keys_array.is_some_and(|keys| keys.is_empty() || keys.iter().any(Value::is_object))
}

/// Returns whether the text assigns an asymmetric key type to `kty`. Quotes and backslashes are
/// ignored, so that damaged JSON, escaped JSON and YAML are recognized.
fn has_key_type(text: &[u8]) -> bool {
    const KEY_TYPES: [&[u8]; 4] = [b"RSA", b"EC", b"OKP", b"AKP"];
    let is_separator = |byte: &u8| byte.is_ascii_whitespace() || b"\"'\\:=".contains(byte);
    text.windows(3).enumerate().filter(|(_, window)| window == b"kty").any(|(at, _)| {
        let following = text.get(at + 3..).unwrap_or_default();
        let separator_length = following.iter().take_while(|byte| is_separator(byte)).count();
        let (separators, word) = following.split_at(separator_length);
        let length = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_assigned = separators.iter().any(|byte| matches!(byte, b':' | b'='));
        is_assigned && word.get(..length).is_some_and(|word| KEY_TYPES.contains(&word))
    })
}
