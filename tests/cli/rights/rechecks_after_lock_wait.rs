//! Rights that end while a command waits for the write lock of the store: the command is refused
//! before its change.

use super::Scenario;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

/// Commands that wait for the write lock and require a role. `rights::table` explains the
/// placeholders such as `KIM`.
const ROLE_COMMANDS: &[&str] = &[
    "register bob --role minter --password-file password",
    "sessions revoke KIM_SID",
    "sessions revoke --user KIM --all --yes",
    "token create app --user KIM",
    "token create app --permission jeton:mint",
    "token mint",
    "token mint --record",
    "token fixtures",
    "run -- true",
    "token renew KIM_ID",
    "token revoke KIM_ID",
    "token revoke --user KIM --yes",
    "token revoke --all --all-users --yes",
    "users create zoe --password-file password",
    "users set-role EVE minter",
    "users set-quota EVE 1",
    "users rename EVE zoe",
    "users disable KIM",
    "users enable KIM",
    "users import users.csv",
    "users export --with-hashes --yes",
    "users delete EVE --yes",
    "keys export --private KEY --yes",
    "keys generate",
    "keys import --from-file secret --alg HS256 --purpose test",
    "keys activate -- KEY",
    "keys rotate",
    "keys retire -- KEY",
    "keys revoke --yes -- KEY",
    "settings set token.ttl 1d",
    "apply -f store.toml",
    "settings unset token.quota",
    "store backup copy.db",
    "store copy STORE copied.db",
    "store prune",
];

/// Sleeps long enough for a command to reach its wait for the lock.
fn sleep_until_commands_wait() {
    std::thread::sleep(Duration::from_millis(1_500));
}

/// Commands that wait for the write lock and require a session, but no role.
const SESSION_COMMANDS: &[&str] = &[
    "token create app",
    "token create app --no-expiry",
    "run --app app -- true",
    "token renew MY_ID",
    "token revoke MY_ID",
    "token revoke --app own --yes",
    "sessions revoke MY_SID",
    "sessions revoke --all --yes",
    "passwd --password-file passwords",
];

/// Commands that accept a minting credential.
const MINTING_COMMANDS: &[&str] =
    &["token mint", "token mint --record", "token fixtures", "run -- true"];

/// Acquires the write lock, starts the commands, and runs the SQL while they wait. After the
/// release of the lock, asserts that no command changed a row outside the audit log. Returns each
/// command with its output.
fn run_while_locked(
    scenario: &Scenario,
    lines: &[&'static str],
    sql: &str,
) -> Vec<(&'static str, RunOutput)> {
    let mut lock = WriteLock::acquire(&scenario.sandbox);
    let command = |line: &&str| -> Command {
        let words: Vec<&str> = line.split(' ').map(|word| scenario.expand(word)).collect();
        scenario.sandbox.command(&words)
    };
    let lines: Vec<&str> =
        lines.iter().copied().filter(|line| scenario.sandbox.supports_command(line)).collect();
    let children: Vec<_> = lines.iter().map(|line| Sandbox::start(&mut command(line))).collect();
    sleep_until_commands_wait();
    lock.run(sql);
    let expected_rows = lock.all_rows("audit");
    lock.commit();
    let outputs =
        children.into_iter().map(|child| RunOutput::from(child.wait_with_output().unwrap()));
    let outputs = lines.into_iter().zip(outputs).collect();
    assert!(
        WriteLock::acquire(&scenario.sandbox).all_rows("audit") == expected_rows,
        "{outputs:?}"
    );
    outputs
}

/// Returns a scenario in which ada is logged in. The sandbox contains the files that the commands
/// read, and the store contains an expired token that `store prune` would delete.
fn scenario_with_files() -> Scenario {
    let scenario = Scenario::new("ada");
    let write_file =
        |name: &str, text: &str| std::fs::write(scenario.sandbox.home().join(name), text).unwrap();
    write_file("password", "lovelace");
    write_file("passwords", "lovelace\nlovelace");
    write_file("secret", "0123456789abcdef0123456789abcdef");
    write_file("users.csv", "username,role\nevil,admin\n");
    write_file("store.toml", "[settings]\ntoken.ttl = \"2d\"\n[users.evil2]\nrole = \"admin\"\n");
    let expiry_sql =
        "UPDATE tokens SET issued_at = 1, expires_at = 2 WHERE id = (SELECT max(id) FROM tokens)";
    scenario.sandbox.sql(expiry_sql);
    scenario
}

/// Asserts that no command of [`ROLE_COMMANDS`] has made a copy of the store.
#[track_caller]
fn assert_has_no_copy(scenario: &Scenario) {
    for name in ["copy.db", "copied.db"] {
        assert!(!scenario.sandbox.home().join(name).exists(), "{name}");
    }
}

#[test]
fn credential_is_rechecked_after_lock_wait() {
    let ada_id = "(SELECT id FROM users WHERE username = 'ada')";
    for (change, code) in [
        (
            format!(
                "UPDATE sessions SET ended_at = 1, end_reason = 'revoked' WHERE user_id = {ada_id}"
            ),
            12,
        ),
        ("UPDATE pairs SET access_revoked_at = 1".to_owned(), 12),
        (format!("UPDATE users SET disabled_at = 1 WHERE id = {ada_id}"), 10),
        ("UPDATE keys SET state = 'revoked' WHERE purpose = 'app'".to_owned(), 12),
    ] {
        let scenario = scenario_with_files();
        for (line, output) in
            run_while_locked(&scenario, &[ROLE_COMMANDS, SESSION_COMMANDS].concat(), &change)
        {
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (code, ""),
                "{change}: {line}: {output:?}"
            );
        }
        assert_has_no_copy(&scenario);
    }
}

