//! One token put together from what it should say: a good one, or one that is wrong in exactly one
//! thing. Nothing here is within reach of what checks tokens.

use super::super::Error;
use super::super::claims::GRANTING;
use super::saying::Span;
use super::template::Said;
use super::{Defect, Minting};
use crate::crypto::{self, LARGEST_TOKEN};
use crate::model::{Algorithm, Foreign, NewKey, RsaBits, Timestamp};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Map, Value, json};

const DAY: i64 = 86_400;

/// What one token is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assembly<'a> {
    pub(super) minting: &'a Minting,
    pub(super) key: &'a NewKey,
    pub(super) kid: Option<&'a Foreign>,
    /// Claims of this token alone.
    pub(super) row: &'a Map<String, Value>,
}

impl Assembly<'_> {
    /// Header and claims, with that defect; `None` if tokens of this kind cannot have it.
    pub(super) fn said(&self, defect: Option<Defect>) -> Result<Option<Said>, Error> {
        let span = self.minting.span;
        let span = if defect == Some(Defect::Expired) { earlier(span)? } else { span };
        let mut said = self.minting.said(self, span)?;
        let Some(defect) = defect else { return Ok(Some(said)) };
        let change = match self.minting.own_change(self, span, defect)? {
            Some(own) => Some(own),
            None => self.change(defect, &said, span),
        };
        Ok(change.map(|change| {
            replace(&mut said.header, change.header);
            replace(&mut said.claims, change.claims);
            // Its `jti` is revoked: one that was given may be that of another token.
            if defect == Defect::Revoked {
                said.claims.insert("jti".to_owned(), json!(crypto::jti()));
            }
            said
        }))
    }

    /// What a defect changes of any token.
    fn change(&self, defect: Defect, said: &Said, span: Span) -> Option<Said> {
        let is_secret = self.key.algorithm.is_symmetric();
        let has = |name: &str| said.claims.contains_key(name);
        let possible = match defect {
            Defect::Expired | Defect::MissingExp => has("exp"),
            Defect::UnknownKid => !is_secret && said.header.contains_key("kid"),
            Defect::AlgConfusion => !is_secret,
            Defect::WrongIssuer => has("iss"),
            Defect::WrongAudience => has("aud"),
            Defect::MissingPermission => GRANTING.iter().any(|name| has(name)),
            Defect::WrongType => false,
            Defect::Revoked => said.claims.get("jti").is_some_and(Value::is_string),
            Defect::NotYetValid
            | Defect::BadSignature
            | Defect::WrongKey
            | Defect::AlgNone
            | Defect::TamperedPayload
            | Defect::Truncated
            | Defect::Malformed
            | Defect::Crit
            | Defect::Oversized => true,
        };
        possible.then(|| match defect {
            Defect::Expired => claim("exp", json!(span.expires_at.unix())),
            Defect::NotYetValid => claim("nbf", json!(span.expires_at.unix() - 1)),
            Defect::UnknownKid => header(&[("kid", json!("nobody-published-this-key"))]),
            Defect::AlgNone => header(&[("alg", json!("none"))]),
            Defect::AlgConfusion => header(&[("alg", json!(Algorithm::HS256.name()))]),
            Defect::Crit => header(&[("crit", json!(["urn:x"])), ("urn:x", json!(true))]),
            Defect::WrongIssuer => claim("iss", json!("https://issuer.invalid/")),
            Defect::WrongAudience => others(&said.claims, &["aud"]),
            Defect::MissingExp => claim("exp", Value::Null),
            Defect::MissingPermission => others(&said.claims, &GRANTING),
            Defect::Oversized => claim("padding", json!("x".repeat(LARGEST_TOKEN))),
            Defect::BadSignature
            | Defect::WrongKey
            | Defect::TamperedPayload
            | Defect::Truncated
            | Defect::Malformed
            | Defect::WrongType
            | Defect::Revoked => Said::default(),
        })
    }

    /// The token that says this, signed, with what is wrong about the signature.
    pub(super) fn signed(
        &self,
        said: &Said,
        defect: Option<Defect>,
    ) -> Result<SecretString, Error> {
        let by = |key: &NewKey, claims| crypto::sign_parts(key, &said.header, claims);
        let good = || by(self.key, &said.claims);
        Ok(match defect {
            Some(Defect::WrongKey) => {
                let (algorithm, purpose) = (self.key.algorithm, self.key.purpose);
                let other = crypto::generate(algorithm, purpose, RsaBits::default())?;
                by(&other, &said.claims)?
            }
            Some(Defect::AlgConfusion) => by(&self.public_as_secret()?, &said.claims)?,
            Some(Defect::TamperedPayload) => {
                let mut claims = said.claims.clone();
                claims.insert("tampered".to_owned(), json!(true));
                with_payload_of(&good()?, &by(self.key, &claims)?)
            }
            Some(Defect::BadSignature) => edited(&good()?, |input, signature| {
                let first = if signature.starts_with('A') { 'B' } else { 'A' };
                let rest = signature.get(1..).unwrap_or_default();
                format!("{input}.{first}{rest}")
            }),
            Some(Defect::Truncated) => edited(&good()?, |input, signature| {
                // Whole groups of four: what is left is well-formed.
                let half = signature.len() / 8 * 4;
                format!("{input}.{}", signature.get(..half).unwrap_or_default())
            }),
            Some(Defect::Malformed) => edited(&good()?, |input, _| input.to_owned()),
            Some(Defect::AlgNone) => edited(&good()?, |input, _| format!("{input}.")),
            None
            | Some(
                Defect::Expired
                | Defect::NotYetValid
                | Defect::UnknownKid
                | Defect::WrongIssuer
                | Defect::WrongAudience
                | Defect::MissingExp
                | Defect::MissingPermission
                | Defect::WrongType
                | Defect::Crit
                | Defect::Oversized
                | Defect::Revoked,
            ) => good()?,
        })
    }

    fn public_as_secret(&self) -> Result<NewKey, Error> {
        let pem = crypto::public_pem(self.key)?.unwrap_or_default();
        let material = SecretSlice::from(pem.into_bytes());
        Ok(NewKey { algorithm: Algorithm::HS256, material, ..self.key.clone() })
    }
}

