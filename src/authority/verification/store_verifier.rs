//! Verification of tokens of the store in one snapshot of the store.

use super::example::ValidTokenExample;
use super::expectations::{Expectations, check_claims, check_typ};
use super::header_cache::{Header, HeaderCache};
use super::key_choice::{StoredKey, check_key_state, select_key};
use super::kind::{APP_AND_SESSION_PERMISSION_CLAIMS, check_kind, determine_kind, parse_claims};
use super::owner_cache::OwnerCache;
use super::prefetch::unverified_jti;
use super::report::{EarlyRejection, VerificationReport};
use super::token_state::check_token_state;
use crate::authority::claims::{KNOWN_PERMISSION_CLAIMS, RegisteredClaims};
use crate::authority::{Error, RejectReason};
use crate::crypto::CompactJws;
use crate::model::{Jti, Key, TokenId, TokenKind};
use crate::store::{Reader, TokenLookup};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// Verifier of tokens of the store. The verifier looks up each owner, and the key for each header,
/// only once.
pub(crate) struct StoreVerifier<'a> {
    expectations: &'a Expectations,
    headers: HeaderCache<StoredKey>,
    owners: OwnerCache<'a>,
    /// The last example (a valid token with which later tokens are compared), and its header.
    example: Option<(Rc<Header<StoredKey>>, Rc<ValidTokenExample>)>,
    /// Lookup of rows by `jti`, prepared when the first example is found.
    row_lookup: Option<TokenLookup<'a>>,
}

/// Result of the verification of one of many tokens.
pub(crate) enum Verdict {
    /// The report of the token.
    Report(Box<VerificationReport>),
    /// A valid token whose report differs from the report of the example only in `jti` and row id.
    /// The fields are the example, and the `jti` and the row id of the token.
    ValidLikeExample(Rc<ValidTokenExample>, Jti, TokenId),
}

type ParsedToken<'t> = CompactJws<'t, Rc<Header<StoredKey>>>;

impl<'a> StoreVerifier<'a> {
    pub(super) fn new(tx: &'a Reader<'a>, expectations: &'a Expectations) -> Self {
        let (headers, owners) = (HeaderCache::new(), OwnerCache::new(tx));
        Self { expectations, headers, owners, example: None, row_lookup: None }
    }

    /// Loads the rows of many tokens from a server with a few queries, before the tokens are
    /// verified. Does nothing for a file.
    pub(crate) fn prefetch<'t>(
        &mut self,
        tokens: impl Iterator<Item = Cow<'t, str>>,
    ) -> Result<(), Error> {
        let tx = self.owners.tx;
        if !tx.is_on_server() {
            return Ok(());
        }
        let mut jtis = Vec::new();
        for token in tokens {
            let compact = self.headers.parse(&token);
            jtis.extend(compact.ok().and_then(|compact| unverified_jti(&compact.payload)));
        }
        Ok(tx.prefetch_tokens(&jtis)?)
    }

    /// Verifies a token. The claims of a token that matches the example are not checked.
    pub(crate) fn verify(&mut self, token: &str) -> Result<Verdict, Error> {
        let rejected = |rejection: EarlyRejection| Ok(Verdict::Report(Box::new(rejection.into())));
        let compact = match self.headers.parse(token) {
            Ok(compact) => compact,
            Err(rejection) => return rejected(rejection),
        };
        let key = match self.verify_signature(&compact)? {
            Ok(key) => key,
            Err(rejection) => return rejected(rejection),
        };
        if let Some((header, example)) = &self.example
            && Rc::ptr_eq(header, &compact.header)
            && let Some(row_lookup) = &mut self.row_lookup
            && let Some((jti, id)) = example.match_token(row_lookup, &compact.payload)?
        {
            return Ok(Verdict::ValidLikeExample(Rc::clone(example), jti, id));
        }
        let report = Box::new(self.verify_claims(&compact, &key)?);
        let id = report.token_id();
        Ok(match (ValidTokenExample::new(&compact.payload, report, self.expectations), id) {
            (Ok(example), Some(id)) => {
                let (jti, example) = (example.jti, Rc::new(example));
                self.example = Some((compact.header, Rc::clone(&example)));
                if self.row_lookup.is_none() {
                    self.row_lookup = Some(self.owners.tx.token_lookup()?);
                }
                Verdict::ValidLikeExample(example, jti, id)
            }
            (Ok(ValidTokenExample { report, .. }) | Err(report), _) => Verdict::Report(report),
        })
    }

    /// Verifies a parsed token without an example.
    pub(super) fn verify_parsed(
        &self,
        compact: &ParsedToken<'_>,
    ) -> Result<VerificationReport, Error> {
        match self.verify_signature(compact)? {
            Ok(key) => self.verify_claims(compact, &key),
            Err(rejection) => Ok(rejection.into()),
        }
    }

    /// Returns the key that signed the token, if the signature is good and the key is still
    /// accepted.
    fn verify_signature(
        &self,
        compact: &ParsedToken<'_>,
    ) -> Result<Result<Rc<Key>, EarlyRejection>, Error> {
        let choose_key = |header: &_| select_key(self.owners.tx, header, self.expectations);
        let StoredKey { key, verifier } = match compact.header.key(choose_key)? {
            Ok(key) => key,
            Err(rejection) => return Ok(Err(rejection)),
        };
        if !verifier.verifies(compact) {
            return Ok(Err(RejectReason::BadSignature.into()));
        }
        Ok(match check_key_state(key, self.expectations.now) {
            Some(rejection) => Err(rejection.into()),
            None => Ok(Rc::clone(key)),
        })
    }

    fn verify_claims(
        &self,
        compact: &ParsedToken<'_>,
        key: &Rc<Key>,
    ) -> Result<VerificationReport, Error> {
        let claims = match parse_claims(&compact.payload) {
            Ok(claims) => claims,
            Err(rejection) => return Ok(rejection.into()),
        };
        let mut report = VerificationReport {
            kind: Some(determine_kind(key, &claims)),
            key: Some(Rc::clone(key)),
            ..VerificationReport::default()
        };
        self.check_token(&mut report, &claims, &compact.header.members)?;
        report.claims = Some(claims);
        Ok(report)
    }

    /// Checks the kind, the state and the claims of a token. Adds the results to `report`.
    fn check_token(
        &self,
        report: &mut VerificationReport,
        claims: &Map<String, Value>,
        header: &Map<String, Value>,
    ) -> Result<(), Error> {
        let expectations = self.expectations;
        let kind = report.kind.unwrap_or(TokenKind::App);
        let registered = match RegisteredClaims::parse(claims) {
            Ok(registered) => registered,
            Err(rejection) => {
                report.reasons.push(rejection);
                return Ok(());
            }
        };
        match check_kind(kind, claims, header, expectations.kind) {
            Some(rejection) => report.reasons.push(rejection),
            None => check_typ(report, header, expectations),
        }
        check_token_state(&self.owners, report, kind, claims, &registered, expectations.now)?;
        // A test token imitates a third-party token, whose permissions may be in several claims.
        let is_test = kind == TokenKind::Test;
        let permission_claims =
            if is_test { &KNOWN_PERMISSION_CLAIMS[..] } else { &APP_AND_SESSION_PERMISSION_CLAIMS };
        check_claims(report, claims, &registered, permission_claims, expectations);
        Ok(())
    }
}
