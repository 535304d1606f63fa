//! Races of many processes, directly on a server and through `PgBouncer`. Each test repeats a race
//! in many rounds, and checks the outcome of every round.

use super::{Route, numeric_variable, on_both_routes};
use crate::races::admins::{ADMIN_COUNT_SQL, REMOVALS, removal_command, restore_admins};
use crate::races::passwords::{self, OPEN_SESSION_COUNT_SQL, PASSWORDS, passwd_command};
use crate::races::refresh::race_for_refresh;
use crate::races::registrations::race_for_first_registration;
use crate::races::tokens::{UNREVOKED_TOKEN_COUNT_SQL, race_for_quota};
use crate::races::{count_with_code, query_number, register_command, run_concurrently};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_server::TestServer;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

/// Returns the number of rounds on each route for most tests.
fn default_round_count() -> usize {
    numeric_variable("JETON_TEST_ROUNDS", 40)
}

/// Returns the number of rounds on each route for slow tests, in which each process hashes a
/// password.
fn password_round_count() -> usize {
    numeric_variable("JETON_TEST_ROUNDS", 16)
}

/// Returns the number of processes in each round.
fn process_count() -> usize {
    numeric_variable("JETON_TEST_PROCESSES", 64)
}

/// Creates a sandbox with a store on the route. The admin of the store has no token quota.
fn create_store(route: &Route<'_>) -> Sandbox {
    let sandbox = route.create_sandbox();
    sandbox.create_store();
    sandbox.run(&["users", "set-quota", "ada", "unlimited"]).ok();
    sandbox
}

