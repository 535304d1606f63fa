//! JSON Schemas of results and errors.

use super::{LISTS, sandbox_with_long_lists, with_options};
use crate::python::run_script;
use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, tampered};
use serde_json::{Value, json};

/// JSON outputs of commands, each with the JSON Schema that the output must match.
struct SchemaCases(Vec<Value>);

impl SchemaCases {
    /// Adds an output and the schema that `jeton help schema` prints for `schema_name`. `part`
    /// names a definition in this schema, which the output must match instead of the whole schema.
    fn add(&mut self, schema_name: &str, part: Option<&str>, output: &Value) {
        let words =
            ["help", "schema"].into_iter().chain(schema_name.split(' ')).collect::<Vec<_>>();
        let schema: Value = serde_json::from_str(&Sandbox::new().stdout_of(&words)).unwrap();
        self.0.push(json!({"schema": schema, "part": part, "output": output}));
    }

    /// Adds the JSON result of a command.
    fn add_result(&mut self, schema_name: &str, output: &RunOutput) {
        self.add(schema_name, None, &serde_json::from_str(&output.stdout).unwrap());
    }

    /// Adds the JSON error of a command.
    fn add_error(&mut self, output: &RunOutput) {
        assert_ne!(output.code, 0, "{output:?}");
        self.add("error", None, &serde_json::from_str(&output.stderr).unwrap());
    }

    /// Asserts that each output matches its schema, and that the schema rejects every copy of the
    /// output in which one member is renamed or has a wrong value. Members of `claims` and
    /// `details` are not changed. The script returns the errors that it finds.
    fn validate(self) {
        assert_eq!(run_script("schemas.py", &Value::from(self.0)), json!([]));
    }
}

#[test]
#[ignore = "needs Python"]
fn lists_match_their_schemas() {
    let sandbox = sandbox_with_long_lists();
    sandbox.register("john", "123456");
    sandbox.run(&["keys", "rotate"]).ok();
    sandbox.run(&["token", "renew", "1", "--grace", "1d"]).ok();
    sandbox.run(&["token", "revoke", "2"]).ok();
    sandbox
        .run(&["token", "revoke", "--app", "a", "--before", "now", "--user", "ada", "--yes"])
        .ok();
    sandbox.run(&["token", "fixtures", "--out", "fixtures"]).ok();
    let mut cases = SchemaCases(Vec::new());
    for list in LISTS {
        let schema_name = list.split(" --").next().unwrap();
        cases.add(schema_name, None, &sandbox.json(&with_options(list, &[])));
        // Each line of this format is one item of the list.
        let lines = sandbox.stdout_of(&with_options(list, &["-o", "jsonl"]));
        cases.add(
            schema_name,
            Some("item"),
            &serde_json::from_str(lines.lines().next().unwrap()).unwrap(),
        );
    }
    for (list, options) in [
        ("users list", &["--per-page", "3"][..]),
        ("users list", &["--after", "4"]),
        ("token list", &["--page", "99"]),
        ("audit list", &["--action", "users rename"]),
    ] {
        cases.add(list, None, &sandbox.json(&with_options(list, options)));
    }
    sandbox.log_in("john", "123456");
    cases.add("users list", None, &sandbox.json(&["users", "list", "--search", "john"]));
    cases.validate();
}

#[test]
#[ignore = "needs Python"]
fn results_and_errors_match_their_schemas() {
    let sandbox = Sandbox::with_john();
    let log_in = |login: &str, password: &str| {
        sandbox.run_with_input(&["login", login, "--password-stdin", "-o", "json"], password)
    };
    let mut cases = SchemaCases(Vec::new());
    cases.add_error(&log_in("john", "wrong"));
    cases.add_result("login", &log_in("john", "123456"));
    let created = sandbox.run_json(&["token", "create", "a", "-p", "read"]);
    cases.add_result("token create", &created);
    for options in [&["--no-expiry"][..], &["--ttl", "1s"], &["--ttl", "1s"]] {
        // The quota is three tokens, so the last command fails, unless a token has expired before.
        let output = sandbox.run_json(&[&["token", "create", "b"], options].concat());
        if output.code == 0 {
            cases.add_result("token create", &output);
        } else {
            cases.add_error(&output);
        }
    }
    let created: Value = serde_json::from_str(&created.stdout).unwrap();
    let token = created["token"].as_str().unwrap();
    cases.add_result("token verify", &sandbox.run_json(&["token", "verify", token]));
    let access = sandbox.session_member("access");
    cases.add_result("token verify", &sandbox.run_json(&["token", "verify", &access]));
    for (token, options) in [
        (token, &["--aud", "x", "--permission", "write"][..]),
        (token, &["--at", "+60d"]),
        (&tampered(token, 2), &[]),
        ("x", &[]),
    ] {
        let output = sandbox.run_json(&[&["token", "verify", token], options].concat());
        cases.add_result("token verify", &output);
        cases.add_error(&output);
    }
    for arguments in [
        &["token", "list", "--page", "0"][..],
        &["token", "show", "99"],
        &["users", "delete", "ada"],
        &["keys", "export", "--pem", "none"],
        &["whoami", "--store", "missing.db"],
    ] {
        cases.add_error(&sandbox.run_json(arguments));
    }
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["users", "set-quota", "ada", "unlimited"]).ok();
    cases.add_result("token create", &sandbox.run_json(&["token", "create", "a"]));
    cases.add_result("login", &log_in("ada", "lovelace"));
    cases.validate();
}

#[test]
fn schemas_are_listed_and_printed() {
    let sandbox = Sandbox::new();
    let overview = sandbox.stdout_of(&["help", "schema"]);
    insta::assert_snapshot!(overview, @"
    JSON Schemas (2020-12) of results with `-o json`, and of errors:

      jeton help schema login
      jeton help schema sessions list
      jeton help schema token create
      jeton help schema token presets
      jeton help schema token verify
      jeton help schema token list
      jeton help schema users list
      jeton help schema keys list
      jeton help schema settings list
      jeton help schema audit list
      jeton help schema error
    ");
    for line in overview.lines().filter_map(|line| line.strip_prefix("  jeton ")) {
        let schema = sandbox.stdout_of(&line.split(' ').collect::<Vec<_>>());
        assert!(schema.starts_with("{\n  \"$schema\": "), "{line}");
    }
    insta::assert_snapshot!(sandbox.run(&["help", "schema", "users"]), @"
    --- exit code 2, stderr
    error: unknown schema `users`
    hint: list the schemas: jeton help schema
    ");
}
