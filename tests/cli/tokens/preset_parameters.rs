//! Parameters of presets that options or input rows set, a defect that a preset defines, and the
//! values that a verifier must require according to the manifest of the fixtures (test tokens).

use crate::sandbox::{Sandbox, payload};
use serde_json::{Value, json};
use std::fs;

const SECRET: &str = "a secret that is as long as the hash";

/// Mints a token with the preset, signed with the secret in the variable `JWT_SECRET_KEY`.
fn mint_with_secret(sandbox: &Sandbox, preset: &str, options: &[&str]) -> String {
    let arguments = ["token", "mint", "--preset", preset, "--secret-env", "JWT_SECRET_KEY"];
    sandbox.stdout_of(&[&arguments[..], &["--alg", "HS256"], options].concat())
}

#[test]
fn github_actions_subject_has_ids_and_malformed_repository_is_refused() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let claims = |options: &[&str]| payload(&mint_with_secret(&sandbox, "github-actions", options));
    let default = claims(&[]);
    assert_eq!(default["sub"], "repo:octo-org@65/octo-repo@74:environment:prod");
    let options =
        ["--set", "repository=acme/web", "--set", "owner_id=7", "--set", "repository_id=8"];
    let branch = claims(&[&options[..], &["--set", "context=ref:refs/heads/main"]].concat());
    assert_eq!(branch["sub"], "repo:acme@7/web@8:ref:refs/heads/main");
    let derived_claims = ["repository_owner", "repository_owner_id", "repository_id", "aud"]
        .map(|name| &branch[name]);
    assert_eq!(derived_claims, ["acme", "7", "8", "https://github.com/acme"]);
    let claims_with_sub_option = claims(&["--set", "sub=repo:acme/web:environment:prod"]);
    assert_eq!(claims_with_sub_option["sub"], "repo:acme/web:environment:prod");
    for repository in ["web", "/web", "acme/", "a/b/c", ""] {
        let option = format!("repository={repository}");
        let arguments = ["token", "mint", "--preset", "github-actions", "--set", &option];
        let key = ["--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"];
        let output = sandbox.run(&[&arguments[..], &key].concat());
        assert_eq!(output.code, 2, "{repository}: {output}");
        assert!(output.stderr.contains("expected `OWNER/NAME`"), "{repository}: {output}");
    }
}

#[test]
fn missing_permission_defect_of_github_actions_changes_all_claims_of_the_repository() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let options = ["--set", "context=ref:refs/heads/main"];
    let valid = payload(&mint_with_secret(&sandbox, "github-actions", &options));
    // The permission that is missing is the access to the repository: the token is of another
    // repository.
    let options = [&options[..], &["--defect", "missing_permission"]].concat();
    let other = payload(&mint_with_secret(&sandbox, "github-actions", &options));
    let names = ["repository", "repository_id", "repository_owner", "repository_owner_id"];
    for name in names {
        assert_ne!(other[name], valid[name], "{name}");
    }
    let [repository, repository_id, owner, owner_id] =
        names.map(|name| other[name].as_str().unwrap());
    let name = repository.strip_prefix(&format!("{owner}/")).unwrap();
    let sub = format!("repo:{owner}@{owner_id}/{name}@{repository_id}:ref:refs/heads/main");
    assert_eq!(other["sub"], sub);
}

#[test]
fn input_rows_set_preset_parameters() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    fs::write(sandbox.home().join("rows.csv"), "sub,repository\n1,acme/web\n2,acme/api\n").unwrap();
    let arguments = ["token", "mint", "--preset", "github-actions", "--from", "rows.csv"];
    let key = ["--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"];
    let tokens = sandbox.stdout_of(&[&arguments[..], &key].concat());
    let claims: Vec<Value> = tokens.lines().map(payload).collect();
    assert_eq!(claims[0]["sub"], "1");
    assert_eq!(claims[1]["repository"], "acme/api");
    assert_eq!(claims[1]["aud"], "https://github.com/acme");
}

#[test]
fn manifest_states_required_values_for_the_verifier() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let options = ["--iss", "https://idp.example", "--aud", "api", "--scope", "read write"];
    let arguments = ["token", "fixtures", "--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"];
    let manifest = sandbox.json(&[&arguments[..], &options].concat());
    assert_eq!(
        manifest["verify"],
        json!({"iss": "https://idp.example", "aud": "api", "permission": ["read", "write"], "typ": "JWT"})
    );
}
