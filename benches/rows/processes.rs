//! Rows of the table that measure short processes: creation and verification of one token, help,
//! fixtures and completion. Also the memory of a process and the size of the program.

use crate::bench::{Bench, Pairs};
use crate::comparison::{Run, measure_duration, measure_resources, run_alternately};
use crate::home::{Home, Outcome, VALID_TOKEN_TIMES};
use crate::report::{Goal, Measure, list_figures, list_milliseconds};
use std::path::Path;
use std::process::{Command, Stdio};

/// Row 1: `token create` against a process that opens the store and commits one row.
pub(super) fn measure_token_create(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let home = Home::new(&bench.jeton)?;
    let store = home.store_path().to_string_lossy().into_owned();
    let baseline = ("open and commit", bench.timed_baseline("commit", &[&store]));
    let comparison = bench.compare(bench.round_count(1000), create_run, vec![baseline])?;
    Ok(vec![comparison.time_ratio("1", "token create", "open, commit one row", Goal::AtMost(1.25))])
}

/// Returns the [`Run`] of `token create`. After each run, the new token is revoked, so that the
/// quota is never exhausted. The revocation is not measured.
pub(super) fn create_run<'r>(program: &Path) -> Outcome<Run<'r>> {
    let home = Home::new(program)?;
    // The home directory has one token, with the id 1.
    let mut last_token_id = 1;
    Ok(Box::new(move || {
        let sample =
            measure_duration(&mut home.command(&["token", "create", "my-app", "--quiet"]), 0)?;
        last_token_id += 1;
        home.run(&["token", "revoke", &last_token_id.to_string()])?;
        Ok(sample)
    }))
}

/// Row 3: commands that open no store, against a program that prints one line. With `--dynamic`,
/// also compares a dynamically linked jeton with such a program that is linked dynamically, without
/// a goal.
pub(super) fn measure_start(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    let hello = build_hello(bench, bench.is_static)?;
    for (name, args, max_ratio) in START_COMMANDS {
        let prepare = |program: &Path| Ok(start_run(program, args));
        let baseline = ("hello world", start_run(Path::new(&hello), &[]));
        let comparison = bench.compare(bench.round_count(500), prepare, vec![baseline])?;
        let goal = Goal::AtMost(*max_ratio);
        measures.push(comparison.time_ratio("3", *name, "hello world in Rust", goal).static_only());
    }
    let Some(dynamic_jeton) = &bench.dynamic_jeton else { return Ok(measures) };
    let hello = build_hello(bench, false)?;
    for (name, args, _) in START_COMMANDS {
        let runs = vec![
            ("jeton".to_owned(), start_run(dynamic_jeton, args)),
            ("hello world".to_owned(), start_run(Path::new(&hello), &[])),
        ];
        let pairs = Pairs { series: run_alternately(bench.round_count(500), runs)? };
        let name = format!("{name}, dynamic");
        measures.push(pairs.time_ratio("3", name, "hello world in Rust, dynamic", Goal::None));
    }
    Ok(measures)
}

/// Commands that [`measure_start`] measures: name, arguments, and maximum ratio of the duration to
/// the duration of the baseline.
const START_COMMANDS: &[(&str, &[&str], f64)] = &[
    ("--version", &["--version"], 1.5),
    ("--help", &["--help"], 2.0),
    (
        "token mint, without a store",
        &["token", "mint", "--secret-env", "SECRET", "--alg", "HS256"],
        1.8,
    ),
];

/// Returns the [`Run`] of a program. The environment contains only the shared secret `SECRET`.
fn start_run<'r>(program: &Path, args: &[&str]) -> Run<'r> {
    let mut command = Command::new(program);
    command.env_clear().env("SECRET", "0123456789abcdef0123456789abcdef").args(args);
    Box::new(move || measure_duration(&mut command, 0))
}

/// Builds a program that prints one line. Returns the path of the program. A second call overwrites
/// the program.
fn build_hello(bench: &Bench, is_static: bool) -> Outcome<String> {
    let (source, program) = (bench.file_path("hello.rs"), bench.file_path("hello"));
    std::fs::write(&source, "fn main() { println!(\"Hello, world!\"); }\n")?;
    let feature = if is_static { "+crt-static" } else { "-crt-static" };
    let mut command = Command::new("rustc");
    command.args(["-O", "-C", &format!("target-feature={feature}"), "-o", &program, &source]);
    if command.status()?.success() { Ok(program) } else { Err("`rustc` failed".into()) }
}

