//! A store in memory with people in it, for the tests of the rules. It decides nothing.

use super::audit_context::AuditRow;
use super::{
    AuditContext, AuthenticatedUser, Caller, ClaimRows, Error, Expectations, ExpectedKind, Expiry,
    IssuedToken, MintJob, MintRequest, MintedToken, RejectReason, TokenPair, TokenRequest,
    VerificationReport, authenticate, begin_session, decode, generate_key, initial_rows,
    issue_token, load_builtin_preset, verify,
};
use crate::crypto;
use crate::model::{
    Algorithm, AppName, Email, ExtraClaims, KeyState, NewUser, PasswordHash, Purpose, Role,
    RsaBits, Setting, Sid, Timestamp, User, UserName,
};
use crate::store::{Error as StoreError, Store};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// When everything begins.
pub(super) const NOW: i64 = 1_800_000_000;

/// The instant so many seconds after the beginning.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW + seconds).unwrap()
}

/// A command at that instant.
pub(super) fn audit_at(seconds: i64) -> AuditContext {
    AuditContext { now: at(seconds), os_uid: 1000, action: "test".to_owned() }
}

/// A new store with an ES256 key.
pub(super) fn new_store() -> Store {
    new_store_with(Algorithm::ES256)
}

pub(super) fn new_store_with(algorithm: Algorithm) -> Store {
    crypto::initialize();
    let key = generate_key(algorithm, Purpose::App, RsaBits::default()).unwrap();
    Store::in_memory(&initial_rows(key, at(0)))
}

/// A user who is logged in since the beginning.
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

/// Adds a user with the address `NAME@example.com` and a password that nobody has.
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
            tx.find_user_row(tx.add_user(&new_user, at(0))?)
        })
        .unwrap()
        .unwrap();
    add_session(store, &user)
}

/// Another session of somebody.
pub(super) fn add_session(store: &mut Store, user: &User) -> TestUser {
    let authenticated = authenticated_user(store, user);
    let (tokens, _) = replace_session(store, &authenticated, None).unwrap();
    let caller = authenticate(store, at(0), tokens.access.expose_secret()).unwrap();
    TestUser { caller, tokens }
}

/// As if the user had given the password that the row has now.
pub(super) fn authenticated_user(store: &mut Store, user: &User) -> AuthenticatedUser {
    let hash = store.read(|tx| tx.find_password_hash(user.id)).unwrap().unwrap();
    AuthenticatedUser {
        user: user.clone(),
        hash,
        upgraded_hash: None,
        audit_row: AuditRow::Missing,
    }
}

/// Begins a session in the place of another; whether that was open.
pub(super) fn replace_session(
    store: &mut Store,
    authenticated: &AuthenticatedUser,
    replaced_sid: Option<Sid>,
) -> Result<(TokenPair, bool), Error> {
    begin_session(store, &audit_at(0), authenticated, replaced_sid, |_| Ok(()))
}

/// A wish for a token with nothing special about it.
pub(super) fn token_request(app: &str) -> TokenRequest {
    TokenRequest {
        owner: None,
        app: AppName::parse(app).unwrap(),
        permissions: Vec::new(),
        audience: Vec::new(),
        expiry: Expiry::Default,
        claims: ExtraClaims::default(),
        for_run: false,
    }
}

/// An app token made at the beginning.
pub(super) fn issue_app_token(store: &mut Store, owner: &TestUser, app: &str) -> IssuedToken {
    issue_token(store, &audit_at(0), &owner.caller, &token_request(app)).unwrap()
}

/// What is wrong with a token at that instant.
pub(super) fn reject_reasons(
    store: &mut Store,
    token: &str,
    expected: ExpectedKind,
    seconds: i64,
) -> Vec<RejectReason> {
    verify_token(store, token, &Expectations::new(expected, at(seconds))).reasons
}

pub(super) fn verify_token(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> VerificationReport {
    verify(store, token, expectations).unwrap()
}

/// The reasons of a refusal.
pub(super) fn refusal_reasons<T>(result: Result<T, Error>) -> Vec<RejectReason> {
    match result {
        Err(Error::TokenRejected { reasons, .. }) => reasons,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no refusal"),
    }
}

/// Header and payload as they stand in the token.
pub(super) fn decode_token(token: &str) -> (Value, Value) {
    decode(token).unwrap()
}

pub(super) fn set_setting(store: &mut Store, setting: Setting, value: &str) {
    store.write(|tx| -> Result<(), StoreError> { tx.set_setting(setting, value, at(0)) }).unwrap();
}

/// Retires the key that signs, for verifying until then, and adds another.
pub(super) fn rotate_app_key(store: &mut Store, verify_until: Timestamp) {
    let key = crypto::generate_key(Algorithm::ES256, Purpose::App, RsaBits::default()).unwrap();
    store.execute_sql(&format!(
        "UPDATE keys SET state = 'retired', verify_until = {}
         WHERE purpose = 'app' AND state = 'active'",
        verify_until.unix()
    ));
    store
        .write(|tx| -> Result<i64, StoreError> { tx.add_key(&key, KeyState::Active, at(0)) })
        .unwrap();
}

/// A wish for a test token with nothing said.
pub(super) fn mint_request() -> MintRequest {
    MintRequest::new(load_builtin_preset(None).unwrap().unwrap())
}

/// One test token, asked for at the beginning.
pub(super) fn mint_token(
    store: &mut Store,
    minter: &TestUser,
    request: &MintRequest,
) -> Result<MintedToken, Error> {
    let (audit, claim_rows) = (audit_at(0), ClaimRows::repeat(Map::new(), 1));
    let (mut job, mut job_key) =
        MintJob::with_store_key(store, &audit, &minter.caller, request.clone(), claim_rows)?;
    Ok(job.next_batch(store, &mut job_key)?.remove(0))
}

/// The same as text.
pub(super) fn mint_token_text(
    store: &mut Store,
    minter: &TestUser,
    request: &MintRequest,
) -> String {
    mint_token(store, minter, request).unwrap().token.expose_secret().to_owned()
}
