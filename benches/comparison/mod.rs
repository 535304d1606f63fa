//! Two programs in turns.

use crate::home::Outcome;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WARM_UP: usize = 20;

/// Two commands in turns. The one that begins changes from round to round, so that neither always
/// follows the other.
pub(crate) struct Comparison<'c> {
    pub(crate) runs: usize,
    pub(crate) first: (&'static str, Command, i32),
    pub(crate) second: (&'static str, Command, i32),
    /// What is done, and not timed, after each round.
    pub(crate) between: &'c mut dyn FnMut() -> Outcome<()>,
    /// What the ratio of the medians must not exceed.
    pub(crate) most: Option<f64>,
    /// What it must not fall below.
    pub(crate) least: Option<f64>,
}

impl Comparison<'_> {
    /// Runs both and prints the figures; whether the target is met.
    pub(crate) fn print(mut self) -> Outcome<bool> {
        let mut times = (Vec::new(), Vec::new());
        for round in 0..WARM_UP + self.runs {
            let (first, second) = if round % 2 == 0 {
                let first = timed(&mut self.first)?;
                (first, timed(&mut self.second)?)
            } else {
                let second = timed(&mut self.second)?;
                (timed(&mut self.first)?, second)
            };
            (self.between)()?;
            if round >= WARM_UP {
                times.0.push(first);
                times.1.push(second);
            }
        }
        times.0.sort_unstable();
        times.1.sort_unstable();
        println!("{:<28}{:>6}{:>12}{:>12}", "", "runs", "median ms", "p95 ms");
        for (name, times) in [(self.first.0, &times.0), (self.second.0, &times.1)] {
            let (median, p95) = (milliseconds(times, 50)?, milliseconds(times, 95)?);
            println!("{name:<28}{:>6}{median:>12.2}{p95:>12.2}", times.len());
        }
        let ratio = milliseconds(&times.0, 50)? / milliseconds(&times.1, 50)?;
        let met = self.most.is_none_or(|most| ratio <= most)
            && self.least.is_none_or(|least| ratio >= least);
        let target = match (self.least, self.most) {
            (None, None) => String::new(),
            (least, most) => {
                let least = least.map_or_else(String::new, |least| format!("{least:.2} to "));
                let most = most.map_or_else(String::new, |most| format!("{most:.2}"));
                let verdict = if met { "met" } else { "MISSED" };
                format!("   target: {least}{most}, {verdict}")
            }
        };
        println!("{:<34}{ratio:>12.2}{target}\n", "ratio of the medians");
        Ok(met)
    }
}

/// How long one run took. One that ends otherwise than expected is no measurement.
fn timed((name, command, expected): &mut (&'static str, Command, i32)) -> Outcome<Duration> {
    let before = Instant::now();
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let time = before.elapsed();
    if status.code() != Some(*expected) {
        return Err(format!("`{name}` ended with {status}").into());
    }
    Ok(time)
}

fn milliseconds(sorted: &[Duration], percent: usize) -> Outcome<f64> {
    let time = sorted.get(sorted.len() * percent / 100).ok_or("nothing was measured")?;
    Ok(time.as_secs_f64() * 1000.0)
}
