//! What is accepted, what is refused, and for which reasons.

mod after;
mod before;
mod kinds;
mod order;
mod properties;
mod records;

use super::*;
use crate::authority::fixture::{
    Person, act, at, judged, parts, person, reasons, request, rotate, store, token,
};
use crate::crypto::{self, sign_text};
use crate::model::{Role, TokenKind};
use secrecy::ExposeSecret;
use serde_json::json;

const APP: Wanted = Wanted::Only(TokenKind::App);
const ACCESS: Wanted = Wanted::Only(TokenKind::Access);
const REFRESH: Wanted = Wanted::Only(TokenKind::Refresh);
const TEST: Wanted = Wanted::Only(TokenKind::Test);

/// A store with an admin and one app token of hers.
struct Scene {
    store: Store,
    ada: Person,
    app: String,
}

fn scene() -> Scene {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let app = token(&mut store, &ada, "app").token.expose_secret().to_owned();
    Scene { store, ada, app }
}

impl Scene {
    fn key(&mut self) -> Key {
        self.store.read(|tx| tx.active_app_key()).unwrap()
    }

    /// The app token's claims.
    fn claims(&self) -> Value {
        parts(&self.app).1
    }

    fn checks(wanted: Wanted) -> Checks {
        Checks::only(wanted, at(0))
    }

    fn reasons(&mut self, token: &str, wanted: Wanted) -> Vec<Reason> {
        reasons(&mut self.store, token, wanted, 0)
    }

    /// What is wrong with the app token when it is held against that.
    fn held_against(&mut self, checks: &Checks) -> Vec<Reason> {
        let app = self.app.clone();
        judged(&mut self.store, &app, checks).reasons
    }

    /// The header that our tokens have, with other members.
    fn header(&mut self, members: &[(&str, Value)]) -> String {
        let key = self.key();
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": key.spec.kid});
        for (name, value) in members {
            header[*name] = value.clone();
        }
        header.to_string()
    }

    /// A token with our key's own signature, whatever it says.
    fn signed(&mut self, header: &str, payload: &str) -> String {
        let key = self.key();
        sign_text(&key.spec, header, payload).unwrap().expose_secret().to_owned()
    }

    /// The app token with other claims; `null` takes one away.
    fn altered(&mut self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.claims();
        for (name, value) in changes {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(*name);
            } else {
                claims[*name] = value.clone();
            }
        }
        let header = self.header(&[]);
        self.signed(&header, &claims.to_string())
    }
}
