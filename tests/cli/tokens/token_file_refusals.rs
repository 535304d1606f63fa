//! Refusals of `token mint --file`: invalid files, options, secrets and paths.

use super::token_file::{TOKEN_FILE, mint, mint_text, sandbox_with_file};
use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
#[expect(clippy::too_many_lines, reason = "a long snapshot")]
fn invalid_token_file_is_refused_by_line_and_missing_file_by_name() {
    let mut outputs = String::new();
    for text in [
        "[tokens.A]\nsub = 'a'\naudd = 'x'\n",
        "[defaults]\nttl = 'soon'\n[tokens.A]\n",
        "[tokens.A]\nno-jti = 'yes'\n",
        "[tokens]\nA = 'x'\n",
        "[tokens.A]\nsub = \n",
        "[tokens.A]\nclaim = ['x']\n",
        "[tokens.A]\npreset = 'nope'\n",
        // `alg` would conflict with `key`, and is added only to the table `tokens.A`.
        "[tokens.B]\nkey = 'nope'\nsecret-env = 'S'\n",
        "[tokens.\"A B\"]\n",
        "[tokens.LD_PRELOAD]\n",
        "[token.A]\n",
        "name = 'x'\n[tokens.A]\n",
        "",
    ] {
        let text = text.replace("[tokens.A]", "[tokens.A]\nalg = 'HS256'");
        outputs += &mint_text(&text).with_heading(text.escape_default());
    }
    assert_snapshot!(outputs, @r#"
    [tokens.A]\nalg = \'HS256\'\nsub = \'a\'\naudd = \'x\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 4: unknown key `audd`
    hint: use `aud`
    [defaults]\nttl = \'soon\'\n[tokens.A]\nalg = \'HS256\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 2: `ttl`: duration: expected `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h`, `P7D` or similar
    [tokens.A]\nalg = \'HS256\'\nno-jti = \'yes\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 3: `no-jti`: text found, expected a boolean
    [tokens]\nA = \'x\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 2: `A`: text found, expected a table
    [tokens.A]\nalg = \'HS256\'\nsub = \n
    --- exit code 65, stderr
    error: `t.toml`: line 3: string values must be quoted, expected literal string
    [tokens.A]\nalg = \'HS256\'\nclaim = [\'x\']\n
    --- exit code 65, stderr
    error: `t.toml`: line 1: claim: not in the format `name=value`
    [tokens.A]\nalg = \'HS256\'\npreset = \'nope\'\n
    --- exit code 3, stderr
    error: `t.toml`: line 1: preset `nope` not found
    hint: list presets: jeton token presets
    [tokens.B]\nkey = \'nope\'\nsecret-env = \'S\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 2: `key`: not allowed with `secret-env`
    [tokens.\"A B\"]\n
    --- exit code 65, stderr
    error: `t.toml`: line 1: `A B`: variable: expected letters, digits and `_`, not starting with a digit
    [tokens.LD_PRELOAD]\n
    --- exit code 65, stderr
    error: `t.toml`: line 1: `LD_PRELOAD`: variable: reserved for other programs; use a name such as `API_TOKEN`
    [token.A]\n
    --- exit code 65, stderr
    error: `t.toml`: line 1: no token found, expected a table `[tokens.NAME]`
    name = \'x\'\n[tokens.A]\nalg = \'HS256\'\n
    --- exit code 65, stderr
    error: `t.toml`: line 1: unknown key `name`

    --- exit code 65, stderr
    error: `t.toml`: line 1: no token found, expected a table `[tokens.NAME]`
    "#);
    let error =
        sandbox_with_file("[tokens.A]\nx = 1\n").json_error(&["token", "mint", "-f", "t.toml"]);
    assert_eq!((&error["code"], &error["details"]["line"]), (&json!("bad_data"), &json!(2)));
    assert_snapshot!(sandbox_with_file("").run(&["token", "mint", "-f", "nope.toml"]), @"
    --- exit code 2, stderr
    error: `nope.toml` cannot be read: No such file or directory
    ");
}

#[test]
fn command_line_only_options_are_refused_in_the_file() {
    let mut outputs = String::new();
    for key in ["store", "token-file", "out", "allow-weak", "count", "from"] {
        outputs += &mint_text(&format!("[tokens.A]\n{key} = 'x'\n")).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 65, stderr
    error: `t.toml`: line 2: `store`: not allowed in a file
    --- exit code 65, stderr
    error: `t.toml`: line 2: `token-file`: not allowed in a file
    --- exit code 65, stderr
    error: `t.toml`: line 2: `out`: not allowed in a file
    --- exit code 65, stderr
    error: `t.toml`: line 2: `allow-weak`: not allowed in a file
    --- exit code 65, stderr
    error: `t.toml`: line 2: `count`: not allowed in a file
    --- exit code 65, stderr
    error: `t.toml`: line 2: `from`: not allowed in a file
    ");
}

#[test]
fn token_options_are_refused_together_with_the_file_option() {
    let sandbox = sandbox_with_file(TOKEN_FILE);
    assert_snapshot!(mint(&sandbox, &["--sub", "bob"]), @"
    --- exit code 2, stderr
    error: the argument '--file <FILE>' cannot be used with '--sub <SUB>'
    hint: omit `--file` or `--sub`
    ");
    for option in [
        "--aud=x",
        "--claim=a=b",
        "--ttl=1h",
        "--alg=HS256",
        "--secret-env=S",
        "--key-file=k",
        "--kid=k",
        "--encoding=raw",
        "--count=2",
        "--from=f",
        "--record",
        "--defect=expired",
        "--issued-at=now",
        "--not-before=now",
        "--env=A",
        "--no-jti",
        "--preset=flask",
    ] {
        mint(&sandbox, &[option]).fails(2);
    }
}

#[test]
fn secret_variable_requires_allow_env_and_allow_env_requires_a_file() {
    let sandbox = sandbox_with_file("[tokens.A]\nalg = 'HS256'\nsecret-env = 'S'\n");
    let run = |options: &[&str]| {
        sandbox.run(&[&["token", "mint", "--file", "t.toml", "-o", "dotenv"], options].concat())
    };
    assert_snapshot!(run(&[]), @"
    --- exit code 2, stderr
    error: `t.toml`: line 3: `secret-env` names a variable that is not allowed
    hint: add `--allow-env NAME` if the file may use the secret in the variable
    ");
    run(&["--allow-env", "s"]).fails(2);
    run(&["--allow-env", "OTHER"]).fails(2);
    run(&["--allow-env", "OTHER", "--allow-env", "S"]).ok();
    let output = sandbox.run(&["token", "mint", "--allow-env", "S"]).fails(2);
    assert!(output.stderr.contains("--file <FILE>"), "{output:?}");
}

#[test]
fn short_secret_requires_allow_weak_option_on_the_command_line() {
    let sandbox = sandbox_with_file("[tokens.A]\nalg = 'HS256'\nsecret-env = 'SHORT'\n");
    let allow = ["--allow-env", "SHORT"];
    assert_snapshot!(mint(&sandbox, &allow), @"
    --- exit code 65, stderr
    error: `t.toml`: line 1: secret too short for HS256: found 5 bytes, expected at least 32
    hint: use `--allow-weak` to accept the secret
    ");
    mint(&sandbox, &[&allow[..], &["--allow-weak"]].concat()).ok();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a long snapshot")]
fn only_relative_paths_below_the_directory_of_the_file_are_accepted() {
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    fs::create_dir_all(home.join("project/keys")).unwrap();
    let secret = "a secret that is as long as the hash";
    for path in ["project/keys/secret", "project/-", "outside"] {
        fs::write(home.join(path), secret).unwrap();
    }
    fs::write(home.join("project/claims.json"), "{\"team\":7}").unwrap();
    fs::write(home.join("outside.json"), "{\"team\":8}").unwrap();
    symlink("keys/secret", home.join("project/inner-link")).unwrap();
    symlink("../outside", home.join("project/link")).unwrap();
    symlink(home, home.join("project/directory-link")).unwrap();
    symlink("../outside.json", home.join("project/{}")).unwrap();
    // Writes `options` to the TOML file, and mints once in `home` and once in `project`. Asserts
    // that the exit codes are equal. Returns the output of the run in `home`.
    let mint_in_project = |options: &str| {
        let text = format!("[tokens.A]\nalg = 'HS256'\n{options}\n");
        fs::write(home.join("project/t.toml"), text).unwrap();
        let mut command = sandbox.command(&["token", "mint", "--file", "project/t.toml"]);
        let output_in_home = RunOutput::capture(&mut command);
        let mut command = sandbox.command(&["token", "mint", "--file", "t.toml"]);
        let output_in_project = RunOutput::capture(command.current_dir(home.join("project")));
        assert_eq!(
            output_in_home.code, output_in_project.code,
            "{output_in_home:?} {output_in_project:?}"
        );
        output_in_home
    };
    // In the TOML file, `-` is the name of a file, not standard input.
    for path in ["keys/secret", "./keys/secret", "inner-link", "-"] {
        mint_in_project(&format!("key-file = '{path}'")).ok();
    }
    let token = mint_in_project("key-file = 'keys/secret'\nclaims = 'claims.json'").ok().stdout;
    assert_eq!(payload(token.trim())["team"], 7);
    let absolute_path = home.join("project/keys/secret");
    let mut outputs = String::new();
    for options in [
        "key-file = '../outside'",
        "key-file = 'keys/../../outside'",
        "key-file = 'keys/../keys/secret'",
        &format!("key-file = '{}'", absolute_path.display()),
        "key-file = 'link'",
        "key-file = 'directory-link/outside'",
        "key-file = 'missing'",
        "key-file = 'keys/secret'\nclaims = '../outside.json'",
        "key-file = 'keys/secret'\nclaims = '/nowhere'",
    ] {
        outputs += &mint_in_project(options).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: expected a relative path without `..`
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: expected a relative path without `..`
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: expected a relative path without `..`
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: expected a relative path without `..`
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: path outside the directory of the TOML file
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: path outside the directory of the TOML file
    --- exit code 65, stderr
    error: `project/t.toml`: line 3: `key-file`: the file cannot be read: No such file or directory
    --- exit code 65, stderr
    error: `project/t.toml`: line 4: `claims`: expected a relative path without `..`
    --- exit code 65, stderr
    error: `project/t.toml`: line 4: `claims`: expected a relative path without `..`
    ");
    // Here `{}` is not JSON, but the name of a link to a file outside of the directory `project`.
    fs::write(
        home.join("project/t.toml"),
        "[tokens.A]\nalg = 'HS256'\nkey-file = 'keys/secret'\nclaims = '{}'\n",
    )
    .unwrap();
    let mut command = sandbox.command(&["token", "mint", "--file", "t.toml"]);
    let output = RunOutput::capture(command.current_dir(home.join("project")));
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: `t.toml`: line 4: `claims`: path outside the directory of the TOML file
    ");
}
