//! Signing and recording of the tokens of a job: many tokens in parallel, or a single token.

use super::super::Error;
use super::super::audit_context::OUTCOME_UNDELIVERED;
use super::batch_signer::{BatchSigner, SignedBatch, TokenRows};
use super::claim_rows::{MAX_BATCH_TOKENS, RowBatch};
use super::defects::Defect;
use super::job::{JobKey, MINTERS_ONLY, MintJob};
use super::minted_tokens::{MintedToken, MintedTokens};
use super::record::{RevocationCheck, RowOwnerAndKey, jti_taken_error};
use super::request::Signer;
use crate::authority::keys::load_test_key;
use crate::crypto::JtiGenerator;
use crate::model::{Algorithm, KeySpec, KeyType, Role, TokenId, Untrusted};
use crate::parallel::{ThreadError, map_in_order, worker_count};
use crate::signals::InterruptionCheck;
use crate::store::{self, SharedWriter, Store, TokenGroup};
use std::ops::Range;

/// Maximum number of key replacements by other processes, without a minted batch in between, before
/// a job fails.
const MAX_REPLACEMENTS: usize = 5;

/// Returns the maximum number of tokens of a batch of repeated rows. A file has fixed batches
/// instead. RSA batches are smaller, because an RSA signature takes many times as long as another
/// signature.
fn max_batch_tokens(algorithm: Algorithm) -> usize {
    let is_rsa = algorithm.key_type() == KeyType::Rsa;
    if is_rsa { MAX_BATCH_TOKENS / 20 } else { MAX_BATCH_TOKENS }
}

/// Reason for which the signing of batches ends early.
enum Stop<E> {
    /// The key may no longer sign: another process replaced, retired or revoked the key.
    KeyReplaced,
    /// The callback `deliver` returned `false`: the reader of the tokens closed the pipe.
    NoReader,
    Failed(E),
}

impl<E: From<Error>> From<ThreadError> for Stop<E> {
    fn from(error: ThreadError) -> Self {
        Self::Failed(Error::from(error).into())
    }
}

/// Converts the result of `deliver`: `false` becomes [`Stop::NoReader`].
fn require_reader<E>(has_reader: Result<bool, E>) -> Result<(), Stop<E>> {
    match has_reader {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::NoReader),
        Err(error) => Err(Stop::Failed(error)),
    }
}

impl<E: From<Error>> From<Error> for Stop<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl MintJob {
    /// Mints the token of a job for one token as [`MintJob::mint_all`] does, and returns the token.
    /// Returns `None` if the job has no tokens.
    pub(crate) fn mint_one(
        &self,
        store: &mut Store,
        job_key: &mut JobKey,
    ) -> Result<Option<MintedToken>, Error> {
        let mut minted = None;
        let keep_token = |_: &mut Store, tokens: MintedTokens| {
            minted = tokens.into_single();
            Ok::<_, Error>(true)
        };
        self.mint_all(store, job_key, |store| Ok(store), &|| Ok(()), keep_token)?;
        Ok(minted)
    }

