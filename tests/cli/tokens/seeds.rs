//! Services of the kind whose jobs jeton took over let in what the presets make, as their own, and
//! refuse every broken one.

use crate::python::{ask, python};
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;

const SECRET: &str = "a secret that is as long as the hash";
const JOHN: &str = "john@example.com";

/// A service, and the way in that is under test.
struct Service {
    seed: &'static str,
    preset: &'static str,
    /// Whose tokens they are.
    sub: &'static str,
    /// What makes that user known.
    signup: (&'static str, Value),
    /// Method and path that take the token.
    guarded: (&'static str, &'static str),
    /// Where a token is taken back.
    revoke: Option<&'static str>,
    /// The verifier in it, and which defects that is known to let through: what is too large never
    /// comes in in a header, and a service may look at more than its verifier does.
    verifier: (&'static str, &'static [&'static str]),
}

impl Service {
    fn answers(&self, python: &OsString, requests: &[Value]) -> Vec<Value> {
        let (path, body) = &self.signup;
        let signup = json!(["POST", path, null, body]);
        let requests: Vec<&Value> = [&signup].into_iter().chain(requests).collect();
        let question = json!({"seed": self.seed, "secret": SECRET, "requests": requests});
        let mut answers = ask(python, "seeds.py", &question).as_array().unwrap().clone();
        assert_eq!(answers.remove(0)["status"], 201);
        answers
    }

    /// A request with that token.
    fn with(&self, token: &Value) -> Value {
        let (method, path) = self.guarded;
        // One takes the token in the body.
        if self.seed == "000" {
            return json!([method, path, null, {"token": token}]);
        }
        json!([method, path, token, {}])
    }
}

/// The tokens of the preset by their names, whole: also those that stand in files alone.
fn fixtures(service: &Service) -> Vec<(Value, Value)> {
    let mut sandbox = Sandbox::new();
    sandbox.set("JWT_SECRET_KEY", SECRET);
    let mut words = vec!["token", "fixtures", "--preset", service.preset, "--out", "fixtures"];
    words.extend(["--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"]);
    if service.preset != "gerencia" {
        words.extend(["--sub", service.sub]);
    }
    sandbox.run(&words).ok();
    let folder = sandbox.home().join("fixtures");
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let whole = |item: &Value| {
        let token = fs::read_to_string(folder.join(item["file"].as_str().unwrap())).unwrap();
        (item.clone(), json!(token.trim_end()))
    };
    manifest["fixtures"].as_array().unwrap().iter().map(whole).collect()
}

/// The good one is let in, and of the others none but those that the preset names.
fn lets_in_the_good_one_alone(service: &Service) {
    let Some(python) = python() else { return };
    let fixtures = fixtures(service);
    assert!(fixtures.len() > 10);
    let mut requests = Vec::new();
    for (item, token) in &fixtures {
        if let (Some(path), true) = (service.revoke, item["name"] == "revoked") {
            requests.push(json!(["POST", path, token, {}]));
        }
        requests.push(service.with(token));
    }
    let mut answers = service.answers(&python, &requests).into_iter();
    for (item, _) in &fixtures {
        let name = item["name"].as_str().unwrap();
        if service.revoke.is_some() && name == "revoked" {
            assert_eq!(answers.next().unwrap()["status"], 200, "it is taken back");
        }
        let has_no_list = service.revoke.is_none() && name == "revoked";
        let (verifier, lets_through) = service.verifier;
        let is_known = lets_through.contains(&name) && item["accepted_by"][verifier].is_string();
        let answer = answers.next().unwrap();
        let let_in = answer["status"] == 200;
        let expected = name == "good" || has_no_list || is_known;
        assert_eq!(let_in, expected, "{} {name}: {}", service.seed, answer["status"]);
        if name == "expired" && service.seed == "002" {
            assert_eq!(answer["answer"]["error"], "token_expired");
        }
    }
}

#[test]
fn seed_000_reads_the_claims_of_app_tokens() {
    let signup = json!({"nome": "John Doe", "email": JOHN, "senha": "123456"});
    lets_in_the_good_one_alone(&Service {
        seed: "000",
        preset: "gerencia",
        sub: JOHN,
        signup: ("/clientes/cadastro", signup),
        guarded: ("POST", "/clientes/claims"),
        revoke: None,
        verifier: ("PyJWT", &["oversized"]),
    });
}

fn of_seed_001(preset: &'static str, guarded: (&'static str, &'static str)) -> Service {
    let signup = json!({"username": "john", "email": JOHN, "password": "123456"});
    Service {
        seed: "001",
        preset,
        sub: JOHN,
        signup: ("/auth/register", signup),
        guarded,
        revoke: Some("/auth/revoke_token"),
        verifier: ("Flask-JWT-Extended", &["missing_exp"]),
    }
}

#[test]
fn seed_001_takes_access_and_refresh_tokens() {
    lets_in_the_good_one_alone(&of_seed_001("flask", ("GET", "/protected")));
    lets_in_the_good_one_alone(&of_seed_001("flask-refresh", ("POST", "/auth/refresh")));
}

#[test]
fn seed_002_lists_its_users() {
    let signup = json!({"username": "caio", "email": "caio@gmail.com", "password": "123456"});
    lets_in_the_good_one_alone(&Service {
        seed: "002",
        preset: "flask",
        sub: "caio",
        signup: ("/auth/register", signup),
        guarded: ("GET", "/api/users/all?page=1&per_page=5"),
        revoke: None,
        verifier: ("Flask-JWT-Extended", &["missing_exp"]),
    });
}

#[test]
fn seed_003_renews_what_is_not_revoked() {
    for guarded in [("GET", "/protected"), ("POST", "/refresh")] {
        lets_in_the_good_one_alone(&Service {
            seed: "003",
            preset: "flask",
            sub: "abc@abc.com",
            signup: ("/signup", json!({"email": "abc@abc.com", "password": "abc123"})),
            guarded,
            revoke: Some("/revoke"),
            verifier: ("Flask-JWT-Extended", &["missing_exp"]),
        });
    }
}

#[test]
fn seed_004_knows_the_role() {
    for guarded in [("GET", "/dashboard"), ("GET", "/admin")] {
        let signup = json!({"username": "khyati", "password": "1234", "role": "admin"});
        lets_in_the_good_one_alone(&Service {
            seed: "004",
            preset: "flask",
            sub: "khyati",
            signup: ("/signup", signup),
            guarded,
            revoke: Some("/logout"),
            verifier: ("Flask-JWT-Extended", &["missing_exp"]),
        });
    }
}
