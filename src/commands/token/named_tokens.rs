//! Minting of named tokens: test tokens, each with the name of an environment variable.

use super::external_key::ExternalKey;
use super::mint_options::MintOptions;
use super::test_token_args::{NEW_SECRET_WARNING, StoreKeyErrorConverter};
use super::token_output::revoke_undelivered;
use crate::app::App;
use crate::authority::minting::{ClaimRows, JobKey, MintJob, MintRequest, MintedToken};
use crate::authority::principal::Principal;
use crate::failure::{Code, Failure, Kind};
use crate::model::TokenId;
use serde::Serialize;

/// Options for a named token.
pub(crate) struct NamedOptions {
    /// Name of the environment variable.
    pub(crate) name: String,
    pub(crate) options: MintOptions,
    /// Position of the options, if the options are in a file.
    pub(crate) position: Option<FilePosition>,
}

/// Position of the options for a token: the file, and the line where the table of the options
/// begins.
#[derive(Debug, Clone)]
pub(crate) struct FilePosition {
    /// Name of the file for messages.
    pub(super) file: String,
    pub(super) line: u64,
}

impl FilePosition {
    /// Adds the position to a failure.
    fn add_position(&self, failure: Failure) -> Failure {
        failure.at_line(&self.file, self.line)
    }

    /// Adds the position to a failure of a kind that invalid options can cause. A usage failure
    /// also gets the code `BadData`, because the options are data of a file. A failure of any other
    /// kind is returned unchanged.
    fn add_position_if_caused_by_options(&self, failure: Failure) -> Failure {
        let kind = failure.kind();
        if kind == Kind::Usage {
            return self.add_position(Failure { code: Code::BadData, ..failure });
        }
        if matches!(kind, Kind::BadData | Kind::NotFound) {
            self.add_position(failure)
        } else {
            failure
        }
    }
}

/// A minted test token with the name of an environment variable.
#[derive(Debug, Serialize)]
pub(crate) struct NamedToken {
    /// Name of the environment variable.
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) minted: MintedToken,
    /// Set if a key outside the store signed the token. Such a token cannot be revoked.
    #[serde(skip)]
    pub(crate) is_signed_externally: bool,
}

/// Destination of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenDestination {
    /// The tokens are the output of `jeton token mint`.
    Output,
    /// The child process of `jeton run` gets the tokens. If a key of the store signs a token, and the
    /// token has no defect, the token is recorded, so that `jeton run` can revoke it.
    ChildProcess,
}

/// Named tokens to mint, in order. The options are read, but no key of the store is selected yet.
pub(crate) struct NamedJobs {
    jobs: Vec<NamedJob>,
    /// Principal that mints with the keys of the store; `None` if all keys are external.
    minter: Option<Principal>,
}

/// One named token to mint.
struct NamedJob {
    /// Name of the environment variable.
    name: String,
    /// Position of the options, if the options are in a file.
    position: Option<FilePosition>,
    job: Job,
}

/// Token to mint, before a key of the store is selected.
enum Job {
    /// Token that a key of the store will sign.
    Store(Box<StoreRequest>),
    /// Token that an external key will sign. The claims are already checked.
    External(Box<(MintJob, ExternalKey)>),
}

/// Request for a token that a key of the store will sign.
struct StoreRequest {
    request: MintRequest,
    /// Claims in `--claims`, as the only row.
    claim_rows: ClaimRows,
    error_converter: StoreKeyErrorConverter,
}

/// Token to mint, after the checks, with the signing key.
enum ReadyJob {
    Store(Box<(MintJob, JobKey)>),
    External(Box<(MintJob, ExternalKey)>),
}

impl NamedJobs {
    /// Reads the external keys and claims of all tokens, and builds the requests. If any token
    /// needs a key of the store, also authenticates the minter. Adds no key and no token to the
    /// store.
    pub(crate) fn prepare(
        app: &mut App,
        named_options: Vec<NamedOptions>,
        destination: TokenDestination,
    ) -> Result<Self, Failure> {
        let mut jobs = Vec::with_capacity(named_options.len());
        for NamedOptions { name, options, position } in named_options {
            let job = prepare_job(app, options, position.as_ref(), destination)?;
            jobs.push(NamedJob { name, position, job });
        }
        let needs_minter = jobs.iter().any(|named_job| matches!(named_job.job, Job::Store(_)));
        let minter = needs_minter.then(|| app.minter()).transpose()?;
        Ok(Self { jobs, minter })
    }

    /// Returns whether a key of the store signs any of the tokens.
    pub(crate) fn uses_store(&self) -> bool {
        self.minter.is_some()
    }

    /// Mints the tokens. All tokens are checked before the first token is signed. If a token cannot
    /// be minted, the tokens that are already recorded are revoked.
    pub(crate) fn mint(self, app: &mut App) -> Result<Vec<NamedToken>, Failure> {
        let mut ready_jobs: Vec<(String, ReadyJob)> = Vec::with_capacity(self.jobs.len());
        for NamedJob { name, position, job } in self.jobs {
            let ready_job = match job {
                Job::External(job) => ReadyJob::External(job),
                Job::Store(request) => {
                    let previous_key = ready_jobs.iter().rev().find_map(|(_, job)| job.store_key());
                    let result = select_key(app, self.minter.as_ref(), *request, previous_key);
                    let job_with_key = result.map_err(|failure| {
                        add_position_if_caused_by_options(position.as_ref(), failure)
                    })?;
                    ReadyJob::Store(Box::new(job_with_key))
                }
            };
            ready_jobs.push((name, ready_job));
        }
        let mut keys = ready_jobs.iter().filter_map(|(_, job)| job.store_key());
        let has_new_secret = keys.any(|key| key.is_new_secret);
        let mut tokens: Vec<NamedToken> = Vec::with_capacity(ready_jobs.len());
        for (name, job) in ready_jobs {
            let is_signed_externally = matches!(job, ReadyJob::External(_));
            match job.mint(app) {
                Ok(minted) => tokens.push(NamedToken { name, minted, is_signed_externally }),
                Err(failure) => {
                    return Err(revoke_undelivered(app, failure, &recorded_ids(&tokens))?);
                }
            }
        }
        if has_new_secret {
            app.console.print_warning(NEW_SECRET_WARNING);
        }
        Ok(tokens)
    }
}