/// Row 4: `token verify` against a process that opens the store and reads one row. Also
/// `token verify` in a large store against `token verify` in a small store.
pub(super) fn measure_token_verify(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let home = Home::new(&bench.jeton)?;
    let (_, jti) = create_token(&home)?;
    let store = home.store_path().to_string_lossy().into_owned();
    let baseline = ("open and read", bench.timed_baseline("read", &[&store, &jti]));
    let prepare = |program: &Path| verify_run(program, 0);
    let comparison = bench.compare(bench.round_count(500), prepare, vec![baseline])?;
    let against_read =
        comparison.time_ratio("4", "token verify", "open, one read", Goal::AtMost(1.35));

    let [small, large] = [10_000, 10_000_000].map(|count| bench.item_count(count));
    let prepare = |program: &Path| Ok([verify_run(program, large)?, verify_run(program, small)?]);
    let pairs =
        bench.compare_pairs(bench.round_count(300), ["large store", "small store"], prepare)?;
    let name = format!("token verify, {large} recorded tokens");
    let against_small =
        pairs.time_ratio("4", name, "a thousandth of the tokens", Goal::AtMost(1.1));
    Ok(vec![against_read, against_small])
}

/// Returns the [`Run`] of `token verify` in a store that contains `other_token_count` further
/// tokens.
fn verify_run<'r>(program: &Path, other_token_count: u32) -> Outcome<Run<'r>> {
    let home = Home::new(program)?;
    home.insert_tokens(other_token_count, 1, VALID_TOKEN_TIMES)?;
    home.run(&["settings", "set", "token.quota", "unlimited"])?;
    let (token, _) = create_token(&home)?;
    Ok(Box::new(move || measure_duration(&mut home.command(&["token", "verify", &token]), 0)))
}

/// Creates an app token; returns the token and the `jti`.
fn create_token(home: &Home) -> Outcome<(String, String)> {
    let output = home.output(&["token", "create", "my-app", "-o", "json"])?;
    let output: serde_json::Value = serde_json::from_str(&output)?;
    let member = |name| output.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    member("token").zip(member("jti")).ok_or_else(|| "unexpected output of `token create`".into())
}

/// Row 14: `token fixtures` against `token mint`, and the completion of a user against `--version`.
pub(super) fn measure_fixtures_and_completion(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let prepare = |program: &Path| -> Outcome<[Run<'_>; 2]> {
        let [fixtures_home, mint_home] = [Home::new(program)?, Home::new(program)?];
        Ok([
            Box::new(move || {
                measure_duration(&mut fixtures_home.command(&["token", "fixtures"]), 0)
            }),
            Box::new(move || measure_duration(&mut mint_home.command(&["token", "mint"]), 0)),
        ])
    };
    let names = ["token fixtures", "token mint"];
    let pairs = bench.compare_pairs(bench.round_count(100), names, prepare)?;
    let fixtures = pairs.time_ratio("14", "token fixtures", "token mint", Goal::AtMost(3.0));

    let user_count = bench.item_count(1_000_000);
    let prepare = |program: &Path| -> Outcome<[Run<'_>; 2]> {
        let home = Home::new(program)?;
        home.insert_users(user_count)?;
        let mut version = home.command(&["--version"]);
        let run_completion = move || {
            let mut command = home.command(&["--", "jeton", "users", "show", ""]);
            command.envs([
                ("COMPLETE", "bash"),
                ("_CLAP_COMPLETE_INDEX", "3"),
                ("_CLAP_IFS", "\n"),
            ]);
            measure_duration(&mut command, 0)
        };
        Ok([Box::new(run_completion), Box::new(move || measure_duration(&mut version, 0))])
    };
    let names = ["completion", "--version"];
    let pairs = bench.compare_pairs(bench.round_count(100), names, prepare)?;
    let completion = pairs.build_measure(
        "14",
        format!("completion of a user, {user_count} users"),
        "--version",
        Goal::AtMost(10.0),
        |first, second| (first.median_seconds() - second.median_seconds()) * 1000.0,
    );
    let details = list_milliseconds(&pairs.series);
    Ok(vec![fixtures, completion.with_unit("ms more").with_details([details])])
}

/// Row 15: peak memory of `token create`, and size of the program.
pub(super) fn measure_memory_and_size(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let prepare = |program: &Path| -> Outcome<Run<'_>> {
        let home = Home::new(program)?;
        home.run(&["settings", "set", "token.quota", "unlimited"])?;
        Ok(Box::new(move || {
            measure_resources(
                home.command(&["token", "create", "my-app", "--quiet"]).stdout(Stdio::null()),
            )
        }))
    };
    let comparison = bench.compare(bench.round_count(50), prepare, vec![])?;
    let memory = comparison.build_measure(
        "15",
        "peak memory of token create",
        "",
        Goal::AtMost(8.0),
        |series| series.max(|sample| sample.peak_mib),
    );
    let details = list_figures(&comparison.programs, |series| {
        format!("median {:.2} MiB", series.median(|sample| sample.peak_mib))
    });
    let megabytes = |program: &Path| -> Outcome<f64> {
        Ok(f64::from(u32::try_from(std::fs::metadata(program)?.len())?) / 1e6)
    };
    let programs = [Some(&bench.jeton), bench.older_jeton.as_ref()].into_iter().flatten();
    let sizes = programs.map(|program| megabytes(program)).collect::<Outcome<Vec<_>>>()?;
    let size = Measure::new("15", "size of the program", "", Goal::AtMost(9.2), sizes);
    let size = size.with_unit("MB");
    Ok(vec![memory.with_unit("MiB").with_details([details]), size])
}
