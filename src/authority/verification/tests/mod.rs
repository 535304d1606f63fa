//! Tests of verification.

mod after_signature;
mod before_signature;
mod key_order;
mod kinds;
mod properties;
mod records;

use super::*;
use crate::authority::test_store::{
    TestUser, add_user, at, audit_at, decode_token, issue_app_token, new_store, new_store_with,
    reasons_of, reject_reasons_at, rotate_app_key, token_request, verify_token,
};
use crate::crypto::{self, CompactJws, PublicKeys, sign_text};
use crate::model::{Algorithm, Key, Purpose, Role, TokenKind};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const APP: ExpectedKind = ExpectedKind::Only(TokenKind::App);
const ACCESS: ExpectedKind = ExpectedKind::Only(TokenKind::Access);
const REFRESH: ExpectedKind = ExpectedKind::Only(TokenKind::Refresh);
const TEST: ExpectedKind = ExpectedKind::Only(TokenKind::Test);

/// Store with an admin, `ada`, who has a session and one app token.
struct TestContext {
    store: Store,
    ada: TestUser,
    app_token: String,
}

fn new_test_context() -> TestContext {
    new_test_context_with(Algorithm::ES256)
}

/// Returns a context whose app key has this algorithm.
fn new_test_context_with(algorithm: Algorithm) -> TestContext {
    let mut store = new_store_with(algorithm);
    let ada = add_user(&mut store, "ada", Role::Admin);
    let app = issue_app_token(&mut store, &ada, "app").token.expose_secret().to_owned();
    TestContext { store, ada, app_token: app }
}

impl TestContext {
    fn active_app_key(&mut self) -> Key {
        self.store.read(|tx| tx.active_app_key()).unwrap()
    }

    /// Returns the claims of the app token.
    fn app_token_claims(&self) -> Value {
        decode_token(&self.app_token).1
    }

    /// Returns expectations without optional checks at the start of the test.
    fn expectations(kind: ExpectedKind) -> Expectations {
        Expectations::new(kind, at(0))
    }

    /// Returns the reasons to reject a token at the start of the test.
    fn reject_reasons(&mut self, token: &str, kind: ExpectedKind) -> Vec<RejectReason> {
        reject_reasons_at(&mut self.store, token, kind, 0)
    }

    /// Returns the reasons for which the app token fails these expectations.
    fn app_reject_reasons(&mut self, expectations: &Expectations) -> Vec<RejectReason> {
        let app = self.app_token.clone();
        reasons_of(&verify_token(&mut self.store, &app, expectations))
    }

    /// Returns the header of an ES256 app token, with these members replaced or added.
    fn app_token_header(&mut self, members: &[(&str, Value)]) -> String {
        let key = self.active_app_key();
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": key.spec.kid});
        for (name, value) in members {
            header[*name] = value.clone();
        }
        header.to_string()
    }

    /// Returns a token with this header and payload. The active app key signs the token, even if
    /// the header names another key or algorithm.
    fn sign(&mut self, header: &str, payload: &str) -> String {
        let key = self.active_app_key();
        sign_text(&key.spec, header, payload).unwrap().expose_secret().to_owned()
    }

    /// Returns the app token with changed claims, signed again; `null` removes a claim.
    fn altered_app_token(&mut self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.app_token_claims();
        for (name, value) in changes {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(*name);
            } else {
                claims[*name] = value.clone();
            }
        }
        let header = self.app_token_header(&[]);
        self.sign(&header, &claims.to_string())
    }
}
