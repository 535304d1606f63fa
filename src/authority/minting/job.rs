//! Signing and recording of test tokens, with a test key of the store or an external key.

use super::super::audit_context::OUTCOME_DONE;
use super::super::keys::{TestKey, find_or_generate_test_key, load_test_key};
use super::super::principal::{Principal, write_as};
use super::super::sessions::expiry_after;
use super::super::signing::with_signing_key;
use super::super::tokens::Expiry;
use super::super::{AuditContext, Error};
use super::claim_rows::{BATCH_SIZE, ClaimRows};
use super::record::{
    build_token_row, ensure_never_revoked, ensure_new_jtis, jti_taken_error, validate_rows,
};
use super::request::{MintRequest, Signer};
use super::signing::MintedToken;
use super::token_builder::{TokenBuilder, Validity};
use crate::model::{
    Algorithm, AuditEventId, EventDetail, EventSubject, EventTarget, KeyRowId, KeySpec, Lifetime,
    Role, Row, TargetKind, TimeSpec, Timestamp, TokenId, Untrusted, User, UserUuid,
};
use crate::store::{self, NewToken, Store, Writer};
use std::borrow::Cow;

const MINTERS_ONLY: &str = "only minters and admins can mint test tokens";

/// Minting of the tokens of one request, in batches.
#[derive(Debug)]
pub(crate) struct MintJob {
    pub(super) request: MintRequest,
    claim_rows: ClaimRows,
    signed_count: usize,
    now: Timestamp,
    issuer: Option<String>,
    uid: Option<UserUuid>,
    pub(super) validity: Validity,
}

/// Signing key of a job, with the principal that recorded tokens belong to.
#[derive(Debug)]
pub(crate) struct JobKey {
    spec: KeySpec,
    /// Row id of the key.
    key_row_id: KeyRowId,
    minter: Principal,
    /// Row id of the audit event that counts the recorded tokens.
    event: AuditEventId,
    /// Set if the key is a newly generated HMAC secret, which no service has yet.
    pub(crate) is_new_secret: bool,
}

