//! Patterns: constant text with gaps, for the header and claims of tokens that differ only in
//! generated values and in the string values of input rows. The constant parts are serialized once.
//!
//! A pattern is made from a marked token: a token with random texts, called markers, in place of
//! the varying values. The positions of the markers in the serialized claims are the gaps.

use super::super::Error;
use super::generated::{FieldValue, GeneratedKind, ValueGenerator, generate_text};
use super::minted_tokens::{JtiClaim, MintedTokens};
use super::record::{RowOwnerAndKey, build_token_row};
use super::row_shape::{MAX_EXAMPLES, MAX_TEXT_BYTES, differs_only_in_texts, is_plain};
use super::token_builder::TokenBuilder;
use crate::crypto::{self, TokenPrefix, TokenSigner};
use crate::model::{Row, Timestamp};
use crate::store::NewToken;
use serde_json::{Map, Value};

/// Pattern of tokens that differ only in the values of gaps in their claims.
#[derive(Debug)]
pub(super) struct TokenPattern {
    /// The encoded header, and the start of the claims up to the first gap.
    prefix: TokenPrefix,
    /// The claims from the first gap on.
    claims: GapParts,
    /// All gaps. The indexes in [`GapParts`] refer to this list.
    gaps: Vec<Gap>,
    /// The `jti` claim, if it is a string: the text before the first gap, and the rest.
    jti: Option<(String, GapParts)>,
    expires_at: Option<Timestamp>,
    /// Store row of the marked token, if the request records tokens. The store rows of the other
    /// tokens differ only in `jti`.
    token_row: Option<NewToken>,
    /// Fields of the input row from which the pattern was made.
    source_fields: Map<String, Value>,
    /// Maximum length of header and claims as JSON in bytes.
    max_json_length: usize,
}

/// Source of the value of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Value that is generated for each token.
    Generated(GeneratedKind),
    /// String value of the input row, by position among the string values of the row.
    Text(usize),
}

/// Indexes of gaps, each with the constant text that follows the gap.
type GapParts = Vec<(usize, String)>;

/// Random text in place of the value of a gap.
struct Marker {
    gap: Gap,
    text: String,
}

/// The patterns of a request.
#[derive(Debug, Default)]
pub(super) struct PatternCache {
    patterns: Vec<TokenPattern>,
    /// Number of attempts to make a pattern, including failed attempts.
    attempt_count: usize,
}

impl PatternCache {
    /// Returns the pattern of the token of `row`, or `None` if the token needs to be built without
    /// a pattern. Makes a missing pattern, if possible.
    pub(super) fn find(
        &mut self,
        builder: &TokenBuilder<'_>,
        row: &Row,
        owner: Option<RowOwnerAndKey>,
    ) -> Result<Option<&TokenPattern>, Error> {
        let mut index = self
            .patterns
            .iter()
            .position(|pattern| differs_only_in_texts(&row.fields, &pattern.source_fields));
        if index.is_none() && self.attempt_count < MAX_EXAMPLES {
            self.attempt_count += 1;
            if let Some(pattern) = TokenPattern::from_row(builder, &row.fields, owner)? {
                index = Some(self.patterns.len());
                self.patterns.push(pattern);
            }
        }
        Ok(index.map(|index| &self.patterns[index]))
    }
}

impl TokenPattern {
    /// Makes the pattern of the tokens of input rows that differ from `fields` at most in plain
    /// string values. Returns `None` if the tokens may differ in more than the values of gaps in
    /// their claims. Also returns `None` for a request with a defect, for a recorded token with a
    /// custom `jti`, and for a row of an input file that is invalid, that would be invalid with
    /// longer strings, or that has a value that is not plain (see [`is_plain`]).
    pub(super) fn from_row(
        builder: &TokenBuilder<'_>,
        fields: &Map<String, Value>,
        owner: Option<RowOwnerAndKey>,
    ) -> Result<Option<Self>, Error> {
        if builder.request.defect.is_some() {
            return Ok(None);
        }
        let mut markers = Vec::new();
        let mut marked_fields = fields.clone();
        let mut add_marker = |gap, kind| {
            let text = generate_text(kind)?;
            markers.push(Marker { gap, text: text.clone() });
            Ok::<_, crypto::Error>(text)
        };
        if builder.has_input_rows {
            if !fields.values().all(is_plain) || !accepts_long_texts(builder, fields) {
                return Ok(None);
            }
            let texts = marked_fields.values_mut().filter(|value| value.is_string());
            for (index, text) in texts.enumerate() {
                *text = add_marker(Gap::Text(index), GeneratedKind::Random)?.into();
            }
        }
        let marked_token = builder
            .build_for_request(&marked_fields, &mut |kind| add_marker(Gap::Generated(kind), kind));
        let (header, claims) = match marked_token {
            Ok(parts) => (Value::from(parts.header).to_string(), parts.claims),
            // An invalid row is reported later, when its token is built without a pattern.
            Err(_) if builder.has_input_rows => return Ok(None),
            Err(error) => return Err(error),
        };
        let contains_marker = |text: &str| markers.iter().any(|marker| text.contains(&marker.text));
        let token_row = match owner {
            Some(_) if builder.request.has_custom_jti(fields) => return Ok(None),
            Some(owner) => Some(build_token_row(&claims, owner, builder.validity.issued_at)?),
            None => None,
        };
        let shared_claims = token_row.as_ref().map(|row| Value::from(row.grant.claims.clone()));
        if contains_marker(&header)
            || shared_claims.is_some_and(|claims| contains_marker(&claims.to_string()))
        {
            return Ok(None);
        }
        let jti = claims.get("jti").and_then(Value::as_str).map(|text| {
            let (start, parts) = split_at_markers(text, &markers);
            (start.to_owned(), parts)
        });
        let expires_at = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
        let claims_json = Value::from(claims).to_string();
        let (start, claims) = split_at_markers(&claims_json, &markers);
        let max_part_length = |(gap, text): &(usize, String)| match markers[*gap].gap {
            Gap::Generated(_) => markers[*gap].text.len() + text.len(),
            Gap::Text(_) => MAX_TEXT_BYTES + text.len(),
        };
        let max_claims_length = start.len() + claims.iter().map(max_part_length).sum::<usize>();
        Ok(Some(Self {
            prefix: TokenPrefix::new(&header, start),
            claims,
            gaps: markers.into_iter().map(|marker| marker.gap).collect(),
            jti,
            expires_at,
            token_row,
            source_fields: fields.clone(),
            max_json_length: header.len() + max_claims_length,
        }))
    }

