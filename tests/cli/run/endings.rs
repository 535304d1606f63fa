//! Ways for the command to end, or not to begin: the exit code, and the token, which is revoked.

use super::{Running, audit, is_dead, nothing_lives, run_shell, shell};
use crate::mask::refuses;
use crate::world::World;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

#[test]
fn its_exit_code_is_passed_on() {
    for code in [0, 1, 3, 12, 75, 126, 127, 130, 255] {
        let world = World::with_admin();
        let ran = run_shell(&world, &[], &format!("echo \"$API_TOKEN\"; exit {code}"));
        assert_eq!((ran.code, ran.err.as_str()), (code, ""));
        is_dead(&world, &ran.out);
    }
}

#[test]
fn a_signal_that_kills_it_is_128_and_its_number() {
    for (signal, code) in [("HUP", 129), ("INT", 130), ("ABRT", 134), ("KILL", 137), ("TERM", 143)]
    {
        let world = World::with_admin();
        let ran = run_shell(&world, &[], &format!("echo \"$API_TOKEN\"; kill -{signal} $$"));
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{signal}");
        is_dead(&world, &ran.out);
    }
}

#[test]
fn one_that_is_not_there_is_127_and_one_that_cannot_be_executed_126() {
    let world = World::with_admin();
    std::fs::write(world.home().join("text"), "no program").unwrap();
    std::fs::write(world.home().join("strange"), "no program either").unwrap();
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(world.home().join("strange"), executable).unwrap();
    for (command, code, talk) in [
        ("there-is-none", 127, "there is no command `there-is-none`"),
        ("./there\u{1b}-is-none", 127, "there is no command `./there\\u{1b}-is-none`"),
        ("./text", 126, "`./text` cannot be executed: Permission denied (os error 13)"),
        (".", 126, "`.` cannot be executed: Permission denied (os error 13)"),
        ("./strange", 126, "`./strange` cannot be executed: Exec format error (os error 8)"),
        ("./text/x", 126, "`./text/x` cannot be executed: Not a directory (os error 20)"),
    ] {
        for kind in [&[][..], &["--app", "ci"]] {
            let ran = world.run(&[&["run"], kind, &["--", command]].concat());
            let hint = match code {
                127 => "hint: no shell is between: for its words and commands, `sh -c '…'`\n",
                _ => "",
            };
            refuses(&world, &ran, code, &format!("error: {talk}\n{hint}"));
        }
    }
    nothing_lives(&world, 12);
    assert_eq!(audit(&world).len(), 24, "nothing was refused");
}

#[test]
fn a_token_that_cannot_be_revoked_is_named_and_the_exit_code_is_1() {
    for (form, code) in [("text", 0), ("json", 5)] {
        let world = World::with_admin();
        let line = format!("echo \"$API_TOKEN\"; read line; exit {code}");
        let mut run = Running::start(shell(&world, &["--wait", "0s", "-o", form], &line));
        let token = run.line();
        let other = rusqlite::Connection::open(world.store()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        run.answer("go on");
        let (exit, talk) = run.ends();
        other.execute_batch("ROLLBACK").unwrap();
        let message = format!(
            "the command ended with {code}, and token 1 could not be revoked: the store is busy"
        );
        let hint = "revoke it: jeton token revoke 1";
        let said = if form == "text" {
            format!("error: {message}\nhint: {hint}\n")
        } else {
            let details = json!({"token_id": 1, "command_exit_code": code});
            let error = json!({
                "kind": "Internal", "code": "internal", "exit_code": 1,
                "message": message, "hint": hint, "details": details,
            });
            format!("{}\n", json!({ "error": error }))
        };
        assert_eq!((exit, talk), (Some(1), said));
        world.run(&["token", "verify", &token, "--type", "test"]).ok();
        world.run(&["token", "revoke", "1"]).ok();
        is_dead(&world, &token);
    }
}

#[test]
fn a_store_that_the_command_removes_is_missed() {
    let world = World::with_admin();
    let ran = run_shell(&world, &[], "rm .local/share/jeton/*");
    let talk = "error: the command ended with 0, and token 1 could not be revoked: there is no \
                store at `~/.local/share/jeton/jeton.db`\nhint: revoke it: jeton token revoke 1\n";
    refuses(&world, &ran, 1, talk);
}

#[test]
fn nothing_is_revoked_in_another_store() {
    let world = World::with_admin();
    let line =
        "rm -r .local .config && \"$0\" init eve -q && \"$0\" token create app -q >/dev/null";
    let ran = run_shell(&world, &[], line);
    let talk = "error: the command ended with 0, and token 1 could not be revoked: another store \
                is in the place of its own\nhint: revoke it: jeton token revoke 1\n";
    refuses(&world, &ran, 1, talk);
    assert_eq!(world.sql("SELECT id || ' ' || count(revoked_at) FROM tokens"), ["1 0"]);
}