/// Runs `round_count` rounds on each route. Before the first round on a route, calls `prepare`
/// once. For each round, calls `run_round` with the route, the result of `prepare` and the number
/// of the round (from 0). Returns one line of text for each route, with the total duration of its
/// rounds.
fn run_rounds<T>(
    round_count: usize,
    prepare: impl Fn(&Route<'_>) -> T,
    mut run_round: impl FnMut(&Route<'_>, &T, usize),
) -> String {
    let server = TestServer::start(&[]);
    let mut durations = String::new();
    on_both_routes(&server, |route| {
        let prepared = prepare(route);
        let start = Instant::now();
        for round in 0..round_count {
            run_round(route, &prepared, round);
        }
        let (seconds, name) = (start.elapsed().as_secs_f64(), route.name());
        writeln!(
            durations,
            "{name}: {round_count} rounds of {} processes in {seconds:.0} s",
            process_count()
        )
        .unwrap();
    });
    durations
}

/// Number of commands for each exit code.
#[derive(Default)]
struct ExitCodes(BTreeMap<i32, usize>);

impl ExitCodes {
    /// Counts the exit codes of commands. Asserts that each code is in `expected`.
    #[track_caller]
    fn add(&mut self, outputs: &[RunOutput], expected: &[i32]) {
        for output in outputs {
            assert!(expected.contains(&output.code), "{output:?}");
            *self.0.entry(output.code).or_default() += 1;
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn token_quota_holds() {
    let durations = run_rounds(default_round_count(), create_store, |_, sandbox, round| {
        race_for_quota(sandbox, &format!("user{round}"), process_count());
        assert_eq!(query_number(sandbox, UNREVOKED_TOKEN_COUNT_SQL), 3 * (round + 1));
    });
    println!("quota\n{durations}");
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn concurrent_removals_leave_one_admin() {
    let mut codes = ExitCodes::default();
    let durations = run_rounds(
        default_round_count(),
        |route| route.create_sandbox(),
        |_, sandbox, round| {
            restore_admins(sandbox);
            let (first, second) = (REMOVALS[round % 3], REMOVALS[round / 3 % 3]);
            let removals = (0..process_count()).map(|n| match n % 2 {
                0 => removal_command(sandbox, "eve", "zoe", first),
                _ => removal_command(sandbox, "zoe", "eve", second),
            });
            let outputs = run_concurrently(removals);
            assert_eq!(
                query_number(sandbox, ADMIN_COUNT_SQL),
                1,
                "{first:?} against {second:?}: {outputs:?}"
            );
            assert_ne!(count_with_code(&outputs, 0), 0, "{outputs:?}");
            // Reasons for a refusal: the admin to remove is deleted (3) or is the last admin (5),
            // or the admin who runs the command has lost the role (7), is disabled (10) or has lost
            // the session (12).
            codes.add(&outputs, &[0, 3, 5, 7, 10, 12]);
        },
    );
    println!("removal of admins\n{durations}exit codes: {:?}", codes.0);
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn first_registration_creates_the_only_admin() {
    let durations = run_rounds(
        password_round_count(),
        |_| (),
        |route, (), _| race_for_first_registration(&route.create_sandbox(), process_count()),
    );
    println!("first registration\n{durations}");
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn no_login_outlives_a_password_change() {
    let mut codes = ExitCodes::default();
    let prepare = |route: &Route<'_>| {
        let sandbox = create_store(route);
        run_concurrently([register_command(&sandbox, "john")]).remove(0).ok();
        sandbox
    };
    let durations = run_rounds(password_round_count(), prepare, |_, sandbox, round| {
        let [old, new] = [PASSWORDS[round % 2], PASSWORDS[(round + 1) % 2]];
        let log_in = |config_dir: &str| passwords::john_log_in_command(sandbox, config_dir, old);
        run_concurrently([log_in("desk")]).remove(0).ok();
        let mut commands: Vec<_> = (1..process_count()).map(|n| log_in(&format!("{n}"))).collect();
        // The password change starts after a third of the logins.
        commands.insert(process_count() / 3, passwd_command(sandbox, "desk", old, new));
        let mut outputs = run_concurrently(commands);
        outputs.remove(process_count() / 3).ok();
        // A login after the change is refused, because its password is wrong (6).
        codes.add(&outputs, &[0, 6]);
        assert_eq!(query_number(sandbox, OPEN_SESSION_COUNT_SQL), 1, "{outputs:?}");
    });
    println!("password change against logins\n{durations}exit codes of the logins: {:?}", codes.0);
    assert_eq!(codes.0.len(), 2, "some logins must succeed, and some must be refused");
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn no_token_outlives_the_revocation_of_its_key() {
    let (mut codes, mut refused_count) = (ExitCodes::default(), 0);
    let durations = run_rounds(default_round_count(), create_store, |_, sandbox, _| {
        sandbox.log_in("ada", "lovelace");
        let kid = &sandbox.sql("SELECT kid FROM keys WHERE state = 'active'")[0];
        let mut commands: Vec<_> =
            (1..process_count()).map(|_| sandbox.command(&["token", "create", "shop"])).collect();
        let revoke = ["keys", "revoke", kid, "--replace", "--yes"];
        commands.insert(process_count() / 3, sandbox.command(&revoke));
        let mut outputs = run_concurrently(commands);
        outputs.remove(process_count() / 3).ok();
        // A command after the revocation is refused, because the key of its session is revoked
        // (12).
        codes.add(&outputs, &[0, 12]);
        let tokens: String = outputs.iter().map(|output| output.stdout.as_str()).collect();
        let verdicts = sandbox.run_with_input(&["token", "verify", "--batch"], &tokens);
        for (token, verdict) in tokens.lines().zip(verdicts.stdout.lines()) {
            let verdict: Value = serde_json::from_str(verdict).unwrap();
            assert_eq!(verdict["valid"], header(token)["kid"] != *kid, "{token}: {verdict}");
            refused_count += usize::from(verdict["valid"] == false);
        }
    });
    println!(
        "key revocation\n{durations}exit codes: {:?}, {refused_count} tokens refused",
        codes.0
    );
    assert!(refused_count > 0, "no token was created before the revocation");
}

/// Decodes the header of a token without verification. Calls `payload`, which decodes the text
/// after the first dot, with a dot before the header.
fn header(token: &str) -> Value {
    let (header, _) = token.split_once('.').unwrap();
    crate::sandbox::payload(&format!(".{header}"))
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn one_of_many_imports_of_the_same_names_succeeds() {
    let durations = run_rounds(default_round_count(), create_store, |_, sandbox, round| {
        let names: Vec<_> = (0..60).map(|n| format!("user{n}of{round}")).collect();
        let file = format!("username\n{}\n", names.join("\n"));
        std::fs::write(sandbox.home().join("users.csv"), file).unwrap();
        let import = || sandbox.command(&["users", "import", "users.csv"]);
        let outputs = run_concurrently((0..process_count()).map(|_| import()));
        assert_eq!(
            (count_with_code(&outputs, 0), count_with_code(&outputs, 5)),
            (1, process_count() - 1),
            "{outputs:?}"
        );
        assert_eq!(query_number(sandbox, "SELECT count(*) FROM users"), 60 * (round + 1) + 1);
    });
    println!("imports of the same names\n{durations}");
}

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn refresh_token_is_accepted_once() {
    let durations = run_rounds(default_round_count(), create_store, |_, sandbox, _| {
        sandbox.log_in("ada", "lovelace");
        race_for_refresh(sandbox, process_count());
    });
    println!("refresh\n{durations}");
}
