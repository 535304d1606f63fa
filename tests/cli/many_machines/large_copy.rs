//! A copy of a store with a million tokens to a server, and back to a file.

use super::numeric_variable;
use crate::required;
use crate::run_output::RunOutput;
use crate::store::copy::Source;
use crate::test_server::TestServer;
use std::process::Stdio;
use std::time::Instant;

#[test]
#[ignore = "needs a PostgreSQL server, a build without PostgreSQL, and time"]
fn store_copied_to_a_server_and_back_is_unchanged() {
    let needed = "the test needs a build without the feature `postgres`, whose path is in \
                  `JETON_TEST_WITHOUT_POSTGRES` (cargo build --no-default-features)";
    let program = required::environment_variable("JETON_TEST_WITHOUT_POSTGRES").expect(needed);
    let token_count = numeric_variable("JETON_TEST_TOKENS", 1_000_000);
    let server = TestServer::start(&[]);
    let source = Source::new();
    let count_text = token_count.to_string();
    let mint = ["--store", "a.db", "token", "mint", "--record", "--count", &count_text];
    let minted = source.sandbox.command(&mint).stdout(Stdio::null()).status();
    assert!(minted.unwrap().success());

    let start = Instant::now();
    let mut expected = source.copy("a.db", server.address());
    let seconds_to_server = start.elapsed().as_secs_f64();
    let mut found = source.copy(server.address(), "b.db");
    let total_seconds = start.elapsed().as_secs_f64();
    source.assert_usable("b.db");
    assert!(usize::try_from(expected["tokens"].0).unwrap() > token_count, "{expected:?}");
    // Every copy adds an audit event to both stores.
    let events = [&mut expected, &mut found].map(|digests| digests.remove("audit").unwrap().0);
    assert_eq!(events[1], events[0] + 1);
    assert_eq!(found, expected);

    let without_postgres = |arguments: &[&str]| {
        let command = source.sandbox.command(&[&["--store", "b.db"], arguments].concat());
        let mut other = std::process::Command::new(&program);
        other.args(command.get_args()).env_clear();
        other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        RunOutput::capture(other.current_dir(source.sandbox.home()))
    };
    assert_eq!(without_postgres(&["store", "check"]).ok().stdout, "ok\n");
    without_postgres(&["token", "verify", &source.valid]).ok();
    let refused = without_postgres(&["--store", "postgres:///", "whoami"]);
    assert!(refused.code != 0 && !refused.stderr.contains("connect"), "{refused:?}");
    println!(
        "{} tokens: to the server in {seconds_to_server:.0} s, back in {:.0} s, digests of {} tables equal",
        expected["tokens"].0,
        total_seconds - seconds_to_server,
        expected.len()
    );
}
