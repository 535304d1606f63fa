//! Speed of commands with a store on a PostgreSQL server (directly and through `PgBouncer`) and
//! with a store in a SQLite file. Each ratio compares a command with a baseline: a process that
//! opens the store file or connects to the server, commits or reads one row, and exits. All
//! programs on all engines run alternately in one run of this program. Figures of different runs
//! are not comparable.
//!
//! Requires PostgreSQL and `PgBouncer`; both are started for the run.
//!
//! Options: `--rows create,mint` selects rows; `--quick` makes fewer runs with smaller counts;
//! `--binary PATH` measures the jeton at PATH in place of the jeton that cargo built;
//! `--before PATH` adds the figures of an older jeton with the same link mode.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(dead_code, reason = "the other benchmark uses more of the shared modules")]

mod baseline;
mod bench;
mod comparison;
mod engines;
mod home;
mod machine;
mod report;

use bench::{Bench, Comparison};
use comparison::{Run, measure_duration, measure_resources, run_alternately};
use engines::{Engine, EngineHome, Servers};
use home::{Home, Outcome};
use report::{Goal, Measure, list_milliseconds};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

/// Function that measures a row on all engines.
type MeasureFunction = fn(&Bench, &Servers) -> Outcome<Vec<Measure>>;

/// The rows of the table: each with its name, and the function that measures the row.
const ROWS: &[(&str, MeasureFunction)] = &[
    ("create", measure_creation),
    ("verify", measure_verification),
    ("mint", measure_minting),
    ("batch", measure_batch),
];

/// Number of tokens of a bulk command (`token mint` or `token verify --batch`) without `--quick`.
const TOKENS: u32 = 100_000;

/// Number of runs of a bulk command.
const BULK_ROUNDS: usize = 3;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.as_slice() {
        [option, mode, args @ ..] if option == baseline::MODE_OPTION => baseline::run(mode, args),
        args => print_table(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures the rows that the options select, and prints the table.
fn print_table(args: &[String]) -> Outcome<()> {
    let mut jeton = PathBuf::from(env!("CARGO_BIN_EXE_jeton"));
    let (mut older_jeton, mut is_quick, mut selected_rows) = (None, false, Vec::new());
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let mut value = || args.next().ok_or(format!("`{option}` requires a value"));
        match option.as_str() {
            "--rows" => selected_rows.extend(value()?.split(',')),
            "--binary" => jeton = PathBuf::from(value()?),
            "--before" => older_jeton = Some(PathBuf::from(value()?)),
            "--quick" => is_quick = true,
            // `cargo bench` adds this option.
            "--bench" => {}
            _ => return Err(format!("unknown option `{option}`").into()),
        }
    }
    let is_unknown = |row: &&&str| !ROWS.iter().any(|(name, _)| name == *row);
    if let Some(row) = selected_rows.iter().find(is_unknown) {
        return Err(format!("unknown row `{row}`").into());
    }
    let servers = Servers::start()?;
    let bench = Bench::new(&jeton, older_jeton.as_deref(), None, is_quick)?;
    machine::print_head(&jeton, bench.is_static)?;
    servers.print_head()?;
    if is_quick {
        println!("quick    fewer runs and smaller counts: not for publication");
    }
    println!();
    report::print_titles();
    for (name, measure_row) in ROWS {
        if selected_rows.is_empty() || selected_rows.contains(name) {
            for measure in measure_row(&bench, &servers)? {
                measure.print(bench.is_static);
            }
        }
    }
    Ok(())
}

/// Runs jeton, the older jeton (if given) and the baseline (if any) on all engines alternately.
/// `prepare` receives the path of jeton or of the older jeton, and returns the [`Run`] of this
/// program with a new store on the engine. `baseline` returns the [`Run`] of the baseline on the
/// store of a home directory.
fn compare<'r>(
    bench: &'r Bench,
    servers: &Servers,
    rounds: usize,
    prepare: impl Fn(Engine, &Path) -> Outcome<Run<'r>>,
    baseline: Option<fn(&'r Bench, EngineHome) -> Outcome<Run<'r>>>,
) -> Outcome<Vec<(Engine, Comparison)>> {
    let mut runs = Vec::new();
    for engine in Engine::ALL {
        let mut add = |name: &str, run| runs.push((format!("{name}, {}", engine.name()), run));
        add("jeton", prepare(engine, &bench.jeton)?);
        if let Some(older_jeton) = &bench.older_jeton {
            add("before", prepare(engine, older_jeton)?);
        }
        if let Some(baseline) = baseline {
            add("baseline", baseline(bench, servers.create_home(engine, &bench.jeton)?)?);
        }
    }
    let mut series = run_alternately(rounds, runs)?.into_iter();
    let program_count = 1 + usize::from(bench.older_jeton.is_some());
    let mut comparisons = Vec::new();
    for engine in Engine::ALL {
        let programs = series.by_ref().take(program_count).collect();
        let baselines = series.by_ref().take(usize::from(baseline.is_some())).collect();
        comparisons.push((engine, Comparison { programs, baselines }));
    }
    Ok(comparisons)
}

/// Returns, for each engine, a measure of the median duration divided by the median duration of the
/// baseline.
fn time_ratios(
    row: &'static str,
    command: &str,
    against: &'static str,
    comparisons: &[(Engine, Comparison)],
) -> Vec<Measure> {
    let ratio = |(engine, comparison): &(Engine, Comparison)| {
        comparison.time_ratio(row, format!("{command}, {}", engine.name()), against, Goal::None)
    };
    comparisons.iter().map(ratio).collect()
}

/// Returns, for each engine, a measure of the speed in thousands of tokens per second. `count` is
/// the number of tokens of one run.
fn rates(
    row: &'static str,
    command: &str,
    count: u32,
    comparisons: &[(Engine, Comparison)],
) -> Vec<Measure> {
    let rate = |(engine, comparison): &(Engine, Comparison)| {
        let name = format!("{command}, {}", engine.name());
        let measure = comparison.build_measure(row, name, "", Goal::None, |series| {
            f64::from(count) / series.median_seconds() / 1000.0
        });
        measure.with_unit("k/s").with_details([list_milliseconds(comparison.all_series())])
    };
    comparisons.iter().map(rate).collect()
}

/// Row `create`: `token create` against a process that commits one row. After each run, all tokens
/// are revoked, so that the quota is never exhausted. The revocation is not measured.
fn measure_creation(bench: &Bench, servers: &Servers) -> Outcome<Vec<Measure>> {
    let prepare = |engine, program: &Path| -> Outcome<Run<'_>> {
        let home = servers.create_home(engine, program)?.home;
        Ok(Box::new(move || {
            let sample =
                measure_duration(&mut home.command(&["token", "create", "my-app", "--quiet"]), 0)?;
            home.run(&["token", "revoke", "--all", "--yes"])?;
            Ok(sample)
        }))
    };
    let comparisons = compare(
        bench,
        servers,
        bench.round_count(300),
        prepare,
        Some(|bench, engine_home| Ok(engine_home.baseline_run(bench, "commit", &[]))),
    )?;
    Ok(time_ratios("create", "token create", "connect, commit one row", &comparisons))
}

