//! What is accepted, what is refused, and for which reasons.

mod after_signature;
mod before_signature;
mod key_order;
mod kinds;
mod properties;
mod records;

use super::*;
use crate::authority::test_store::{
    TestUser, add_user, at, audit_at, decode_token, issue_app_token, new_store, reject_reasons,
    rotate_app_key, token_request, verify_token,
};
use crate::crypto::{self, sign_text};
use crate::model::{Role, TokenKind};
use secrecy::ExposeSecret;
use serde_json::json;

const APP: ExpectedKind = ExpectedKind::Only(TokenKind::App);
const ACCESS: ExpectedKind = ExpectedKind::Only(TokenKind::Access);
const REFRESH: ExpectedKind = ExpectedKind::Only(TokenKind::Refresh);
const TEST: ExpectedKind = ExpectedKind::Only(TokenKind::Test);

/// A store with an admin and one app token of hers.
struct TestContext {
    store: Store,
    ada: TestUser,
    app: String,
}

fn test_context() -> TestContext {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let app = issue_app_token(&mut store, &ada, "app").token.expose_secret().to_owned();
    TestContext { store, ada, app }
}

impl TestContext {
    fn active_app_key(&mut self) -> Key {
        self.store.read(|tx| tx.active_app_key()).unwrap()
    }

    /// The app token's claims.
    fn claims(&self) -> Value {
        decode_token(&self.app).1
    }

    fn expectations(kind: ExpectedKind) -> Expectations {
        Expectations::new(kind, at(0))
    }

    fn reasons(&mut self, token: &str, kind: ExpectedKind) -> Vec<RejectReason> {
        reject_reasons(&mut self.store, token, kind, 0)
    }

    /// What is wrong with the app token when it is held against that.
    fn app_reasons(&mut self, expectations: &Expectations) -> Vec<RejectReason> {
        let app = self.app.clone();
        verify_token(&mut self.store, &app, expectations).reasons
    }

    /// The header that our tokens have, with other members.
    fn header(&mut self, members: &[(&str, Value)]) -> String {
        let key = self.active_app_key();
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": key.spec.kid});
        for (name, value) in members {
            header[*name] = value.clone();
        }
        header.to_string()
    }

    /// A token with our key's own signature, whatever it says.
    fn sign(&mut self, header: &str, payload: &str) -> String {
        let key = self.active_app_key();
        sign_text(&key.spec, header, payload).unwrap().expose_secret().to_owned()
    }

    /// The app token with other claims; `null` takes one away.
    fn altered_app_token(&mut self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.claims();
        for (name, value) in changes {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(*name);
            } else {
                claims[*name] = value.clone();
            }
        }
        let header = self.header(&[]);
        self.sign(&header, &claims.to_string())
    }
}
