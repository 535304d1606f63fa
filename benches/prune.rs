//! Pruning of a million expired tokens while other processes create and mint tokens: no process
//! fails because the store is busy, and the memory use does not depend on the number of tokens.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod home;

use home::{Home, Outcome, exit_code};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Number of tokens to prune if no number is given as an argument.
const DEFAULT_TOKEN_COUNT: u32 = 1_000_000;

/// Memory limit of the prune process in KiB.
const MAX_MEMORY_KIB: u64 = 64 * 1024;

fn main() -> ExitCode {
    let count = std::env::args().find_map(|argument| argument.parse().ok());
    exit_code(measure_pruning(count.unwrap_or(DEFAULT_TOKEN_COUNT)))
}

/// Prunes `token_count` tokens; returns whether all tokens were deleted within the memory limit and
/// no concurrent command failed.
fn measure_pruning(token_count: u32) -> Outcome<bool> {
    let home = Home::new(Path::new(env!("CARGO_BIN_EXE_jeton")))?;
    home.run(&["settings", "set", "token.quota", "unlimited"])?;
    let store = Connection::open(home.store_directory().join("jeton.db"))?;
    insert_expired_tokens(&store, token_count)?;
    let stop = AtomicBool::new(false);
    let (result, writers) = std::thread::scope(|scope| {
        let create = scope.spawn(|| run_until(&stop, &home, &["token", "create", "my-app"]));
        let mint = scope.spawn(|| run_until(&stop, &home, &["token", "mint", "--record"]));
        let result = prune(&home);
        stop.store(true, Ordering::Relaxed);
        (result, [("token create", create.join()), ("token mint --record", mint.join())])
    });
    let PruneRun { seconds, peak_memory_kib, output } = result?;
    let remaining: u32 = store.query_row(
        "SELECT count(*) FROM tokens WHERE expires_at < unixepoch()",
        [],
        |row| row.get(0),
    )?;
    let peak_mib = peak_memory_kib.div_ceil(1024);
    println!(
        "{token_count} tokens pruned in {seconds:.1} s, peak memory {peak_mib} MiB, \
         {remaining} remaining"
    );
    println!("{output}");
    let mut is_target_met = remaining == 0 && peak_memory_kib <= MAX_MEMORY_KIB;
    for (name, times) in writers {
        let mut times = times.map_err(|_| "a thread panicked")??;
        times.sort_unstable();
        is_target_met &= !times.is_empty();
        let [median, p95, max] = [50, 95, 100].map(|percent| percentile_ms(&times, percent));
        println!(
            "{name}: {} concurrent runs, all with exit code 0; median {median:.0} ms, \
                 p95 {p95:.0} ms, max. {max:.0} ms",
            times.len()
        );
    }
    let outcome = if is_target_met { "met" } else { "MISSED" };
    println!(
        "target: 0 remaining, no failed command, at most {} MiB: {outcome}",
        MAX_MEMORY_KIB / 1024
    );
    Ok(is_target_met)
}

fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Inserts expired tokens, half of them revoked.
fn insert_expired_tokens(store: &Connection, count: u32) -> Outcome<()> {
    store.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, revoked_at)
             SELECT CAST(printf('%016d', i) AS BLOB), 1, 1, 1700000000, 1700003600,
                 CASE i % 2 WHEN 0 THEN 1700001800 END
             FROM n",
        [count],
    )?;
    Ok(())
}

/// Runs a command repeatedly until `stop` is set; returns the duration of each run.
fn run_until(stop: &AtomicBool, home: &Home, args: &[&str]) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        home.run(args).map_err(|error| error.to_string())?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// Figures and output of `store prune`.
struct PruneRun {
    seconds: f64,
    peak_memory_kib: u64,
    output: String,
}

fn prune(home: &Home) -> Outcome<PruneRun> {
    let start = Instant::now();
    let mut command = home.command(&["store", "prune", "-o", "json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let peak_memory_kib = wait_for_exit(&mut child)?;
    let seconds = start.elapsed().as_secs_f64();
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("`store prune` failed: {}", output.status).into());
    }
    let output = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    Ok(PruneRun { seconds, peak_memory_kib, output })
}

/// Waits for a process and returns its peak memory in KiB. The kernel reports the value only while
/// the process runs.
fn wait_for_exit(child: &mut Child) -> Outcome<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut max_kib = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let field = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak_kib = field.and_then(|field| field.split_whitespace().next()?.parse().ok());
        max_kib = max_kib.max(peak_kib.unwrap_or(0));
        if child.try_wait()?.is_some() {
            return Ok(max_kib);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
