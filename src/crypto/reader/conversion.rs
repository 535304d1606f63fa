//! Shell commands that convert unsupported key formats. A command is printed only if the programs
//! in the command read the file correctly: from any other file, the programs would create a wrong
//! key or none.

use super::UnsupportedFormat;
use super::unsupported::Unwrapping;
use crate::crypto::der::{DerStructure, classify};
use crate::crypto::secret::is_java_keystore;
use serde::de::IgnoredAny;

/// Word in a hint in place of the path of the file with the key.
pub(crate) const FILE_PLACEHOLDER: &str = "FILE";

/// Maximum length in bytes of a PEM line that every program in the commands can read.
const MAX_LINE_LENGTH: usize = 76;

impl UnsupportedFormat {
    /// Returns this format if its conversion command can read a file with these bytes. Otherwise,
    /// returns [`UnsupportedFormat::Wrapped`].
    pub(super) fn or_wrapped_unless_convertible(self, bytes: &[u8]) -> Self {
        if self.is_convertible(bytes) {
            return self;
        }
        let unwrapping = if is_strict_base64(bytes) {
            Some(Unwrapping::Base64)
        } else {
            // In a JSON document, the reader found the key in the member `private_key`. For a key
            // in any other member, the format is `JsonMember`.
            is_plain_json(bytes).then_some(Unwrapping::Member(".private_key"))
        };
        Self::Wrapped { format: Box::new(self), unwrapping }
    }

    /// Returns whether the conversion command of this format can read a file with these bytes.
    /// [`UnsupportedFormat::Detected`] counts as convertible if the key is not in hex, because no
    /// conversion command exists for this case.
    fn is_convertible(&self, bytes: &[u8]) -> bool {
        let is_der = |structure| classify(bytes) == Some(structure);
        match self {
            Self::Detected(format) => !format.is_hex() || is_plain_hex(bytes),
            Self::EncryptedKey => is_der(DerStructure::EncryptedPrivateKey) || is_plain_pem(bytes),
            Self::Pkcs12 => is_der(DerStructure::Pkcs12),
            Self::Pkcs7 { is_pem: true } | Self::Cms => is_plain_pem(bytes),
            Self::Pkcs7 { is_pem: false } => is_der(DerStructure::Pkcs7),
            Self::OpenSsh { .. } => {
                bytes.starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
                    && !bytes.contains(&b'\r')
                    && is_plain_pem(bytes)
            }
            Self::SshPublicKey { .. } => is_plain_ssh_line(bytes),
            Self::RsaPss { is_private } => {
                let structure =
                    if *is_private { DerStructure::PrivateKey } else { DerStructure::PublicKey };
                is_der(structure) || is_plain_pem(bytes)
            }
            Self::JavaKeystore => is_java_keystore(bytes),
            Self::Discovery | Self::Realm | Self::JsonMember { .. } => is_plain_json(bytes),
            Self::Putty => bytes.starts_with(b"PuTTY-User-Key-File-"),
            Self::Wrapped { .. } => true,
        }
    }

    /// Returns the hint with a command for the file [`FILE_PLACEHOLDER`]. The command converts the
    /// file to a supported format, removes an encoding or wrapping, or fetches the keys that the
    /// file references. For an Ed25519 key of `PuTTY`, the command creates an OpenSSH key, which
    /// needs another conversion. Returns [`SAVE_HINT`] if no command is known, and `None` if this
    /// is [`UnsupportedFormat::Detected`] with a format that has no hint.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Detected(format) => return format.hint().map(str::to_owned),
            Self::EncryptedKey => "decrypt the key: openssl pkey -in FILE -out key.pem",
            Self::Pkcs12 => "convert the key: openssl pkcs12 -in FILE -nodes -out key.pem",
            Self::Pkcs7 { is_pem: true } => {
                "convert the certificates: openssl pkcs7 -in FILE -print_certs -out cert.pem"
            }
            Self::Cms => {
                "convert the certificates: openssl cms -cmsout -inform PEM -in FILE -certsout cert.pem -noout"
            }
            Self::Pkcs7 { is_pem: false } => {
                "convert the certificates: openssl pkcs7 -inform DER -in FILE -print_certs -out cert.pem"
            }
            Self::OpenSsh { is_ed25519, is_encrypted } => {
                return Some(openssh_hint(*is_ed25519, *is_encrypted));
            }
            Self::SshPublicKey { is_ed25519: false } => {
                "convert the key: ssh-keygen -e -m PKCS8 -f FILE > key.pem"
            }
            Self::SshPublicKey { is_ed25519: true } => SSH_ED25519_HINT,
            Self::Putty => {
                "export the key as an OpenSSH key: puttygen FILE -O private-openssh -o key.pem"
            }
            Self::RsaPss { is_private: true } => {
                "convert the key, then use `--alg PS256`: openssl rsa -in FILE -traditional -outform DER -out key.der"
            }
            Self::RsaPss { is_private: false } => {
                "convert the key, then use `--alg PS256`: openssl rsa -pubin -in FILE -RSAPublicKey_out -outform DER -out key.der"
            }
            Self::JavaKeystore => {
                "convert the keystore: keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12 && openssl pkcs12 -in key.p12 -nodes -out key.pem"
            }
            Self::Discovery => {
                "fetch the keys: curl -fsS --proto =https --url \"$(jq -r .jwks_uri FILE)\" > jwks.json"
            }
            Self::Realm => "extract the key: jq -r .public_key FILE > key.txt",
            Self::JsonMember { path: Some(path), is_text } => {
                return Some(member_hint(path, *is_text));
            }
            Self::Wrapped { unwrapping: Some(Unwrapping::Base64), .. } => {
                "decode the file first: (umask 077; base64 -d FILE > key.txt)"
            }
            Self::Wrapped { unwrapping: Some(Unwrapping::Member(path)), .. } => {
                return Some(member_hint(path, true));
            }
            Self::Wrapped { unwrapping: None, .. } | Self::JsonMember { path: None, .. } => {
                SAVE_HINT
            }
        };
        Some(text.to_owned())
    }
}

