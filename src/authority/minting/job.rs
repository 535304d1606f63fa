//! Preparation of a [`MintJob`]: the validation of its rows and, unless the request uses an
//! external key, the choice of a test key of the store.

use super::super::keys::{TestKey, find_or_generate_test_key, load_test_key};
use super::super::principal::{Principal, write_shared_as};
use super::super::sessions::expiry_after;
use super::super::signing::with_signing_key;
use super::super::tokens::Expiry;
use super::super::{AuditContext, Error};
use super::claim_rows::ClaimRows;
use super::request::{MintRequest, Signer};
use super::row_checks::{ensure_new_jtis, validate_rows};
use super::token_builder::{TokenBuilder, Validity};
use crate::model::{
    Algorithm, AuditEventId, EventDetail, EventSubject, EventTarget, KeyRowId, KeySpec, Lifetime,
    Role, TargetKind, TimeSpec, Timestamp, Untrusted, User, UserUuid,
};
use crate::store::{self, SharedWriter, Store};

pub(super) const MINTERS_ONLY: &str = "only minters and admins can mint test tokens";

/// Job: the minting of the tokens of one request.
#[derive(Debug)]
pub(crate) struct MintJob {
    pub(super) request: MintRequest,
    pub(super) claim_rows: ClaimRows,
    /// Maximum length of header and claims of a token as JSON in bytes; 0 in a job from
    /// [`Self::for_minter`].
    pub(super) max_json_length: usize,
    pub(super) now: Timestamp,
    /// Issuer of the store; `None` with an external key.
    issuer: Option<String>,
    /// Uid of the minter; `None` with an external key.
    uid: Option<UserUuid>,
    pub(super) validity: Validity,
}

/// Signing key of a job, with the minter and the audit event. The minter owns the recorded tokens.
#[derive(Debug)]
pub(crate) struct JobKey {
    pub(super) spec: KeySpec,
    /// Row id of the key.
    pub(super) row_id: KeyRowId,
    pub(super) minter: Principal,
    /// Row id of the audit event that counts the tokens of the job.
    pub(super) event: AuditEventId,
    /// Set if the audit event also counts the tokens of earlier jobs.
    pub(super) has_shared_event: bool,
    /// Maximum length of header and claims of a token as JSON in bytes.
    max_json_length: usize,
    /// Set if the key is a newly generated HMAC secret, which no service has yet.
    pub(crate) is_new_secret: bool,
}

impl MintJob {
    /// Starts a job with a test key of the store. A missing key is generated, unless the request
    /// selects the key by its key id. Validates every row, but mints no token yet. `previous` is
    /// the key of an earlier job of the same command. The audit event of the earlier job also
    /// counts the tokens of this job, unless this job adds a key to the store: then this job has
    /// its own audit event.
    pub(crate) fn with_store_key(
        store: &mut Store,
        audit: &AuditContext,
        minter: &Principal,
        request: MintRequest,
        claim_rows: ClaimRows,
        previous: Option<&JobKey>,
    ) -> Result<(Self, JobKey), Error> {
        let mut job = Self::for_minter(store, audit, minter, request, claim_rows)?;
        // Recorded tokens are counted in the transactions that add their rows.
        let count = if job.request.record { 0 } else { job.claim_rows.count() };
        let token_noun = if job.claim_rows.count() == 1 { "test token" } else { "test tokens" };
        let record =
            |tx: &SharedWriter<'_>, user: &User, _, new_key: Option<EventTarget>, (): &()| {
                if let (Some(previous), None) = (previous, &new_key) {
                    tx.add_to_count(previous.event, count)?;
                    return Ok(previous.event);
                }
                let detail = EventDetail { new_key, ..EventDetail::objects(token_noun) };
                let subject = EventSubject::several(TargetKind::Token, detail);
                Ok(audit.record_with_id(tx, Some(user.id), subject, count)?)
            };
        let (mut job_key, ()) = job.acquire_key(store, audit, minter, |_| Ok(()), record)?;
        job_key.has_shared_event = previous.is_some_and(|previous| previous.event == job_key.event);
        job.max_json_length = job_key.max_json_length;
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

