//! The rules: who may do what, what a token means, what is recorded. It reads no clock, no
//! environment and no terminal; slow work (hashing, signing) comes before the one transaction.

mod accounts;
mod act;
mod audit;
mod claims;
mod error;
#[cfg(test)]
mod fixture;
mod issuing;
mod keys;
mod minting;
mod principal;
mod reason;
mod renewal;
mod revocation;
mod sessions;
mod settings;
mod upkeep;
mod verification;

pub(crate) use crate::crypto::{
    Encoding, Import, KeyForm, PublicKeys, Rejected, Verifier, is_public, random_password,
    read_jwks, read_key, refuse_public,
};
pub(crate) use crate::store::Restored;
pub(crate) use crate::store::{EventFilter, Findings, TokenFilter, UserFilter, UserOrder};
pub(crate) use accounts::{
    Credential, Drafts, Export as UserExport, Imported, Other, Registration, Renaming,
    change_password, deletable, delete, disable as disable_user, enable as enable_user,
    export as export_users, found, import as import_users, is_founded, list as users, log_in,
    may_export as may_export_users, may_import as may_import_users, recover, recoverable, register,
    rename as rename_user, set_quota as set_user_quota, set_role, show,
};
pub(crate) use act::{About, Act, OUTCOMES, record_refusal};
pub(crate) use audit::{actor, list as events, next as next_events};
pub(crate) use error::{Error, Thing};
pub(crate) use issuing::{
    End, Issued, Over, Place, Request, issue, list as tokens, show as show_token, take_back,
};
pub(crate) use keys::{
    Added, Adding, Listed, Published, Rotation, Site, activate as activate_key, add as add_keys,
    beginning, draft as draft_key, exportable, jwks, list as keys, may_add as may_add_keys,
    private_text, public_pem, retire as retire_key, revocable, revoke as revoke_key,
    rotate as rotate_key, signs_with, site,
};
pub(crate) use minting::{
    Defect, Fixture, Fixtures, Mint, Minted, Minting, Signer, Template, Told, fixtures,
    fixtures_alone, minter, preset, presets,
};
pub(crate) use principal::Principal;
pub(crate) use reason::Reason;
pub(crate) use renewal::{Renewal, Renewed, renew};
pub(crate) use revocation::{Revoked, Target, count as count_tokens, revoke, revoke_many};
pub(crate) use sessions::{
    Caller, Next, Proven, Tokens, authenticate, begin, end, list as open_sessions, refresh,
    revoke as revoke_sessions, revoke_all as revoke_all_sessions, was_begun,
};
pub(crate) use settings::{
    get as setting, list as settings, set as set_setting, unset as unset_setting,
};
pub(crate) use upkeep::{
    Pruned, back_up, census, check, check_backup, may_administer, migrate, prune, prune_gap,
    restore,
};
#[cfg(any(fuzzing, test))]
pub(crate) use verification::judge_alone;
pub(crate) use verification::{
    Checks, MediaType, Verdict, Wanted, decode, introspect, verify, verify_foreign,
};
