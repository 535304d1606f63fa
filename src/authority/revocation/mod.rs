//! Revocation of tokens: by id, by `jti`, by value (the text of the token itself), or in bulk.

mod bulk;

pub(crate) use bulk::{count_revocable, revoke_bulk};

use super::audit_context::sanitize_for_audit;
use super::principal::{require_role, write_shared_as_optional_principal};
use super::resource_kind::ResourceKind;
use super::verification::{
    Expectations, ExpectedKind, TokenRecord, load_consistent_record, verify,
};
use super::{AuditContext, Caller, Error, RejectReason, Rejection};
use crate::model::{
    EventSubject, EventTarget, Jti, KeyRowId, RecordedToken, Role, SessionEndReason, TargetKind,
    Timestamp, TokenId, TokenKind, TokenSelector, Untrusted, User, UserId,
};
use crate::store::{PairWithSession, Reader, SharedWriter, Store};
use serde::Serialize;
use serde_json::{Map, Value};

/// Outcome of the revocation of one token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RevocationOutcome {
    /// Row id; `None` for a token of a session, and for a token without a row.
    pub(crate) id: Option<TokenId>,
    /// `jti` of the token.
    pub(crate) jti: Untrusted,
    /// Token kind.
    pub(crate) kind: TokenKind,
    /// `false` if the call changed nothing. For a refresh token: its session had already ended. For
    /// any other token: the token was already revoked, or the grace period after its renewal had
    /// ended.
    pub(crate) changed: bool,
}

/// Token to revoke or to renew, with its row, if any.
enum RevocationTarget {
    /// An app token or a recorded test token.
    Recorded(RecordedToken),
    /// An access token; its session stays open.
    Access(PairWithSession),
    /// A refresh token; the revocation ends its session.
    Refresh(PairWithSession),
    /// A token without a row; the revocation adds an entry to the table `blocklist`.
    Unrecorded { key_row_id: KeyRowId, jti: String, kind: TokenKind, expires_at: Option<Timestamp> },
}

impl RevocationTarget {
    /// Returns the owner of the token; `None` for a token without a row, whose owner is unknown.
    fn owner_id(&self) -> Option<UserId> {
        match self {
            Self::Recorded(token) => Some(token.grant.owner_id),
            Self::Access(pair_with_session) | Self::Refresh(pair_with_session) => {
                Some(pair_with_session.session.user_id)
            }
            Self::Unrecorded { .. } => None,
        }
    }
}

/// Revokes all selected tokens in one transaction. If one selector is refused, no token is revoked.
/// Reasons are, for example, that the selector matches no token that the caller may revoke, or that
/// a token given by value has no valid signature. The signatures are checked before the
/// transaction; the rows are looked up in the transaction.
pub(crate) fn revoke(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    selectors: &[TokenSelector],
) -> Result<Vec<RevocationOutcome>, Error> {
    let check_selector = |selector| VerifiedSelector::check(store, audit.now, selector);
    let selectors = selectors.iter().map(check_selector).collect::<Result<Vec<_>, _>>()?;
    let caller_id = caller.map(|caller| caller.user.id);
    let principal = caller.map(|caller| &caller.principal);
    write_shared_as_optional_principal(store, principal, |tx, user| {
        let mut outcomes = Vec::with_capacity(selectors.len());
        for selector in &selectors {
            for target in resolve_targets(tx, user, selector)? {
                outcomes.push(apply_revocation(tx, audit, &target)?);
            }
        }
        let changed = outcomes.iter().filter(|outcome| outcome.changed).count();
        audit.record(tx, caller_id, outcomes_to_subject(&outcomes), changed)?;
        Ok(outcomes)
    })
}

/// Returns the audit subject: all selected tokens by id, or by `jti` if a token has no id. Tokens
/// that were already revoked are included.
fn outcomes_to_subject(outcomes: &[RevocationOutcome]) -> EventSubject {
    EventSubject::list(outcomes.iter().map(|outcome| match outcome.id {
        Some(id) => EventTarget::token(id),
        None => EventTarget::new(TargetKind::Token, sanitize_for_audit(outcome.jti.as_str())),
    }))
}

/// Selector; a token that is given by value has a valid signature.
enum VerifiedSelector {
    Id(TokenId),
    Jti(Jti),
    Token(SignedToken),
}

