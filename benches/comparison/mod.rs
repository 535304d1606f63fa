//! Whole processes, measured alternately: duration, CPU time and peak memory.

use crate::home::Outcome;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Number of clock ticks in a second (`USER_HZ`). The CPU times in `/proc/PID/stat` are in clock
/// ticks.
const TICKS_PER_SECOND: f64 = 100.0;

/// Figures of one run; 0 for a figure that was not measured.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sample {
    /// Duration of the run.
    pub(crate) seconds: f64,
    /// User and system time of all threads, in steps of 10 ms.
    pub(crate) cpu_seconds: f64,
    /// Peak memory.
    pub(crate) peak_mib: f64,
    /// Growth of the store file.
    pub(crate) store_growth_bytes: f64,
    /// Longest duration of a command or commit that was executed concurrently with the measured
    /// process.
    pub(crate) longest_concurrent_ms: f64,
}

/// Function that performs one run and returns the figures of the run. The figures do not include
/// preparation and clean-up.
pub(crate) type Run<'r> = Box<dyn FnMut() -> Outcome<Sample> + 'r>;

/// Figures of all runs of a program or of a workload, except the warm-up runs.
pub(crate) struct Series {
    pub(crate) name: String,
    samples: Vec<Sample>,
}

impl Series {
    /// Returns the median of a figure.
    pub(crate) fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        self.percentile(50, figure)
    }

    /// Returns the median duration in seconds.
    pub(crate) fn median_seconds(&self) -> f64 {
        self.median(|sample| sample.seconds)
    }

    /// Returns the largest value of a figure.
    pub(crate) fn max(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        self.percentile(100, figure)
    }

    fn percentile(&self, percent: usize, figure: impl Fn(&Sample) -> f64) -> f64 {
        let mut values: Vec<f64> = self.samples.iter().map(figure).collect();
        values.sort_unstable_by(f64::total_cmp);
        let index = (values.len() * percent / 100).min(values.len().saturating_sub(1));
        values.get(index).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn run_count(&self) -> usize {
        self.samples.len()
    }
}

/// Runs all programs (or workloads) once in each round. The program that runs first in a round runs
/// last in the next round, so that each program is the first in turn. If `rounds` is at least 5,
/// warm-up rounds run first; the figures of the warm-up rounds are discarded.
pub(crate) fn run_alternately(
    rounds: usize,
    programs: Vec<(String, Run<'_>)>,
) -> Outcome<Vec<Series>> {
    let warm_up_rounds = (rounds / 5).min(20);
    let (mut series, mut runs): (Vec<Series>, Vec<Run<'_>>) =
        programs.into_iter().map(|(name, run)| (Series { name, samples: Vec::new() }, run)).unzip();
    for round in 0..warm_up_rounds + rounds {
        for offset in 0..runs.len() {
            let index = (round + offset) % runs.len();
            if let (Some(run), Some(series)) = (runs.get_mut(index), series.get_mut(index)) {
                let sample = run().map_err(|error| format!("{}: {error}", series.name))?;
                if round >= warm_up_rounds {
                    series.samples.push(sample);
                }
            }
        }
    }
    Ok(series)
}

/// Runs a command and measures only the duration; discards the output. Fails unless the exit code
/// is `expected_code`.
pub(crate) fn measure_duration(command: &mut Command, expected_code: i32) -> Outcome<Sample> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let seconds = start.elapsed().as_secs_f64();
    if status.code() != Some(expected_code) {
        return Err(format!("{status}, expected exit code {expected_code}: {command:?}").into());
    }
    Ok(Sample { seconds, ..Sample::default() })
}

/// Runs a command and measures duration, CPU time and peak memory; fails unless the exit code is 0.
pub(crate) fn measure_resources(command: &mut Command) -> Outcome<Sample> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    let directory = format!("/proc/{}", child.id());
    let directory = Path::new(&directory);
    let sample = thread::scope(|scope| {
        let memory = scope.spawn(|| poll_peak_memory(directory, start));
        // The kernel reports the CPU time only until the exit code is collected, so this call waits
        // without collecting the exit code.
        waitid(
            WaitId::Pid(Pid::from_child(&child)),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )?;
        let seconds = start.elapsed().as_secs_f64();
        let cpu_seconds = read_cpu_seconds(directory)?;
        let peak_mib = memory.join().map_err(|_| "a thread panicked")?;
        Ok::<_, Box<dyn Error>>(Sample { seconds, cpu_seconds, peak_mib, ..Sample::default() })
    })?;
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{status}: {command:?}").into());
    }
    Ok(sample)
}

/// Returns the peak memory in MiB of the process whose directory in `/proc` is `directory`. The
/// kernel reports the value only while the process runs, so the value is polled until the process
/// ends: at first continuously, and after 50 ms every 5 ms. `start` is the start time of the
/// process.
fn poll_peak_memory(directory: &Path, start: Instant) -> f64 {
    let mut peak_mib: f64 = 0.0;
    loop {
        let text = std::fs::read_to_string(directory.join("status")).unwrap_or_default();
        let field = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = field.and_then(|field| field.split_whitespace().next()?.parse::<f64>().ok());
        let Some(kib) = kib else { return peak_mib };
        peak_mib = peak_mib.max(kib / 1024.0);
        if start.elapsed() > Duration::from_millis(50) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns the sum of user and system time of the process whose directory in `/proc` is
/// `directory`: fields 14 and 15 of `/proc/PID/stat`.
fn read_cpu_seconds(directory: &Path) -> Outcome<f64> {
    let text = std::fs::read_to_string(directory.join("stat"))?;
    let (_, fields) = text.rsplit_once(") ").ok_or("unexpected format of /proc/PID/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}
