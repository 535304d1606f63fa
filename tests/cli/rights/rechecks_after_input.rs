//! Rights and accounts that are removed while a command waits for input: a file, a confirmation or
//! a password.

use crate::prompts::PtyCommand;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

/// Returns a sandbox in which ada is logged in, and a function that runs commands in the session of
/// the user root of the store. The users ada and root are admins, and the user min is not.
fn sandbox_with_two_admins() -> (Sandbox, impl Fn(&Sandbox, &[&str])) {
    let sandbox = Sandbox::with_admin();
    sandbox.register("root", "lovelace");
    sandbox.register("min", "lovelace");
    sandbox.run(&["users", "set-role", "root", "admin"]).ok();
    let as_root = |sandbox: &Sandbox, words: &[&str]| {
        let mut command = sandbox.command(words);
        command.env("JETON_CONFIG_DIR", sandbox.home().join("root"));
        Sandbox::run_command_with_input(command, "lovelace").ok();
    };
    as_root(&sandbox, &["login", "root", "--password-stdin"]);
    (sandbox, as_root)
}

#[test]
fn import_rechecks_caller_after_reading_file() {
    let (sandbox, as_root) = sandbox_with_two_admins();
    let fifo = sandbox.home().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let import = ["users", "import", fifo.to_str().unwrap()];
    let child = Sandbox::start(&mut sandbox.command(&import));
    // `open` waits until `users import` has opened the FIFO. The command opens the FIFO after the
    // first role check.
    let mut file = OpenOptions::new().write(true).open(&fifo).unwrap();
    as_root(&sandbox, &["users", "set-role", "ada", "user"]);
    as_root(&sandbox, &["users", "disable", "ada"]);
    file.write_all(b"username,role,password\nevil,admin,evilpass12\n").unwrap();
    drop(file);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_snapshot!(output, @"
    --- exit code 10, stderr
    error: your account is disabled: `ada`, since <time> (<ago>)
    hint: ask an admin to enable the account: jeton users enable ada
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["3"]);
}

#[test]
fn delete_rechecks_caller_after_confirmation() {
    for change in
        [&["disable", "ada"][..], &["delete", "ada", "--yes"], &["set-role", "ada", "minter"]]
    {
        let (sandbox, as_root) = sandbox_with_two_admins();
        let mut prompt = PtyCommand::start(&sandbox, &["users", "delete", "min"]);
        prompt.wait_for("Delete min and revoke all tokens of this user? [y/N] ");
        as_root(&sandbox, &[&["users"], change].concat());
        prompt.0.send("y\n").unwrap();
        prompt.0.flush().unwrap();
        let (code, screen, _) = prompt.finish();
        let expected = match change[0] {
            "set-role" => 7,
            "disable" => 10,
            _ => 12,
        };
        assert_eq!(code, expected, "{change:?}: {screen}");
        assert_eq!(sandbox.sql("SELECT count(*) FROM users WHERE username = 'min'"), ["1"]);
        let deletion_count_sql =
            "SELECT count(*) FROM audit WHERE action = 'users delete' AND user_id = 1
            AND outcome = 'done'";
        assert_eq!(sandbox.sql(deletion_count_sql), ["0"]);
    }
}

#[test]
fn recover_rechecks_account_after_password_prompt() {
    let (sandbox, as_root) = sandbox_with_two_admins();
    let mut prompt = PtyCommand::start(&sandbox, &["recover", "min"]);
    prompt.wait_for("New password: ");
    as_root(&sandbox, &["users", "delete", "min", "--yes"]);
    // The first question was awaited above.
    for question in ["", "Confirm password: "] {
        prompt.wait_for(question);
        std::thread::sleep(Duration::from_millis(200));
        prompt.0.send_line("countess").unwrap();
    }
    let (code, screen, _) = prompt.finish();
    assert_eq!(code, 3, "{screen}");
    let deleted_user_with_password_count_sql =
        "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL AND password IS NOT NULL";
    assert_eq!(sandbox.sql(deleted_user_with_password_count_sql), ["0"]);
}