impl VerifiedSelector {
    /// Verifies the signature of a token that is given by value. Other selectors pass unchecked.
    fn check(store: &mut Store, now: Timestamp, selector: &TokenSelector) -> Result<Self, Error> {
        match selector {
            TokenSelector::Id(id) => Ok(Self::Id(*id)),
            TokenSelector::Jti(jti) => Ok(Self::Jti(*jti)),
            TokenSelector::Value(token) => verify_signature(store, now, token).map(Self::Token),
        }
    }
}

/// Returns the tokens that match the selector and that `user` may revoke or renew. For a token that
/// is given by value, `user` is not checked. Several rows may have the same `jti`, since users who
/// mint tokens or refresh sessions can choose the `jti`. Refuses a selector without a result.
fn resolve_targets(
    tx: &Reader<'_>,
    user: Option<&User>,
    selector: &VerifiedSelector,
) -> Result<Vec<RevocationTarget>, Error> {
    let (selector_text, mut targets) = match selector {
        VerifiedSelector::Token(token) => return Ok(vec![find_target_by_value(tx, token)?]),
        VerifiedSelector::Id(id) => {
            let token = tx.find_token(*id)?;
            (id.to_string(), token.into_iter().map(RevocationTarget::Recorded).collect())
        }
        VerifiedSelector::Jti(jti) => (jti.to_string(), find_targets_by_jti(tx, *jti)?),
    };
    targets.retain(|target| check_may_act_on_tokens(user, target.owner_id()).is_ok());
    if targets.is_empty() {
        // Only admins may learn which tokens of other users exist.
        check_may_act_on_tokens(user, None)?;
        return Err(Error::NotFound { resource: ResourceKind::Token, name: Some(selector_text) });
    }
    Ok(targets)
}

/// Returns all tokens with this `jti` that have a row.
fn find_targets_by_jti(tx: &Reader<'_>, jti: Jti) -> Result<Vec<RevocationTarget>, Error> {
    let token = tx.find_token_by_jti(jti)?.map(RevocationTarget::Recorded);
    let access = tx.find_pair_by_access(jti)?.map(RevocationTarget::Access);
    let refresh = tx.find_pair_by_refresh(jti)?.map(RevocationTarget::Refresh);
    Ok([token, access, refresh].into_iter().flatten().collect())
}

