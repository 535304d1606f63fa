//! Completion candidates: the words that the program offers at the position of the cursor.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Returns the candidates for the last word of `line`, a command line without `jeton`, as the
/// program prints the candidates for the completion script of a shell. For some shells, a
/// description follows the candidate.
#[track_caller]
fn complete(sandbox: &Sandbox, shell: &str, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = sandbox.command(&[&["--", "jeton"], words.as_slice()].concat());
    command.env("COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    let output = RunOutput::capture(command);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{line}");
    let separator = if shell == "bash" { '\u{b}' } else { '\n' };
    let lines = output.stdout.split(separator).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Returns the sorted candidates for the last word of `line`, a command line without `jeton`.
#[track_caller]
pub(super) fn candidates(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let words: BTreeSet<String> = complete(sandbox, "elvish", line).into_iter().collect();
    words.into_iter().collect()
}

#[test]
fn completion_without_a_store_offers_fixed_values_and_creates_no_store() {
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
        ("token verify --encoding ", "base64 raw text"),
        ("token create ci --permission ", "jeton:mint"),
        ("token create ci --permission read,j", "read,jeton:mint"),
        ("settings set token.quota ", "3 unlimited"),
        ("settings set register.open ", "false true"),
        (
            "audit list --action token",
            "token token create token fixtures token mint token renew token revoke",
        ),
        ("audit list --action i", "init"),
        ("audit list --outcome un", "undelivered"),
        ("audit list --target ", "key session setting store token user"),
        ("token mint --preset flask --set ", "fresh=false fresh=true sub="),
        ("token mint --set ", ""),
    ] {
        assert_eq!(candidates(&sandbox, line).join(" "), words, "{line}");
    }
    assert!(!sandbox.has_store() && !sandbox.session_directory().exists());
}

#[test]
fn completion_offers_export_and_import_as_audit_actions() {
    let sandbox = Sandbox::new();
    let actions = candidates(&sandbox, "audit list --action ");
    for action in ["keys export", "users export", "keys import"] {
        assert!(actions.iter().any(|candidate| candidate == action), "{actions:?}");
    }
}

#[test]
fn completion_offers_users_and_sessions() {
    let sandbox = Sandbox::with_john();
    for verb in ["show", "set-role", "set-quota", "rename", "disable", "enable", "delete"] {
        assert_eq!(candidates(&sandbox, &format!("users {verb} ")), ["ada", "john"], "{verb}");
    }
    assert_eq!(candidates(&sandbox, "sessions revoke "), [sandbox.session_member("sid")]);
    sandbox.run(&["logout"]).ok();
    assert!(candidates(&sandbox, "sessions revoke ").is_empty(), "an ended session is not offered");
}

#[test]
fn completion_offers_live_tokens_apps_permissions_and_setting_values() {
    let sandbox = Sandbox::with_admin();
    for app in ["deploy", "docs", "ci"] {
        sandbox.stdout_of(&["token", "create", app, "--permission", "read:x,write"]);
    }
    sandbox.run(&["token", "revoke", "2"]).ok();
    for verb in ["show", "renew", "revoke"] {
        assert_eq!(candidates(&sandbox, &format!("token {verb} ")), ["1", "3"], "{verb}");
    }
    assert_eq!(complete(&sandbox, "fish", "token show 3"), ["3\tci"]);
    for line in ["token list --app d", "token revoke --app d", "run --app d", "token create d"] {
        assert_eq!(candidates(&sandbox, line), ["deploy", "docs"], "{line}");
    }
    for line in ["token create ci -p ", "token verify - -p ", "token mint -p ", "run -p "] {
        assert_eq!(candidates(&sandbox, line), ["jeton:mint", "read:x", "write"], "{line}");
    }
    sandbox.run(&["settings", "set", "token.ttl", "1d"]).ok();
    assert_eq!(candidates(&sandbox, "settings set token.ttl "), ["1d", "7d"]);
}