/// Creates an app token; returns the token and the `jti`.
fn create_token(engine_home: &EngineHome) -> Outcome<[String; 2]> {
    let output = engine_home.home.output(&["token", "create", "my-app", "-o", "json"])?;
    let output: serde_json::Value = serde_json::from_str(&output)?;
    let member = |name| output.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let members = member("token").zip(member("jti"));
    members.map(Into::into).ok_or_else(|| "unexpected output of `token create`".into())
}

/// Row `verify`: `token verify` against a process that reads one row.
fn measure_verification(bench: &Bench, servers: &Servers) -> Outcome<Vec<Measure>> {
    let prepare = |engine, program: &Path| -> Outcome<Run<'_>> {
        let engine_home = servers.create_home(engine, program)?;
        let [token, _] = create_token(&engine_home)?;
        let home = engine_home.home;
        Ok(Box::new(move || measure_duration(&mut home.command(&["token", "verify", &token]), 0)))
    };
    let comparisons = compare(
        bench,
        servers,
        bench.round_count(300),
        prepare,
        Some(|bench, engine_home| {
            let [_, jti] = create_token(&engine_home)?;
            Ok(engine_home.baseline_run(bench, "read", &[&jti]))
        }),
    )?;
    Ok(time_ratios("verify", "token verify", "connect, one read", &comparisons))
}

/// Creates a home directory with a new store, which has a test key.
fn create_minting_home(servers: &Servers, engine: Engine, jeton: &Path) -> Outcome<Home> {
    let home = servers.create_home(engine, jeton)?.home;
    home.run(&["token", "mint", "--alg", "HS256"])?;
    Ok(home)
}

/// Mints and records `count` tokens. Returns the figures of the run, and the path of the file with
/// the tokens.
fn mint(home: &Home, count: u32) -> Outcome<(comparison::Sample, PathBuf)> {
    let path = home.directory.path().join("tokens");
    let mut command = home.command(&["token", "mint", "--alg", "HS256", "--record", "--quiet"]);
    command.args(["--count", &count.to_string()]).stdout(File::create(&path)?);
    Ok((measure_resources(&mut command)?, path))
}

/// Row `mint`: `token mint --record` with a new store in each run.
fn measure_minting(bench: &Bench, servers: &Servers) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(TOKENS);
    let prepare = |engine, program: &Path| -> Outcome<Run<'_>> {
        let program = program.to_owned();
        Ok(Box::new(move || Ok(mint(&create_minting_home(servers, engine, &program)?, count)?.0)))
    };
    let comparisons = compare(bench, servers, BULK_ROUNDS, prepare, None)?;
    Ok(rates("mint", &format!("token mint --record, {count}"), count, &comparisons))
}

/// Row `batch`: `token verify --batch` of recorded tokens. A run fails unless all tokens are valid.
fn measure_batch(bench: &Bench, servers: &Servers) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(TOKENS);
    let prepare = |engine, program: &Path| -> Outcome<Run<'_>> {
        let home = create_minting_home(servers, engine, program)?;
        let (_, tokens) = mint(&home, count)?;
        Ok(Box::new(move || {
            let mut command = home.command(&["token", "verify", "--batch", "--type", "test"]);
            measure_resources(command.stdin(File::open(&tokens)?).stdout(Stdio::null()))
        }))
    };
    let comparisons = compare(bench, servers, BULK_ROUNDS, prepare, None)?;
    Ok(rates("batch", &format!("token verify --batch, {count}"), count, &comparisons))
}
