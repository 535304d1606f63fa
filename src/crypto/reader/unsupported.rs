//! Key formats that are recognized but not supported.

use crate::crypto::secret::{KeyFormat, is_java_keystore};

/// Recognized format from which jeton reads no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnsupportedFormat {
    /// Format that none of the other variants describes, such as a key in hex.
    Detected(KeyFormat),
    /// Private key that is encrypted with a passphrase.
    EncryptedKey,
    /// PKCS#12 (RFC 7292).
    Pkcs12,
    /// PKCS#7 (RFC 2315).
    Pkcs7 {
        /// True if the structure is in PEM.
        is_pem: bool,
    },
    /// CMS in PEM (RFC 7468, section 9).
    Cms,
    /// Private key of OpenSSH.
    OpenSsh {
        /// True if the key is an Ed25519 key, which `ssh-keygen` does not convert.
        is_ed25519: bool,
        /// True unless the header of the key states that the key is unencrypted.
        is_encrypted: bool,
    },
    /// Public key of SSH (RFC 4253, section 6.6).
    SshPublicKey {
        /// True if the key is an Ed25519 key, which `ssh-keygen` does not convert.
        is_ed25519: bool,
    },
    /// Private key of `PuTTY`.
    Putty,
    /// RSA key that is restricted to RSASSA-PSS (RFC 4055, section 1.2).
    RsaPss {
        /// True if the key is a private key.
        is_private: bool,
    },
    /// Java keystore.
    JavaKeystore,
    /// OpenID Provider Metadata, which references a JWK Set.
    Discovery,
    /// Document that describes a Keycloak realm and contains the public key of the realm.
    Realm,
    /// JSON document with a key in a member. The key is a string, a JWK or a JWK Set.
    JsonMember {
        /// Path of the member for `jq`; `None` if a command cannot contain a name in the path.
        path: Option<String>,
        /// True if the member is a string.
        is_text: bool,
    },
    /// Key in an unsupported format, in a file that the conversion command for this format cannot
    /// read, for example because the key is encoded or has other text around it.
    Wrapped {
        /// Format of the key.
        format: Box<UnsupportedFormat>,
        /// Method that removes the wrapping; `None` if no command is known.
        unwrapping: Option<Unwrapping>,
    },
}

/// Method that removes the wrapping around a key with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unwrapping {
    /// Decoding with `base64 -d`.
    Base64,
    /// Extraction of the member of a JSON document that has this path for `jq`.
    Member(&'static str),
}

/// Magic bytes of a private key of OpenSSH.
const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";

impl UnsupportedFormat {
    /// Recognizes Java keystores, and private keys of OpenSSH in binary form.
    pub(super) fn from_binary(bytes: &[u8]) -> Option<Self> {
        if is_java_keystore(bytes) {
            return Some(Self::JavaKeystore);
        }
        bytes.starts_with(OPENSSH_MAGIC).then(|| Self::from_openssh(bytes))
    }

    /// Returns the format of a private key of OpenSSH. `blob` is the content in binary form.
    pub(super) fn from_openssh(blob: &[u8]) -> Self {
        let is_unencrypted = blob
            .strip_prefix(OPENSSH_MAGIC)
            .is_some_and(|fields| fields.starts_with(b"\0\0\0\x04none\0\0\0\x04none"));
        let is_ed25519 = openssh_key_type(blob) == Some(b"ssh-ed25519");
        Self::OpenSsh { is_ed25519, is_encrypted: !is_unencrypted }
    }

    /// Returns the format of the text of an SSH public key or a `PuTTY` key.
    pub(super) fn from_ssh_text(text: &[u8]) -> Self {
        if text.starts_with(b"PuTTY-User-Key-File-") {
            return Self::Putty;
        }
        let mut words = text.split(u8::is_ascii_whitespace);
        Self::SshPublicKey { is_ed25519: words.any(|word| word == b"ssh-ed25519") }
    }

    /// Returns the format as a noun phrase.
    pub(crate) fn to_display(&self) -> String {
        match self {
            Self::Detected(format) => return format.to_display(),
            Self::Wrapped { format, unwrapping } => {
                let place = match unwrapping {
                    Some(Unwrapping::Base64) => "in base64",
                    Some(Unwrapping::Member(_)) => "in a member of a JSON document",
                    None => "with other characters around it",
                };
                return format!("{} {place}", format.to_display());
            }
            Self::Putty => "a PuTTY private key",
            Self::EncryptedKey => "an encrypted private key",
            Self::Pkcs12 => "PKCS#12",
            Self::Pkcs7 { .. } => "PKCS#7",
            Self::Cms => "CMS",
            Self::OpenSsh { is_encrypted: false, .. } => "an OpenSSH private key",
            Self::OpenSsh { is_encrypted: true, .. } => "an encrypted OpenSSH private key",
            Self::SshPublicKey { .. } => "an SSH public key",
            Self::RsaPss { .. } => "an RSA-PSS key",
            Self::JavaKeystore => "a Java keystore",
            Self::Discovery => "OpenID Provider Metadata (without keys)",
            Self::Realm => "a Keycloak realm document",
            Self::JsonMember { .. } => "a JSON document with a key in a member",
        }
        .to_owned()
    }
}

/// Returns the type of the private key of OpenSSH in `blob`. Returns `None` if `blob` does not
/// contain exactly one key. The type is part of the public key, which is never encrypted. The
/// public key follows the cipher, the key derivation function, its options and the number of keys.
fn openssh_key_type(blob: &[u8]) -> Option<&[u8]> {
    let mut rest = blob.strip_prefix(OPENSSH_MAGIC)?;
    for _ in 0..3 {
        rest = split_string(rest)?.1;
    }
    let (public_key, _) = split_string(rest.strip_prefix(&[0, 0, 0, 1])?)?;
    Some(split_string(public_key)?.0)
}

/// Returns the string at the start of the bytes, and the bytes after the string. The string is
/// encoded as its length, then its content (RFC 4251, section 5).
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
