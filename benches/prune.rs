//! A million expired tokens are pruned while other processes create and mint, one after the other:
//! nobody is told that the store is busy, and the memory does not grow with the number.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod home;

use home::{Home, Outcome, end};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Tokens to prune; an argument says another number.
const TOKENS: u32 = 1_000_000;

/// What the process may take: kibibytes.
const MOST_MEMORY: u64 = 64 * 1024;

fn main() -> ExitCode {
    let said = std::env::args().find_map(|word| word.parse().ok());
    end(measure(said.unwrap_or(TOKENS)))
}

/// Prunes so many; whether all of them went and nobody was refused meanwhile.
fn measure(tokens: u32) -> Outcome<bool> {
    let home = Home::new(Path::new(env!("CARGO_BIN_EXE_jeton")))?;
    home.must(&["settings", "set", "token.quota", "unlimited"])?;
    let store = Connection::open(home.store().join("jeton.db"))?;
    fill(&store, tokens)?;
    let over = AtomicBool::new(false);
    let (pruned, others) = std::thread::scope(|scope| {
        let create = scope.spawn(|| until(&over, &home, &["token", "create", "my-app"]));
        let mint = scope.spawn(|| until(&over, &home, &["token", "mint", "--record"]));
        let pruned = prune(&home);
        over.store(true, Ordering::Relaxed);
        (pruned, [("token create", create.join()), ("token mint --record", mint.join())])
    });
    let (seconds, memory, answer) = pruned?;
    let left: u32 = store.query_row(
        "SELECT count(*) FROM tokens WHERE expires_at < unixepoch()",
        [],
        |row| row.get(0),
    )?;
    let mebibytes = memory.div_ceil(1024);
    println!("{tokens} tokens pruned in {seconds:.1} s with at most {mebibytes} MiB, {left} left");
    println!("{answer}");
    let mut met = left == 0 && memory <= MOST_MEMORY;
    for (name, times) in others {
        let mut times = times.map_err(|_| "a thread died")??;
        times.sort_unstable();
        met &= !times.is_empty();
        let [median, p95, most] = [50, 95, 100].map(|percent| milliseconds(&times, percent));
        println!(
            "{name}: {} meanwhile, all with exit code 0; median {median:.0} ms, p95 {p95:.0} ms, \
             most {most:.0} ms",
            times.len()
        );
    }
    let verdict = if met { "met" } else { "MISSED" };
    println!("target: none left, none refused, at most {} MiB: {verdict}", MOST_MEMORY / 1024);
    Ok(met)
}

fn milliseconds(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Adds tokens that ended long ago, every other one revoked before.
fn fill(store: &Connection, tokens: u32) -> Outcome<()> {
    store.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, revoked_at)
             SELECT CAST(printf('%016d', i) AS BLOB), 1, 1, 1700000000, 1700003600,
                 CASE i % 2 WHEN 0 THEN 1700001800 END
             FROM n",
        [tokens],
    )?;
    Ok(())
}

/// Runs it again and again; how long each run took.
fn until(over: &AtomicBool, home: &Home, words: &[&str]) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        home.must(words).map_err(|error| error.to_string())?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Seconds, kibibytes at most, and what it says.
fn prune(home: &Home) -> Outcome<(f64, u64, String)> {
    let begun = Instant::now();
    let mut command = home.jeton(&["store", "prune", "-o", "json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let memory = watched(&mut child)?;
    let seconds = begun.elapsed().as_secs_f64();
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("prune ended with {}", output.status).into());
    }
    Ok((seconds, memory, String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
}

/// The most memory that a process had, which the kernel tells as long as it is there.
fn watched(child: &mut Child) -> Outcome<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        if child.try_wait()?.is_some() {
            return Ok(most);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
