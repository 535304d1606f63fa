//! Rights that end while a command waits for a lock, an answer or a file: the command is refused
//! at its change, and changes nothing.

use super::Cast;
use crate::prompts::OnTerminal;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::time::Duration;

/// Every command whose change requires a role. The placeholders are those in `table.rs`.
const CHANGES: &[&str] = &[
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
    "settings unset token.quota",
    "store backup copy.db",
    "store prune",
];

/// Returns every row of every table but `audit`.
fn rows(store: &Connection) -> Vec<(String, Vec<Value>)> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'audit'";
    let mut names = store.prepare(names).unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = Vec::new();
    for name in names {
        let mut table = store.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let width = table.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..width).map(|at| row.get(at)).collect();
        let rows: Vec<Vec<Value>> = table.query_map([], row).unwrap().map(Result::unwrap).collect();
        all.extend(rows.into_iter().map(|row| (name.clone(), row)));
    }
    all
}

/// Waits until a command has reached its lock or prompt.
fn pause() {
    std::thread::sleep(Duration::from_millis(1_500));
}

/// Commands whose change requires a session and no role.
const OWN_CHANGES: &[&str] = &[
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

/// Commands that accept a token with `jeton:mint`.
const MINTING: &[&str] = &["token mint", "token mint --record", "token fixtures", "run -- true"];

/// Runs the SQL while the commands wait for the lock. Returns the output of each command, and
/// asserts that none changed a row.
fn run_while_locked(
    cast: &Cast,
    lines: &[&'static str],
    meanwhile: &str,
) -> Vec<(&'static str, RunOutput)> {
    let store = Connection::open(cast.sandbox.store()).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let command = |line: &&str| -> Command {
        let words: Vec<&str> = line.split(' ').map(|word| cast.meaning(word)).collect();
        cast.sandbox.command(&words)
    };
    let children: Vec<_> = lines.iter().map(|line| Sandbox::start(&mut command(line))).collect();
    pause();
    store.execute_batch(meanwhile).unwrap();
    let before = rows(&store);
    store.execute_batch("COMMIT").unwrap();
    let output =
        children.into_iter().map(|child| RunOutput::from(child.wait_with_output().unwrap()));
    let output = lines.iter().copied().zip(output).collect();
    assert!(rows(&store) == before, "{output:?}");
    output
}

/// The cast with ada logged in, and the files that the commands read.
fn cast_with_files() -> Cast {
    let cast = Cast::new("ada");
    let file =
        |name: &str, text: &str| std::fs::write(cast.sandbox.home().join(name), text).unwrap();
    file("password", "lovelace");
    file("passwords", "lovelace\nlovelace");
    file("secret", "0123456789abcdef0123456789abcdef");
    file("users.csv", "username,role\nevil,admin\n");
    let end =
        "UPDATE tokens SET issued_at = 1, expires_at = 2 WHERE jti = (SELECT max(jti) FROM tokens)";
    cast.sandbox.sql(end);
    cast
}

#[test]
fn credential_is_rechecked_after_lock_wait() {
    let of_ada = "(SELECT id FROM users WHERE username = 'ada')";
    for (meanwhile, code) in [
        (
            format!(
                "UPDATE sessions SET ended_at = 1, end_reason = 'revoked' WHERE user_id = {of_ada}"
            ),
            12,
        ),
        ("UPDATE pairs SET access_revoked_at = 1".to_owned(), 12),
        (format!("UPDATE users SET disabled_at = 1 WHERE id = {of_ada}"), 10),
        ("UPDATE keys SET state = 'revoked' WHERE purpose = 'app'".to_owned(), 12),
    ] {
        let cast = cast_with_files();
        for (line, output) in run_while_locked(&cast, &[CHANGES, OWN_CHANGES].concat(), &meanwhile)
        {
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (code, ""),
                "{meanwhile}: {line}: {output:?}"
            );
        }
        assert!(!cast.sandbox.home().join("copy.db").exists());
    }
}

#[test]
fn minting_token_is_rechecked_after_lock_wait() {
    let cast = Cast::new("mia");
    let token = cast.app_token("jeton:mint");
    let cast = cast.given(&token);
    let revoke = "UPDATE tokens SET revoked_at = 1";
    for (line, output) in run_while_locked(&cast, MINTING, revoke) {
        assert_eq!((output.code, output.stdout.as_str()), (12, ""), "{line}: {output:?}");
    }
}

#[test]
fn renewal_rechecks_token_after_lock_wait() {
    let cast = Cast::new("ada");
    let revoke = "UPDATE tokens SET revoked_at = 1";
    for (line, output) in run_while_locked(&cast, &["token renew KIM_TOKEN"], revoke) {
        assert_eq!((output.code, output.stdout.as_str()), (12, ""), "{line}: {output:?}");
    }
}

#[test]
fn bulk_mint_stops_when_minting_token_is_revoked() {
    let cast = Cast::new("mia");
    let token = cast.app_token("jeton:mint");
    let cast = cast.given(&token);
    let bulk = ["token", "mint", "--record", "--count", "20000"];
    let mut child = Sandbox::start(&mut cast.sandbox.command(&bulk));
    // The bulk mint blocks on the full pipe, long before it is complete.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    cast.sandbox.run(&["token", "revoke", &token]).ok();
    let printed = 1 + lines.count();
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!(output.code, 12, "{output:?}");
    let recorded = "SELECT count(*) FROM tokens t JOIN grants g ON g.id = t.grant_id
        WHERE g.kind = 'test'";
    assert_eq!(cast.sandbox.sql(recorded), [printed.to_string()]);
    assert!(printed < 20_000, "{printed}");
}

#[test]
fn role_is_rechecked_after_lock_wait() {
    let cast = cast_with_files();
    let demote = "UPDATE users SET role = 'user' WHERE username = 'ada'";
    for (line, output) in run_while_locked(&cast, CHANGES, demote) {
        assert_eq!((output.code, output.stdout.as_str()), (7, ""), "{line}: {output:?}");
        assert!(output.stderr.contains("only "), "{line}: {output:?}");
    }
    assert!(!cast.sandbox.home().join("copy.db").exists());
    let refused = "SELECT count(*) FROM audit WHERE outcome = 'forbidden' AND user_id = 1";
    assert_eq!(cast.sandbox.sql(refused), [CHANGES.len().to_string()]);
}

#[test]
fn change_without_role_requirement_survives_demotion() {
    let cast = Cast::new("ada");
    let before = cast.sandbox.sql("SELECT count(*) FROM tokens");
    let store = Connection::open(cast.sandbox.store()).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let child = Sandbox::start(&mut cast.sandbox.command(&["token", "create", "app"]));
    pause();
    store.execute_batch("UPDATE users SET role = 'user' WHERE username = 'ada'; COMMIT").unwrap();
    let _ = RunOutput::from(child.wait_with_output().unwrap()).ok();
    assert_ne!(cast.sandbox.sql("SELECT count(*) FROM tokens"), before);
}

#[test]
fn token_creation_rechecks_owner_after_lock_wait() {
    for (change, code) in
        [("disabled_at", 10), ("username = NULL, password = NULL, deleted_at", 12)]
    {
        let sandbox = Sandbox::with_admin();
        let store = Connection::open(sandbox.store()).unwrap();
        store.execute_batch("BEGIN IMMEDIATE").unwrap();
        let child = Sandbox::start(&mut sandbox.command(&["token", "create", "app"]));
        pause();
        store.execute_batch(&format!("UPDATE users SET {change} = 1; COMMIT")).unwrap();
        let _ = RunOutput::from(child.wait_with_output().unwrap()).fails(code);
        assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
    }
}

/// A sandbox with the admins root and ada, ada logged in, and a function that runs commands as
/// root.
fn two_admins() -> (Sandbox, impl Fn(&Sandbox, &[&str])) {
    let sandbox = Sandbox::with_admin();
    sandbox.register("root", "lovelace");
    sandbox.register("min", "lovelace");
    sandbox.run(&["users", "set-role", "root", "admin"]).ok();
    let as_root = |sandbox: &Sandbox, words: &[&str]| {
        let mut command = sandbox.command(words);
        command.env("JETON_CONFIG_DIR", sandbox.home().join("root"));
        Sandbox::run_with(command, "lovelace").ok();
    };
    as_root(&sandbox, &["login", "root", "--password-stdin"]);
    (sandbox, as_root)
}

#[test]
fn import_rechecks_role_after_reading_file() {
    let (sandbox, as_root) = two_admins();
    let fifo = sandbox.home().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let import = ["users", "import", fifo.to_str().unwrap()];
    let child = Sandbox::start(&mut sandbox.command(&import));
    // `users import` opens the file after its first role check.
    let mut file = OpenOptions::new().write(true).open(&fifo).unwrap();
    as_root(&sandbox, &["users", "set-role", "ada", "user"]);
    as_root(&sandbox, &["users", "disable", "ada"]);
    file.write_all(b"username,role,password\nevil,admin,evilpass12\n").unwrap();
    drop(file);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_snapshot!(output, @"
    --- exit code 12, stderr
    error: session ended
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["3"]);
}

#[test]
fn delete_rechecks_role_after_confirmation() {
    for meanwhile in
        [&["disable", "ada"][..], &["delete", "ada", "--yes"], &["set-role", "ada", "minter"]]
    {
        let (sandbox, as_root) = two_admins();
        let mut asked = OnTerminal::run(&sandbox, &["users", "delete", "min"]);
        asked.asks("Delete min and revoke all of its tokens? [y/N] ");
        as_root(&sandbox, &[&["users"], meanwhile].concat());
        asked.0.send("y\n").unwrap();
        asked.0.flush().unwrap();
        let (code, screen, _) = asked.ends();
        let expected = if meanwhile[0] == "set-role" { 7 } else { 12 };
        assert_eq!(code, expected, "{meanwhile:?}: {screen}");
        assert_eq!(sandbox.sql("SELECT count(*) FROM users WHERE username = 'min'"), ["1"]);
        let done = "SELECT count(*) FROM audit WHERE action = 'users delete' AND user_id = 1
            AND outcome = 'done'";
        assert_eq!(sandbox.sql(done), ["0"]);
    }
}

#[test]
fn recover_rechecks_account_after_password_prompt() {
    let (sandbox, as_root) = two_admins();
    let mut asked = OnTerminal::run(&sandbox, &["recover", "min"]);
    asked.asks("New password: ");
    as_root(&sandbox, &["users", "delete", "min", "--yes"]);
    for question in ["", "Confirm password: "] {
        asked.asks(question);
        std::thread::sleep(Duration::from_millis(200));
        asked.0.send_line("countess").unwrap();
    }
    let (code, screen, _) = asked.ends();
    assert_eq!(code, 3, "{screen}");
    let kept = "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL AND password IS NOT NULL";
    assert_eq!(sandbox.sql(kept), ["0"]);
}