impl MintJob {
    /// Starts a job with a test key of the store, generated if missing. Validates every row, but
    /// signs nothing yet.
    pub(crate) fn with_store_key(
        store: &mut Store,
        audit: &AuditContext,
        minter: &Principal,
        request: MintRequest,
        claim_rows: ClaimRows,
    ) -> Result<(Self, JobKey), Error> {
        let job = Self::for_minter(store, audit, minter, request, claim_rows)?;
        let count = if job.request.record { 0 } else { job.claim_rows.count() };
        let token_noun = if job.claim_rows.count() == 1 { "test token" } else { "test tokens" };
        let record = |tx: &Writer<'_>, user: &User, _, new_key: Option<EventTarget>, (): &()| {
            let detail = EventDetail { new_key, ..EventDetail::objects(token_noun) };
            let subject = EventSubject::several(TargetKind::Token, detail);
            Ok(audit.record_outcome(tx, Some(user.id), subject, OUTCOME_DONE, count)?)
        };
        let (job_key, ()) = job.acquire_key(store, audit, minter, |_| Ok(()), record)?;
        Ok((job, job_key))
    }

    /// Creates a job for a minter, without selecting a key.
    pub(super) fn for_minter(
        store: &mut Store,
        audit: &AuditContext,
        minter: &Principal,
        request: MintRequest,
        claim_rows: ClaimRows,
    ) -> Result<Self, Error> {
        minter.require_role(Role::Minter, MINTERS_ONLY)?;
        let settings = store.read(|tx| tx.load_settings())?;
        Self::new(audit.now, request, claim_rows, Some(settings.issuer), Some(minter.user.uid))
    }

    /// Selects the signing key, validates every row with the key, and runs `work`.
    ///
    /// `record` runs in the transaction that inserts a new key. `record` is given the user, the row
    /// id of the key, the key if it is new, and the output of `work`, and returns the id of the
    /// audit event.
    pub(super) fn acquire_key<T>(
        &self,
        store: &mut Store,
        audit: &AuditContext,
        minter: &Principal,
        work: impl Fn(&KeySpec) -> Result<T, Error>,
        record: impl Fn(
            &Writer<'_>,
            &User,
            KeyRowId,
            Option<EventTarget>,
            &T,
        ) -> Result<AuditEventId, Error>,
    ) -> Result<(JobKey, T), Error> {
        let (signing_key, output, (key_row_id, event)) = with_signing_key(
            store,
            |store| {
                let signing_key = self.select_key(store)?;
                let builder = self.builder(&signing_key.spec, Some(&signing_key.spec.kid));
                validate_rows(&builder, &self.claim_rows, |jtis| {
                    store.read(|tx| ensure_new_jtis(tx, signing_key.id, jtis))
                })?;
                Ok(signing_key)
            },
            |signing_key| work(&signing_key.spec),
            |store, signing_key, output| {
                let is_new_key = signing_key.id.is_none();
                let result = write_as(store, minter, |tx, user| {
                    minter.require_role_of(user, Role::Minter, MINTERS_ONLY)?;
                    let key = signing_key.ensure_inserted(tx, audit.now)?;
                    let new_key = is_new_key.then(|| EventTarget::key(&signing_key.spec.kid));
                    Ok(Some((key, record(tx, user, key, new_key, output)?)))
                });
                match result {
                    // Another process inserted a key first; use that key.
                    Err(Error::Store(store::Error::AlreadyExists)) => Ok(None),
                    other => other,
                }
            },
        )?;
        let is_new_secret = signing_key.id.is_none() && signing_key.spec.algorithm.is_symmetric();
        let (spec, minter) = (signing_key.spec, minter.clone());
        Ok((JobKey { spec, key_row_id, minter, event, is_new_secret }, output))
    }

    /// Starts a job with an external key.
    pub(crate) fn with_external_key(
        now: Timestamp,
        key: &KeySpec,
        kid: Option<&Untrusted>,
        request: MintRequest,
        claim_rows: ClaimRows,
    ) -> Result<Self, Error> {
        let job = Self::new(now, request, claim_rows, None, None)?;
        validate_rows(&job.builder(key, kid), &job.claim_rows, |_| Ok(()))?;
        Ok(job)
    }

    fn new(
        now: Timestamp,
        request: MintRequest,
        claim_rows: ClaimRows,
        issuer: Option<String>,
        uid: Option<UserUuid>,
    ) -> Result<Self, Error> {
        let resolve = |name, time: Option<TimeSpec>| time.map(|t| t.resolve(name, now)).transpose();
        let issued_at = resolve("--issued-at", request.issued_at)?.unwrap_or(now);
        let default_ttl = request.template.ttl()?.unwrap_or(Lifetime::from_minutes(60));
        let expires_at = match request.expiry {
            Expiry::At(time) => time.resolve("--expires-at", now)?,
            Expiry::After(lifetime) => expiry_after(issued_at, lifetime)?,
            Expiry::Default | Expiry::Never => expiry_after(issued_at, default_ttl)?,
        };
        let not_before = resolve("--not-before", request.not_before)?;
        let validity = Validity { issued_at, expires_at, not_before };
        Ok(Self { request, claim_rows, signed_count: 0, now, issuer, uid, validity })
    }

    fn select_key(&self, store: &mut Store) -> Result<TestKey, Error> {
        let preset_algorithm = self.request.preset_algorithm()?;
        match &self.request.signer {
            Signer::Key(kid) => store.read(|tx| load_test_key(tx, kid, self.now)),
            Signer::PresetKey(kid) => {
                let algorithm = preset_algorithm.unwrap_or(Algorithm::ES256);
                let missing_key = || Error::PresetKeyNotFound { kid: kid.clone(), algorithm };
                store.read(|tx| {
                    tx.find_key(kid.as_str())?.ok_or_else(missing_key)?;
                    load_test_key(tx, kid.as_str(), self.now)
                })
            }
            Signer::Algorithm(algorithm) => find_or_generate_test_key(
                store,
                algorithm.or(preset_algorithm).unwrap_or(Algorithm::ES256),
            ),
        }
    }

    /// Returns the builder of tokens that `key` signs.
    pub(super) fn builder<'a>(
        &'a self,
        key: &'a KeySpec,
        kid: Option<&'a Untrusted>,
    ) -> TokenBuilder<'a> {
        TokenBuilder {
            request: &self.request,
            issuer: self.issuer.as_deref(),
            uid: self.uid,
            validity: self.validity,
            has_input_rows: self.claim_rows.scratch_database().is_some(),
            key,
            kid,
        }
    }

    /// Signs the next batch without recording. Returns an empty list after the last batch.
    pub(crate) fn next_unrecorded_batch(
        &mut self,
        key: &KeySpec,
        kid: Option<&Untrusted>,
    ) -> Result<Vec<MintedToken>, Error> {
        let builder = self.builder(key, kid);
        let mint = |row: &Cow<'_, Row>| {
            MintedToken::sign(&builder, &builder.build_requested(&row.fields)?)
        };
        let rows = self.claim_rows.batch(self.signed_count, BATCH_SIZE)?;
        let tokens = rows.iter().map(mint).collect::<Result<Vec<_>, _>>()?;
        self.signed_count += tokens.len();
        Ok(tokens)
    }

    /// Signs and, if requested, records the next batch. Returns an empty list after the last batch.
    pub(crate) fn next_batch(
        &mut self,
        store: &mut Store,
        job_key: &mut JobKey,
    ) -> Result<Vec<MintedToken>, Error> {
        if !self.request.record {
            return self.next_unrecorded_batch(&job_key.spec, Some(&job_key.spec.kid));
        }
        let source_rows = self.claim_rows.batch(self.signed_count, BATCH_SIZE)?;
        let mut key = Some((job_key.spec.clone(), job_key.key_row_id));
        let ((spec, key_row_id), (mut tokens, _), ids) = with_signing_key(
            store,
            |store| {
                if let Some(key) = key.take() {
                    return Ok(key);
                }
                // The key no longer signs: the batch is signed again with its successor. Only a
                // revoked key has no successor.
                let key = self.select_key(store)?;
                Ok((key.spec, key.id.ok_or(Error::KeyContention)?))
            },
            |(spec, key_row_id)| {
                let builder = self.builder(spec, Some(&spec.kid));
                let (owner, now) = (job_key.minter.user.id, self.validity.issued_at);
                let (mut tokens, mut rows) = (Vec::new(), Vec::new());
                for source_row in &source_rows {
                    let parts = builder.build_requested(&source_row.fields)?;
                    tokens.push(MintedToken::sign(&builder, &parts)?);
                    rows.push(build_token_row(&parts.claims, owner, *key_row_id, now)?);
                }
                Ok((tokens, rows))
            },
            |store, (_, key_row_id), (_, rows)| {
                self.record_batch(store, job_key, *key_row_id, rows, &source_rows)
            },
        )?;
        (job_key.spec, job_key.key_row_id) = (spec, key_row_id);
        self.signed_count += tokens.len();
        for (token, id) in tokens.iter_mut().zip(ids) {
            token.id = Some(id);
        }
        Ok(tokens)
    }

    /// Records a batch and adds to the count of the audit event. Returns `None` if the key may no
    /// longer sign. An explicitly selected key may sign as long as it verifies, even if retired.
    fn record_batch(
        &self,
        store: &mut Store,
        job_key: &JobKey,
        key_row_id: KeyRowId,
        rows: &[NewToken],
        source_rows: &[Cow<'_, Row>],
    ) -> Result<Option<Vec<TokenId>>, Error> {
        let result = job_key.minter.write_with_role(store, Role::Minter, MINTERS_ONLY, |tx| {
            let can_sign = match &self.request.signer {
                Signer::Key(kid) => load_test_key(tx, kid, self.now).is_ok(),
                Signer::PresetKey(kid) => load_test_key(tx, kid.as_str(), self.now).is_ok(),
                Signer::Algorithm(_) => tx.is_active_key(key_row_id)?,
            };
            if !can_sign {
                return Ok(None);
            }
            let add = |(row, source_row): (&NewToken, &Cow<'_, Row>)| {
                let expires_at =
                    row.expires_at.filter(|_| self.request.has_custom_jti(&source_row.fields));
                ensure_never_revoked(tx, key_row_id, row.jti, expires_at)?;
                Ok::<_, Error>(tx.add_token(row)?)
            };
            let ids = rows.iter().zip(source_rows).map(add).collect::<Result<_, _>>()?;
            tx.add_to_count(job_key.event, rows.len())?;
            Ok::<_, Error>(Some(ids))
        });
        match result {
            Err(Error::Store(store::Error::AlreadyExists)) => Err(jti_taken_error()),
            other => other,
        }
    }
}
