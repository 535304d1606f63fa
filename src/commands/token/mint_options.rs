//! Options of `token mint` for all tokens of a command line, or for one token of a file.

use super::external_key::ExternalKeyArgs;
use super::test_token_args::TestTokenArgs;
use crate::authority::minting::{Defect, MintRequest};
use crate::model::{InvalidValue, Lifetime, TimeSpec};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Options for a test token: claims, times, signing key, record and defect.
#[derive(Debug, clap::Args)]
#[command(mut_arg("ttl", |ttl| ttl.value_parser(parse_mint_ttl)))]
pub(crate) struct MintOptions {
    #[command(flatten)]
    pub(super) test_token: TestTokenArgs,

    /// Issue time (`iat`), in the formats of `--expires-at` [default: now]
    #[arg(long, alias = "iat", value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    issued_at: Option<TimeSpec>,

    /// Start of validity (`nbf`), in the formats of `--expires-at`
    #[arg(long, alias = "nbf", value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    not_before: Option<TimeSpec>,

    #[command(flatten)]
    pub(super) key: ExternalKeyArgs,

    /// Record the token, so that it can be listed and revoked by id
    #[arg(long, conflicts_with_all = ["external_key", "no_jti"])]
    record: bool,

    /// Mint a negative test token with this single defect; `revoked` revokes the token, if a key of the
    /// store signs it
    #[arg(long, value_name = "DEFECT", value_parser = defect_parser(), conflicts_with = "record")]
    defect: Option<Defect>,
}

impl MintOptions {
    /// Returns the options for the token of a `run` command line.
    pub(crate) fn for_run(test_token: TestTokenArgs, key: ExternalKeyArgs) -> Self {
        Self { test_token, issued_at: None, not_before: None, key, record: false, defect: None }
    }

    /// Returns the options that [`MintOnlyOptions`] describes.
    pub(super) fn mint_only_options(&self) -> MintOnlyOptions {
        let Self { issued_at, not_before, record, defect, .. } = *self;
        MintOnlyOptions { issued_at, not_before, record, defect }
    }
}

/// Options for issue time, start of validity, record and defect. `token mint` and files of named
/// tokens have these options; the command lines of `run` and `token fixtures` do not.
#[derive(Debug, Clone, Copy)]
pub(super) struct MintOnlyOptions {
    issued_at: Option<TimeSpec>,
    not_before: Option<TimeSpec>,
    record: bool,
    pub(super) defect: Option<Defect>,
}

impl MintOnlyOptions {
    /// Returns whether `--record` is set.
    pub(super) fn records_tokens(self) -> bool {
        self.record
    }

    /// Returns `request` with these options.
    pub(super) fn apply(self, mut request: MintRequest) -> MintRequest {
        request.issued_at = self.issued_at;
        request.not_before = self.not_before;
        request.record = self.record;
        request.defect = self.defect;
        request
    }
}

/// Parses the lifetime in `--ttl`. The error for a negative lifetime has a hint about the options
/// that mint an expired token.
fn parse_mint_ttl(text: &str) -> Result<Lifetime, InvalidValue> {
    let age = text.strip_prefix('-').and_then(|positive| Lifetime::parse(positive).ok());
    Lifetime::parse(text).map_err(|invalid| match age.map(TimeSpec::format_past) {
        Some(Some(past_time)) => invalid.with_hint(format!(
            "for an expired token, use `--defect expired` or `--expires-at {past_time}`"
        )),
        Some(None) => invalid.with_hint("for an expired token, use `--defect expired`"),
        None => invalid,
    })
}

/// Returns the parser of `--defect`, which also gives the names of all defects to the help.
fn defect_parser() -> impl TypedValueParser<Value = Defect> {
    let names = Defect::ALL.iter().map(|defect| defect.name());
    PossibleValuesParser::new(names).try_map(|name| Defect::parse(&name))
}