impl ReadyJob {
    /// Returns the key of the store that signs the token; `None` for an external key.
    fn store_key(&self) -> Option<&JobKey> {
        match self {
            Self::Store(job) => Some(&job.1),
            Self::External(_) => None,
        }
    }

    fn mint(self, app: &mut App) -> Result<MintedToken, Failure> {
        let minted = match self {
            Self::Store(job) => {
                let (job, mut key) = *job;
                job.mint_one(app.store.get()?, &mut key)?
            }
            Self::External(job) => {
                let (job, ExternalKey { key, kid }) = *job;
                job.mint_one_with_external_key(&key, kid.as_ref())?
            }
        };
        minted.ok_or_else(|| Failure::new(Code::Internal, "no token was minted"))
    }
}

/// Returns the ids of the recorded tokens among `tokens`.
pub(crate) fn recorded_ids(tokens: &[NamedToken]) -> Vec<TokenId> {
    tokens.iter().filter_map(|token| token.minted.id).collect()
}

/// Converts a failure as [`FilePosition::add_position_if_caused_by_options`] does. Without a
/// position, the failure is returned unchanged.
fn add_position_if_caused_by_options(position: Option<&FilePosition>, failure: Failure) -> Failure {
    match position {
        Some(position) => position.add_position_if_caused_by_options(failure),
        None => failure,
    }
}

/// Selects the key of the store for a token, or generates a missing key, and checks the claims.
/// Also records the audit event of the token. `previous_key` is the key of an earlier token. If
/// `previous_key` is given and no key is generated, the audit event of the earlier token counts
/// this token too, and no other event is recorded.
fn select_key(
    app: &mut App,
    minter: Option<&Principal>,
    store_request: StoreRequest,
    previous_key: Option<&JobKey>,
) -> Result<(MintJob, JobKey), Failure> {
    let StoreRequest { request, claim_rows, error_converter } = store_request;
    let minter = minter.ok_or_else(|| Failure::new(Code::Internal, "no minter"))?;
    let (store, audit) = app.store.open_with_audit()?;
    MintJob::with_store_key(store, &audit, minter, request, claim_rows, previous_key)
        .map_err(|error| error_converter.to_failure(error))
}

/// Reads the external key of a token, if the options have one, and the claims. Builds the request.
fn prepare_job(
    app: &App,
    options: MintOptions,
    position: Option<&FilePosition>,
    destination: TokenDestination,
) -> Result<Job, Failure> {
    // The options are valid even if the variable in `secret-env` is not set or the key file is not
    // readable. The failure therefore gets the position, but keeps its code.
    let key_bytes = options.key.read_key_bytes(app).map_err(|failure| match position {
        Some(position) => position.add_position(failure),
        None => failure,
    })?;
    let result = match key_bytes {
        Some(bytes) => prepare_external_job(app, options, &bytes, destination),
        None => prepare_store_job(app, options, destination),
    };
    result.map_err(|failure| add_position_if_caused_by_options(position, failure))
}

fn prepare_external_job(
    app: &App,
    options: MintOptions,
    key_bytes: &[u8],
    destination: TokenDestination,
) -> Result<Job, Failure> {
    let claim_rows = ClaimRows::repeat(options.test_token.read_claims(app)?, 1);
    let now = app.store.now()?;
    let mint_only = options.mint_only_options();
    let MintOptions { test_token, key: key_args, .. } = options;
    let (request, external) = test_token.into_external_request(app, &key_args, key_bytes)?;
    let mut request = mint_only.apply(request);
    if destination == TokenDestination::ChildProcess {
        request.expiry = request.expiry.with_one_hour_default();
    }
    let (key, kid) = (&external.key, external.kid.as_ref());
    let job = MintJob::with_external_key(now, key, kid, request, claim_rows)?;
    Ok(Job::External(Box::new((job, external))))
}

fn prepare_store_job(
    app: &App,
    options: MintOptions,
    destination: TokenDestination,
) -> Result<Job, Failure> {
    let mint_only = options.mint_only_options();
    let must_record = destination == TokenDestination::ChildProcess && mint_only.defect.is_none();
    if must_record {
        options.test_token.ensure_jti()?;
    }
    let claim_rows = ClaimRows::repeat(options.test_token.read_claims(app)?, 1);
    let error_converter = options.test_token.store_key_error_converter();
    let mut request = mint_only.apply(options.test_token.into_store_request(app)?);
    if destination == TokenDestination::ChildProcess {
        request.expiry = request.expiry.with_one_hour_default();
    }
    if must_record {
        request.assign_jti();
        request.record = true;
    }
    Ok(Job::Store(Box::new(StoreRequest { request, claim_rows, error_converter })))
}
