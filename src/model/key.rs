//! Signing keys of the store.

use super::untrusted::is_invisible;
use super::{Algorithm, InvalidValue, KeyRowId, Timestamp, Untrusted};
use secrecy::SecretSlice;
use serde::Serialize;
use serde_json::{Map, Value};

/// Kind of tokens that a key may sign. The same key material never has both purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// App tokens, and the access and refresh tokens of sessions.
    App,
    /// Test tokens.
    Test,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Test => "test",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "app" => Ok(Self::App),
            "test" => Ok(Self::Test),
            _ => Err(InvalidValue::new("purpose", "expected `app` or `test`")),
        }
    }
}

/// Lifecycle state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    /// Published unless symmetric, but not used for new tokens yet. Exception: `--key` can select a
    /// standby test key for signing.
    Standby,
    /// Signs new tokens.
    Active,
    /// Verifies tokens until [`Key::verify_until`], but is no longer used for new tokens.
    /// Exception: until this time, `--key` can select a retired test key for signing.
    Retired,
    /// Neither signs nor verifies.
    Revoked,
}

impl KeyState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "standby" => Ok(Self::Standby),
            "active" => Ok(Self::Active),
            "retired" => Ok(Self::Retired),
            "revoked" => Ok(Self::Revoked),
            _ => Err(InvalidValue::new("key state", "unknown")),
        }
    }
}

/// Maximum length of a key id in bytes.
const MAX_KID_BYTES: usize = 256;

/// Parses a key id from a user or from an imported document such as a JWK. A key id has 1 to 256
/// bytes, contains only visible characters and spaces, and has no space at its start or end.
pub(crate) fn parse_kid(text: &str) -> Result<Untrusted, InvalidValue> {
    let refuse = |reason: String| Err(InvalidValue::new("key id", reason));
    if text.is_empty() {
        return refuse("empty".to_owned());
    }
    if text.len() > MAX_KID_BYTES {
        return refuse(format!("found {} bytes, expected at most {MAX_KID_BYTES}", text.len()));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return refuse("starts or ends with a space".to_owned());
    }
    let is_unusual_space = |c: char| c.is_whitespace() && c != ' ';
    if text.chars().any(|c| is_invisible(c) || is_unusual_space(c)) {
        return refuse("contains control or invisible characters".to_owned());
    }
    Ok(Untrusted::new(text))
}

/// Properties of a key, independent of its row in the store.
#[derive(Debug, Clone)]
pub(crate) struct KeySpec {
    /// Key id from a user or an imported document. By default, the key id is the RFC 7638
    /// thumbprint; for a symmetric key, a random id.
    pub(crate) kid: Untrusted,
    /// Kind of tokens that the key may sign.
    pub(crate) purpose: Purpose,
    /// The only algorithm that the key is used with.
    pub(crate) algorithm: Algorithm,
    /// Private key as PKCS#8 DER, or the raw secret of a symmetric key. Empty if `is_withheld` is
    /// true.
    pub(crate) material: SecretSlice<u8>,
    /// True if the current database user has no right to read the material.
    pub(crate) is_withheld: bool,
    /// Public key as a JWK (RFC 7517); `None` for a symmetric key.
    pub(crate) public_jwk: Option<Map<String, Value>>,
    /// True for a secret that is shorter than the hash output of `algorithm`; false for any other
    /// key.
    pub(crate) is_weak: bool,
}

impl KeySpec {
    /// Returns whether the activation of this key replaces an active key with this purpose and
    /// algorithm. A store has one active app key, and one active test key for each algorithm.
    pub(crate) fn replaces_active_key(&self, purpose: Purpose, algorithm: Algorithm) -> bool {
        self.purpose == purpose && (purpose == Purpose::App || self.algorithm == algorithm)
    }

    /// Returns the key with another key id, which is also set in the public JWK.
    pub(crate) fn with_kid(mut self, kid: Untrusted) -> Self {
        if let Some(jwk) = &mut self.public_jwk {
            jwk.insert("kid".to_owned(), kid.as_str().into());
        }
        self.kid = kid;
        self
    }

