//! A store in memory with people in it, for the tests of the rules. It decides nothing.

use super::act::Trace;
use super::{
    Act, Caller, Checks, End, Error, Issued, Mint, Minted, Minting, Proven, Reason, Request,
    Tokens, Told, Verdict, Wanted, authenticate, begin, beginning, decode, draft_key, issue,
    preset, verify,
};
use crate::crypto;
use crate::model::{
    Account, Algorithm, AppName, Email, ExtraClaims, KeyState, PasswordHash, Purpose, Role,
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
pub(super) fn act(seconds: i64) -> Act {
    Act { now: at(seconds), os_uid: 1000, action: "test".to_owned() }
}

/// A new store with an ES256 key.
pub(super) fn store() -> Store {
    store_with(Algorithm::ES256)
}

pub(super) fn store_with(algorithm: Algorithm) -> Store {
    crypto::install();
    let key = draft_key(algorithm, Purpose::App, RsaBits::default()).unwrap();
    Store::in_memory(&beginning(key, at(0)))
}

/// A user who is logged in since the beginning.
pub(super) struct Person {
    pub(super) caller: Caller,
    tokens: Tokens,
}

impl Person {
    pub(super) fn user(&self) -> &User {
        &self.caller.user
    }

    pub(super) fn access(&self) -> &str {
        self.tokens.access.expose_secret()
    }

    pub(super) fn refresh(&self) -> &str {
        self.tokens.refresh.expose_secret()
    }
}

/// Adds a user with the address `NAME@example.com` and a password that nobody has.
pub(super) fn person(store: &mut Store, name: &str, role: Role) -> Person {
    let account = Account {
        uid: crypto::uid(),
        username: Some(UserName::parse(name).unwrap()),
        email: Some(Email::parse(&format!("{name}@example.com")).unwrap()),
        name: None,
        password: Some(PasswordHash::new("none".to_owned())),
        role,
        quota: None,
        disabled_at: None,
        created_at: at(0),
    };
    let user = store
        .write(|tx| -> Result<Option<User>, StoreError> {
            tx.find_user_row(tx.add_user(&account, at(0))?)
        })
        .unwrap()
        .unwrap();
    again(store, &user)
}

/// Another session of somebody.
pub(super) fn again(store: &mut Store, user: &User) -> Person {
    let proven = proven(store, user);
    let (tokens, _) = begin_instead(store, &proven, None).unwrap();
    let caller = authenticate(store, at(0), tokens.access.expose_secret()).unwrap();
    Person { caller, tokens }
}

/// As if the user had given the password that the row has now.
pub(super) fn proven(store: &mut Store, user: &User) -> Proven {
    let hash = store.read(|tx| tx.find_password(user.id)).unwrap().unwrap();
    Proven { user: user.clone(), hash, better: None, trace: Trace::Missing }
}

/// Begins a session in the place of another; whether that was open.
pub(super) fn begin_instead(
    store: &mut Store,
    proven: &Proven,
    replaced: Option<Sid>,
) -> Result<(Tokens, bool), Error> {
    begin(store, &act(0), proven, replaced, |_| Ok(()))
}

/// A wish for a token with nothing special about it.
pub(super) fn request(app: &str) -> Request {
    Request {
        owner: None,
        app: AppName::parse(app).unwrap(),
        permissions: Vec::new(),
        audience: Vec::new(),
        end: End::Default,
        claims: ExtraClaims::default(),
        for_run: false,
    }
}

/// An app token made at the beginning.
pub(super) fn token(store: &mut Store, owner: &Person, app: &str) -> Issued {
    issue(store, &act(0), &owner.caller, &request(app)).unwrap()
}

/// What is wrong with a token at that instant.
pub(super) fn reasons(store: &mut Store, token: &str, wanted: Wanted, seconds: i64) -> Vec<Reason> {
    judged(store, token, &Checks::only(wanted, at(seconds))).reasons
}

pub(super) fn judged(store: &mut Store, token: &str, checks: &Checks) -> Verdict {
    verify(store, token, checks).unwrap()
}

/// The reasons of a refusal.
pub(super) fn refusal<T>(result: Result<T, Error>) -> Vec<Reason> {
    match result {
        Err(Error::Refused { reasons, .. }) => reasons,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no refusal"),
    }
}

/// Header and payload as they stand in the token.
pub(super) fn parts(token: &str) -> (Value, Value) {
    decode(token).unwrap()
}

pub(super) fn set(store: &mut Store, setting: Setting, value: &str) {
    store.write(|tx| -> Result<(), StoreError> { tx.set_setting(setting, value, at(0)) }).unwrap();
}

/// Retires the key that signs, for verifying until then, and adds another.
pub(super) fn rotate(store: &mut Store, verify_until: Timestamp) {
    let key = crypto::generate(Algorithm::ES256, Purpose::App, RsaBits::default()).unwrap();
    store.arrange(&format!(
        "UPDATE keys SET state = 'retired', verify_until = {}
         WHERE purpose = 'app' AND state = 'active'",
        verify_until.unix()
    ));
    store
        .write(|tx| -> Result<i64, StoreError> { tx.add_key(&key, KeyState::Active, at(0)) })
        .unwrap();
}

/// A wish for a test token with nothing said.
pub(super) fn mint_wish() -> Mint {
    Mint::new(preset(None).unwrap().unwrap())
}

/// One test token, asked for at the beginning.
pub(super) fn mint(store: &mut Store, minter: &Person, wish: &Mint) -> Result<Minted, Error> {
    let (act, told) = (act(0), Told::alike(Map::new(), 1));
    let (mut minting, mut hand) = Minting::begin(store, &act, &minter.caller, wish.clone(), told)?;
    Ok(minting.next(store, &mut hand)?.remove(0))
}

/// The same as text.
pub(super) fn minted(store: &mut Store, minter: &Person, wish: &Mint) -> String {
    mint(store, minter, wish).unwrap().token.expose_secret().to_owned()
}
