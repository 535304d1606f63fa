//! Example services that use Flask, and tokens that are minted with presets. A service accepts the
//! valid token. A service accepts a defective token only if the preset lists the defect as
//! accepted, or if the defect is `revoked` and the service cannot revoke tokens.

use crate::python::run_script;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::fs;

const SECRET: &str = "a secret that is as long as the hash";
const JOHN_EMAIL: &str = "john@example.com";

/// A service in the directory `tests/cli/python/example_services`, and the endpoint under test.
struct Service {
    name: &'static str,
    /// Preset of the tokens that are sent to the service.
    preset: &'static str,
    /// Subject of the tokens.
    sub: &'static str,
    /// Path and body of the request that registers the subject.
    signup: (&'static str, Value),
    /// Method and path of the protected endpoint.
    endpoint: (&'static str, &'static str),
    /// Path of the endpoint that revokes a token, or `None` if the service cannot revoke tokens.
    revocation_path: Option<&'static str>,
    /// Library with which the service verifies tokens, and the defects that the service accepts.
    /// The preset may list more defects as accepted by the library: servers limit the size of
    /// headers, and a service may check more than its library.
    verifier: (&'static str, &'static [&'static str]),
}

impl Service {
    /// Starts the service, registers the subject and sends the requests. Returns the responses.
    fn send_requests(&self, requests: &[Value]) -> Vec<Value> {
        let (path, body) = &self.signup;
        let signup = json!(["POST", path, null, body]);
        let requests: Vec<&Value> = [&signup].into_iter().chain(requests).collect();
        let input = json!({"service": self.name, "secret": SECRET, "requests": requests});
        let mut responses = run_script("example_services.py", &input).as_array().unwrap().clone();
        assert_eq!(responses.remove(0)["status"], 201);
        responses
    }

    /// Returns a request to the protected endpoint with a token.
    fn build_request(&self, token: &Value) -> Value {
        let (method, path) = self.endpoint;
        // Service 000 expects the token in the body, not in a header.
        if self.name == "000" {
            return json!([method, path, null, {"token": token}]);
        }
        json!([method, path, token, {}])
    }
}

/// Creates the fixtures for a service: a valid token, and a token for each defect that applies to
/// the preset. Returns each item of the manifest, and the token in the file that the item names.
/// The tokens are read from these files because the manifest omits long tokens.
fn create_fixtures(service: &Service) -> Vec<(Value, Value)> {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let mut arguments = vec!["token", "fixtures", "--preset", service.preset, "--out", "fixtures"];
    arguments.extend(["--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"]);
    // The preset `gerencia` has no `sub`.
    if service.preset != "gerencia" {
        arguments.extend(["--sub", service.sub]);
    }
    sandbox.run(&arguments).ok();
    let directory = sandbox.home().join("fixtures");
    let manifest = fs::read_to_string(directory.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let item_and_token = |item: &Value| {
        let token = fs::read_to_string(directory.join(item["file"].as_str().unwrap())).unwrap();
        (item.clone(), json!(token.trim_end()))
    };
    manifest["fixtures"].as_array().unwrap().iter().map(item_and_token).collect()
}

/// Asserts that the service accepts the valid token. Asserts that the service accepts a defective
/// token if and only if both `service.verifier` and the preset list the defect as accepted. A
/// service that cannot revoke tokens must also accept the token of the fixture `revoked`. Service
/// 002 must report the reason for the refusal of the expired token.
fn check_acceptance(service: &Service) {
    let items = create_fixtures(service);
    assert!(items.len() > 10);
    let mut requests = Vec::new();
    for (item, token) in &items {
        // This request revokes the token. The next request presents the token to the protected
        // endpoint.
        if let (Some(path), true) = (service.revocation_path, item["name"] == "revoked") {
            requests.push(json!(["POST", path, token, {}]));
        }
        requests.push(service.build_request(token));
    }
    let mut responses = service.send_requests(&requests).into_iter();
    for (item, _) in &items {
        let name = item["name"].as_str().unwrap();
        if service.revocation_path.is_some() && name == "revoked" {
            assert_eq!(responses.next().unwrap()["status"], 200, "the service revokes the token");
        }
        let cannot_revoke = service.revocation_path.is_none() && name == "revoked";
        let (verifier, accepted_defects) = service.verifier;
        let is_accepted_defect =
            accepted_defects.contains(&name) && item["accepted_by"][verifier].is_string();
        let response = responses.next().unwrap();
        let is_accepted = response["status"] == 200;
        let expected = name == "good" || cannot_revoke || is_accepted_defect;
        assert_eq!(is_accepted, expected, "{} {name}: {}", service.name, response["status"]);
        if name == "expired" && service.name == "002" {
            assert_eq!(response["body"]["error"], "token_expired");
        }
    }
}

#[test]
#[ignore = "needs Python"]
fn example_service_000_accepts_only_valid_token_and_listed_defects() {
    let signup = json!({"nome": "John Doe", "email": JOHN_EMAIL, "senha": "123456"});
    check_acceptance(&Service {
        name: "000",
        preset: "gerencia",
        sub: JOHN_EMAIL,
        signup: ("/clientes/cadastro", signup),
        endpoint: ("POST", "/clientes/claims"),
        revocation_path: None,
        verifier: ("PyJWT", &["oversized"]),
    });
}

fn service_001(preset: &'static str, endpoint: (&'static str, &'static str)) -> Service {
    let signup = json!({"username": "john", "email": JOHN_EMAIL, "password": "123456"});
    Service {
        name: "001",
        preset,
        sub: JOHN_EMAIL,
        signup: ("/auth/register", signup),
        endpoint,
        revocation_path: Some("/auth/revoke_token"),
        verifier: ("Flask-JWT-Extended", &["missing_exp"]),
    }
}

#[test]
#[ignore = "needs Python"]
fn example_service_001_accepts_only_valid_token_and_listed_defects() {
    check_acceptance(&service_001("flask", ("GET", "/protected")));
    check_acceptance(&service_001("flask-refresh", ("POST", "/auth/refresh")));
}

#[test]
#[ignore = "needs Python"]
fn example_service_002_accepts_only_valid_token_revoked_token_and_listed_defects() {
    let signup = json!({"username": "caio", "email": "caio@gmail.com", "password": "123456"});
    check_acceptance(&Service {
        name: "002",
        preset: "flask",
        sub: "caio",
        signup: ("/auth/register", signup),
        endpoint: ("GET", "/api/users/all?page=1&per_page=5"),
        revocation_path: None,
        verifier: ("Flask-JWT-Extended", &["missing_exp"]),
    });
}

#[test]
#[ignore = "needs Python"]
fn example_service_003_accepts_only_valid_token_and_listed_defects() {
    for endpoint in [("GET", "/protected"), ("POST", "/refresh")] {
        check_acceptance(&Service {
            name: "003",
            preset: "flask",
            sub: "abc@abc.com",
            signup: ("/signup", json!({"email": "abc@abc.com", "password": "abc123"})),
            endpoint,
            revocation_path: Some("/revoke"),
            verifier: ("Flask-JWT-Extended", &["missing_exp"]),
        });
    }
}

#[test]
#[ignore = "needs Python"]
fn example_service_004_accepts_only_valid_token_and_listed_defects() {
    for endpoint in [("GET", "/dashboard"), ("GET", "/admin")] {
        let signup = json!({"username": "khyati", "password": "1234", "role": "admin"});
        check_acceptance(&Service {
            name: "004",
            preset: "flask",
            sub: "khyati",
            signup: ("/signup", signup),
            endpoint,
            revocation_path: Some("/logout"),
            verifier: ("Flask-JWT-Extended", &["missing_exp"]),
        });
    }
}
