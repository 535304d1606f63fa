//! Speed, memory and size of jeton; most figures are compared with a goal. Every ratio is measured
//! in one run of this program: the compared processes run alternately on one machine and file
//! system. The figures are medians of all runs of a process. Exceptions are peak memory and the
//! duration of concurrent commands and commits, which are the largest values. Figures of different
//! runs of this program are not comparable.
//!
//! Options: `--rows 5,7` selects rows; `--quick` makes fewer runs with smaller counts;
//! `--binary PATH` measures the jeton at PATH in place of the jeton that cargo built;
//! `--before PATH` adds the figures of an older jeton with the same link mode; `--dynamic PATH`
//! adds the start-up time of a dynamically linked jeton. The rows `pages` (pages of a million
//! users), `logins` (failed logins) and `prune` (`store prune` while other processes write) are
//! measured only with `--rows`.
//!
//! Environment variables: `JETON_BENCH_JWT` names the program of jwt-cli. `JETON_TEST_PYTHON` and
//! `JETON_TEST_NODE` name the interpreters of the scripts in `benches/peers`.
//!
//! The programs are copied before the measurement, like the programs of an installation: the page
//! cache of a freshly linked file can be fragmented, which makes page faults slower, in particular
//! for a large program.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod baseline;
mod bench;
mod comparison;
mod home;
mod machine;
mod report;
mod rows;

use bench::Bench;
use home::Outcome;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.as_slice() {
        [option, mode, args @ ..] if option == baseline::MODE_OPTION => {
            baseline::run(mode, args).map(|()| true)
        }
        args => Options::parse(args).and_then(|options| print_table(&options)),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The options of the command line, which the documentation of this file describes.
struct Options {
    /// Names of the selected rows; if empty, the rows that are measured by default.
    row_names: Vec<String>,
    is_quick: bool,
    /// Path of the measured jeton.
    jeton: PathBuf,
    older_jeton: Option<PathBuf>,
    dynamic_jeton: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Outcome<Self> {
        let jeton = PathBuf::from(env!("CARGO_BIN_EXE_jeton"));
        let mut options = Self {
            row_names: Vec::new(),
            is_quick: false,
            jeton,
            older_jeton: None,
            dynamic_jeton: None,
        };
        let mut args = args.iter();
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or(format!("`{option}` requires a value"));
            match option.as_str() {
                "--rows" => options.row_names.extend(value()?.split(',').map(str::to_owned)),
                "--binary" => options.jeton = PathBuf::from(value()?),
                "--before" => options.older_jeton = Some(PathBuf::from(value()?)),
                "--dynamic" => options.dynamic_jeton = Some(PathBuf::from(value()?)),
                "--quick" => options.is_quick = true,
                // `cargo bench` adds this option.
                "--bench" => {}
                _ => return Err(format!("unknown option `{option}`").into()),
            }
        }
        let is_unknown = |row: &&String| !rows::GROUPS.iter().any(|group| group.has_row(row));
        if let Some(row) = options.row_names.iter().find(is_unknown) {
            return Err(format!("unknown row `{row}`").into());
        }
        Ok(options)
    }

    /// Returns whether a row is selected. `is_default` is set if the row is measured without
    /// `--rows`.
    fn selects(&self, row: &str, is_default: bool) -> bool {
        if self.row_names.is_empty() {
            is_default
        } else {
            self.row_names.iter().any(|name| name == row)
        }
    }
}

/// Measures and prints the selected rows. Returns whether the goals of these rows are met.
fn print_table(options: &Options) -> Outcome<bool> {
    let bench = Bench::new(
        &options.jeton,
        options.older_jeton.as_deref(),
        options.dynamic_jeton.as_deref(),
        options.is_quick,
    )?;
    machine::print_head(&options.jeton, bench.is_static)?;
    if machine::is_static(&std::env::current_exe()?)? != bench.is_static {
        println!(
            "note     jeton and the baselines are linked differently (static or dynamic): ratios are not comparable"
        );
    }
    if options.is_quick {
        println!("quick    fewer runs and smaller counts: not for publication");
    }
    println!();
    report::print_titles();
    let mut missed_rows = Vec::new();
    for group in rows::GROUPS {
        let is_selected = |row: &&&str| options.selects(row, group.is_default);
        let row_names: Vec<&str> = group.row_names.iter().filter(is_selected).copied().collect();
        if row_names.is_empty() {
            continue;
        }
        for measure in (group.measure)(&bench, &row_names)? {
            if row_names.contains(&measure.row_name) && !measure.print(bench.is_static) {
                missed_rows.push(measure.row_name);
            }
        }
    }
    missed_rows.dedup();
    if missed_rows.is_empty() {
        println!("\nall goals met");
    } else {
        println!("\nmissed: {}", missed_rows.join(", "));
    }
    Ok(missed_rows.is_empty())
}
