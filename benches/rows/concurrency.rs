//! Rows of the table that measure several processes, which write to one store.

use crate::bench::Bench;
use crate::comparison::{Run, Sample, measure_duration, measure_resources};
use crate::home::{EXPIRED_TOKEN_TIMES, Home, Outcome};
use crate::report::{Goal, Measure};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

/// Number of threads in the parallel runs of row 11. Each thread runs one `token create` after
/// another.
const PARALLEL_THREADS: u32 = 8;

/// Number of tokens that each thread creates in the parallel runs of row 11.
const TOKENS_PER_THREAD: u32 = 25;

/// Row 11: 200 processes of `token create`, 8 at a time, against 200 consecutive processes.
pub(super) fn measure_parallel_creation(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let prepare =
        |program: &Path| Ok([creation_run(program, PARALLEL_THREADS)?, creation_run(program, 1)?]);
    let names = ["in parallel", "in a row"];
    let pairs = bench.compare_pairs(bench.round_count(10), names, prepare)?;
    let name = format!(
        "{} token create, {PARALLEL_THREADS} at a time",
        PARALLEL_THREADS * TOKENS_PER_THREAD
    );
    Ok(vec![pairs.time_ratio("11", name, "200 in a row", Goal::AtMost(0.8))])
}

/// Returns the [`Run`] that starts 200 processes of `token create` from `thread_count` threads. The
/// run fails if the store does not contain all new tokens.
fn creation_run<'r>(program: &Path, thread_count: u32) -> Outcome<Run<'r>> {
    let home = Home::new(program)?;
    home.run(&["settings", "set", "token.quota", "unlimited"])?;
    Ok(Box::new(move || {
        let count_before = home.query_number("SELECT count(*) FROM tokens")?;
        let total = PARALLEL_THREADS * TOKENS_PER_THREAD;
        let create_tokens = || {
            for _ in 0..total / thread_count {
                measure_duration(&mut home.command(&["token", "create", "my-app"]), 0)
                    .map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        };
        let start = Instant::now();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..thread_count).map(|_| scope.spawn(create_tokens)).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let added = home.query_number("SELECT count(*) FROM tokens")? - count_before;
        if added != total {
            return Err(format!("{added} tokens recorded, expected {total}").into());
        }
        Ok(Sample { seconds, ..Sample::default() })
    }))
}

/// Row `prune`: peak memory of `store prune` while other processes run `token create` and
/// `token mint --record`, and the longest duration of these other processes. The measurement fails
/// if one of the processes fails, for example because the store is busy.
pub(super) fn measure_concurrent_prune(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(1_000_000);
    let prepare = |program: &Path| -> Outcome<Run<'_>> {
        let program = program.to_owned();
        Ok(Box::new(move || prune_with_writers(&program, count)))
    };
    let comparison = bench.compare(1, prepare, vec![])?;
    let name = "store prune with concurrent writers";
    let memory = comparison.build_measure("prune", name, "", Goal::AtMost(64.0), |series| {
        series.max(|sample| sample.peak_mib)
    });
    let longest_command = comparison.build_measure(
        "prune",
        "the same: longest other command",
        "",
        Goal::None,
        |series| series.max(|sample| sample.longest_concurrent_ms),
    );
    Ok(vec![memory.with_unit("MiB"), longest_command.with_unit("ms")])
}

/// Prunes `count` expired tokens, half of which are revoked. At the same time, one thread
/// repeatedly runs `token create`, and another thread repeatedly runs `token mint --record`. Fails
/// if an expired token remains or a concurrent command fails.
fn prune_with_writers(program: &Path, count: u32) -> Outcome<Sample> {
    let home = Home::new(program)?;
    home.run(&["settings", "set", "token.quota", "unlimited"])?;
    home.insert_tokens(count, 1, EXPIRED_TOKEN_TIMES)?;
    home.connect()?.execute("UPDATE tokens SET revoked_at = issued_at WHERE id % 2 = 0", [])?;
    let mut prune = home.command(&["store", "prune", "--quiet"]);
    let is_finished = AtomicBool::new(false);
    let run_repeatedly = |args: &[&str]| {
        let mut longest_ms: f64 = 0.0;
        while !is_finished.load(Ordering::Relaxed) {
            let sample =
                measure_duration(&mut home.command(args), 0).map_err(|error| error.to_string())?;
            longest_ms = longest_ms.max(sample.seconds * 1000.0);
        }
        Ok::<_, String>(longest_ms)
    };
    let (sample, longest_concurrent_ms) = thread::scope(|scope| {
        let writers = [
            scope.spawn(|| run_repeatedly(&["token", "create", "my-app"])),
            scope.spawn(|| run_repeatedly(&["token", "mint", "--record"])),
        ];
        let result = measure_resources(prune.stdout(Stdio::null()));
        is_finished.store(true, Ordering::Relaxed);
        let mut longest_ms: f64 = 0.0;
        for writer in writers {
            longest_ms = longest_ms.max(writer.join().map_err(|_| "a thread panicked")??);
        }
        Ok::<_, Box<dyn std::error::Error>>((result?, longest_ms))
    })?;
    let remaining =
        home.query_number("SELECT count(*) FROM tokens WHERE expires_at < 1750000000")?;
    if remaining > 0 {
        return Err(format!("{remaining} expired tokens remain").into());
    }
    Ok(Sample { longest_concurrent_ms, ..sample })
}