    /// Signs all tokens in batches. Records each batch, if requested, or revokes the batch for the
    /// defect [`Defect::Revoked`]. Then passes the batch to `deliver`, in order, until `deliver`
    /// returns `false`. `store_of` returns the store of `context`; `deliver` gets `context`, too.
    /// `check` is called before each token; an error of `check` ends the signing, and the remaining
    /// batches are dropped. If tokens are recorded and the key may no longer sign, the remaining
    /// tokens are signed with another key of the store. Without such a key, or if the request
    /// selects a key by its id, the job fails. After an early end, the audit event is corrected.
    pub(crate) fn mint_all<C, E: From<Error> + Send>(
        &self,
        context: &mut C,
        job_key: &mut JobKey,
        store_of: fn(&mut C) -> Result<&mut Store, E>,
        check: &InterruptionCheck<'_>,
        mut deliver: impl FnMut(&mut C, MintedTokens) -> Result<bool, E>,
    ) -> Result<(), E> {
        if self.request.record && self.claim_rows.count() > MAX_BATCH_TOKENS {
            store_of(context)?.prepare_for_bulk_writes().map_err(Error::from)?;
        }
        let (mut minted_count, mut replacement_count) = (0, 0);
        loop {
            let user = job_key.minter.user.id;
            let owner_and_key = RowOwnerAndKey { user, key: job_key.row_id };
            let owner_and_key = self.request.record.then_some(owner_and_key);
            let range = minted_count..self.claim_rows.count();
            let (key, kid) = (&job_key.spec, Some(&job_key.spec.kid));
            let result = self.sign_batches(key, kid, owner_and_key, range, check, |batch| {
                let SignedBatch { mut tokens, rows } = batch;
                if owner_and_key.is_some() {
                    let store = store_of(context).map_err(Stop::Failed)?;
                    let ids = self.record_batch(store, job_key, &rows)?;
                    tokens.ids = ids.ok_or(Stop::KeyReplaced)?;
                }
                if self.request.defect == Some(Defect::Revoked) {
                    self.block_tokens(store_of(context).map_err(Stop::Failed)?, job_key, &tokens)?;
                }
                (minted_count, replacement_count) = (minted_count + tokens.len(), 0);
                require_reader(deliver(context, tokens))
            });
            match result {
                Ok(()) => return Ok(()),
                Err(Stop::NoReader) => {
                    return Ok(self.correct_count(store_of(context)?, job_key, minted_count)?);
                }
                Err(Stop::Failed(error)) => {
                    // `error` is reported. A later error in the correction of the event is ignored.
                    if let Ok(store) = store_of(context) {
                        let _ = self.correct_count(store, job_key, minted_count);
                    }
                    return Err(error);
                }
                Err(Stop::KeyReplaced) if replacement_count == MAX_REPLACEMENTS => {
                    return Err(Error::KeyContention.into());
                }
                Err(Stop::KeyReplaced) => {
                    replacement_count += 1;
                    self.replace_key(store_of(context)?, job_key)?;
                }
            }
        }
    }

    /// Signs the token of a job for one token, without recording. `None`: the job has no tokens.
    pub(crate) fn mint_one_with_external_key(
        &self,
        key: &KeySpec,
        kid: Option<&Untrusted>,
    ) -> Result<Option<MintedToken>, Error> {
        let mut minted = None;
        self.mint_all_with_external_key(key, kid, &|| Ok(()), |tokens| {
            minted = tokens.into_single();
            Ok::<_, Error>(true)
        })?;
        Ok(minted)
    }

