//! Key formats that are recognized but not supported, with the commands that convert them.

use crate::crypto::secret::{KeyFormat, is_java_keystore};

/// Key format that has to be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnsupportedFormat {
    /// Format that was detected by its structure.
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
    /// Private key of OpenSSH.
    OpenSsh {
        /// True if the key is an Ed25519 key, which `ssh-keygen` does not convert.
        is_ed25519: bool,
        /// True if the key is encrypted.
        is_encrypted: bool,
    },
    /// Public key of SSH (RFC 4253, section 6.6).
    SshPublicKey {
        /// True if the key is an Ed25519 key, which `ssh-keygen` does not convert.
        is_ed25519: bool,
    },
    /// RSA key that is restricted to RSASSA-PSS (RFC 4055, section 1.2).
    RsaPss {
        /// True if the key is a private key.
        is_private: bool,
    },
    /// Java keystore.
    JavaKeystore,
    /// OpenID Provider Metadata, which references a JWK Set.
    Discovery,
    /// Document about a Keycloak realm, with its public key.
    Realm,
    /// JSON document with a key in a member.
    JsonMember {
        /// Path of the member for `jq`.
        path: String,
        /// True if the member is a string.
        is_text: bool,
    },
}

/// Word in a hint for the file with the key.
pub(crate) const FILE_PLACEHOLDER: &str = "FILE";

/// Magic bytes of a private key of OpenSSH.
const OPENSSH: &[u8] = b"openssh-key-v1\0";

impl UnsupportedFormat {
    /// Recognizes binary formats other than DER.
    pub(super) fn from_binary(bytes: &[u8]) -> Option<Self> {
        if is_java_keystore(bytes) {
            return Some(Self::JavaKeystore);
        }
        bytes.starts_with(OPENSSH).then(|| Self::from_openssh(bytes))
    }

    /// Returns the format of a private key of OpenSSH.
    pub(super) fn from_openssh(blob: &[u8]) -> Self {
        let is_plain = blob
            .strip_prefix(OPENSSH)
            .is_some_and(|fields| fields.starts_with(b"\0\0\0\x04none\0\0\0\x04none"));
        Self::OpenSsh { is_ed25519: contains(blob, b"ssh-ed25519"), is_encrypted: !is_plain }
    }

    /// Returns the format of SSH text.
    pub(super) fn from_ssh_text(text: &[u8]) -> Self {
        Self::SshPublicKey { is_ed25519: contains(text, b"ssh-ed25519 ") }
    }

    /// Returns the format as a noun phrase.
    pub(crate) fn to_display(&self) -> String {
        match self {
            Self::Detected(format) => return format.to_display(),
            Self::EncryptedKey => "an encrypted private key",
            Self::Pkcs12 => "PKCS#12",
            Self::Pkcs7 { .. } => "PKCS#7",
            Self::OpenSsh { is_encrypted: false, .. } => "an OpenSSH private key",
            Self::OpenSsh { is_encrypted: true, .. } => "an encrypted OpenSSH private key",
            Self::SshPublicKey { .. } => "an SSH public key",
            Self::RsaPss { .. } => "an RSA-PSS key",
            Self::JavaKeystore => "a Java keystore",
            Self::Discovery => "OpenID Provider Metadata, without keys",
            Self::Realm => "a Keycloak realm document",
            Self::JsonMember { .. } => "a JSON document with a key in a member",
        }
        .to_owned()
    }

    /// Returns the command that converts [`FILE_PLACEHOLDER`] to a supported format, as a hint.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Detected(format) => return format.hint().map(str::to_owned),
            Self::EncryptedKey => "decrypt the key: openssl pkey -in FILE -out key.pem".to_owned(),
            Self::Pkcs12 => {
                "convert the key: openssl pkcs12 -in FILE -nodes -out key.pem".to_owned()
            }
            Self::Pkcs7 { is_pem } => {
                let form = if *is_pem { "" } else { "-inform DER " };
                format!("convert the certificates: openssl pkcs7 {form}-in FILE -print_certs -out cert.pem")
            }
            Self::OpenSsh { is_ed25519: false, .. } => {
                "convert a copy of the key: cp FILE key.pem && ssh-keygen -p -N '' -m PKCS8 -f key.pem".to_owned()
            }
            Self::OpenSsh { is_ed25519: true, is_encrypted: false } => {
                format!("convert the key: {}", openssh_ed25519_command("FILE"))
            }
            Self::OpenSsh { is_ed25519: true, is_encrypted: true } => {
                let command = openssh_ed25519_command("key.ssh");
                format!("convert a copy of the key: cp FILE key.ssh && ssh-keygen -p -N '' -f key.ssh && {command}")
            }
            Self::SshPublicKey { is_ed25519: false } => {
                "convert the key: ssh-keygen -e -m PKCS8 -f FILE > key.pem".to_owned()
            }
            Self::SshPublicKey { is_ed25519: true } => format!(
                "convert the key: ({ED25519_PUBLIC_PREFIX}; grep -o 'AAAA[^ ]*' FILE | base64 -d | tail -c 32) > key.der"
            ),
            Self::RsaPss { is_private: true } => {
                "convert the key, then use `--alg PS256`: openssl rsa -in FILE -traditional -outform DER -out key.der".to_owned()
            }
            Self::RsaPss { is_private: false } => {
                "convert the key, then use `--alg PS256`: openssl rsa -pubin -in FILE -RSAPublicKey_out -outform DER -out key.der".to_owned()
            }
            Self::JavaKeystore => {
                "convert the keystore: keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12 && openssl pkcs12 -in key.p12 -nodes -out key.pem".to_owned()
            }
            Self::Discovery => {
                "fetch the keys: curl -fsS --proto =https --url \"$(jq -r .jwks_uri FILE)\" > jwks.json".to_owned()
            }
            Self::Realm => "extract the key: jq -r .public_key FILE > key.txt".to_owned(),
            Self::JsonMember { path, is_text } => {
                let raw = if *is_text { " -r" } else { "" };
                let root = if path.starts_with('[') { "." } else { "" };
                format!("extract the key: jq{raw} '{root}{path}' FILE > key.txt")
            }
        })
    }
}

/// Writes the start of a `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410, section 4).
const ED25519_PUBLIC_PREFIX: &str = r"printf '\060\052\060\005\006\003\053\145\160\003\041\000'";

/// Returns the command that converts an OpenSSH key: the start of PKCS#8 (RFC 8410, section 7),
/// then the seed, which has a fixed position.
fn openssh_ed25519_command(file: &str) -> String {
    format!(
        r"(printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'; sed '/^--/d' {file} | base64 -d | tail -c +162 | head -c 32) > key.der"
    )
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
