//! The measured programs, and comparisons with baselines: processes that do only the indispensable
//! work of a command, or other programs such as jwt-cli.

use crate::baseline;
use crate::comparison::{Run, Series, measure_duration, measure_resources, run_alternately};
use crate::home::{Home, Outcome};
use crate::machine;
use crate::report::{Goal, Measure, list_milliseconds};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Copies of the measured programs: jeton; if given, an older jeton and a dynamically linked jeton;
/// and the benchmark program, which runs the baselines.
pub(crate) struct Bench {
    /// Path of the copy of jeton.
    pub(crate) jeton: PathBuf,
    /// Path of the copy of the older jeton; `None` without `--before`.
    pub(crate) older_jeton: Option<PathBuf>,
    /// Path of the copy of the dynamically linked jeton; `None` without `--dynamic`.
    pub(crate) dynamic_jeton: Option<PathBuf>,
    /// Path of the copy of the benchmark program.
    benchmark_program: PathBuf,
    /// Set if `jeton` is linked statically.
    pub(crate) is_static: bool,
    /// Set by `--quick`.
    pub(crate) is_quick: bool,
    /// Directory of the copies and of other temporary files.
    pub(crate) directory: TempDir,
}

impl Bench {
    /// Copies the programs into a temporary directory. The parameters are the paths of the
    /// originals.
    pub(crate) fn new(
        jeton: &Path,
        older_jeton: Option<&Path>,
        dynamic_jeton: Option<&Path>,
        is_quick: bool,
    ) -> Outcome<Self> {
        let directory = Home::create_directory("programs-")?;
        let copy = |source: &Path, name: &str| -> Outcome<PathBuf> {
            let path = directory.path().join(name);
            std::fs::copy(source, &path)
                .map_err(|error| format!("{}: {error}", source.display()))?;
            Ok(path)
        };
        Ok(Self {
            jeton: copy(jeton, "jeton")?,
            older_jeton: older_jeton.map(|path| copy(path, "before")).transpose()?,
            dynamic_jeton: dynamic_jeton.map(|path| copy(path, "dynamic")).transpose()?,
            benchmark_program: copy(&std::env::current_exe()?, "baseline")?,
            is_static: machine::is_static(jeton)?,
            is_quick,
            directory,
        })
    }

    /// Returns the number of rounds: `full`, or with `--quick` a tenth of `full`, but at least 2.
    /// In each round, each compared program or workload (see [`Self::compare_pairs`]) runs once.
    pub(crate) fn round_count(&self, full: usize) -> usize {
        if self.is_quick { (full / 10).max(2) } else { full }
    }

    /// Returns the number of items (tokens, users) that a run processes, or that a store contains:
    /// `full`, or with `--quick` a tenth of `full`.
    pub(crate) fn item_count(&self, full: u32) -> u32 {
        if self.is_quick { full / 10 } else { full }
    }

    /// Returns the path of a temporary file with the given name.
    pub(crate) fn file_path(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    /// Returns the command that runs the baseline `mode`.
    pub(crate) fn baseline_command(&self, mode: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.benchmark_program);
        command.env_clear().args([baseline::MODE_OPTION, mode]).args(args).stdout(Stdio::null());
        command
    }

    /// Returns a [`Run`] of the baseline `mode` that measures only the duration.
    pub(crate) fn timed_baseline(&self, mode: &str, args: &[&str]) -> Run<'static> {
        let mut command = self.baseline_command(mode, args);
        Box::new(move || measure_duration(&mut command, 0))
    }

    /// Returns a [`Run`] of the baseline `mode` that measures duration, CPU time and peak memory.
    pub(crate) fn measured_baseline(&self, mode: &str, args: &[&str]) -> Run<'static> {
        let mut command = self.baseline_command(mode, args);
        Box::new(move || measure_resources(&mut command))
    }

    /// Runs jeton, the older jeton (if given) and the baselines alternately. `prepare` receives the
    /// path of jeton or of the older jeton, and returns the [`Run`] of this program. Each baseline
    /// is a name and a [`Run`].
    pub(crate) fn compare<'r>(
        &self,
        rounds: usize,
        mut prepare: impl FnMut(&Path) -> Outcome<Run<'r>>,
        baselines: Vec<(&str, Run<'r>)>,
    ) -> Outcome<Comparison> {
        let mut runs = vec![("jeton".to_owned(), prepare(&self.jeton)?)];
        if let Some(older_jeton) = &self.older_jeton {
            runs.push(("before".to_owned(), prepare(older_jeton)?));
        }
        let program_count = runs.len();
        runs.extend(baselines.into_iter().map(|(name, run)| (name.to_owned(), run)));
        let mut series = run_alternately(rounds, runs)?;
        let baselines = series.split_off(program_count);
        Ok(Comparison { programs: series, baselines })
    }

    /// Runs two workloads alternately, with jeton and with the older jeton (if given). A workload
    /// is one or more commands with a given store. `names` are the names of the workloads.
    /// `prepare` receives the path of jeton or of the older jeton, and returns the [`Run`] of each
    /// workload.
    pub(crate) fn compare_pairs<'r>(
        &self,
        rounds: usize,
        names: [&str; 2],
        mut prepare: impl FnMut(&Path) -> Outcome<[Run<'r>; 2]>,
    ) -> Outcome<Pairs> {
        let mut runs = Vec::new();
        for (path, prefix) in [(Some(&self.jeton), ""), (self.older_jeton.as_ref(), "before: ")] {
            let Some(path) = path else { continue };
            for (name, run) in names.into_iter().zip(prepare(path)?) {
                runs.push((format!("{prefix}{name}"), run));
            }
        }
        Ok(Pairs { series: run_alternately(rounds, runs)? })
    }
}

