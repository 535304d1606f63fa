//! Helpers of unit tests: a store with users and tokens.

use super::audit_context::AuditRowState;
pub(super) use super::minting::authorize_minter;
use super::minting::{ClaimRows, MintJob, MintRequest, MintedToken, load_builtin_preset};
use super::sessions::{AuthenticatedUser, TokenPair};
use super::tokens::{Expiry, IssuedToken, TokenRequest};
use super::verification::{Expectations, ExpectedKind, VerificationReport, decode, verify};
use super::{AuditContext, Caller, Error, RejectReason, keys, sessions, tokens};
use crate::crypto::{self, DecodedPayload, DecodedToken};
use crate::model::{
    Algorithm, AppName, Email, ExtraClaims, KeyRowId, KeyState, NewUser, PasswordHash, Purpose,
    Role, RsaBits, Setting, Sid, Timestamp, User, UserName,
};
use crate::store::{Error as StoreError, Store};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// The start of each test, in Unix seconds.
pub(super) const NOW: i64 = 1_800_000_000;

/// Returns the time `seconds` after [`NOW`].
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW + seconds).unwrap()
}

/// Returns the audit context of a command `seconds` after [`NOW`].
pub(super) fn audit_at(seconds: i64) -> AuditContext {
    AuditContext { now: at(seconds), os_uid: 1000, action: "test".to_owned() }
}

/// Returns a new store with an ES256 app key.
pub(super) fn new_store() -> Store {
    new_store_with(Algorithm::ES256)
}

/// Returns a new store with an app key for this algorithm.
pub(super) fn new_store_with(algorithm: Algorithm) -> Store {
    crypto::initialize_crypto();
    let key = keys::generate(algorithm, Purpose::App, RsaBits::default()).unwrap();
    let rows = keys::build_initial_rows(key, at(0));
    Store::for_test(&rows)
}

/// A user with a session that started at [`NOW`].
pub(super) struct TestUser {
    pub(super) caller: Caller,
    tokens: TokenPair,
}

impl TestUser {
    pub(super) fn user(&self) -> &User {
        &self.caller.user
    }

    pub(super) fn access_token(&self) -> &str {
        self.tokens.access.expose_secret()
    }

    pub(super) fn refresh_token(&self) -> &str {
        self.tokens.refresh.expose_secret()
    }
}

/// Adds a user with the username `name`, the e-mail address `NAME@example.com` and an unusable
/// password. Adds a session of the user, and returns the user with this session.
pub(super) fn add_user(store: &mut Store, name: &str, role: Role) -> TestUser {
    let new_user = NewUser {
        uid: crypto::generate_uid(),
        username: Some(UserName::parse(name).unwrap()),
        email: Some(Email::parse(&format!("{name}@example.com")).unwrap()),
        display_name: None,
        password_hash: Some(PasswordHash::new("none".to_owned())),
        role,
        quota: None,
        disabled_at: None,
        created_at: at(0),
    };
    let user = store
        .write(|tx| -> Result<Option<User>, StoreError> {
            tx.find_user_including_deleted(tx.add_user(&new_user, at(0))?)
        })
        .unwrap()
        .unwrap();
    add_session(store, &user)
}

/// Adds a session of an existing user and returns the user with this session.
pub(super) fn add_session(store: &mut Store, user: &User) -> TestUser {
    let authenticated = authenticated_user(store, user);
    let (tokens, _) = replace_session(store, &authenticated, None).unwrap();
    let caller = sessions::authenticate(store, at(0), tokens.access.expose_secret()).unwrap();
    TestUser { caller, tokens }
}

/// Returns the user in the state after an authentication with the current password.
pub(super) fn authenticated_user(store: &mut Store, user: &User) -> AuthenticatedUser {
    let (_, password_changed_at) = store.read(|tx| tx.find_password(user.id)).unwrap().unwrap();
    AuthenticatedUser {
        user: user.clone(),
        password_changed_at,
        upgraded_hash: None,
        audit_row: AuditRowState::Missing,
    }
}

