//! Hints in messages. In each case of the module `cases`, a first command must fail and print the
//! hint, and a second command, which applies the printed hint, must succeed.

mod cases;
mod source_hints;

use crate::sandbox::Sandbox;
use cases::{Case, EXEMPT_HINTS};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Shell definitions: the variables `S` (a shared secret), `PW` (the password of ada) and `M` (a
/// command that mints a token with the secret), and the function `init`, which creates a store with
/// the admin ada.
const PRELUDE: &str = "export S=a-secret-of-at-least-thirty-two-bytes PW=lovelace1
M='jeton token mint --secret-env S --alg HS256'
init() { echo \"$PW\" | jeton init ada --password-stdin -q \"$@\"; }
";

/// Returns a shell that runs `PRELUDE` and `script` in the home directory of the sandbox, with
/// jeton in the search path. The variables of the sandbox are not set, so the default store is a
/// file.
fn shell(sandbox: &Sandbox, script: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_jeton"));
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("{PRELUDE}{script}")])
        .env_clear()
        .env("HOME", sandbox.home())
        .env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()))
        .current_dir(sandbox.home())
        .stdin(std::process::Stdio::null());
    command
}

/// Runs the commands of the case. Returns a description of the problem if the setup fails, if
/// `failing_command` succeeds or does not print the hint, or if `corrected_command` fails or prints
/// an error.
fn run_case(case: &Case) -> Result<(), String> {
    let sandbox = Sandbox::new();
    let run = |script: &str, variables: &[(String, String)]| {
        let mut command = shell(&sandbox, script);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    };
    let setup = run(&format!("set -e\n{}", case.setup), &[]);
    let describe = |problem: &str, output: &std::process::Output| {
        format!("{:?}: {problem}: {}", case.hint, String::from_utf8_lossy(&output.stderr))
    };
    if !setup.status.success() {
        return Err(describe("setup failed", &setup));
    }
    let failure = run(case.failing_command, &[]);
    let stderr = String::from_utf8_lossy(&failure.stderr).into_owned();
    let json: Value = serde_json::from_str(&stderr).unwrap_or_default();
    let hint = stderr.lines().rev().find_map(|line| line.strip_prefix("hint: "));
    let hint = json["error"]["hint"].as_str().or(hint);
    let Some(hint) = hint.filter(|hint| source_hints::matches(case.hint, hint)) else {
        return Err(describe("hint not printed", &failure));
    };
    if failure.status.success() {
        return Err(describe("hint printed, but the command succeeded", &failure));
    }
    // Variables for `corrected_command`: `HINT` is the hint, `CMD` is the text after its first
    // colon, and `W1`, `W2`, ... are its texts in backticks.
    let mut variables = vec![
        ("HINT".to_owned(), hint.to_owned()),
        ("CMD".to_owned(), hint.split_once(": ").map_or("", |(_, command)| command).to_owned()),
    ];
    let code_spans = hint.split('`').skip(1).step_by(2).zip(1..);
    variables.extend(code_spans.map(|(text, index)| (format!("W{index}"), text.to_owned())));
    let corrected = run(case.corrected_command, &variables);
    if !corrected.status.success() || String::from_utf8_lossy(&corrected.stderr).contains("error:")
    {
        return Err(describe("command that applies the hint failed", &corrected));
    }
    Ok(())
}

#[test]
fn command_that_applies_a_hint_succeeds() {
    let mut cases = cases::all();
    // Without the feature `postgres`, a `postgres://` address causes another error.
    cases
        .retain(|case| cfg!(feature = "postgres") || !case.failing_command.contains("postgres://"));
    let failures: Vec<String> = std::thread::scope(|scope| {
        let chunks = cases.chunks(cases.len().div_ceil(4));
        let threads: Vec<_> = chunks
            .map(|chunk| {
                scope.spawn(|| chunk.iter().filter_map(|case| run_case(case).err()).collect())
            })
            .collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.flat_map(|failures: Vec<String>| failures).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn cases_and_exemptions_match_the_hints_in_the_source() {
    let hints_with_case: BTreeSet<&str> = cases::all().iter().map(|case| case.hint).collect();
    let exempt_hints: BTreeSet<&str> = EXEMPT_HINTS.iter().map(|(hint, _)| *hint).collect();
    let hints = source_hints::collect();
    let is_listed = |hint: &str| hints_with_case.contains(hint) || exempt_hints.contains(hint);
    let missing: Vec<&String> = hints.iter().filter(|hint| !is_listed(hint)).collect();
    assert!(missing.is_empty(), "hints without a case or an exemption: {missing:#?}");
    let stale: Vec<&&str> =
        hints_with_case.union(&exempt_hints).filter(|hint| !hints.contains(**hint)).collect();
    assert!(
        stale.is_empty(),
        "cases or exemptions of hints that are not in the source: {stale:#?}"
    );
    assert!(EXEMPT_HINTS.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn commands_in_hints_repeat_the_store_flag_but_not_the_variable() {
    let sandbox = Sandbox::new();
    let run = |script: &str| {
        let output = shell(&sandbox, script).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let hint = "hint: create a store: jeton --store 'a b.db' init\n";
    assert!(run("jeton users list --store 'a b.db'").ends_with(hint));
    let (_, command) = hint.trim().rsplit_once(": ").unwrap();
    let hint = "hint: a random password was set and not shown; set your own with: \
                jeton --store 'a b.db' recover ada\n";
    assert!(run(&format!("{command} ada")).ends_with(hint));
    assert_eq!(run("jeton users list -q --store 'a b.db' > out"), "");
    for script in ["jeton users list", "JETON_STORE=c.db jeton users list"] {
        assert!(run(script).ends_with("hint: create a store: jeton init\n"));
    }
}
