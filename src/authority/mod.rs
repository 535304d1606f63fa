//! Rules of authorization, of token validity and of the audit. The module reads no clock, no
//! environment and no terminal. Slow work (hashing, signing) is done before the transaction.

mod accounts;
mod audit;
mod audit_context;
mod claims;
mod error;
mod issuing;
mod keys;
mod maintenance;
mod minting;
mod principal;
mod rejection;
mod renewal;
mod revocation;
mod sessions;
mod settings;
#[cfg(test)]
mod test_store;
mod verification;

pub(crate) use crate::crypto::{
    ImportError, KeyFormat, KeyImporter, PublicKeys, SecretEncoding, Verifier,
    ensure_no_public_secrets, equals_public_key, generate_password, read_jwks, read_key,
};
pub(crate) use crate::store::RestoreOutcome;
pub(crate) use crate::store::{EventFilter, Findings, TokenFilter, UserFilter, UserOrder};
pub(crate) use accounts::{
    ImportOutcome, ImportRows, LoginCredentials, Patch, ProfilePatch, Registration, UserExport,
    authenticate_by_password, authorize_user_export, authorize_user_import, change_password,
    create_first_admin, delete_user, disable_user, enable_user, export_users, has_users,
    import_users, list_users, load_user, load_user_for_deletion, load_user_for_recovery,
    recover_account, register_user, rename_user, set_user_quota, set_user_role,
};
pub(crate) use audit::{find_actor, list_events, load_next_events};
pub(crate) use audit_context::{AUDIT_OUTCOMES, AuditContext, AuditTarget, record_refusal};
pub(crate) use error::{Error, ResourceKind};
pub(crate) use issuing::{
    Expiry, IssuedToken, QuotaUsage, RevocationCause, TokenRequest, issue_token, list_tokens,
    load_token, revoke_issued,
};
pub(crate) use keys::{
    DiscoverySite, JwkSetExport, KeySummary, NewKeyOptions, RequestedKey, Rotation, activate_key,
    add_keys, authorize_key_add, build_discovery_site, build_initial_rows, export_jwks,
    export_private_key, export_public_pem, generate_key, list_keys, load_key_for_export,
    load_key_for_revocation, require_signing_algorithm, retire_key, revoke_key, rotate_key,
};
pub(crate) use maintenance::{
    PruneCounts, authorize_maintenance, back_up, check_backup, check_store, detect_fast_clock,
    load_store_stats, migrate, prune, restore,
};
pub(crate) use minting::{
    ClaimRows, Defect, Fixture, Fixtures, MintJob, MintRequest, MintedToken, Signer, Template,
    authorize_minter, build_fixtures, build_fixtures_with_external_key, builtin_preset_names,
    load_builtin_preset,
};
pub(crate) use principal::Principal;
pub(crate) use rejection::RejectReason;
pub(crate) use renewal::{RenewalOptions, RenewedToken, renew_token};
pub(crate) use revocation::{
    RevocationOutcome, TokenSelector, count_revocable_tokens, revoke, revoke_bulk,
};
pub(crate) use sessions::{
    AuthenticatedUser, Caller, NewPairIds, TokenPair, authenticate, begin_session, end_session,
    list_open_sessions, refresh_session, revoke_all_sessions, revoke_sessions, session_exists,
};
pub(crate) use settings::{list_settings, load_setting, set_setting, unset_setting};
#[cfg(any(fuzzing, test))]
pub(crate) use verification::check_claims_only;
pub(crate) use verification::{
    Expectations, ExpectedKind, MediaType, VerificationReport, decode, introspect, verify,
    verify_third_party,
};