/// Starts a session and ends the session `replaced_sid`, if any. Returns the tokens of the new
/// session, and whether the replaced session was open.
pub(super) fn replace_session(
    store: &mut Store,
    authenticated: &AuthenticatedUser,
    replaced_sid: Option<Sid>,
) -> Result<(TokenPair, bool), Error> {
    sessions::begin(store, &audit_at(0), authenticated, replaced_sid, |_| Ok(()))
}

/// Returns a request for an app token with default options.
pub(super) fn token_request(app: &str) -> TokenRequest {
    TokenRequest {
        owner: None,
        app: AppName::parse(app).unwrap(),
        permissions: Vec::new(),
        audience: Vec::new(),
        expiry: Expiry::Default,
        claims: ExtraClaims::default(),
        is_for_run_command: false,
    }
}

/// Issues an app token at [`NOW`].
pub(super) fn issue_app_token(store: &mut Store, owner: &TestUser, app: &str) -> IssuedToken {
    tokens::issue(store, &audit_at(0), &owner.caller, &token_request(app)).unwrap()
}

/// Returns the reasons to reject a token `seconds` after [`NOW`].
pub(super) fn reject_reasons_at(
    store: &mut Store,
    token: &str,
    expected: ExpectedKind,
    seconds: i64,
) -> Vec<RejectReason> {
    reasons_of(&verify_token(store, token, &Expectations::new(expected, at(seconds))))
}

/// Returns the reasons of a report without their facts.
pub(super) fn reasons_of(report: &VerificationReport) -> Vec<RejectReason> {
    report.reasons.iter().map(|rejection| rejection.reason).collect()
}

pub(super) fn verify_token(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> VerificationReport {
    verify(store, token, expectations).unwrap()
}

/// Returns the reasons for which an operation refused a token.
pub(super) fn refusal_reasons<T>(result: Result<T, Error>) -> Vec<RejectReason> {
    match result {
        Err(Error::TokenRejected { reasons, .. } | Error::SessionRejected { reasons }) => {
            reasons.iter().map(|rejection| rejection.reason).collect()
        }
        Err(other) => panic!("expected a rejected token, found the error: {other}"),
        Ok(_) => panic!("expected a rejected token, found success"),
    }
}

/// Returns the header and payload of a token.
pub(super) fn decode_token(token: &str) -> (Value, Value) {
    let DecodedToken { header, payload, .. } = decode(token).unwrap();
    let DecodedPayload::Json(claims) = payload else { panic!("the payload is not JSON") };
    (header, claims)
}

pub(super) fn set_setting(store: &mut Store, setting: Setting, value: &str) {
    store.write(|tx| -> Result<(), StoreError> { tx.set_setting(setting, value, at(0)) }).unwrap();
}

/// Retires the active app key and activates a new ES256 key. The retired key verifies until
/// `verify_until`.
pub(super) fn rotate_app_key(store: &mut Store, verify_until: Timestamp) {
    let key = crypto::generate_key(Algorithm::ES256, Purpose::App, RsaBits::default()).unwrap();
    store.execute_sql(&format!(
        "UPDATE keys SET state = 'retired', verify_until = {}
         WHERE purpose = 'app' AND state = 'active'",
        verify_until.unix()
    ));
    store
        .write(|tx| -> Result<KeyRowId, StoreError> { tx.add_key(&key, KeyState::Active, at(0)) })
        .unwrap();
}

/// Returns a request for a test token with default options.
pub(super) fn mint_request() -> MintRequest {
    MintRequest::new(load_builtin_preset(None).unwrap().unwrap())
}

/// Mints a test token at [`NOW`].
pub(super) fn mint_token(
    store: &mut Store,
    minter: &TestUser,
    request: &MintRequest,
) -> Result<MintedToken, Error> {
    let (audit, claim_rows) = (audit_at(0), ClaimRows::repeat(Map::new(), 1));
    let (job, mut job_key) =
        MintJob::with_store_key(store, &audit, &minter.caller, request.clone(), claim_rows, None)?;
    Ok(job.mint_one(store, &mut job_key)?.unwrap())
}

/// Mints a test token at [`NOW`] and returns its text.
pub(super) fn mint_token_text(
    store: &mut Store,
    minter: &TestUser,
    request: &MintRequest,
) -> String {
    mint_token(store, minter, request).unwrap().token.expose_secret().to_owned()
}
