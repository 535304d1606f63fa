//! A machine whose clock differs from the clock of the server.

use crate::required;
use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use crate::test_server::TestServer;
use std::process::Command;
use std::time::Duration;

/// Runs jeton with a clock that differs from the clock of this machine by `offset` (such as
/// `+90s`).
fn run_with_clock_offset(sandbox: &Sandbox, offset: &str, arguments: &[&str]) -> RunOutput {
    let command = sandbox.command(arguments);
    let mut faketime = Command::new("faketime");
    faketime.args(["-f", offset]).arg(command.get_program()).args(command.get_args());
    faketime.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    RunOutput::capture(faketime.current_dir(sandbox.home()))
}

#[test]
#[ignore = "needs a PostgreSQL server, faketime, and time"]
fn server_clock_is_used_if_the_clocks_differ() {
    required::require_program("faketime");
    let server = TestServer::start(&[]);
    let sandbox = Sandbox::on_server(server.address());
    sandbox.create_store();
    let server_time = || -> i64 {
        let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)";
        server.run_sql(sql)[0].parse().unwrap()
    };
    for (offset, relation) in [("+90s", "ahead of"), ("-90s", "behind")] {
        let run = |arguments: &[&str]| {
            let output = run_with_clock_offset(&sandbox, offset, arguments);
            let warning = "warning: the clock of this machine is ";
            assert!(output.stderr.starts_with(warning), "{output:?}");
            let warning_end = format!(
                " s {relation} the clock of the database server; the clock of the server is used\n"
            );
            assert!(output.stderr.contains(&warning_end), "{output:?}");
            output
        };
        let create = |lifetime| {
            let before = server_time();
            let token = run(&["token", "create", "shop", "--ttl", lifetime]).ok().stdout;
            let claims = payload(&token);
            let issued_at = claims["iat"].as_i64().unwrap();
            assert!((before - 1..=server_time()).contains(&issued_at), "{before}: {claims}");
            token.trim_end().to_owned()
        };
        // By the clock with the offset, the token would be expired (+90 s) or issued in the future
        // (-90 s).
        let token = create("60s");
        run(&["token", "verify", &token]).ok();
        sandbox.run(&["token", "verify", &token]).ok();
        let short_lived_token = create("2s");
        std::thread::sleep(Duration::from_secs(4));
        let output = run(&["token", "verify", &short_lived_token]);
        assert_eq!((output.code, output.verdict().as_str()), (11, "invalid: token_expired"));
        sandbox.run(&["token", "revoke", "--all", "--yes"]).ok();
    }
}
