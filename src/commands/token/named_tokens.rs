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
    pub(crate) name: String,
    pub(crate) options: MintOptions,
    /// Position of the options, if the options are in a file.
    pub(crate) position: Option<FilePosition>,
}

/// File with the options for a token, and the line where the table of these options begins.
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

    /// Adds the position to a failure of a kind that options can cause. A usage failure also gets the
    /// code `BadData`, because the options are in a file. A failure of any other kind is unchanged.
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

/// A test token with a name.
#[derive(Debug, Serialize)]
pub(crate) struct NamedToken {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) minted: MintedToken,
    /// Set if a key outside the store signed the token, so that the token cannot be revoked.
    #[serde(skip)]
    pub(crate) has_external_key: bool,
}

/// Destination of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// The tokens are printed.
    Output,
    /// The child process of `jeton run` gets the tokens. A token that a key of the store signs is
    /// recorded, so that it can be revoked, unless the token has a defect.
    Command,
}

/// Tokens to mint, in order.
pub(crate) struct NamedJobs {
    jobs: Vec<NamedJob>,
    /// Principal that mints with the keys of the store; `None` if all keys are external.
    minter: Option<Principal>,
}

struct NamedJob {
    name: String,
    position: Option<FilePosition>,
    job: Job,
}

/// Token to mint, before a key of the store is selected.
enum Job {
    Store(Box<StoreRequest>),
    External(Box<(MintJob, ExternalKey)>),
}

struct StoreRequest {
    request: MintRequest,
    claim_rows: ClaimRows,
    error_converter: StoreKeyErrorConverter,
}

/// Token to mint, after the checks, with the signing key.
enum ReadyJob {
    Store(Box<(MintJob, JobKey)>),
    External(Box<(MintJob, ExternalKey)>),
}

impl NamedJobs {
    /// Reads external keys and claims, and builds the requests. If any token needs a key of the store,
    /// also authenticates the minter. Adds no key and no token to the store.
    pub(crate) fn prepare(
        app: &mut App,
        named_options: Vec<NamedOptions>,
        token_use: TokenUse,
    ) -> Result<Self, Failure> {
        let mut jobs = Vec::with_capacity(named_options.len());
        for NamedOptions { name, options, position } in named_options {
            let job = prepare_job(app, options, position.as_ref(), token_use)?;
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

    /// Mints the tokens. All tokens are checked before the first token is signed. If a token cannot be
    /// minted, the tokens that are already recorded are revoked.
    pub(crate) fn mint(self, app: &mut App) -> Result<Vec<NamedToken>, Failure> {
        let mut ready_jobs: Vec<(String, ReadyJob)> = Vec::with_capacity(self.jobs.len());
        for NamedJob { name, position, job } in self.jobs {
            let ready_job = match job {
                Job::External(job) => ReadyJob::External(job),
                Job::Store(request) => {
                    let previous = ready_jobs.iter().rev().find_map(|(_, job)| job.store_key());
                    let result = select_key(app, self.minter.as_ref(), *request, previous);
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
            let has_external_key = matches!(job, ReadyJob::External(_));
            match job.mint(app) {
                Ok(minted) => tokens.push(NamedToken { name, minted, has_external_key }),
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

/// Returns the ids of the tokens that are recorded.
pub(crate) fn recorded_ids(tokens: &[NamedToken]) -> Vec<TokenId> {
    tokens.iter().filter_map(|token| token.minted.id).collect()
}

fn add_position_if_caused_by_options(position: Option<&FilePosition>, failure: Failure) -> Failure {
    match position {
        Some(position) => position.add_position_if_caused_by_options(failure),
        None => failure,
    }
}

/// Selects the key of the store for a token, and checks the token. `previous` is the key of an
/// earlier token: see [`MintJob::with_store_key`].
fn select_key(
    app: &mut App,
    minter: Option<&Principal>,
    request: StoreRequest,
    previous: Option<&JobKey>,
) -> Result<(MintJob, JobKey), Failure> {
    let StoreRequest { request, claim_rows, error_converter } = request;
    let minter = minter.ok_or_else(|| Failure::new(Code::Internal, "no minter"))?;
    let (store, audit) = app.store.open_with_audit()?;
    MintJob::with_store_key(store, &audit, minter, request, claim_rows, previous)
        .map_err(|error| error_converter.to_failure(error))
}

/// Reads the claims of a token and the external key, if given, and builds the request.
fn prepare_job(
    app: &App,
    options: MintOptions,
    position: Option<&FilePosition>,
    token_use: TokenUse,
) -> Result<Job, Failure> {
    // A missing key file or variable does not make the file with the options invalid: the failure gets
    // the position, but keeps its code.
    let key_bytes = options.key.read_key_bytes(app).map_err(|failure| match position {
        Some(position) => position.add_position(failure),
        None => failure,
    })?;
    let result = match key_bytes {
        Some(bytes) => prepare_external_job(app, options, &bytes, token_use),
        None => prepare_store_job(app, options, token_use),
    };
    result.map_err(|failure| add_position_if_caused_by_options(position, failure))
}

fn prepare_external_job(
    app: &App,
    options: MintOptions,
    key_bytes: &[u8],
    token_use: TokenUse,
) -> Result<Job, Failure> {
    let claim_rows = ClaimRows::repeat(options.test_token.read_claims(app)?, 1);
    let now = app.store.now()?;
    let job_options = options.job_options();
    let MintOptions { test_token, key: key_args, .. } = options;
    let (request, external) = test_token.into_external_request(app, &key_args, key_bytes)?;
    let mut request = job_options.apply(request);
    if token_use == TokenUse::Command {
        request.expiry = request.expiry.with_one_hour_default();
    }
    let (key, kid) = (&external.key, external.kid.as_ref());
    let job = MintJob::with_external_key(now, key, kid, request, claim_rows)?;
    Ok(Job::External(Box::new((job, external))))
}

fn prepare_store_job(app: &App, options: MintOptions, token_use: TokenUse) -> Result<Job, Failure> {
    let job_options = options.job_options();
    let must_record = token_use == TokenUse::Command && job_options.defect.is_none();
    if must_record {
        options.test_token.ensure_jti()?;
    }
    let claim_rows = ClaimRows::repeat(options.test_token.read_claims(app)?, 1);
    let error_converter = options.test_token.store_key_error_converter();
    let mut request = job_options.apply(options.test_token.into_store_request(app)?);
    if token_use == TokenUse::Command {
        request.expiry = request.expiry.with_one_hour_default();
    }
    if must_record {
        request.assign_jti();
        request.record = true;
    }
    Ok(Job::Store(Box::new(StoreRequest { request, claim_rows, error_converter })))
}