/// Returns the selected app token for a renewal, if the caller may act on the token.
pub(super) fn find_app_token(
    store: &mut Store,
    now: Timestamp,
    caller: Option<&Caller>,
    selector: &TokenSelector,
) -> Result<RecordedToken, Error> {
    let mut refusal = Error::Usage(APP_TOKENS_ONLY.to_owned());
    let verified = VerifiedSelector::check(store, now, selector)?;
    let user = caller.map(|caller| &caller.user);
    for target in store.read(|tx| resolve_targets(tx, user, &verified))? {
        match require_app_token(target, now) {
            Ok(token) => return Ok(token),
            // Only a caller who gave the token itself, and thus is its bearer, learns the reason.
            Err(error) if !selector.requires_login() => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

const APP_TOKENS_ONLY: &str = "only app tokens can be renewed";

/// Returns the row if the target is a recorded app token, or else the error for a user who gave the
/// token by value.
fn require_app_token(target: RevocationTarget, now: Timestamp) -> Result<RecordedToken, Error> {
    let reason = match target {
        RevocationTarget::Recorded(token) if token.grant.kind == TokenKind::App => {
            return Ok(token);
        }
        RevocationTarget::Unrecorded { kind: TokenKind::App, expires_at, .. } => {
            let expiry = expires_at.filter(|expiry| *expiry <= now);
            return Err(Error::from_reason(match expiry {
                Some(_) => Rejection::since(RejectReason::Expired, expiry, now),
                None => RejectReason::UnknownToken.into(),
            }));
        }
        RevocationTarget::Recorded(_)
        | RevocationTarget::Unrecorded { kind: TokenKind::Test, .. } => RejectReason::WrongType,
        RevocationTarget::Access(_)
        | RevocationTarget::Refresh(_)
        | RevocationTarget::Unrecorded { kind: TokenKind::Access | TokenKind::Refresh, .. } => {
            RejectReason::SessionToken
        }
    };
    Err(Error::from_reason(Rejection::new(reason).with_explanation(APP_TOKENS_ONLY)))
}

/// Refuses a user who is neither the owner of the tokens nor an admin. `owner` is `None` for tokens
/// of all users or of an unknown owner. `user` is `None` without a login: then the result is always
/// an error.
pub(super) fn check_may_act_on_tokens(
    user: Option<&User>,
    owner: Option<UserId>,
) -> Result<(), Error> {
    const REFUSAL: &str = "only admins can act on other users' tokens";
    match user {
        Some(user) if owner == Some(user.id) => Ok(()),
        Some(user) => require_role(user, Role::Admin, REFUSAL),
        None => Err(Error::insufficient_role(REFUSAL, Role::Admin, None)),
    }
}

/// Token with a valid signature by a key of the store.
struct SignedToken {
    kind: TokenKind,
    key_row_id: KeyRowId,
    claims: Map<String, Value>,
}

/// Verifies the signature of a token. Refuses a malformed token, a token without a valid signature
/// by a key of the store, and a token whose key is revoked, or retired and no longer accepted.
/// Expired and revoked tokens pass.
fn verify_signature(store: &mut Store, now: Timestamp, token: &str) -> Result<SignedToken, Error> {
    let mut report = verify(store, token, &Expectations::new(ExpectedKind::Any, now))?;
    if let (Some(kind), Some(key), Some(claims)) = (report.kind, &report.key, report.claims.take())
    {
        return Ok(SignedToken { kind, key_row_id: key.id, claims });
    }
    // A report without claims has rejection reasons, so `into_accepted` returns an error.
    report.into_accepted()?;
    Err(Error::from_reason(RejectReason::Malformed))
}

fn find_target_by_value(tx: &Reader<'_>, token: &SignedToken) -> Result<RevocationTarget, Error> {
    let SignedToken { kind, key_row_id, claims } = token;
    let jti = claims.get("jti").and_then(Value::as_str).map(str::to_owned);
    let expires_at = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    match (load_consistent_record(tx, *kind, *key_row_id, claims)?, kind) {
        (TokenRecord::Token(row), _) => Ok(RevocationTarget::Recorded(row)),
        (TokenRecord::Session(pair_with_session), TokenKind::Refresh) => {
            Ok(RevocationTarget::Refresh(pair_with_session))
        }
        (TokenRecord::Session(pair_with_session), _) => {
            Ok(RevocationTarget::Access(pair_with_session))
        }
        (TokenRecord::Missing, _) => {
            let reason = "revocation and renewal require a string as `jti` of the token";
            let jti = jti.ok_or_else(|| Error::Usage(reason.to_owned()))?;
            let (key_row_id, kind) = (*key_row_id, *kind);
            Ok(RevocationTarget::Unrecorded { key_row_id, jti, kind, expires_at })
        }
    }
}

fn apply_revocation(
    tx: &SharedWriter<'_>,
    audit: &AuditContext,
    target: &RevocationTarget,
) -> Result<RevocationOutcome, Error> {
    let outcome = |id, jti: String, kind, changed| RevocationOutcome {
        id,
        jti: Untrusted::new(jti),
        kind,
        changed,
    };
    Ok(match target {
        RevocationTarget::Recorded(token) => {
            let changed = tx.revoke_token(token.id, audit.now)?;
            outcome(Some(token.id), token.jti.to_string(), token.grant.kind, changed)
        }
        RevocationTarget::Access(PairWithSession { pair, .. }) => {
            let changed = tx.revoke_access_token(pair.id, audit.now)?;
            outcome(None, pair.access_jti.to_string(), TokenKind::Access, changed)
        }
        RevocationTarget::Refresh(PairWithSession { pair, session }) => {
            let changed = tx.end_session(session.id, SessionEndReason::Revoked, audit.now)?;
            outcome(None, pair.refresh_jti.to_string(), TokenKind::Refresh, changed)
        }
        RevocationTarget::Unrecorded { key_row_id, jti, kind, expires_at } => {
            let changed = tx.add_to_blocklist(*key_row_id, jti, *expires_at, audit.now)?;
            outcome(None, jti.clone(), *kind, changed)
        }
    })
}

#[cfg(test)]
mod tests;