/// Returns the hint that extracts the JSON member with this path for `jq`. `is_text` is true if the
/// member is a string.
fn member_hint(path: &str, is_text: bool) -> String {
    let raw = if is_text { " -r" } else { "" };
    let root = if path.starts_with('[') { "." } else { "" };
    format!("extract the key: (umask 077; jq{raw} '{root}{path}' FILE > key.txt)")
}

/// Returns the hint that converts a private key of OpenSSH. `ssh-keygen` converts RSA and ECDSA
/// keys, but no Ed25519 keys.
fn openssh_hint(is_ed25519: bool, is_encrypted: bool) -> String {
    if !is_ed25519 {
        return "convert a copy of the key: install -m 600 FILE key.pem && ssh-keygen -p -N '' -m PKCS8 -f key.pem".to_owned();
    }
    if !is_encrypted {
        return format!("convert the key: {}", openssh_ed25519_command("FILE"));
    }
    let command = openssh_ed25519_command("key.ssh");
    format!(
        "convert a copy of the key: install -m 600 FILE key.ssh && ssh-keygen -p -N '' -f key.ssh && {command}"
    )
}

/// Hint for an Ed25519 public key of SSH. The command writes the start of a `SubjectPublicKeyInfo`
/// (RFC 8410, section 4), then the last 32 bytes of the SSH key.
const SSH_ED25519_HINT: &str = r"convert the key: (printf '\060\052\060\005\006\003\053\145\160\003\041\000'; grep -o 'AAAA[^ ]*' FILE | base64 -d | tail -c 32) > key.der";

/// Hint for a key in a file that no known command can convert, because the key is encoded or the
/// file contains other text or keys.
pub(crate) const SAVE_HINT: &str =
    "save the key in a file of its own, without the encoding, quotes and text around it";

/// Returns the command that converts an unencrypted Ed25519 private key of OpenSSH. The command
/// writes the start of PKCS#8 (RFC 8410, section 7), then the 32 bytes of the private key, which
/// have a fixed position in the OpenSSH key.
fn openssh_ed25519_command(file: &str) -> String {
    format!(
        r"(umask 077; (printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'; sed '/^--/d' {file} | base64 -d | tail -c +162 | head -c 32) > key.der)"
    )
}

/// Returns whether a file with these bytes is a JSON object or array that `jq` reads.
pub(in crate::crypto) fn is_plain_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let is_object_or_array = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    is_object_or_array && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Returns whether every program in the commands can read the PEM: each BEGIN and END marker is on
/// a separate line, and no line in a block is too long, is indented or contains a backslash.
pub(in crate::crypto) fn is_plain_pem(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut is_in_block = false;
    let mut block_count = 0;
    for line in text.lines() {
        let ends_with_dashes = line.ends_with("-----");
        if line.starts_with("-----BEGIN ") && ends_with_dashes {
            is_in_block = true;
            block_count += 1;
        } else if line.starts_with("-----END ") && ends_with_dashes {
            is_in_block = false;
        } else if is_in_block
            && (line.len() > MAX_LINE_LENGTH
                || line.starts_with([' ', '\t'])
                || line.contains('\\'))
        {
            return false;
        }
    }
    !is_in_block && block_count > 0 && text.matches("-----BEGIN ").count() == block_count
}

/// Returns whether a file with these bytes is one line with one SSH public key, without options
/// before the key.
fn is_plain_ssh_line(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut words = text.split_ascii_whitespace();
    let key_count = words.clone().filter(|word| word.contains("AAAA")).count();
    let has_type =
        words.next().is_some_and(|word| word.starts_with("ssh-") || word.starts_with("ecdsa-"));
    let has_key = words.next().is_some_and(|word| word.starts_with("AAAA"));
    text.lines().count() == 1
        && !text.starts_with([' ', '\t'])
        && has_type
        && has_key
        && key_count == 1
}

/// Returns whether `xxd -r -p` decodes a file with these bytes.
fn is_plain_hex(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_hexdigit() || b"\r\n".contains(byte))
}

/// Returns whether `base64 -d` decodes a file with these bytes.
fn is_strict_base64(bytes: &[u8]) -> bool {
    let is_base64_char = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(byte);
    let char_count = bytes.iter().filter(|byte| **byte != b'\n').count();
    let has_inner_padding = bytes.trim_ascii_end().iter().rev().skip(2).any(|byte| *byte == b'=');
    char_count > 0
        && char_count.is_multiple_of(4)
        && !has_inner_padding
        && bytes.iter().all(is_base64_char)
}
