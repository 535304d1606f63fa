//! Abbreviated ids of keys and sessions.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Creates a sandbox with the standby keys `prod-a` and `prod-b`, the test key `tests-1`, and the
/// active key of a new store. The admin ada is logged in.
fn sandbox_with_keys() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    for arguments in [&["prod-a"][..], &["prod-b"], &["tests-1", "--purpose", "test"]] {
        sandbox.run(&[&["keys", "generate", "--kid"], arguments].concat()).ok();
    }
    sandbox
}

/// Returns the target of the latest audit event.
fn latest_audit_target(sandbox: &Sandbox) -> Value {
    sandbox.json(&["audit", "list"])["items"][0]["target"].take()
}

#[test]
fn commands_accept_unambiguous_abbreviated_key_ids() {
    let sandbox = sandbox_with_keys();
    let active_kid = sandbox.sql("SELECT kid FROM keys WHERE state = 'active'").remove(0);
    assert_eq!(
        sandbox.stdout_of(&["keys", "export", "--pem", &active_kid[..4]]),
        sandbox.stdout_of(&["keys", "export", "--pem"])
    );
    let token = sandbox.stdout_of(&["token", "mint", "--key", "test"]);
    assert_eq!(sandbox.json(&["token", "decode", &token])["header"]["kid"], "tests-1");
    sandbox.run(&["token", "mint", "--record", "--key", "test"]).ok();
    sandbox.run(&["run", "--key", "test", "--", "true"]).ok();
    let mut outputs = String::new();
    for arguments in [
        &["keys", "activate", "prod-"][..],
        &["keys", "activate", "prod-a"],
        &["keys", "activate", "tests"],
        &["keys", "activate", "tests…"],
        &["keys", "retire", "test"],
        &["keys", "revoke", "test", "--yes"],
    ] {
        outputs += &sandbox.run(arguments).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton keys activate prod-
    --- exit code 2, stderr
    error: key id `prod-` is ambiguous: `prod-a`, `prod-b`
    hint: use more characters of the id
    $ jeton keys activate prod-a
    --- stderr
    key prod-a is now the signing key for app tokens (ES256)
    key <key> is retired; its tokens are accepted until <time>
    $ jeton keys activate tests
    --- stderr
    key tests-1 is already the signing key for test tokens
    $ jeton keys activate 'tests…'
    --- stderr
    key tests-1 is already the signing key for test tokens
    $ jeton keys retire test
    --- stderr
    key tests-1 is retired; its tokens are accepted until <time>
    $ jeton keys revoke test --yes
    --- stderr
    revoked key tests-1, 1 token and 0 sessions
    ");
    for (arguments, path, kid) in [
        (&["keys", "activate", &active_kid[..4]][..], "/active_kid", active_kid.as_str()),
        (&["keys", "activate", &active_kid[..9]], "/active_kid", &active_kid),
        (&["keys", "retire", "prod-b"], "/retired/kid", "prod-b"),
        (&["keys", "revoke", "tests-", "--yes"], "/kid", "tests-1"),
    ] {
        let output = sandbox.json(arguments);
        assert_eq!(output.pointer(path).unwrap(), kid, "{arguments:?}");
    }
    assert_eq!(latest_audit_target(&sandbox), json!({"kind": "key", "id": "prod-b"}));
    sandbox.run(&["keys", "export", "--private", &active_kid[..4], "--yes"]).ok();
    assert_eq!(latest_audit_target(&sandbox), json!({"kind": "key", "id": active_kid}));
}

#[test]
fn full_key_id_takes_precedence_over_abbreviation_and_may_be_short() {
    let sandbox = sandbox_with_keys();
    sandbox.run(&["keys", "generate", "--kid", "prod"]).ok();
    assert_eq!(sandbox.json(&["keys", "activate", "prod"])["active_kid"], "prod");
    // A complete key id may have fewer than four characters; an abbreviation may not.
    sandbox.run(&["keys", "generate", "--kid", "k1"]).ok();
    assert_eq!(sandbox.json(&["keys", "activate", "k1"])["active_kid"], "k1");
}

#[test]
fn ambiguous_too_short_or_unknown_key_id_is_refused() {
    let sandbox = sandbox_with_keys();
    let mut outputs = String::new();
    for arguments in [
        &["keys", "activate", "prod"][..],
        &["keys", "export", "--pem", "prod-"],
        &["keys", "activate", "pro"],
        &["keys", "activate", "PROD-A"],
        &["keys", "activate", "prod%"],
        &["keys", "activate", "prod-a-2"],
    ] {
        outputs += &sandbox.run(arguments).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton keys activate prod
    --- exit code 2, stderr
    error: key id `prod` is ambiguous: `prod-a`, `prod-b`
    hint: use more characters of the id
    $ jeton keys export --pem prod-
    --- exit code 2, stderr
    error: key id `prod-` is ambiguous: `prod-a`, `prod-b`
    hint: use more characters of the id
    $ jeton keys activate pro
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    $ jeton keys activate PROD-A
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    $ jeton keys activate 'prod%'
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    $ jeton keys activate prod-a-2
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    ");
    let error = sandbox.json_error(&["keys", "revoke", "prod", "--yes"]);
    assert_eq!(error["details"]["candidates"], json!(["prod-a", "prod-b"]));
    assert_eq!(sandbox.sql("SELECT count(*) FROM keys WHERE state = 'standby'"), ["2"]);
}

/// A session id without its last digit.
const SID_PREFIX: &str = "018f4f5e-7a3b-7c1d-8e2f-0123456789a";

/// Adds a session with the id `sid` for the user with the id `user_id`.
fn add_session(sandbox: &Sandbox, user_id: u32, sid: &str) {
    for insert in [
        format!(
            "INSERT INTO sessions (sid, user_id, created_at, expires_at)
             VALUES (unhex('{sid}', '-'), {user_id}, 0, 9000000000)"
        ),
        "INSERT INTO pairs (session_id, key_id, access, refresh, issued_at, access_expires_at,
             refresh_expires_at)
         SELECT max(id), 1, randomblob(16), randomblob(16), 0, 9000000000, 9000000000 FROM sessions"
            .to_owned(),
    ] {
        sandbox.sql(&insert);
    }
}

/// Creates a sandbox with three sessions whose ids are `SID_PREFIX` followed by a digit: john has
/// the sessions with the digits 1 and 2, and ada has the session with the digit 3. The ids of the
/// sessions from the logins of john and ada have another prefix. John is logged in.
fn sandbox_with_similar_sessions() -> Sandbox {
    let sandbox = Sandbox::with_john();
    for (user_id, digit) in [(2, 1), (2, 2), (1, 3)] {
        add_session(&sandbox, user_id, &format!("{SID_PREFIX}{digit}"));
    }
    sandbox
}

#[test]
fn session_id_abbreviation_of_user_selects_own_sessions_only() {
    let sandbox = sandbox_with_similar_sessions();
    let sids: Vec<String> = (1..=3).map(|digit| format!("{SID_PREFIX}{digit}")).collect();
    let error = sandbox.json_error(&["sessions", "revoke", "018f"]);
    assert_eq!(error["details"]["candidates"], json!(sids[..2]));
    // A session of another user and an unknown session cause the same error.
    for refused_sid in [&sids[2], "fedc"] {
        let output = sandbox.run(&["sessions", "revoke", refused_sid]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can end sessions of other users: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.run(&["sessions", "revoke", &sids[0]]).ok();
    let mut outputs = String::new();
    for prefix in ["018F4F5E-7A3B-", "018", "018f4f5e7a3b", SID_PREFIX] {
        outputs += &sandbox.run(&["sessions", "revoke", prefix]).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton sessions revoke 018F4F5E-7A3B-
    --- exit code 2, stderr
    error: session id `018f4f5e-7a3b-` is ambiguous: `<uuid>`, `<uuid>`
    hint: use more characters of the id
    $ jeton sessions revoke 018
    --- exit code 2, stderr
    error: invalid value '018' for '[SID]...': session id: expected an id from `jeton sessions list`, or at least its first 4 characters
    hint: see `jeton sessions revoke --help`
    $ jeton sessions revoke 018f4f5e7a3b
    --- exit code 2, stderr
    error: invalid value '018f4f5e7a3b' for '[SID]...': session id: expected an id from `jeton sessions list`, or at least its first 4 characters
    hint: see `jeton sessions revoke --help`
    $ jeton sessions revoke 018f4f5e-7a3b-7c1d-8e2f-0123456789a
    --- exit code 2, stderr
    error: session id `018f4f5e-7a3b-7c1d-8e2f-0123456789a` is ambiguous: `<uuid>`, `<uuid>`
    hint: use more characters of the id
    ");
}

#[test]
fn admin_can_abbreviate_session_ids_of_all_users() {
    let sandbox = sandbox_with_similar_sessions();
    sandbox.log_in("ada", "lovelace");
    let error = sandbox.json_error(&["sessions", "revoke", "018f4f5e-7a3b"]);
    assert_eq!(error["details"]["candidates"].as_array().unwrap().len(), 3);
    // The error lists at most ten sessions.
    for last_digits in 10..20 {
        add_session(&sandbox, 1, &format!("018f4f5e-7a3b-7c1d-8e2f-0123456789{last_digits}"));
    }
    let output = sandbox.run(&["sessions", "revoke", "018f4f5e-7a3b"]).fails(2);
    assert_eq!(output.stderr.matches("`018f4f5e-7a3b-").count(), 10, "{output:?}");
    assert!(output.stderr.contains("`, …\n"), "{output:?}");
    let sid = sandbox.session_member("sid");
    sandbox.run(&["sessions", "revoke", &sid[..sid.len() - 1]]).ok();
}

#[test]
fn audit_target_filter_accepts_an_unambiguous_abbreviated_id() {
    let sandbox = sandbox_with_keys();
    let event_count = |target: &str| {
        sandbox.json(&["audit", "list", "--target", target])["items"].as_array().unwrap().len()
    };
    sandbox.run(&["keys", "revoke", "tests-1", "--yes"]).ok();
    for target in ["key tests-1", "key tests", "key test"] {
        assert_eq!(event_count(target), 2, "{target}");
    }
    // The events of `init` have no session as target, the event of `login` has.
    sandbox.log_in("ada", "lovelace");
    let sid = sandbox.session_member("sid");
    for target in [format!("session {sid}"), format!("session {}", &sid[..13])] {
        assert_eq!(event_count(&target), 1, "{target}");
    }
    // The events of a target are found even if the target no longer exists.
    sandbox.sql("UPDATE audit SET target_id = 'gone' WHERE target_id = 'tests-1'");
    assert_eq!(event_count("key gone"), 2);
    let output = sandbox.run(&["audit", "list", "--target", "key prod"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: key id `prod` is ambiguous: `prod-a`, `prod-b`
    hint: use more characters of the id
    ");
}