    /// Returns the key with another algorithm, which is also set in the public JWK. The key must
    /// have the key type of the algorithm.
    pub(crate) fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        if let Some(jwk) = &mut self.public_jwk {
            jwk.insert("alg".to_owned(), algorithm.name().into());
        }
        self.algorithm = algorithm;
        self
    }
}

/// Key in the store.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Row id.
    pub(crate) id: KeyRowId,
    /// Properties of the key.
    pub(crate) spec: KeySpec,
    /// Lifecycle state.
    pub(crate) state: KeyState,
    /// Creation time.
    pub(crate) created_at: Timestamp,
    /// Time until which a retired key verifies tokens. `None` for an active or standby key, and for
    /// a retired key without this limit.
    pub(crate) verify_until: Option<Timestamp>,
}

impl Key {
    /// Returns whether a signature of the key is accepted at `now`.
    pub(crate) fn can_verify(&self, now: Timestamp) -> bool {
        match self.state {
            KeyState::Active => true,
            KeyState::Retired => self.verify_until.is_none_or(|expiry| now < expiry),
            // `--key` can select a standby test key for signing; a standby app key never signs.
            KeyState::Standby => self.spec.purpose == Purpose::Test,
            KeyState::Revoked => false,
        }
    }

    /// Returns whether the state of the key permits publication in the JWK Set: the key verifies
    /// tokens now, or is a standby key, which verifies tokens after its activation. The caller must
    /// omit symmetric keys, because they have no public JWK.
    pub(crate) fn is_published(&self, now: Timestamp) -> bool {
        self.state == KeyState::Standby || self.can_verify(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_id_is_short_and_visible() {
        for kid in ["2X9R4HXF34", "-a", "my key", "é", &"k".repeat(256), "{\"a\":1}"] {
            assert_eq!(parse_kid(kid).unwrap().as_str(), kid);
        }
        for (kid, reason) in [
            ("", "empty"),
            (&"k".repeat(257)[..], "found 257 bytes, expected at most 256"),
            (&"é".repeat(129), "found 258 bytes, expected at most 256"),
            ("a\n", "contains control or invisible characters"),
            ("\u{1b}[2J", "contains control or invisible characters"),
            ("a\u{202e}b", "contains control or invisible characters"),
            ("a\u{200b}", "contains control or invisible characters"),
            (" ", "starts or ends with a space"),
            ("a ", "starts or ends with a space"),
            ("a\u{a0}b", "contains control or invisible characters"),
        ] {
            assert_eq!(parse_kid(kid).unwrap_err().reason, reason, "{kid:?}");
        }
    }

    #[test]
    fn verification_and_publication_depend_on_state_purpose_and_time() {
        let timestamp = |seconds| Timestamp::from_unix(seconds).unwrap();
        let key_for = |purpose, state, verify_until| Key {
            id: KeyRowId(1),
            spec: KeySpec {
                kid: Untrusted::new("k"),
                purpose,
                algorithm: Algorithm::ES256,
                material: SecretSlice::from(Vec::new()),
                is_withheld: false,
                public_jwk: None,
                is_weak: false,
            },
            state,
            created_at: timestamp(0),
            verify_until,
        };
        let key = |state, verify_until| key_for(Purpose::App, state, verify_until);
        assert!(key_for(Purpose::Test, KeyState::Standby, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Active, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Retired, Some(timestamp(101))).can_verify(timestamp(100)));
        assert!(!key(KeyState::Retired, Some(timestamp(100))).can_verify(timestamp(100)));
        assert!(key(KeyState::Retired, None).can_verify(timestamp(100)));
        assert!(!key(KeyState::Standby, None).can_verify(timestamp(100)));
        assert!(!key(KeyState::Revoked, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Standby, None).is_published(timestamp(100)));
        assert!(!key(KeyState::Retired, Some(timestamp(100))).is_published(timestamp(100)));
    }
}
