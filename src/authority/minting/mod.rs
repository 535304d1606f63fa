//! Test tokens: tokens with any claims, signed by a test key of the store or by an external key. A
//! test token never authenticates to jeton and never passes as an app token.

mod authorize;
mod batch_signer;
mod claim_rows;
mod defects;
mod fixtures;
mod generated;
mod job;
mod minted_tokens;
mod pattern;
mod presets;
mod record;
mod request;
mod row_checks;
mod row_encoder;
mod row_file;
mod row_shape;
mod run;
mod signing;
mod template;
mod token_builder;

pub(crate) use authorize::authorize_minter;
pub(super) use authorize::check_grantable_permissions;
pub(crate) use claim_rows::ClaimRows;
pub(crate) use defects::Defect;
pub(crate) use fixtures::{Fixture, Fixtures, build_fixtures, build_fixtures_with_external_key};
pub(crate) use job::{JobKey, MintJob};
pub(crate) use minted_tokens::{MintedToken, MintedTokens};
pub(crate) use presets::{builtin_preset_names, load_builtin_preset};
pub(crate) use request::{MintRequest, Signer};
pub(crate) use template::Template;

#[cfg(test)]
mod tests;