#[test]
fn minting_credential_is_rechecked_after_lock_wait() {
    let scenario = Scenario::new("mia");
    let token = scenario.create_app_token("jeton:mint");
    let scenario = scenario.with_token(&token);
    let revocation_sql = "UPDATE tokens SET revoked_at = 1";
    for (line, output) in run_while_locked(&scenario, MINTING_COMMANDS, revocation_sql) {
        assert_eq!((output.code, output.stdout.as_str()), (12, ""), "{line}: {output:?}");
    }
}

#[test]
fn renewal_by_value_rechecks_token_after_lock_wait() {
    let scenario = Scenario::new("ada");
    let revocation_sql = "UPDATE tokens SET revoked_at = 1";
    for (line, output) in run_while_locked(&scenario, &["token renew KIM_TOKEN"], revocation_sql) {
        assert_eq!((output.code, output.stdout.as_str()), (12, ""), "{line}: {output:?}");
    }
}

#[test]
fn bulk_mint_stops_when_minting_credential_is_revoked() {
    let scenario = Scenario::new("mia");
    let token = scenario.create_app_token("jeton:mint");
    let scenario = scenario.with_token(&token);
    let bulk = ["token", "mint", "--record", "--count", "20000"];
    let mut child = Sandbox::start(&mut scenario.sandbox.command(&bulk));
    // The bulk mint blocks on the full pipe, long before the last token.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    scenario.sandbox.run(&["token", "revoke", &token]).ok();
    let printed_count = 1 + lines.count();
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!(output.code, 12, "{output:?}");
    let recorded_count_sql = "SELECT count(*) FROM tokens t JOIN grants g ON g.id = t.grant_id
        WHERE g.kind = 'test'";
    assert_eq!(scenario.sandbox.sql(recorded_count_sql), [printed_count.to_string()]);
    assert!(printed_count < 20_000, "{printed_count}");
}

#[test]
fn role_is_rechecked_after_lock_wait() {
    let scenario = scenario_with_files();
    let demotion_sql = "UPDATE users SET role = 'user' WHERE username = 'ada'";
    let outputs = run_while_locked(&scenario, ROLE_COMMANDS, demotion_sql);
    for (line, output) in &outputs {
        assert_eq!((output.code, output.stdout.as_str()), (7, ""), "{line}: {output:?}");
        assert!(output.stderr.contains("only "), "{line}: {output:?}");
    }
    assert_has_no_copy(&scenario);
    let refusal_count_sql =
        "SELECT count(*) FROM audit WHERE outcome = 'forbidden' AND user_id = 1";
    assert_eq!(scenario.sandbox.sql(refusal_count_sql), [outputs.len().to_string()]);
}

#[test]
fn change_that_requires_no_role_succeeds_after_demotion() {
    let scenario = Scenario::new("ada");
    let previous_token_count = scenario.sandbox.sql("SELECT count(*) FROM tokens");
    let mut lock = WriteLock::acquire(&scenario.sandbox);
    let child = Sandbox::start(&mut scenario.sandbox.command(&["token", "create", "app"]));
    sleep_until_commands_wait();
    lock.run("UPDATE users SET role = 'user' WHERE username = 'ada'");
    lock.commit();
    let _ = RunOutput::from(child.wait_with_output().unwrap()).ok();
    assert_ne!(scenario.sandbox.sql("SELECT count(*) FROM tokens"), previous_token_count);
}

#[test]
fn token_creation_rechecks_owner_after_lock_wait() {
    for (assignments, code) in
        [("disabled_at = 1", 10), ("username = NULL, password = NULL, deleted_at = 1", 12)]
    {
        let sandbox = Sandbox::with_admin();
        let mut lock = WriteLock::acquire(&sandbox);
        let child = Sandbox::start(&mut sandbox.command(&["token", "create", "app"]));
        sleep_until_commands_wait();
        lock.run(&format!("UPDATE users SET {assignments}"));
        lock.commit();
        let _ = RunOutput::from(child.wait_with_output().unwrap()).fails(code);
        assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
    }
}
