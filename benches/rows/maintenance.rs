//! Row of the table that measures changes of many tokens: bulk revocation and pruning.

use crate::baseline::{commit_token, open_store};
use crate::bench::Bench;
use crate::comparison::{Run, Sample, measure_resources};
use crate::home::{EXPIRED_TOKEN_TIMES, Home, Outcome, VALID_TOKEN_TIMES};
use crate::report::{Goal, Measure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Number of runs of each program.
const ROUNDS: usize = 3;

/// Id of the user `john`, whose tokens are revoked.
const JOHN_ID: &str = "2";

/// Row 13: `token revoke` and `store prune`, each against a process that executes only the SQL
/// statements. During further runs of each command, the benchmark program commits rows itself, and
/// its longest commit is measured without a baseline.
pub(super) fn measure_bulk_changes(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let (revoked_count, pruned_count) = (bench.item_count(100_000), bench.item_count(1_000_000));
    let create_revocable_home =
        move |program: &Path| home_with_two_owners(program, 2 * revoked_count);
    let create_prunable_home = move |program: &Path| {
        let home = Home::new(program)?;
        home.insert_tokens(pruned_count, 1, EXPIRED_TOKEN_TIMES)?;
        Ok(home)
    };
    let mut measures = measure_change(
        bench,
        format!("token revoke --user, {revoked_count} tokens"),
        &["token", "revoke", "--user", "john", "--yes", "--quiet"],
        &["revoke", JOHN_ID],
        &create_revocable_home,
    )?;
    measures.extend(measure_change(
        bench,
        format!("store prune, {pruned_count} tokens"),
        &["store", "prune", "--quiet"],
        &["prune"],
        &create_prunable_home,
    )?);
    Ok(measures)
}

/// Returns a home directory with `count` tokens, which alternately belong to `ada` and `john`.
fn home_with_two_owners(program: &Path, count: u32) -> Outcome<Home> {
    let home = Home::new(program)?;
    home.run(&["register", "john", "--password-stdin"])?;
    home.connect()?.execute(
        "INSERT INTO grants (id, owner_id, kind, app) VALUES (2, ?1, 'app', 'my-app')",
        [JOHN_ID],
    )?;
    home.insert_tokens(count, 2, VALID_TOKEN_TIMES)?;
    Ok(home)
}

/// Compares a command with a baseline. In further runs, measures the longest commit of the
/// benchmark program while the command runs. `baseline_args` are the mode of the baseline and the
/// arguments after the store. `create_home` creates the home directory of each run.
fn measure_change(
    bench: &Bench,
    name: String,
    args: &[&str],
    baseline_args: &[&str],
    create_home: &dyn Fn(&Path) -> Outcome<Home>,
) -> Outcome<Vec<Measure>> {
    let prepare = |program: &Path| -> Outcome<Run<'_>> {
        let program = program.to_owned();
        Ok(Box::new(move || {
            let home = create_home(&program)?;
            measure_resources(home.command(args).stdout(Stdio::null()))
        }))
    };
    let run_baseline = || {
        let home = create_home(&bench.jeton)?;
        let store = home.store_path().to_string_lossy().into_owned();
        let (mode, rest) = baseline_args.split_first().ok_or("no mode")?;
        measure_resources(&mut bench.baseline_command(mode, &[&[store.as_str()], rest].concat()))
    };
    let baseline: Run<'_> = Box::new(run_baseline);
    let comparison = bench.compare(ROUNDS, prepare, vec![("statements", baseline)])?;
    let prepare_with_writer = |program: &Path| -> Outcome<Run<'_>> {
        let program = program.to_owned();
        Ok(Box::new(move || {
            let home = create_home(&program)?;
            measure_with_writer(&home.store_path(), home.command(args).stdout(Stdio::null()))
        }))
    };
    let comparison_with_writer = bench.compare(ROUNDS, prepare_with_writer, vec![])?;
    let longest_commit = comparison_with_writer.build_measure(
        "13",
        "the same: wait of other commits",
        "",
        Goal::AtMost(100.0),
        |series| series.max(|sample| sample.longest_concurrent_ms),
    );
    Ok(vec![
        comparison.time_ratio("13", name, "the statements", Goal::AtMost(1.5)),
        longest_commit.with_unit("ms"),
    ])
}

/// Runs a command while the benchmark program commits one row every few milliseconds, and measures
/// the longest commit. If the store is locked, both the benchmark program and jeton retry every few
/// milliseconds. The busy timeout of SQLite would wait up to 100 ms between two attempts.
fn measure_with_writer(store: &Path, command: &mut Command) -> Outcome<Sample> {
    let is_finished = AtomicBool::new(false);
    let commit_repeatedly = || {
        let mut connection = open_store(store)?;
        connection.busy_handler(Some(|_| {
            thread::sleep(Duration::from_millis(1));
            true
        }))?;
        let mut longest_seconds: f64 = 0.0;
        while !is_finished.load(Ordering::Relaxed) {
            let start = Instant::now();
            commit_token(&mut connection)?;
            longest_seconds = longest_seconds.max(start.elapsed().as_secs_f64());
            thread::sleep(Duration::from_millis(5));
        }
        Ok(longest_seconds * 1000.0)
    };
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            commit_repeatedly().map_err(|error: Box<dyn std::error::Error>| error.to_string())
        });
        let result = measure_resources(command);
        is_finished.store(true, Ordering::Relaxed);
        let longest_concurrent_ms = writer.join().map_err(|_| "a thread panicked")??;
        Ok(Sample { longest_concurrent_ms, ..result? })
    })
}
