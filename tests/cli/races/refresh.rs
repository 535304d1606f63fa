//! Concurrent uses of one refresh token, by commands that refresh an expired access token and by
//! `refresh`.

use super::{
    command_of, count_with_code, log_in_command, query_number, read_session_file, register_command,
    run_concurrently,
};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::fs::File;
use std::time::Duration;

#[test]
fn concurrent_commands_refresh_expired_access_token_once() {
    let sandbox = Sandbox::with_admin();
    run_concurrently([register_command(&sandbox, "john")]).remove(0).ok();
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    run_concurrently([log_in_command(&sandbox, "john")]).remove(0).ok();
    sandbox.run(&["settings", "set", "session.access_ttl", "15m"]).ok();
    let sid = read_session_file(&sandbox, "john")["sid"]
        .as_str()
        .unwrap()
        .replace('-', "")
        .to_uppercase();
    let pair_count_sql = format!(
        "SELECT count(*) FROM pairs
         WHERE session_id = (SELECT id FROM sessions WHERE hex(sid) = '{sid}')"
    );
    assert_eq!(query_number(&sandbox, &pair_count_sql), 1);
    std::thread::sleep(Duration::from_secs(2));
    let outputs = run_concurrently((0..64).map(|_| command_of(&sandbox, "john", &["whoami"])));
    assert_eq!(count_with_code(&outputs, 0), 64, "{outputs:?}");
    assert!(outputs.iter().all(|output| output.stdout == outputs[0].stdout), "{outputs:?}");
    assert_eq!(query_number(&sandbox, &pair_count_sql), 2);
    let ended_session_count_sql = "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(query_number(&sandbox, ended_session_count_sql), 0);
}

/// Uses the refresh token of the session in several processes. Asserts that one process succeeds,
/// and that the reuse ends the session: no token of the session is accepted afterwards.
pub(crate) fn race_for_refresh(sandbox: &Sandbox, process_count: usize) {
    let file = sandbox.home().join("refresh");
    std::fs::write(&file, sandbox.session_member("refresh")).unwrap();
    let refresh_command = || {
        let mut command = sandbox.command(&["refresh", "--token-stdin"]);
        command.stdin(File::open(&file).unwrap());
        command
    };
    let mut outputs = run_concurrently((0..process_count).map(|_| refresh_command()));
    assert_eq!(
        (count_with_code(&outputs, 0), count_with_code(&outputs, 12)),
        (1, process_count - 1),
        "{outputs:?}"
    );
    outputs.sort_by_key(|output| output.code);
    let refused_outputs = outputs.split_off(1);
    for output in refused_outputs {
        output.fails(12);
    }
    let pair: Vec<&str> = outputs[0].stdout.lines().collect();
    let [access, refresh] = pair[..] else { panic!("{outputs:?}") };
    sandbox.run_with_input(&["refresh", "--token-stdin"], refresh).fails(12);
    let whoami_output = sandbox.command(&["whoami"]).env("JETON_TOKEN", access).output().unwrap();
    RunOutput::from(whoami_output).fails(12);
    sandbox.run(&["whoami"]).fails(12);
    assert_eq!(query_number(sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 0);
}

#[test]
fn concurrent_refresh_token_reuse_ends_session() {
    race_for_refresh(&Sandbox::with_admin(), 32);
}
