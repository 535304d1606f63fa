//! `token mint -o dotenv` and `-o github`: environment variables that contain tokens.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

/// Command that mints a token without a store.
const MINT: [&str; 5] = ["token", "mint", "--secret-env", "S", "--alg=HS256"];

fn sandbox_with_secret() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("S", "a secret that is as long as the hash");
    sandbox
}

fn mint(sandbox: &Sandbox, options: &[&str]) -> RunOutput {
    sandbox.run(&[&MINT, options].concat())
}

#[test]
fn dotenv_output_is_a_variable_assignment() {
    let mut sandbox = sandbox_with_secret();
    assert_snapshot!(mint(&sandbox, &["-o", "dotenv"]), @"API_TOKEN=<token>");
    let output = mint(&sandbox, &["-o", "dotenv", "--env", "ADMIN_TOKEN", "--sub", "a"]).ok();
    let token = output.stdout.trim_end().strip_prefix("ADMIN_TOKEN=").unwrap();
    assert_eq!(payload(token)["sub"], "a");
    sandbox.set_variable("JETON_OUTPUT", "dotenv");
    assert_snapshot!(mint(&sandbox, &["--count", "1"]), @"API_TOKEN=<token>");
    assert!(!sandbox.has_store());
}

#[test]
fn github_output_masks_the_token_and_sets_the_variable() {
    let mut sandbox = sandbox_with_secret();
    let env_file = sandbox.home().join("env");
    fs::write(&env_file, "OTHER=1").unwrap();
    sandbox.set_variable("GITHUB_ENV", &env_file.to_string_lossy());
    // Returns the token. Asserts that the command prints only the line that masks the token.
    let masked_token = |output: RunOutput| {
        let output = output.ok();
        let (line, rest) = output.stdout.split_once('\n').unwrap();
        assert_eq!((rest, output.stderr.as_str()), ("", ""));
        line.strip_prefix("::add-mask::").unwrap().to_owned()
    };
    let token = masked_token(mint(&sandbox, &["-o", "github"]));
    assert_eq!(fs::read_to_string(&env_file).unwrap(), format!("OTHER=1\nAPI_TOKEN={token}\n"));
    let second = masked_token(mint(&sandbox, &["-o", "github", "--env", "B", "--quiet"]));
    let expected = format!("OTHER=1\nAPI_TOKEN={token}\nB={second}\n");
    assert_eq!(fs::read_to_string(&env_file).unwrap(), expected);
    fs::remove_file(&env_file).unwrap();
    let third = masked_token(mint(&sandbox, &["-o", "github"]));
    assert_eq!(fs::read_to_string(&env_file).unwrap(), format!("API_TOKEN={third}\n"));
    assert_eq!(fs::metadata(&env_file).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn unusable_github_env_file_is_refused_before_the_token_is_recorded() {
    let mut sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for path in ["", "/nowhere/env", "/"] {
        sandbox.set_variable("GITHUB_ENV", path);
        outputs += &sandbox.run(&["token", "mint", "--record", "-o", "github"]).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 2, stderr
    error: `GITHUB_ENV` is not set
    hint: outside of GitHub Actions, use `-o dotenv`
    --- exit code 2, stderr
    error: the file in `GITHUB_ENV` cannot be opened: No such file or directory
    --- exit code 2, stderr
    error: the file in `GITHUB_ENV` cannot be opened: Is a directory
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn recorded_token_is_revoked_if_its_output_cannot_be_written() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("GITHUB_ENV", "/dev/full");
    let output = sandbox.run(&["token", "mint", "--record", "-o", "github"]);
    assert_eq!((output.code, output.stdout.lines().count()), (1, 1));
    assert_snapshot!(output.diagnostics(), @"
    --- exit code 1, stderr
    error: the file in `GITHUB_ENV` cannot be written: No space left on device; token 1 was revoked
    ");
    for format in ["dotenv", "github"] {
        sandbox.set_variable("GITHUB_ENV", &sandbox.home().join("env").to_string_lossy());
        let full_device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = sandbox.command(&["token", "mint", "--record", "-o", format]);
        let child =
            command.stdout(Stdio::from(full_device)).stderr(Stdio::piped()).spawn().unwrap();
        let output = RunOutput::new(&command, child.wait_with_output().unwrap());
        assert_eq!(output.code, 1, "{output:?}");
    }
    let sql = "SELECT count(*) || ' created, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(sandbox.sql(sql), ["3 created, 3 revoked"]);
    assert_eq!(fs::read_to_string(sandbox.home().join("env")).unwrap(), "");
}

#[test]
fn dotenv_output_reports_the_id_of_a_recorded_token_on_stderr() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["token", "mint", "--record", "-o", "dotenv"]), @"
    API_TOKEN=<token>
    --- stderr
    recorded API_TOKEN as token 1
    ");
}

#[test]
fn several_tokens_for_one_variable_are_refused() {
    let sandbox = sandbox_with_secret();
    fs::write(sandbox.home().join("rows.csv"), "sub\na\nb\n").unwrap();
    assert_snapshot!(mint(&sandbox, &["-o", "dotenv", "--count", "2"]), @"
    --- exit code 2, stderr
    error: `--from` or `--count` above 1 found, expected one token for the variable
    hint: use `-o jsonl`, or describe the tokens in a file for `--file`
    ");
    for options in [
        &["-o", "github", "--count", "2"][..],
        &["-o", "dotenv", "--from", "rows.csv"],
        &["-o", "github", "--from", "rows.csv"],
    ] {
        mint(&sandbox, options).fails(2);
    }
}

#[test]
fn env_option_requires_an_output_format_with_variables() {
    let sandbox = sandbox_with_secret();
    assert_snapshot!(mint(&sandbox, &["--env", "A"]), @"
    --- exit code 2, stderr
    error: `--env` requires `-o dotenv` or `-o github`
    hint: add `-o dotenv`
    ");
    mint(&sandbox, &["--env", "A", "-o", "json"]).fails(2);
    mint(&sandbox, &["--env", "API_TOKEN", "-o", "text"]).fails(2);
}

#[test]
fn reserved_variable_name_is_refused_in_every_output_format_and_by_run() {
    let mut sandbox = sandbox_with_secret();
    let env_file = sandbox.home().join("env");
    sandbox.set_variable("GITHUB_ENV", &env_file.to_string_lossy());
    for name in RESERVED_NAMES {
        for format in ["dotenv", "github"] {
            mint(&sandbox, &["-o", format, "--env", name]).fails(2);
        }
        fs::write(sandbox.home().join("t.toml"), format!("[tokens.{name}]\nsub = 'a'\n")).unwrap();
        for format in ["text", "json", "jsonl", "dotenv", "github"] {
            let output =
                sandbox.run(&["token", "mint", "--file", "t.toml", "-o", format]).fails(65);
            assert!(output.stderr.contains("line 1: "), "{name}: {output:?}");
        }
        sandbox.run(&["run", "--file", "t.toml", "--", "true"]).fails(65);
    }
    assert!(!env_file.exists());
}

/// Examples of reserved names: variables of the dynamic loader, shells, runtimes, CI systems,
/// common programs and jeton.
const RESERVED_NAMES: &[&str] = &[
    "PATH",
    "LD_PRELOAD",
    "DYLD_INSERT_LIBRARIES",
    "BASH_ENV",
    "ENV",
    "IFS",
    "PS4",
    "NODE_OPTIONS",
    "PYTHONPATH",
    "PYTEST_ADDOPTS",
    "RUBYOPT",
    "PERL5OPT",
    "JAVA_TOOL_OPTIONS",
    "GITHUB_ENV",
    "RUNNER_TEMP",
    "INPUT_TOKEN",
    "MAKEFLAGS",
    "https_proxy",
    "SSL_CERT_FILE",
    "GIT_SSH_COMMAND",
    "JETON_TOKEN",
    "JETON_STORE",
];
