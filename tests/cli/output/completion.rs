//! What a shell is offered: the words that the program itself would take there.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::process::Command;

/// The separator of candidates in bash.
const SEPARATOR: &str = "\u{b}";

/// The last of these words is being typed.
fn asked(sandbox: &Sandbox, line: &str) -> Command {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = sandbox.command(&[&["--", "jeton"], words.as_slice()].concat());
    command.envs([("COMPLETE", "bash"), ("_CLAP_IFS", SEPARATOR)]);
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command
}

/// What is offered there, sorted.
#[track_caller]
fn offered(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let output = RunOutput::of(asked(sandbox, line));
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{line}");
    let is_flag = |word: &&str| word.starts_with('-');
    let words: BTreeSet<&str> =
        output.stdout.split(SEPARATOR).filter(|word| !is_flag(word)).collect();
    words.into_iter().map(|word| word.trim_end().to_owned()).collect()
}

#[test]
fn words_of_fixed_sets_are_offered() {
    const ALGORITHMS: &str =
        "ES256 ES384 EdDSA HS256 HS384 HS512 PS256 PS384 PS512 RS256 RS384 RS512";
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
        ("help to", "token"),
        ("users show ", ""),
        ("sessions revoke ", ""),
    ] {
        assert_eq!(offered(&sandbox, line).join(" "), words, "{line}");
    }
    assert!(!sandbox.store().exists() && !sandbox.sessions().exists());
}

#[test]
fn what_the_store_knows_is_offered() {
    let sandbox = Sandbox::with_john();
    for verb in ["show", "set-role", "set-quota", "rename", "disable", "enable", "delete"] {
        assert_eq!(offered(&sandbox, &format!("users {verb} ")), ["ada", "john"], "{verb}");
    }
    assert_eq!(offered(&sandbox, "sessions revoke "), [sandbox.session("sid")]);
    sandbox.run(&["logout"]).ok();
    assert!(offered(&sandbox, "sessions revoke ").is_empty(), "of those that are open");
}

#[test]
fn keys_are_offered_for_what_can_be_done_with_them() {
    let sandbox = Sandbox::with_admin();
    let key = |words: &[&str]| sandbox.get(&[&["keys", "generate"], words].concat());
    let standby = key(&[]);
    let gone = key(&[]);
    let test = key(&["--purpose", "test"]);
    let gone_test = key(&["--purpose", "test", "--alg", "EdDSA"]);
    for gone in [&gone, &gone_test] {
        sandbox.run(&["keys", "revoke", "--yes", "--", gone]).ok();
    }
    let active = sandbox.sql("SELECT kid FROM keys WHERE state = 'active' AND purpose = 'app'");
    // One that begins like a flag is not told from flags here.
    let sorted = |kids: &[&String]| -> Vec<String> {
        let kids: BTreeSet<_> = kids.iter().filter(|kid| !kid.starts_with('-')).collect();
        kids.into_iter().map(ToString::to_string).collect()
    };
    assert_eq!(offered(&sandbox, "keys activate "), sorted(&[&standby]));
    assert_eq!(offered(&sandbox, "keys revoke "), sorted(&[&standby, &test, &active[0]]));
    assert_eq!(offered(&sandbox, "token mint --key "), sorted(&[&test]));
    let all = sorted(&[&standby, &gone, &test, &gone_test, &active[0]]);
    assert_eq!(offered(&sandbox, "keys export --pem "), all);
}

#[test]
fn only_plain_words_are_offered() {
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
    assert_eq!(offered(&sandbox, "users show "), ["3", "4", "5", "ada", "eve@example.com"]);
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute("UPDATE keys SET kid = 'a b'", []).unwrap();
    assert!(offered(&sandbox, "keys activate ").is_empty());
    assert!(offered(&sandbox, "keys export --pem ").is_empty());
}

#[test]
fn paths_are_offered_if_they_are_plain_words() {
    let sandbox = Sandbox::new();
    for name in ["f;touch pwned", "f\n", "f$HOME", "fine-1.jwt", "fête"] {
        std::fs::write(sandbox.home().join(name), "").unwrap();
    }
    let home = sandbox.home().to_str().unwrap();
    let words = offered(&sandbox, &format!("whoami --token-file {home}/f"));
    assert_eq!(words, [format!("{home}/fine-1.jwt"), format!("{home}/fête")]);
}

#[test]
fn loader_calls_no_path_that_a_shell_acts_on() {
    let sandbox = Sandbox::new();
    let folder = sandbox.home().join("$(touch pwned)");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jeton"), folder.join("jeton")).unwrap();
    for shell in ["bash", "powershell"] {
        let mut command = Command::new(folder.join("jeton"));
        let loaded = command.env_clear().env("COMPLETE", shell).output().unwrap();
        let script = RunOutput::from(loaded).ok().stdout;
        assert!(script.contains("jeton") && !script.contains("touch"), "{script}");
    }
}
