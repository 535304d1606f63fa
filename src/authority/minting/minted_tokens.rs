//! Signed test tokens: a single token, and the tokens of a batch.

use super::generated::FieldValue;
use crate::model::{Jti, Timestamp, TokenId, Untrusted};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// A signed test token, for the output of a command.
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

/// Signed test tokens in the order of their rows. The type does not implement `Debug`, so that no
/// token reaches a message.
pub(crate) struct MintedTokens {
    /// The tokens, each followed by a line feed.
    lines: String,
    /// Details of each token.
    details: Vec<TokenDetails>,
    /// Row id of each token, if the tokens are recorded.
    pub(super) ids: Vec<TokenId>,
}

/// Details of a token in [`MintedTokens`].
#[derive(Debug)]
pub(super) struct TokenDetails {
    pub(super) jti: Option<JtiClaim>,
    pub(super) expires_at: Option<Timestamp>,
}

/// A `jti` claim.
#[derive(Debug)]
pub(super) enum JtiClaim {
    Uuid(Jti),
    /// A text that is not a UUID with hyphens and in lower case.
    Other(Untrusted),
}

impl JtiClaim {
    pub(super) fn new(text: &str) -> Self {
        Jti::parse(text).map_or_else(|| Self::Other(Untrusted::new(text)), Self::Uuid)
    }

    fn to_untrusted(&self) -> Untrusted {
        match self {
            Self::Uuid(jti) => Untrusted::new(jti.to_string()),
            Self::Other(text) => text.clone(),
        }
    }

    /// Returns the claim with this value.
    pub(super) fn from_value(value: &FieldValue<'_>) -> Self {
        match value {
            FieldValue::Jti(jti) => Self::Uuid(*jti),
            FieldValue::Text(text) => Self::new(text),
        }
    }
}

impl MintedTokens {
    /// Creates an empty list with space for `count` tokens of `token_length` bytes.
    pub(super) fn with_capacity(count: usize, token_length: usize) -> Self {
        Self {
            lines: String::with_capacity(count * (token_length + 1)),
            details: Vec::with_capacity(count),
            ids: Vec::new(),
        }
    }

    /// Adds a token. `append` appends the text of the token to the text of all tokens.
    pub(super) fn push<E>(
        &mut self,
        jti: Option<JtiClaim>,
        expires_at: Option<Timestamp>,
        append: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        append(&mut self.lines)?;
        self.lines.push('\n');
        self.details.push(TokenDetails { jti, expires_at });
        Ok(())
    }

    /// Returns the `jti`s of the tokens from `index` on; omits tokens without a [`JtiClaim::Uuid`].
    pub(super) fn jtis_from(&self, index: usize) -> impl Iterator<Item = Jti> {
        self.details.iter().skip(index).filter_map(|details| match details.jti {
            Some(JtiClaim::Uuid(jti)) => Some(jti),
            Some(JtiClaim::Other(_)) | None => None,
        })
    }

    /// Returns the `jti` and expiry of each token with a `jti`.
    pub(super) fn jtis_with_expiry(&self) -> impl Iterator<Item = (Untrusted, Option<Timestamp>)> {
        self.details
            .iter()
            .filter_map(|details| Some((details.jti.as_ref()?.to_untrusted(), details.expires_at)))
    }

    /// Returns the number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.details.len()
    }

    /// Returns the tokens, each followed by a line feed.
    pub(crate) fn lines(&self) -> &str {
        &self.lines
    }

    /// Returns the row ids of the tokens from `index` on; none if the tokens are not recorded.
    pub(crate) fn ids_from(&self, index: usize) -> &[TokenId] {
        self.ids.get(index..).unwrap_or_default()
    }

    /// Returns the token of a list with exactly one token; otherwise `None`.
    pub(crate) fn into_single(self) -> Option<MintedToken> {
        self.iter().next().filter(|_| self.len() == 1)
    }

    /// Returns each token as a [`MintedToken`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = MintedToken> {
        let tokens = self.lines.lines().zip(&self.details).enumerate();
        tokens.map(|(index, (token, details))| MintedToken {
            token: SecretString::from(token),
            jti: details.jti.as_ref().map(JtiClaim::to_untrusted),
            id: self.ids.get(index).copied(),
            expires_at: details.expires_at,
        })
    }
}