/// As long, and over for a day.
fn earlier(span: Span) -> Result<Span, Error> {
    let length = span.expires_at.unix() - span.issued_at.unix();
    let end = span.issued_at.unix() - DAY;
    let (begin, end) = (Timestamp::from_unix(end - length), Timestamp::from_unix(end));
    match (begin, end) {
        (Some(issued_at), Some(expires_at)) => Ok(Span { issued_at, expires_at }),
        _ => Err(Error::Usage("it is too early for a token that has expired".to_owned())),
    }
}

fn header(members: &[(&str, Value)]) -> Said {
    let header = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Said { header, claims: Map::new() }
}

fn claim(name: &str, value: Value) -> Said {
    let claims = [(name.to_owned(), value)].into_iter().collect();
    Said { header: Map::new(), claims }
}

/// Something else in the place of each of these claims that is there, in the same shape.
fn others(claims: &Map<String, Value>, names: &[&str]) -> Said {
    let other = |value: &Value| {
        if value.is_array() { json!(["something-else"]) } else { json!("something-else") }
    };
    let there =
        names.iter().filter_map(|name| Some(((*name).to_owned(), other(claims.get(*name)?))));
    Said { header: Map::new(), claims: there.collect() }
}

/// Replaces members where they stand; null takes one away.
fn replace(members: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            members.insert(name, value);
        }
    }
}

/// The token with another end: its signature comes after the last dot.
fn edited(token: &SecretString, edit: impl Fn(&str, &str) -> String) -> SecretString {
    let (input, signature) = token.expose_secret().rsplit_once('.').unwrap_or_default();
    SecretString::from(edit(input, signature))
}

fn with_payload_of(token: &SecretString, other: &SecretString) -> SecretString {
    let payload = other.expose_secret().split('.').nth(1).unwrap_or_default();
    edited(token, |input, signature| {
        let header = input.split('.').next().unwrap_or_default();
        format!("{header}.{payload}.{signature}")
    })
}
