//! Completion candidates: the words that the program accepts at the position of the cursor.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::process::Command;

/// The separator of candidates in bash.
const SEPARATOR: &str = "\u{b}";

/// Returns the command that completes the last word of a command line.
fn completion_command(sandbox: &Sandbox, line: &str) -> Command {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = sandbox.command(&[&["--", "jeton"], words.as_slice()].concat());
    command.envs([("COMPLETE", "bash"), ("_CLAP_IFS", SEPARATOR)]);
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command
}

/// Returns the sorted candidates, without flags, for the last word of a command line.
#[track_caller]
fn candidates(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let output = RunOutput::capture(completion_command(sandbox, line));
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{line}");
    let is_flag = |word: &&str| word.starts_with('-');
    let words: BTreeSet<&str> =
        output.stdout.split(SEPARATOR).filter(|word| !is_flag(word)).collect();
    words.into_iter().map(|word| word.trim_end().to_owned()).collect()
}

#[test]
fn completion_offers_enumerated_values() {
    const ALGORITHMS: &str =
        "ES256 ES384 ES512 Ed25519 EdDSA HS256 HS384 HS512 PS256 PS384 PS512 RS256 RS384 RS512";
    let sandbox = Sandbox::new();
    for (line, words) in [
        ("token list --status ", "all expired live revoked"),
        ("token list --kind ", "app test"),
        ("token revoke --kind ", "app test"),
        ("token verify --type ", "access any app refresh test"),
        ("token verify --type a", "access any app"),
        ("token verify --alg ", ALGORITHMS),
        ("token mint --alg ", ALGORITHMS),
        ("token presets ", "show"),
        ("token mint --preset f", "flask flask-refresh"),
        ("token presets show f", "flask flask-refresh"),
        ("users list --sort ", "created email id username"),
        ("users list --role ", "admin minter user"),
        ("users list --status ", "active disabled"),
        ("users set-role ada ", "admin minter user"),
        ("users set-quota ada ", "default unlimited"),
        ("whoami --require-role ", "admin minter user"),
        ("register --role ", "admin minter user"),
        ("init --alg ", ALGORITHMS),
        ("keys generate --alg ", ALGORITHMS),
        ("keys generate --purpose ", "app test"),
        ("keys generate --bits ", "2048 3072 4096"),
        ("keys import --alg ", ALGORITHMS),
        ("keys import --encoding ", "base64 raw text"),
        ("keys import --purpose ", "app test"),
        ("keys rotate --purpose ", "app test"),
        ("keys export --purpose ", "app test"),
        ("settings get token.", "token.max_ttl token.permissions token.quota token.ttl"),
        ("settings set token.", "token.max_ttl token.permissions token.quota token.ttl"),
        ("settings unset i", "issuer"),
        ("help e", "environment exit-codes"),
        ("help to", "token tour"),
        ("help sc", "schema scripting"),
        ("users show ", ""),
        ("sessions revoke ", ""),
    ] {
        assert_eq!(candidates(&sandbox, line).join(" "), words, "{line}");
    }
    assert!(!sandbox.store().exists() && !sandbox.session_directory().exists());
}

#[test]
fn completion_offers_users_and_sessions() {
    let sandbox = Sandbox::with_john();
    for verb in ["show", "set-role", "set-quota", "rename", "disable", "enable", "delete"] {
        assert_eq!(candidates(&sandbox, &format!("users {verb} ")), ["ada", "john"], "{verb}");
    }
    assert_eq!(candidates(&sandbox, "sessions revoke "), [sandbox.session_member("sid")]);
    sandbox.run(&["logout"]).ok();
    assert!(candidates(&sandbox, "sessions revoke ").is_empty(), "only open sessions");
}

#[test]
fn completion_offers_keys_by_state() {
    let sandbox = Sandbox::with_admin();
    let generate_key =
        |options: &[&str]| sandbox.stdout_of(&[&["keys", "generate"], options].concat());
    let standby_kid = generate_key(&[]);
    let revoked_kid = generate_key(&[]);
    let test_kid = generate_key(&["--purpose", "test"]);
    let revoked_test_kid = generate_key(&["--purpose", "test", "--alg", "EdDSA"]);
    for kid in [&revoked_kid, &revoked_test_kid] {
        sandbox.run(&["keys", "revoke", "--yes", "--", kid]).ok();
    }
    let active_kids =
        sandbox.sql("SELECT kid FROM keys WHERE state = 'active' AND purpose = 'app'");
    // A key id that starts with `-` cannot be distinguished from a flag here.
    let expected_candidates = |kids: &[&String]| -> Vec<String> {
        let kids: BTreeSet<_> = kids.iter().filter(|kid| !kid.starts_with('-')).collect();
        kids.into_iter().map(ToString::to_string).collect()
    };
    assert_eq!(candidates(&sandbox, "keys activate "), expected_candidates(&[&standby_kid]));
    assert_eq!(
        candidates(&sandbox, "keys revoke "),
        expected_candidates(&[&standby_kid, &test_kid, &active_kids[0]])
    );
    assert_eq!(candidates(&sandbox, "token mint --key "), expected_candidates(&[&test_kid]));
    let all = expected_candidates(&[
        &standby_kid,
        &revoked_kid,
        &test_kid,
        &revoked_test_kid,
        &active_kids[0],
    ]);
    assert_eq!(candidates(&sandbox, "keys export --pem "), all);
}

#[test]
fn completion_omits_names_with_shell_characters() {
    let sandbox = Sandbox::with_admin();
    for (name, email) in [
        ("x;{touch,pwned}", Some("eve@example.com")),
        ("y|z", None),
        ("josé", None),
        ("zoë", Some("z`id`@example.com")),
    ] {
        let email = email.map(|email| format!("--email={email}"));
        let words: Vec<&str> =
            ["register", name, "--password-stdin"].into_iter().chain(email.as_deref()).collect();
        sandbox.run_with_input(&words, "123456").ok();
    }
    assert_eq!(candidates(&sandbox, "users show "), ["3", "4", "5", "ada", "eve@example.com"]);
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute("UPDATE keys SET kid = 'a b'", []).unwrap();
    assert!(candidates(&sandbox, "keys activate ").is_empty());
    assert!(candidates(&sandbox, "keys export --pem ").is_empty());
}

#[test]
fn completion_omits_paths_with_shell_characters() {
    let sandbox = Sandbox::new();
    for name in ["f;touch pwned", "f\n", "f$HOME", "fine-1.jwt", "fête"] {
        std::fs::write(sandbox.home().join(name), "").unwrap();
    }
    let home = sandbox.home().to_str().unwrap();
    let words = candidates(&sandbox, &format!("whoami --token-file {home}/f"));
    assert_eq!(words, [format!("{home}/fine-1.jwt"), format!("{home}/fête")]);
}

#[test]
fn completion_script_omits_program_path_with_shell_characters() {
    let sandbox = Sandbox::new();
    let directory = sandbox.home().join("$(touch pwned)");
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jeton"), directory.join("jeton")).unwrap();
    for shell in ["bash", "powershell"] {
        let mut command = Command::new(directory.join("jeton"));
        let output = command.env_clear().env("COMPLETE", shell).output().unwrap();
        let script = RunOutput::from(output).ok().stdout;
        assert!(script.contains("jeton") && !script.contains("touch"), "{script}");
    }
}
