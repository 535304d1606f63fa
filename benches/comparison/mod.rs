//! Comparison of two commands that run alternately.

use crate::home::Outcome;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WARM_UP_ROUNDS: usize = 20;

/// Two commands to compare, each with name and expected exit code.
///
/// Each round runs both commands; the order alternates, so that no command always runs second.
pub(crate) struct Comparison<'c> {
    pub(crate) runs: usize,
    pub(crate) first: (&'static str, Command, i32),
    pub(crate) second: (&'static str, Command, i32),
    /// Clean-up after each round, not timed.
    pub(crate) after_round: &'c mut dyn FnMut() -> Outcome<()>,
    /// Maximum ratio of the medians.
    pub(crate) max_ratio: Option<f64>,
    /// Minimum ratio of the medians.
    pub(crate) min_ratio: Option<f64>,
}

impl Comparison<'_> {
    /// Runs both commands and prints the figures; returns whether the target is met.
    pub(crate) fn run(mut self) -> Outcome<bool> {
        let mut times = (Vec::new(), Vec::new());
        for round in 0..WARM_UP_ROUNDS + self.runs {
            let (first, second) = if round % 2 == 0 {
                let first = measure_run(&mut self.first)?;
                (first, measure_run(&mut self.second)?)
            } else {
                let second = measure_run(&mut self.second)?;
                (measure_run(&mut self.first)?, second)
            };
            (self.after_round)()?;
            if round >= WARM_UP_ROUNDS {
                times.0.push(first);
                times.1.push(second);
            }
        }
        times.0.sort_unstable();
        times.1.sort_unstable();
        println!("{:<28}{:>6}{:>12}{:>12}", "", "runs", "median ms", "p95 ms");
        for (name, times) in [(self.first.0, &times.0), (self.second.0, &times.1)] {
            let (median, p95) = (percentile_ms(times, 50)?, percentile_ms(times, 95)?);
            println!("{name:<28}{:>6}{median:>12.2}{p95:>12.2}", times.len());
        }
        let ratio = percentile_ms(&times.0, 50)? / percentile_ms(&times.1, 50)?;
        let is_target_met = self.max_ratio.is_none_or(|max| ratio <= max)
            && self.min_ratio.is_none_or(|min| ratio >= min);
        let target = match (self.min_ratio, self.max_ratio) {
            (None, None) => String::new(),
            (min, max) => {
                let min = min.map_or_else(String::new, |min| format!("{min:.2} to "));
                let max = max.map_or_else(String::new, |max| format!("{max:.2}"));
                let outcome = if is_target_met { "met" } else { "MISSED" };
                format!("   target: {min}{max}, {outcome}")
            }
        };
        println!("{:<34}{ratio:>12.2}{target}\n", "ratio of the medians");
        Ok(is_target_met)
    }
}

/// Returns the duration of one run; fails on an unexpected exit code.
fn measure_run((name, command, expected): &mut (&'static str, Command, i32)) -> Outcome<Duration> {
    let start = Instant::now();
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let duration = start.elapsed();
    if status.code() != Some(*expected) {
        return Err(format!("`{name}` failed: {status}, expected exit code {expected}").into());
    }
    Ok(duration)
}

fn percentile_ms(sorted: &[Duration], percent: usize) -> Outcome<f64> {
    let time = sorted.get(sorted.len() * percent / 100).ok_or("no measurements")?;
    Ok(time.as_secs_f64() * 1000.0)
}
