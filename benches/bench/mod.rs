//! The measured programs, and comparisons with baselines.

use crate::baseline;
use crate::comparison::{Run, Series, measure_all_figures, measure_duration, run_alternately};
use crate::home::{Home, Outcome};
use crate::machine;
use crate::report::{Goal, Measure, list_milliseconds};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Copies of the measured programs: jeton; if given, an older jeton and a dynamically linked jeton; and
/// the benchmark program, which runs the baselines.
pub(crate) struct Bench {
    pub(crate) jeton: PathBuf,
    pub(crate) older_jeton: Option<PathBuf>,
    pub(crate) dynamic_jeton: Option<PathBuf>,
    /// The benchmark program, which runs the baselines.
    benchmark_program: PathBuf,
    /// Set if `jeton` is linked statically.
    pub(crate) is_static: bool,
    /// Set by `--quick`.
    pub(crate) is_quick: bool,
    /// Directory of the copies and of other temporary files.
    pub(crate) directory: TempDir,
}

impl Bench {
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
    pub(crate) fn rounds(&self, full: usize) -> usize {
        if self.is_quick { (full / 10).max(2) } else { full }
    }

    /// Returns the number of items: `full`, or with `--quick` a tenth of `full`.
    pub(crate) fn count(&self, full: u32) -> u32 {
        if self.is_quick { full / 10 } else { full }
    }

    /// Returns the path of a temporary file.
    pub(crate) fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    /// Returns the command of a baseline process.
    pub(crate) fn baseline(&self, mode: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.benchmark_program);
        command.env_clear().args([baseline::MODE_OPTION, mode]).args(args).stdout(Stdio::null());
        command
    }

    /// Returns a run that measures only the duration of a baseline process.
    pub(crate) fn timed_baseline(&self, mode: &str, args: &[&str]) -> Run<'static> {
        let mut command = self.baseline(mode, args);
        Box::new(move || measure_duration(&mut command, 0))
    }

    /// Returns a run that measures duration, CPU time and peak memory of a baseline process.
    pub(crate) fn measured_baseline(&self, mode: &str, args: &[&str]) -> Run<'static> {
        let mut command = self.baseline(mode, args);
        Box::new(move || measure_all_figures(&mut command))
    }

    /// Runs jeton, the older jeton (if given) and the baselines alternately. `prepare` returns the run
    /// of the program at a path.
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

    /// Runs two variants of a command alternately, with jeton and with the older jeton (if given).
    /// `names` are the names of the variants. `prepare` returns the runs of both variants for the
    /// program at a path.
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

/// Runs of two variants of a command.
pub(crate) struct Pairs {
    /// Both variants with jeton, then both variants with the older jeton, if any.
    pub(crate) series: Vec<Series>,
}

impl Pairs {
    /// Returns a measure with the result of `figure` for the variants of jeton, and the result for
    /// the variants of the older jeton.
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

    /// Returns a measure of the duration of the first variant divided by the duration of the second
    /// variant.
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

/// Runs of jeton and the older jeton, and of the baselines.
pub(crate) struct Comparison {
    pub(crate) programs: Vec<Series>,
    pub(crate) baselines: Vec<Series>,
}

impl Comparison {
    /// Returns all series.
    pub(crate) fn series(&self) -> impl Iterator<Item = &Series> {
        self.programs.iter().chain(&self.baselines)
    }

    /// Returns the median duration of the slowest baseline.
    pub(crate) fn slowest_baseline_seconds(&self) -> f64 {
        self.baselines.iter().map(Series::median_seconds).fold(f64::NAN, f64::max)
    }

    /// Returns a measure with the results of `figure` for jeton and for the older jeton.
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

    /// Returns a measure of the duration divided by the duration of the slowest baseline.
    pub(crate) fn time_ratio(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
    ) -> Measure {
        let baseline = self.slowest_baseline_seconds();
        self.build_measure(row_name, name, against, goal, |series| {
            series.median_seconds() / baseline
        })
        .with_details([list_milliseconds(self.series())])
    }

    /// Returns a measure of the speed divided by the speed of the slowest baseline; the goal is at
    /// least `min`. Programs and baselines must process the same number of items.
    pub(crate) fn speed_ratio(
        &self,
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        min: f64,
    ) -> Measure {
        let baseline = self.slowest_baseline_seconds();
        self.build_measure(row_name, name, against, Goal::AtLeast(min), |series| {
            baseline / series.median_seconds()
        })
    }
}
