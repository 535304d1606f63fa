//! The row behind a token: what the store says about it, whatever the token says itself.

use super::super::claims::Registered;
use super::super::{Error, Reason};
use super::Verdict;
use super::agreement::contradiction;
use crate::model::{
    Grant, Jti, Key, RecordedToken, Status, Timestamp, TokenId, TokenKind, User, UserId,
};
use crate::store::{PairOfSession, Reader};
use serde_json::{Map, Value};

/// The row that decides about a token.
#[derive(Debug, Default)]
pub(in crate::authority) enum Record {
    #[default]
    Missing,
    Token(RecordedToken),
    Session(PairOfSession),
}

impl Record {
    /// When the grace of a token that was renewed is over.
    pub(super) fn grace_end(&self) -> Option<i64> {
        match self {
            Self::Token(token) => token.grace_until.map(Timestamp::unix),
            Self::Session(_) | Self::Missing => None,
        }
    }

    fn owner(&self) -> Option<UserId> {
        match self {
            Self::Token(token) => Some(token.grant.owner),
            Self::Session(found) => Some(found.session.user),
            Self::Missing => None,
        }
    }
}

/// Judges the row behind the token. The row of a token that contradicts it is not the token's
/// record: nothing is read from it, and nothing is done to it.
pub(super) fn judge_record(
    tx: &Reader<'_>,
    verdict: &mut Verdict,
    kind: TokenKind,
    claims: &Map<String, Value>,
    registered: &Registered,
    now: Timestamp,
) -> Result<(), Error> {
    let key = verdict.key.as_ref().map(|key| key.id);
    let record = find_record(tx, kind, key, claims, registered)?;
    let reasons = &mut verdict.reasons;
    match &record {
        Record::Token(token) if token.status(now) == Status::Revoked => {
            reasons.push(Reason::Revoked);
        }
        Record::Token(_) => {}
        Record::Session(found) => judge_session(reasons, kind, found),
        Record::Missing => return judge_unrecorded(tx, verdict, kind, registered),
    }
    if let Some(owner) = record.owner() {
        verdict.owner = judge_owner(tx, reasons, owner)?;
    }
    let owner = verdict.owner.as_ref();
    match owner.and_then(|owner| contradiction(claims, kind, &record, owner)) {
        Some((reason, claim)) => verdict.add(reason, claim),
        None => verdict.record = record,
    }
    Ok(())
}

/// Judges a token that has no row: of a test token, only a revocation would be known.
fn judge_unrecorded(
    tx: &Reader<'_>,
    verdict: &mut Verdict,
    kind: TokenKind,
    registered: &Registered,
) -> Result<(), Error> {
    let blocked = match (&verdict.key, &registered.jti) {
        (Some(key), Some(jti)) => tx.is_blocked(key.id, jti)?,
        _ => false,
    };
    if blocked {
        verdict.reasons.push(Reason::Revoked);
    } else if kind != TokenKind::Test {
        verdict.reasons.push(Reason::UnknownToken);
    } else if let Some((kid, until)) = prune_mark(tx, verdict.key.as_ref(), registered)? {
        let detail = format!("test tokens of key `{kid}` that expired by {until} were pruned");
        verdict.add(Reason::UnknownToken, detail);
    }
    if registered.expires.is_none() {
        verdict.add(Reason::MissingClaim, "exp".to_owned());
    }
    Ok(())
}

fn judge_owner(
    tx: &Reader<'_>,
    reasons: &mut Vec<Reason>,
    owner: UserId,
) -> Result<Option<User>, Error> {
    let owner = tx.find_user_row(owner)?;
    match &owner {
        Some(user) if user.deleted_at.is_none() => {
            if user.disabled_at.is_some() {
                reasons.push(Reason::UserDisabled);
            }
        }
        _ => reasons.push(Reason::OwnerDeleted),
    }
    Ok(owner)
}

/// Returns the owner of an access token that passed verification earlier, unless its rows now say
/// otherwise.
pub(in crate::authority) fn session_owner(tx: &Reader<'_>, access: Jti) -> Result<User, Error> {
    let found = tx.find_access(access)?;
    let found = found.ok_or_else(|| Error::refused(Reason::UnknownToken))?;
    let mut reasons = Vec::new();
    judge_session(&mut reasons, TokenKind::Access, &found);
    unobjectionable(tx, reasons, found.session.user, TokenKind::Access)
}