    /// Signs all tokens without recording. Each batch is passed to `deliver`, in order, until
    /// `deliver` returns `false`. `check` is called as by [`MintJob::mint_all`].
    pub(crate) fn mint_all_with_external_key<E: From<Error> + Send>(
        &self,
        key: &KeySpec,
        kid: Option<&Untrusted>,
        check: &InterruptionCheck<'_>,
        mut deliver: impl FnMut(MintedTokens) -> Result<bool, E>,
    ) -> Result<(), E> {
        let range = 0..self.claim_rows.count();
        let consume = |batch: SignedBatch| require_reader(deliver(batch.tokens));
        match self.sign_batches(key, kid, None, range, check, consume) {
            Ok(()) | Err(Stop::NoReader) => Ok(()),
            Err(Stop::KeyReplaced) => Err(Error::KeyContention.into()),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Signs the tokens of the rows in `range` and passes each batch to `consume`, in order.
    /// Several tokens are signed on all CPUs, and a single token on the current thread.
    fn sign_batches<E: From<Error> + From<ThreadError> + Send>(
        &self,
        key: &KeySpec,
        kid: Option<&Untrusted>,
        owner_and_key: Option<RowOwnerAndKey>,
        range: Range<usize>,
        check: &InterruptionCheck<'_>,
        consume: impl FnMut(SignedBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let thread_count = if range.len() > 1 { worker_count() } else { 0 };
        let builder = self.builder(key, kid);
        let mut jti_generator = JtiGenerator::default();
        let max_tokens = max_batch_tokens(key.algorithm);
        let batches = self.claim_rows.batches(range, self.max_json_length, max_tokens);
        let batches = batches.map(move |batch| {
            let batch = batch?;
            let jtis = jti_generator.generate(batch.len()).map_err(Error::from)?;
            Ok((batch, jtis))
        });
        let create_worker = || {
            let mut signer = BatchSigner::new(builder, owner_and_key)?.with_check(check);
            Ok(move |(batch, jtis): (RowBatch<'_>, _)| Ok(signer.sign(&batch, jtis)?))
        };
        map_in_order(thread_count, batches, create_worker, consume)
    }

    /// Records a batch and adds the number of its tokens to the count of the audit event. Returns
    /// the row ids of the tokens, or `None` if the key may no longer sign. A key that is selected
    /// by id may sign as long as it verifies, even if it is retired.
    fn record_batch(
        &self,
        store: &mut Store,
        job_key: &JobKey,
        rows: &[TokenRows],
    ) -> Result<Option<Vec<TokenId>>, Error> {
        let has_custom_jtis = rows.iter().any(|group| group.has_custom_jtis);
        let record = |tx: &SharedWriter<'_>| {
            let can_sign = match &self.request.signer {
                Signer::Key(_) | Signer::PresetKey(_) => {
                    load_test_key(tx, job_key.spec.kid.as_str(), self.now).is_ok()
                }
                Signer::Algorithm(_) => tx.is_active_key(job_key.row_id)?,
            };
            if !can_sign {
                return Ok(None);
            }
            if has_custom_jtis {
                let custom_rows = || rows.iter().filter(|group| group.has_custom_jtis);
                let jtis: Vec<_> = custom_rows().flat_map(|group| group.jtis.clone()).collect();
                // On a server, this query replaces one query for each `jti` in the loop.
                tx.prefetch_tokens(&jtis)?;
                let check = RevocationCheck::new(tx, job_key.row_id)?;
                for TokenRows { common_row, jtis, .. } in custom_rows() {
                    for jti in jtis {
                        check.ensure_never_revoked(*jti, common_row.expires_at)?;
                    }
                }
            }
            let groups = rows
                .iter()
                .map(|TokenRows { common_row, jtis, .. }| TokenGroup { common_row, jtis });
            let ids = tx.add_tokens(&groups.collect::<Vec<_>>())?;
            tx.add_to_count(job_key.event, ids.len())?;
            Ok::<_, Error>(Some(ids))
        };
        let (minter, role) = (&job_key.minter, Role::Minter);
        // Custom `jti`s need an exclusive transaction: a concurrent revocation of an unrecorded
        // token with the same `jti` would not find the new row.
        let result = if has_custom_jtis {
            minter.write_with_role(store, role, MINTERS_ONLY, |tx| record(tx))
        } else {
            minter.write_shared_with_role(store, role, MINTERS_ONLY, record)
        };
        match result {
            Err(Error::Store(store::Error::AlreadyExists)) => Err(jti_taken_error()),
            other => other,
        }
    }

    /// Revokes unrecorded tokens: adds their `jti`s to the blocklist.
    fn block_tokens(
        &self,
        store: &mut Store,
        job_key: &JobKey,
        tokens: &MintedTokens,
    ) -> Result<(), Error> {
        let minter = &job_key.minter;
        minter.write_shared_with_role(store, Role::Minter, MINTERS_ONLY, |tx| {
            for (jti, expires_at) in tokens.jtis_with_expiry() {
                tx.add_to_blocklist(job_key.row_id, jti.as_str(), expires_at, self.now)?;
            }
            Ok(())
        })
    }

    /// Corrects the audit event after an early end. If no token was minted, and the event counts no
    /// tokens of earlier jobs, sets the outcome to `undelivered` and the count to 0. In all other
    /// cases, subtracts the number of tokens that were not minted. A batch that was passed to
    /// `deliver` counts as minted. Recorded tokens need no correction: each batch is counted when
    /// it is recorded.
    fn correct_count(
        &self,
        store: &mut Store,
        job_key: &JobKey,
        minted_count: usize,
    ) -> Result<(), Error> {
        let unminted_count = self.claim_rows.count() - minted_count;
        if self.request.record || unminted_count == 0 {
            return Ok(());
        }
        Ok(store.write_shared(|tx| match minted_count {
            0 if !job_key.has_shared_event => {
                tx.set_outcome_and_reset_count(job_key.event, OUTCOME_UNDELIVERED)
            }
            _ => tx.subtract_from_count(job_key.event, unminted_count),
        })?)
    }

    /// Replaces the key of `job_key`, which may no longer sign, by another key of the store. Fails
    /// if the store has no such key.
    fn replace_key(&self, store: &mut Store, job_key: &mut JobKey) -> Result<(), Error> {
        let key = self.select_key(store)?;
        job_key.row_id = key.id.ok_or(Error::KeyContention)?;
        job_key.spec = key.spec;
        Ok(())
    }
}
