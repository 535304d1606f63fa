//! Signing of the tokens of a batch: consecutive rows, each with the claims of one token. Tokens
//! that differ only in a few values are made from a pattern: constant text with gaps for these
//! values.

use super::super::Error;
use super::claim_rows::RowBatch;
use super::generated::{FieldValue, ValueGenerator};
use super::minted_tokens::{JtiClaim, MintedTokens};
use super::pattern::PatternCache;
use super::record::{RowOwnerAndKey, build_token_row};
use super::row_encoder::DecodedRow;
use super::signing::sign_checked;
use super::token_builder::TokenBuilder;
use crate::crypto::TokenSigner;
use crate::model::{Jti, Row, Timestamp};
use crate::signals::InterruptionCheck;
use crate::store::NewToken;
use secrecy::ExposeSecret;
use serde_json::Value;

/// Signed tokens of a batch, with the store rows that record the tokens.
pub(super) struct SignedBatch {
    pub(super) tokens: MintedTokens,
    /// Rows to add to the store, in the order of the tokens; empty unless the request records
    /// tokens.
    pub(super) rows: Vec<TokenRows>,
}

/// Rows to add to the store, which differ only in `jti`.
#[derive(Debug)]
pub(super) struct TokenRows {
    /// Row with the common values. The `jti` of this row is not used.
    pub(super) common_row: NewToken,
    /// The `jti` of each row.
    pub(super) jtis: Vec<Jti>,
    /// Set if the user or the preset may have chosen the `jti`s; not set if all are generated.
    pub(super) has_custom_jtis: bool,
}

/// Signer of the tokens of a request with one key.
pub(super) struct BatchSigner<'a> {
    builder: TokenBuilder<'a>,
    signer: TokenSigner<'a>,
    /// Owner and signing key of the store rows, if the request records tokens.
    owner_and_key: Option<RowOwnerAndKey>,
    /// Patterns of the rows so far.
    patterns: PatternCache,
    /// Buffer for the payload of a token, reused for each token.
    payload: String,
    /// Largest average token length of the batches so far, in bytes with the line feed. Determines
    /// the memory that is reserved for the next batch.
    expected_token_length: usize,
    /// Called before each token; an error ends the signing of the batch.
    check: &'a InterruptionCheck<'a>,
}

impl<'a> BatchSigner<'a> {
    pub(super) fn new(
        builder: TokenBuilder<'a>,
        owner_and_key: Option<RowOwnerAndKey>,
    ) -> Result<Self, Error> {
        let signer = TokenSigner::new(builder.key)?;
        let (patterns, payload) = (PatternCache::default(), String::new());
        Ok(Self {
            builder,
            signer,
            owner_and_key,
            patterns,
            payload,
            expected_token_length: 0,
            check: &|| Ok(()),
        })
    }

    /// Sets the function that is called before each token; an error of `check` ends the signing of
    /// the batch.
    pub(super) fn with_check(self, check: &'a InterruptionCheck<'a>) -> Self {
        Self { check, ..self }
    }

    /// Signs the tokens of a batch in the order of its rows. If a token needs a generated `jti`,
    /// the token gets the next of `jtis`, or a new `jti` if `jtis` is used up.
    pub(super) fn sign(
        &mut self,
        batch: &RowBatch<'_>,
        jtis: Vec<Jti>,
    ) -> Result<SignedBatch, Error> {
        let tokens = MintedTokens::with_capacity(batch.len(), self.expected_token_length);
        let mut signed = SignedBatch { tokens, rows: Vec::new() };
        let mut generator = ValueGenerator::with_jtis(jtis);
        match batch {
            RowBatch::Repeated(row, count) => {
                let row = DecodedRow::from(*row);
                self.sign_row(&row, *count, &mut generator, &mut signed)?;
            }
            RowBatch::FromFile(rows) => {
                for row in rows.rows() {
                    self.sign_row(&row?, 1, &mut generator, &mut signed)?;
                }
            }
        }
        let average_length = signed.tokens.lines().len().div_ceil(batch.len().max(1));
        self.expected_token_length = self.expected_token_length.max(average_length);
        Ok(signed)
    }

    /// Signs `count` tokens with the claims of a row.
    fn sign_row(
        &mut self,
        row: &DecodedRow<'_>,
        count: usize,
        generator: &mut ValueGenerator,
        signed: &mut SignedBatch,
    ) -> Result<(), Error> {
        // For a single token, a pattern would take longer to make than the token itself.
        let is_single = count == 1 && !self.builder.has_input_rows;
        let pattern = if is_single {
            None
        } else {
            self.patterns.find(&self.builder, &row.shape, self.owner_and_key)?
        };
        let Some(pattern) = pattern else {
            let row = row.to_row();
            return (0..count).try_for_each(|_| self.sign_without_pattern(&row, generator, signed));
        };
        let (first_index, texts) = (signed.tokens.len(), row.texts());
        for _ in 0..count {
            (self.check)()?;
            pattern.sign(&self.signer, &texts, generator, &mut self.payload, &mut signed.tokens)?;
        }
        if let Some(common_row) = pattern.token_row() {
            let jtis = signed.tokens.jtis_from(first_index).collect();
            let common_row = common_row.clone();
            signed.rows.push(TokenRows { common_row, jtis, has_custom_jtis: false });
        }
        Ok(())
    }

    /// Signs one token with the claims of a row, without a pattern.
    fn sign_without_pattern(
        &self,
        row: &Row,
        generator: &mut ValueGenerator,
        signed: &mut SignedBatch,
    ) -> Result<(), Error> {
        (self.check)()?;
        let mut generate = |kind| generator.generate(kind).map(FieldValue::into_text);
        let parts = self.builder.build_for_request(&row.fields, &mut generate)?;
        let text_claim = |name| parts.claims.get(name).and_then(Value::as_str);
        let expires_at = parts.claims.get("exp").and_then(Value::as_i64);
        signed.tokens.push(
            text_claim("jti").map(JtiClaim::new),
            expires_at.and_then(Timestamp::from_unix),
            |line| {
                let token = sign_checked(&self.signer, &parts, self.builder.request.defect)?;
                line.push_str(token.expose_secret());
                Ok::<_, Error>(())
            },
        )?;
        if let Some(owner_and_key) = self.owner_and_key {
            let common_row =
                build_token_row(&parts.claims, owner_and_key, self.builder.validity.issued_at)?;
            let has_custom_jtis = self.builder.request.has_custom_jti(&row.fields);
            signed.rows.push(TokenRows { jtis: vec![common_row.jti], common_row, has_custom_jtis });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
