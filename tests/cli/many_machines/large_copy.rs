//! Copies of a store with many tokens (by default a million): to a server, and from there to a
//! file.

use super::numeric_variable;
use crate::required;
use crate::run_output::RunOutput;
use crate::store::copy::CopySource;
use crate::test_server::TestServer;
use std::process::Stdio;
use std::time::Instant;

#[test]
#[ignore = "needs a PostgreSQL server, a build without PostgreSQL, and time"]
fn store_copied_to_a_server_and_back_is_unchanged_and_usable_without_postgres() {
    let needed = "the test needs a build without the feature `postgres`, whose path is in \
                  `JETON_TEST_WITHOUT_POSTGRES` (cargo build --no-default-features)";
    let program_without_postgres =
        required::environment_variable("JETON_TEST_WITHOUT_POSTGRES").expect(needed);
    let token_count = numeric_variable("JETON_TEST_TOKENS", 1_000_000);
    let server = TestServer::start(&[]);
    let source = CopySource::new();
    let count_text = token_count.to_string();
    let mint = ["--store", "a.db", "token", "mint", "--record", "--count", &count_text];
    let minted = source.sandbox.command(&mint).stdout(Stdio::null()).status();
    assert!(minted.unwrap().success());

    let start = Instant::now();
    // For each table, the number and the digest of the copied rows.
    let mut server_tables = source.copy("a.db", server.address());
    let seconds_to_server = start.elapsed().as_secs_f64();
    let mut file_tables = source.copy(server.address(), "b.db");
    let total_seconds = start.elapsed().as_secs_f64();
    source.assert_usable("b.db");
    assert!(usize::try_from(server_tables["tokens"].0).unwrap() > token_count, "{server_tables:?}");
    // The first copy adds an audit event to both stores, so the second copy has one event more.
    let [server_event_count, file_event_count] =
        [&mut server_tables, &mut file_tables].map(|tables| tables.remove("audit").unwrap().0);
    assert_eq!(file_event_count, server_event_count + 1);
    assert_eq!(file_tables, server_tables);

    let run_without_postgres = |arguments: &[&str]| {
        let command = source.sandbox.command(&[&["--store", "b.db"], arguments].concat());
        let mut command_without_postgres = std::process::Command::new(&program_without_postgres);
        command_without_postgres.args(command.get_args()).env_clear();
        command_without_postgres
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        RunOutput::capture(command_without_postgres.current_dir(source.sandbox.home()))
    };
    assert_eq!(run_without_postgres(&["store", "check"]).ok().stdout, "ok\n");
    run_without_postgres(&["token", "verify", &source.app_token]).ok();
    let refused = run_without_postgres(&["--store", "postgres:///", "whoami"]);
    assert!(refused.code != 0 && !refused.stderr.contains("connect"), "{refused:?}");
    println!(
        "{} tokens: to the server in {seconds_to_server:.0} s, back in {:.0} s, digests of {} tables equal",
        server_tables["tokens"].0,
        total_seconds - seconds_to_server,
        server_tables.len()
    );
}