    /// Selects the signing key, validates every row with the key, and runs `work` with the key.
    /// `work` may be slow, because no transaction is open.
    ///
    /// `record` runs in a write transaction, which first inserts the key if it is new. `record`
    /// gets the user, the row id of the key, the key as an audit target if the key is new, and the
    /// output of `work`. `record` returns the id of the audit event. All steps are repeated if
    /// another process adds a key of the same algorithm first.
    pub(super) fn acquire_key<T>(
        &self,
        store: &mut Store,
        audit: &AuditContext,
        minter: &Principal,
        work: impl Fn(&KeySpec) -> Result<T, Error>,
        record: impl Fn(
            &SharedWriter<'_>,
            &User,
            KeyRowId,
            Option<EventTarget>,
            &T,
        ) -> Result<AuditEventId, Error>,
    ) -> Result<(JobKey, T), Error> {
        let ((signing_key, max_json_length), output, (row_id, event)) = with_signing_key(
            store,
            |store| {
                let signing_key = self.select_key(store)?;
                let builder = self.builder(&signing_key.spec, Some(&signing_key.spec.kid));
                let max_json_length = validate_rows(&builder, &self.claim_rows, |jtis| {
                    store.read(|tx| ensure_new_jtis(tx, signing_key.id, jtis))
                })?;
                Ok((signing_key, max_json_length))
            },
            |(signing_key, _)| work(&signing_key.spec),
            |store, (signing_key, _), output| {
                let is_new_key = signing_key.id.is_none();
                let result = write_shared_as(store, minter, |tx, user| {
                    minter.require_role_of(user, Role::Minter, MINTERS_ONLY)?;
                    let key = signing_key.ensure_inserted(tx, audit.now)?;
                    let new_key = is_new_key.then(|| EventTarget::key(&signing_key.spec.kid));
                    Ok(Some((key, record(tx, user, key, new_key, output)?)))
                });
                match result {
                    // Another process added a key of the same algorithm first: `None` starts the
                    // next attempt, which selects the key of the other process.
                    Err(Error::Store(store::Error::AlreadyExists)) => Ok(None),
                    other => other,
                }
            },
        )?;
        let is_new_secret = signing_key.id.is_none() && signing_key.spec.algorithm.is_symmetric();
        let (spec, minter) = (signing_key.spec, minter.clone());
        let has_shared_event = false;
        let job_key = JobKey {
            spec,
            row_id,
            minter,
            event,
            has_shared_event,
            max_json_length,
            is_new_secret,
        };
        Ok((job_key, output))
    }

    /// Starts a job with an external key. Validates every row, but mints no token yet.
    pub(crate) fn with_external_key(
        now: Timestamp,
        key: &KeySpec,
        kid: Option<&Untrusted>,
        request: MintRequest,
        claim_rows: ClaimRows,
    ) -> Result<Self, Error> {
        let mut job = Self::new(now, request, claim_rows, None, None)?;
        job.max_json_length = validate_rows(&job.builder(key, kid), &job.claim_rows, |_| Ok(()))?;
        Ok(job)
    }

    fn new(
        now: Timestamp,
        request: MintRequest,
        claim_rows: ClaimRows,
        issuer: Option<String>,
        uid: Option<UserUuid>,
    ) -> Result<Self, Error> {
        let resolve =
            |name, spec: Option<TimeSpec>| spec.map(|spec| spec.resolve(name, now)).transpose();
        let issued_at = resolve("--issued-at", request.issued_at)?.unwrap_or(now);
        let default_ttl = request.template.ttl()?.unwrap_or(Lifetime::from_minutes(60));
        let expires_at = match request.expiry {
            Expiry::At(time) => time.resolve("--expires-at", now)?,
            Expiry::After(lifetime) => expiry_after(issued_at, lifetime)?,
            Expiry::Default | Expiry::Never => expiry_after(issued_at, default_ttl)?,
        };
        let not_before = resolve("--not-before", request.not_before)?;
        let validity = Validity { issued_at, expires_at, not_before };
        Ok(Self { request, claim_rows, max_json_length: 0, now, issuer, uid, validity })
    }

    /// Returns the test key that the request selects. If the request selects no key id, a missing
    /// key is generated, but not stored. Fails if a selected key id is unknown, or if the key with
    /// this id must not sign test tokens.
    pub(super) fn select_key(&self, store: &mut Store) -> Result<TestKey, Error> {
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
            has_input_rows: self.claim_rows.are_from_file(),
            key,
            kid,
        }
    }
}
