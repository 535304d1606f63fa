//! Long lists with limited memory. The JSON output of `token list` is larger than the memory limit.

use super::with_options;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::process::Stdio;

/// Number of tokens in the store, and number of sessions that are inserted. In the output, the
/// claims of all tokens together are larger than the memory limit.
const ROW_COUNT: usize = 12_000;

/// Length of the claim `text` of each token in bytes.
const TEXT_LENGTH: usize = 6_000;

/// Creates a store with many tokens and sessions. All tokens have the same claim `text`.
fn sandbox_with_many_rows() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let claims = format!("{{\"text\":\"{}\"}}", "x".repeat(TEXT_LENGTH));
    sandbox.run(&["token", "mint", "--record", "--claims", &claims]).ok();
    for insert in [
        "DELETE FROM tokens".to_owned(),
        format!("WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {ROW_COUNT})
         INSERT INTO tokens (jti, grant_id, key_id, issued_at) SELECT randomblob(16), 1, 1, 0 FROM n"),
        "INSERT INTO sessions (sid, user_id, created_at, expires_at)
         SELECT jti, 1, 0, 9000000000 FROM tokens"
            .to_owned(),
        "INSERT INTO pairs (session_id, key_id, access, refresh, issued_at, access_expires_at,
             refresh_expires_at)
         SELECT id, 1, sid, sid, 0, 9000000000, 9000000000 FROM sessions WHERE id > 1"
            .to_owned(),
    ] {
        sandbox.sql(&insert);
    }
    sandbox
}

#[test]
fn long_list_is_printed_with_limited_memory() {
    let sandbox = sandbox_with_many_rows();
    let run = |list: &str, format: &str| {
        let words = with_options(list, &["-o", format]);
        let child = Sandbox::start(sandbox.memory_limited_command(&words).stdin(Stdio::null()));
        RunOutput::from(child.wait_with_output().unwrap()).ok().stdout
    };
    let tokens: Value = serde_json::from_str(&run("token list", "json")).unwrap();
    assert_eq!(tokens["items"].as_array().unwrap().len(), ROW_COUNT);
    assert_eq!(tokens["total"], ROW_COUNT);
    // There is one more session, the session of ada. The CSV output also has a header.
    let sessions: Value = serde_json::from_str(&run("sessions list", "json")).unwrap();
    assert_eq!(sessions["items"].as_array().unwrap().len(), ROW_COUNT + 1);
    assert_eq!(run("sessions list", "jsonl").lines().count(), ROW_COUNT + 1);
    assert_eq!(run("sessions list", "csv").lines().count(), ROW_COUNT + 2);
}