    /// Returns the maximum length of header and claims as JSON in bytes.
    pub(super) fn max_json_length(&self) -> usize {
        self.max_json_length
    }

    /// Returns the store row of the marked token, if the request records tokens. The store rows of
    /// the other tokens differ only in `jti`.
    pub(super) fn token_row(&self) -> Option<&NewToken> {
        self.token_row.as_ref()
    }

    /// Signs the token of an input row with the string values `texts` and adds the token to
    /// `tokens`. `payload` is a buffer, of which the content is overwritten.
    pub(super) fn sign(
        &self,
        signer: &TokenSigner<'_>,
        texts: &[&str],
        generator: &mut ValueGenerator,
        payload: &mut String,
        tokens: &mut MintedTokens,
    ) -> Result<(), Error> {
        let to_value = |gap: &Gap| {
            Ok::<_, Error>(match gap {
                Gap::Generated(kind) => generator.generate(*kind)?,
                Gap::Text(index) => {
                    FieldValue::Text(texts.get(*index).copied().unwrap_or_default().into())
                }
            })
        };
        let values: Vec<FieldValue<'_>> =
            self.gaps.iter().map(to_value).collect::<Result<_, _>>()?;
        payload.clear();
        payload.push_str(&self.prefix.payload_tail);
        append_parts(payload, &self.claims, &values);
        let jti = self.jti.as_ref().map(|(start, parts)| match (start.as_str(), &parts[..]) {
            ("", [(gap, end)]) if end.is_empty() => JtiClaim::from_value(&values[*gap]),
            _ => {
                let mut text = start.clone();
                append_parts(&mut text, parts, &values);
                JtiClaim::new(&text)
            }
        });
        tokens.push(jti, self.expires_at, |line| {
            Ok(signer.append_token(line, &self.prefix, payload)?)
        })
    }
}

/// Appends the value of each gap and the constant text that follows the gap.
fn append_parts(text: &mut String, parts: &GapParts, values: &[FieldValue<'_>]) {
    for (gap, following_text) in parts {
        values[*gap].append_to(text);
        text.push_str(following_text);
    }
}

/// Returns whether a token can be built if each string value of the row has the maximum length.
fn accepts_long_texts(builder: &TokenBuilder<'_>, fields: &Map<String, Value>) -> bool {
    let mut long_fields = fields.clone();
    for text in long_fields.values_mut().filter(|value| value.is_string()) {
        *text = Value::from("x".repeat(MAX_TEXT_BYTES));
    }
    builder.build_for_request(&long_fields, &mut generate_text).is_ok()
}

/// Splits a text at the markers. Returns the text before the first marker and, for each marker in
/// the text, the index of its gap and the text up to the next marker.
fn split_at_markers<'i>(input: &'i str, markers: &[Marker]) -> (&'i str, GapParts) {
    let find_first = |text: &str| {
        let offsets = markers.iter().map(|marker| text.find(&marker.text));
        offsets.zip(0..).filter_map(|(offset, gap)| Some((offset?, gap))).min()
    };
    let Some((start_length, mut gap)) = find_first(input) else { return (input, Vec::new()) };
    let (start, mut rest) = input.split_at(start_length);
    let mut parts = Vec::new();
    loop {
        let tail = &rest[markers[gap].text.len()..];
        let next = find_first(tail);
        let (text, next_rest) = tail.split_at(next.map_or(tail.len(), |(length, _)| length));
        parts.push((gap, text.to_owned()));
        let Some((_, next_gap)) = next else { return (start, parts) };
        (rest, gap) = (next_rest, next_gap);
    }
}