/// Runs of two workloads.
pub(crate) struct Pairs {
    /// Both workloads with jeton, then both workloads with the older jeton, if any.
    pub(crate) series: Vec<Series>,
}

impl Pairs {
    /// Returns a measure with a figure of jeton and, if measured, a figure of the older jeton.
    /// `figure` computes the figure from the runs of the first workload and the runs of the second
    /// workload. The other parameters are the fields of [`Measure`] with the same names.
    pub(crate) fn build_measure(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
        figure: impl Fn(&Series, &Series) -> f64,
    ) -> Measure {
        let figures = self.series.chunks(2).filter_map(|pair| match pair {
            [first, second] => Some(figure(first, second)),
            _ => None,
        });
        Measure::new(row_name, name, against, goal, figures)
    }

    /// Returns a measure of the median duration of the first workload divided by the median
    /// duration of the second workload.
    pub(crate) fn time_ratio(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
    ) -> Measure {
        self.build_measure(row_name, name, against, goal, |first, second| {
            first.median_seconds() / second.median_seconds()
        })
        .with_details([list_milliseconds(&self.series)])
    }
}

/// Runs of jeton, of the older jeton, and of the baselines.
pub(crate) struct Comparison {
    /// Runs of jeton, then runs of the older jeton, if any.
    pub(crate) programs: Vec<Series>,
    /// Runs of each baseline.
    pub(crate) baselines: Vec<Series>,
}

impl Comparison {
    /// Returns the series of the programs, then the series of the baselines.
    pub(crate) fn all_series(&self) -> impl Iterator<Item = &Series> {
        self.programs.iter().chain(&self.baselines)
    }

    /// Returns the median duration of the slowest baseline, or NaN for a comparison without
    /// baselines.
    pub(crate) fn slowest_baseline_seconds(&self) -> f64 {
        self.baselines.iter().map(Series::median_seconds).fold(f64::NAN, f64::max)
    }

    /// Returns a measure with a figure of jeton and, if measured, a figure of the older jeton.
    /// `figure` computes the figure from the runs of the program. The other parameters are the
    /// fields of [`Measure`] with the same names.
    pub(crate) fn build_measure(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
        figure: impl Fn(&Series) -> f64,
    ) -> Measure {
        Measure::new(row_name, name, against, goal, self.programs.iter().map(figure))
    }

    /// Returns a measure of the median duration divided by the median duration of the slowest
    /// baseline.
    pub(crate) fn time_ratio(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
    ) -> Measure {
        let baseline_seconds = self.slowest_baseline_seconds();
        self.build_measure(row_name, name, against, goal, |series| {
            series.median_seconds() / baseline_seconds
        })
        .with_details([list_milliseconds(self.all_series())])
    }

    /// Returns a measure of the speed divided by the speed of the slowest baseline. The goal is a
    /// ratio of at least `min_ratio`. Programs and baselines must process the same number of items.
    pub(crate) fn speed_ratio(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        min_ratio: f64,
    ) -> Measure {
        let baseline_seconds = self.slowest_baseline_seconds();
        self.build_measure(row_name, name, against, Goal::AtLeast(min_ratio), |series| {
            baseline_seconds / series.median_seconds()
        })
    }
}