#[test]
fn completion_offers_the_keys_that_the_command_accepts() {
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
    let expected_candidates = |kids: &[&String]| -> Vec<String> {
        let kids: BTreeSet<_> = kids.iter().collect();
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
fn completion_escapes_or_omits_words_with_shell_metacharacters() {
    let sandbox = Sandbox::with_admin();
    for argument in ["x;{touch,pwned}", "josé", "zoë", "--email=z`id`@example.com"] {
        sandbox.run_with_input(&["register", argument, "--password-stdin"], "123456").ok();
    }
    for name in ["f;touch pwned", "f\n", "f$HOME", "f’", "fine-1.jwt", "fête"] {
        std::fs::write(sandbox.home().join(name), "").unwrap();
    }
    sandbox.sql("UPDATE keys SET kid = 'a b'");
    let candidate_lines = |shell, line| complete(&sandbox, shell, line);
    assert_eq!(candidate_lines("bash", "users show x"), [r"x\;\{touch,pwned\}"]);
    assert_eq!(candidate_lines("bash", "users show z"), ["zoë", r"z\`id\`@example.com"]);
    assert_eq!(candidate_lines("bash", "users show j"), ["josé"]);
    assert_eq!(candidate_lines("bash", "keys export --pem a"), [r"a\ b"]);
    let files = [r"f\$HOME", r"f\;touch\ pwned", "fine-1.jwt", "fête"];
    assert_eq!(candidate_lines("bash", "whoami --token-file f"), files);
    assert_eq!(candidate_lines("powershell", "users show x"), [""; 0]);
    assert_eq!(candidate_lines("powershell", "users show z"), ["zoë"]);
    assert_eq!(candidate_lines("powershell", "keys export --pem a"), ["'a b'\tactive app ES256"]);
    assert_eq!(candidate_lines("powershell", "whoami --token-file f"), ["fine-1.jwt", "fête"]);
}

#[test]
fn completion_offers_options_only_after_a_dash() {
    let sandbox = Sandbox::with_admin();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let words = |line| -> Vec<String> {
            let lines = complete(&sandbox, shell, line).into_iter();
            lines.map(|line| line.split(['\t', ':']).next().unwrap().to_owned()).collect()
        };
        assert_eq!(words("store info "), [""; 0], "{shell}");
        assert_eq!(words("users show "), ["ada"], "{shell}");
        assert_eq!(words("users ")[..2], ["list", "show"], "{shell}");
        assert!(words("users show -").contains(&"--store".to_owned()), "{shell}");
        assert_eq!(words("run "), ["--"], "{shell}");
    }
}

#[test]
fn completion_finds_users_in_a_large_store_and_in_a_given_store() {
    let sandbox = Sandbox::with_admin();
    sandbox.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO users (uid, username, email, email_key, role, created_at, password_at)
         SELECT randomblob(16), 'user' || i, 'U' || i || '@x.org', 'u' || i || '@x.org', 'user', 0, 0
         FROM n",
    );
    assert_eq!(candidates(&sandbox, "users show user4321"), ["user4321"]);
    assert_eq!(candidates(&sandbox, "users show u4321@"), ["U4321@x.org"]);
    assert_eq!(candidates(&sandbox, "users show user432").len(), 11);
    // Completion offers at most 50 usernames.
    assert_eq!(candidates(&sandbox, "users show ").len(), 50);
    // With `--store`, completion reads the given store instead of the default store.
    let other_sandbox = Sandbox::new();
    let variable = sandbox.variables().find(|(name, _)| *name == "JETON_STORE");
    let store = variable.map_or_else(
        || sandbox.store_path().to_str().unwrap().to_owned(),
        |(_, address)| address.to_owned(),
    );
    let line = format!("--store {store} users show user4321");
    assert_eq!(candidates(&other_sandbox, &line), ["user4321"]);
}

#[test]
fn completion_neither_changes_the_store_nor_reports_errors() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_path();
    let mode = || std::fs::metadata(&store).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&store, Permissions::from_mode(0o644)).unwrap();
    let content = std::fs::read(&store).unwrap();
    assert_eq!(candidates(&sandbox, "users show "), ["ada"]);
    assert_eq!((mode(), std::fs::read(&store).unwrap() == content), (0o644, true));
    std::fs::write(&store, "damaged").unwrap();
    std::fs::remove_file(store.with_extension("db-wal")).unwrap();
    assert_eq!(candidates(&sandbox, "users show "), [""; 0]);
    assert_eq!(std::fs::read(&store).unwrap(), b"damaged");
}

#[test]
fn completion_script_omits_program_path_with_shell_metacharacters() {
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

#[test]
fn command_is_executed_although_the_variable_complete_is_set() {
    let sandbox = Sandbox::with_admin();
    for value in ["true", "1", "bash"] {
        let mut command = sandbox.command(&["token", "verify", "forged"]);
        let output = RunOutput::capture(command.env("COMPLETE", value));
        assert_eq!((output.code, output.verdict().as_str()), (10, "invalid: malformed"));
    }
}
