//! Readers that close the pipe early, such as `head -1`. The command fails only if a token is
//! recorded, or with `-o github`.

use super::token_file;
use crate::output::closed_pipe;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};

/// Runs a command, and closes the pipe of its standard output after one line. Returns this line,
/// and the exit code and standard error of the command.
fn read_first_line(sandbox: &Sandbox, arguments: &[&str]) -> (String, RunOutput) {
    let mut child = Sandbox::start(&mut sandbox.command(arguments));
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (line, RunOutput::from(child.wait_with_output().unwrap()))
}

/// Runs a command whose standard output is a pipe without a reader.
fn run_with_closed_pipe(sandbox: &Sandbox, arguments: &[&str]) -> RunOutput {
    RunOutput::capture(sandbox.command(arguments).stdout(closed_pipe()))
}

#[test]
fn mint_of_unrecorded_tokens_succeeds_if_the_reader_stops_after_one_line() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("S", "a secret that is as long as the hash");
    let rows = format!("sub\n{}", "alice\n".repeat(9_999));
    fs::write(sandbox.home().join("rows.csv"), rows).unwrap();
    for source in [["--count", "9999"], ["--from", "rows.csv"]] {
        for options in [&[][..], &["-o", "jsonl"], &["--secret-env", "S", "--alg", "HS256"]] {
            let mint = [&["token", "mint"][..], &source, options].concat();
            let (line, output) = read_first_line(&sandbox, &mint);
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{mint:?}");
            let token = match serde_json::from_str::<Value>(&line) {
                Ok(json) => json["token"].as_str().unwrap().to_owned(),
                Err(_) => line.trim_end().to_owned(),
            };
            assert_eq!(token.split('.').count(), 3, "{mint:?}: {line}");
        }
    }
    // jeton mints tokens in batches of at most 8,000. The buffer of the pipe is smaller than a
    // batch, so that no second batch is minted. Of the six runs, the two with an external secret
    // record no audit event.
    let events_sql = "FROM audit WHERE action = 'token mint' AND outcome = 'done'";
    let each_count_fits_one_batch =
        sandbox.sql(&format!("SELECT CAST(count BETWEEN 1 AND 8000 AS INTEGER) {events_sql}"));
    assert_eq!(each_count_fits_one_batch, ["1"; 4]);
}

#[test]
fn closed_pipe_is_no_error_for_unrecorded_tokens() {
    let sandbox = token_file::sandbox_with_file(token_file::TOKEN_FILE);
    let mint_from_file = ["token", "mint", "--file", "t.toml", "--allow-env", "S"];
    for options in [&[][..], &["-o", "json"], &["-o", "jsonl"], &["-o", "dotenv"]] {
        let output = run_with_closed_pipe(&sandbox, &[&mint_from_file, options].concat());
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{options:?}");
    }
    let sandbox = Sandbox::with_admin();
    for (arguments, count) in [
        (&["token", "mint"][..], 1),
        (&["token", "mint", "-o", "json"], 1),
        (&["token", "mint", "-o", "dotenv"], 1),
        (&["token", "mint", "--count", "3", "-o", "json"], 3),
        (&["token", "mint", "--count", "3", "-o", "jsonl"], 3),
        (&["token", "fixtures"], 16),
        (&["token", "fixtures", "-o", "json"], 16),
    ] {
        let output = run_with_closed_pipe(&sandbox, arguments);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{arguments:?}");
        let audit_sql = "SELECT outcome || ' ' || count FROM audit ORDER BY id DESC LIMIT 1";
        assert_eq!(sandbox.sql(audit_sql), [format!("done {count}")], "{arguments:?}");
    }
}

#[test]
fn closed_pipe_is_an_error_for_github_output_and_for_recorded_tokens_which_are_revoked() {
    let mut sandbox = token_file::sandbox_with_file("[tokens.A]\nrecord = true\n[tokens.B]\n");
    let _ = sandbox.run(&["init", "ada"]).ok();
    let env_file = sandbox.home().join("env");
    sandbox.set_variable("GITHUB_ENV", &env_file.to_string_lossy());
    for arguments in [
        &["token", "mint", "--record"][..],
        &["token", "mint", "--record", "-o", "dotenv"],
        &["token", "mint", "--record", "--count", "3"],
        &["token", "mint", "--record", "--count", "3", "-o", "json"],
        &["token", "mint", "--file", "t.toml"],
        &["token", "mint", "--file", "t.toml", "-o", "dotenv"],
        // `-o github` also fails for an unrecorded token: without the line `::add-mask::TOKEN`, the
        // log of the GitHub Actions job would show the token.
        &["token", "mint", "-o", "github"],
    ] {
        assert_eq!(run_with_closed_pipe(&sandbox, arguments).code, 1, "{arguments:?}");
    }
    let sql = "SELECT count(*) || ' created, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(sandbox.sql(sql), ["10 created, 10 revoked"]);
    assert_eq!(fs::read_to_string(env_file).unwrap(), "");
}