/// Returns the owner of an app token that passed verification earlier, unless its row now says
/// otherwise.
pub(in crate::authority) fn app_token_owner(
    tx: &Reader<'_>,
    id: TokenId,
    now: Timestamp,
) -> Result<User, Error> {
    let token = tx.find_token(id)?;
    let token = token.ok_or_else(|| Error::refused(Reason::UnknownToken))?;
    let mut reasons = Vec::new();
    if token.status(now) == Status::Revoked {
        reasons.push(Reason::Revoked);
    }
    unobjectionable(tx, reasons, token.grant.owner, TokenKind::App)
}

fn unobjectionable(
    tx: &Reader<'_>,
    mut reasons: Vec<Reason>,
    owner: UserId,
    kind: TokenKind,
) -> Result<User, Error> {
    match judge_owner(tx, &mut reasons, owner)? {
        Some(user) if reasons.is_empty() => Ok(user),
        _ => Err(Error::Refused { kind: Some(kind), reasons, detail: None }),
    }
}

/// Returns the row of a token with a good signature of that key. A token that contradicts its row is
/// refused.
pub(in crate::authority) fn token_record(
    tx: &Reader<'_>,
    kind: TokenKind,
    key: i64,
    claims: &Map<String, Value>,
) -> Result<Record, Error> {
    let Ok(registered) = Registered::read(claims) else { return Ok(Record::Missing) };
    let record = find_record(tx, kind, Some(key), claims, &registered)?;
    let owner = record.owner().map(|owner| tx.find_user_row(owner)).transpose()?.flatten();
    match owner.and_then(|owner| contradiction(claims, kind, &record, &owner)) {
        Some((reason, claim)) => {
            Err(Error::Refused { kind: Some(kind), reasons: vec![reason], detail: Some(claim) })
        }
        None => Ok(record),
    }
}

/// The row of this very token. Only jeton says what the others say; whoever mints a test token can
/// give it the `jti` of another.
fn find_record(
    tx: &Reader<'_>,
    kind: TokenKind,
    key: Option<i64>,
    claims: &Map<String, Value>,
    registered: &Registered,
) -> Result<Record, Error> {
    let Some(jti) = registered.jti.as_deref().and_then(Jti::parse) else {
        return Ok(Record::Missing);
    };
    let says_this = |row: &RecordedToken| {
        let end = row.expires_at.map(Timestamp::unix);
        end == registered.expires && row.grant.claims == Grant::shared(claims)
    };
    let is_its = |row: &RecordedToken| {
        let is_test = kind == TokenKind::Test;
        row.grant.kind == kind && Some(row.key) == key && (!is_test || says_this(row))
    };
    let of_session = |found: Option<PairOfSession>| found.map_or(Record::Missing, Record::Session);
    Ok(match kind {
        TokenKind::App | TokenKind::Test => {
            tx.find_token_by_jti(jti)?.filter(is_its).map_or(Record::Missing, Record::Token)
        }
        TokenKind::Access => of_session(tx.find_access(jti)?),
        TokenKind::Refresh => of_session(tx.find_refresh(jti)?),
    })
}

/// Returns the key id and the time up to which its test tokens were pruned, if that covers a test
/// token without a row: the token may have been revoked. No leeway, time of the past or clock that
/// was ahead during the prune makes it valid again; tokens that expire later are not affected.
fn prune_mark(
    tx: &Reader<'_>,
    key: Option<&Key>,
    registered: &Registered,
) -> Result<Option<(String, Timestamp)>, Error> {
    let (Some(key), Some(expiry)) = (key, registered.expires) else { return Ok(None) };
    let mark = tx.pruned_until(key.id)?.filter(|until| expiry <= until.unix());
    Ok(mark.map(|until| (key.spec.kid.shown(), until)))
}

/// Its absolute end needs no look: no token of a session outlives it.
fn judge_session(reasons: &mut Vec<Reason>, kind: TokenKind, found: &PairOfSession) {
    let (pair, session) = (&found.pair, &found.session);
    let revoked = match kind {
        TokenKind::Access => pair.access_revoked_at.is_some(),
        TokenKind::Refresh => pair.spent_at.is_some(),
        TokenKind::App | TokenKind::Test => false,
    };
    if revoked {
        reasons.push(Reason::Revoked);
    }
    if session.ended_at.is_some() {
        reasons.push(Reason::SessionEnded);
    }
}
