//! `--dry-run`: the output and exit code of the command without the option, and no change.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

/// Asserts that a dry run changes nothing, and that its output (text and JSON) and exit code equal
/// the output and exit code of the command without `--dry-run`, except for the prefix `dry run: `
/// of the status messages. `code` is the expected exit code of both runs.
fn assert_dry_run_equals_command(
    create_sandbox: impl Fn() -> Sandbox,
    arguments: &[&str],
    code: i32,
) {
    let dry_arguments = [arguments, &["--dry-run"]].concat();
    let (sandbox, json_sandbox) = (create_sandbox(), create_sandbox());
    let before = sandbox.all_rows();
    let (dry_run, dry_run_json) = (sandbox.run(&dry_arguments), sandbox.run_json(&dry_arguments));
    assert!(sandbox.all_rows() == before, "{dry_run:?}");
    let real_run = sandbox.run(arguments);
    assert_eq!((dry_run.code, real_run.code), (code, code), "{dry_run:?} {real_run:?}");
    assert_eq!(dry_run.to_string().replace("dry run: ", ""), real_run.to_string());
    assert_eq!(dry_run_json.to_string(), json_sandbox.run_json(arguments).to_string());
    if code == 0 {
        let status_line_count =
            dry_run.stderr.lines().filter(|line| line.starts_with("dry run: ")).count();
        assert!(status_line_count > 0, "{dry_run:?}");
        assert!(sandbox.all_rows() != before, "the command changes something");
    }
}

/// Returns a sandbox with three valid tokens, an expired token and a standby key.
fn sandbox_with_tokens() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    for app in ["a", "b"] {
        sandbox.stdout_of(&["token", "create", app]);
    }
    sandbox.stdout_of(&["token", "mint", "--record"]);
    sandbox.stdout_of(&["token", "mint", "--record", "--issued-at", "2020-01-01T00:00:00Z"]);
    sandbox.run(&["keys", "generate"]).ok();
    sandbox
}

/// Returns a function that creates a sandbox with the file `rows`, whose content is `csv`.
fn creator_of_sandbox_with_rows(csv: &'static str) -> impl Fn() -> Sandbox {
    move || {
        let sandbox = Sandbox::with_admin();
        fs::write(sandbox.home().join("rows"), csv).unwrap();
        sandbox
    }
}

#[test]
fn dry_run_has_output_and_exit_code_of_the_command() {
    for arguments in [
        &["token", "revoke", "--all", "--yes"][..],
        &["token", "revoke", "1", "2"],
        &["store", "prune"],
        &["keys", "rotate"],
    ] {
        assert_dry_run_equals_command(sandbox_with_tokens, arguments, 0);
    }
    let create_sandbox_with_file = || {
        let sandbox = Sandbox::with_admin();
        let file = "[settings]\ntoken.quota = 4\n[users.ada]\nname = \"Ada\"\n[users.kim]\n";
        fs::write(sandbox.home().join("store.toml"), file).unwrap();
        sandbox
    };
    assert_dry_run_equals_command(create_sandbox_with_file, &["apply", "-f", "store.toml"], 0);
    let rows = "username,password\nkim,123456\nlee,\n";
    assert_dry_run_equals_command(
        creator_of_sandbox_with_rows(rows),
        &["users", "import", "rows"],
        0,
    );
}

#[test]
fn failed_dry_run_has_output_and_exit_code_of_the_failed_command() {
    for (rows, code) in [
        ("username\nkim\nada\n", 5),
        ("username,uid\nkim,1\n", 65),
        ("username,password_hash\nkim,x\n", 65),
    ] {
        assert_dry_run_equals_command(
            creator_of_sandbox_with_rows(rows),
            &["users", "import", "rows"],
            code,
        );
    }
    for arguments in
        [&["store", "prune"][..], &["keys", "rotate"], &["token", "revoke", "--user", "ada"]]
    {
        assert_dry_run_equals_command(Sandbox::with_john, arguments, 7);
    }
}

#[test]
fn dry_run_prints_the_confirmation_question_without_asking() {
    let sandbox = sandbox_with_tokens();
    assert_snapshot!(sandbox.run(&["token", "revoke", "--all", "--dry-run"]), @"
    --- stderr
    dry run: would ask: Revoke 3 tokens of ada?
    dry run: revoked 3 tokens
    ");
    // The last change of the store becomes 60 days older, so that the clock seems to be ahead.
    sandbox.sql("UPDATE audit SET at = at - 5184000 RETURNING id");
    assert_snapshot!(sandbox.run(&["store", "prune", "--dry-run"]), @"
    --- stderr
    dry run: would ask: Prune although the clock may be ahead (the store was last changed at <time>)?
    dry run: removed 1 token, 0 sessions and 0 revocation entries
    ");
}

#[test]
fn dry_run_of_rotation_shows_no_id_of_the_new_key() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["keys", "rotate", "--dry-run"]), @"
    --- stderr
    dry run: a new key is now the signing key for app tokens (ES256)
    dry run: key <key> is retired; its tokens are accepted until <time>
    warning: verifiers with a cached JWK Set do not know the new key yet
    hint: create the next key in advance: jeton keys generate --purpose app --alg ES256
    ");
    assert_eq!(
        sandbox.json(&["keys", "rotate", "--dry-run"])["active_kid"],
        serde_json::Value::Null
    );
    assert_eq!(sandbox.sql("SELECT count(*) FROM keys"), ["1"]);
}

#[test]
fn dry_run_creates_no_store_and_refuses_reserved_suffix() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.home().join("rows"), "username,role\nada,admin\n").unwrap();
    assert_snapshot!(sandbox.run(&["users", "import", "rows", "--dry-run"]), @"
    --- stderr
    dry run: created store `~/.local/share/jeton/jeton.db`
    dry run: imported 1 user
    hint: 1 new user has no password; set one: jeton recover USER
    ");
    assert!(!sandbox.home().join(".local").exists());
    let output = sandbox.run(&["users", "import", "rows", "--dry-run", "--store", "a.db-wal"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `a.db-wal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    ");
}

#[test]
fn session_that_a_dry_run_refreshes_stays_usable() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.run(&["refresh"]).ok();
    std::thread::sleep(std::time::Duration::from_secs(2));
    sandbox.run(&["keys", "rotate", "--dry-run"]).ok();
    sandbox.run(&["whoami"]).ok();
}
