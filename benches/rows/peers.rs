//! Comparison with jwt-cli, and with scripts that issue tokens with libraries of other projects.
//! If a program or library is not installed, its line in the table has no figure.

use super::minting::mint_run;
use super::processes::create_run;
use crate::bench::Bench;
use crate::comparison::{Run, Series, measure_all_figures, measure_duration};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_rates};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Number of tokens that the loop in Python signs and records.
const LOOP_TOKENS: u32 = 100_000;

const INSTALL_PYTHON_PACKAGES: &str =
    "pip install -r tests/cli/python/requirements.txt; `JETON_TEST_PYTHON` names the interpreter";

/// Returns the program named by an environment variable, or the default.
fn program_or_default(variable: &str, default: &str) -> OsString {
    #[expect(
        clippy::disallowed_methods,
        reason = "the benchmarks have no module for environment variables"
    )]
    std::env::var_os(variable).unwrap_or_else(|| default.into())
}

/// Returns whether `command` succeeds, which shows that its program or package is installed.
fn is_installed(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Row 2: `token create` against a program that encodes a token and stores nothing.
pub(super) fn measure_jwt_cli(bench: &Bench, _: &[&str]) -> Outcome<Vec<Measure>> {
    let (name, against, goal) = ("token create", "jwt-cli encode", Goal::AtMost(0.8));
    let jwt = program_or_default("JETON_BENCH_JWT", "jwt");
    if !is_installed(Command::new(&jwt).arg("--version")) {
        let install = "cargo install jwt-cli; `JETON_BENCH_JWT` names the program";
        return Ok(vec![Measure::not_installed("2", name, against, goal, install)]);
    }
    let mut command = Command::new(jwt);
    command.args(["encode", "--alg", "HS256", "--secret", SECRET, "--sub", "alice"]);
    let baseline: Run<'_> = Box::new(move || measure_duration(&mut command, 0));
    let comparison = bench.compare(bench.rounds(300), create_run, vec![("jwt-cli", baseline)])?;
    Ok(vec![comparison.time_ratio("2", name, against, goal)])
}

/// A script that issues one token.
struct Script {
    name: &'static str,
    command: Command,
    /// Command that succeeds if the packages of the script are installed.
    check: Command,
    /// Command that installs the packages.
    install: &'static str,
}

/// Returns the absolute path of a file or directory of this repository.
fn repository_path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn python(args: &[&str]) -> Command {
    let mut command = Command::new(program_or_default("JETON_TEST_PYTHON", "python3"));
    command.arg("-I").args(args);
    command
}

fn node(source: &str) -> Command {
    let mut command = Command::new(program_or_default("JETON_TEST_NODE", "node"));
    command.args(["--input-type=module", "--eval", source]);
    command.current_dir(repository_path("tests/cli/node"));
    command
}

fn python_script(name: &'static str, path: &str, check: &str) -> Script {
    let command = python(&[&repository_path(path).to_string_lossy(), SECRET]);
    Script { name, command, check: python(&["-c", check]), install: INSTALL_PYTHON_PACKAGES }
}

fn scripts() -> [Script; 3] {
    let mut command = node(include_str!("../peers/jose_script.mjs"));
    command.arg(SECRET);
    let jose = Script {
        name: "node script with jose",
        command,
        check: node("import 'jose'"),
        install: "npm ci --prefix tests/cli/node; `JETON_TEST_NODE` names the interpreter",
    };
    [
        python_script("PyJWT script", "benches/peers/pyjwt_script.py", "import jwt"),
        python_script(
            "Flask-JWT-Extended script",
            "benches/peers/flask_script.py",
            "import flask_jwt_extended",
        ),
        jose,
    ]
}

/// Row `peers`: `token create` against scripts, and recorded tokens against a loop in Python.
pub(super) fn measure_peers(bench: &Bench, _: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for Script { name, mut command, mut check, install } in scripts() {
        if !is_installed(&mut check) {
            let measure =
                Measure::not_installed("peers", "token create", name, Goal::None, install);
            measures.push(measure);
            continue;
        }
        let baseline: Run<'_> = Box::new(move || measure_duration(&mut command, 0));
        let comparison = bench.compare(bench.rounds(30), create_run, vec![("script", baseline)])?;
        measures.push(comparison.time_ratio("peers", "token create", name, Goal::None));
    }
    measures.push(measure_loop(bench)?);
    Ok(measures)
}

/// Compares minting of recorded tokens with a loop that signs tokens with `PyJWT` and records the tokens in
/// a SQLite table in one transaction.
fn measure_loop(bench: &Bench) -> Outcome<Measure> {
    let (name, against, goal) =
        ("token mint --record, HS256", "loop of PyJWT and sqlite3", Goal::AtLeast(20.0));
    if !is_installed(&mut python(&["-c", "import jwt, sqlite3"])) {
        return Ok(Measure::not_installed("peers", name, against, goal, INSTALL_PYTHON_PACKAGES));
    }
    let (count, loop_count) = (bench.count(1_000_000), bench.count(LOOP_TOKENS));
    let baseline: Run<'_> = Box::new(|| {
        let directory = Home::create_directory("loop-")?;
        let script = repository_path("benches/peers/pyjwt_sqlite.py");
        let store = directory.path().join("tokens.db");
        let args = [&script.to_string_lossy(), SECRET, &*store.to_string_lossy()];
        let mut command = python(&args);
        command.arg(loop_count.to_string()).stdout(File::create(directory.path().join("tokens"))?);
        measure_all_figures(&mut command)
    });
    let prepare = |program: &Path| Ok(mint_run(program, count));
    let comparison = bench.compare(3, prepare, vec![("loop", baseline)])?;
    let loop_rate = f64::from(loop_count) / comparison.slowest_baseline_seconds();
    let details = [
        list_rates(count, "tokens", &comparison.programs),
        list_rates(loop_count, "tokens", &comparison.baselines),
    ];
    let figure = |series: &_| rate(count, series) / loop_rate;
    Ok(comparison.build_measure("peers", name, against, goal, figure).with_details(details))
}

fn rate(count: u32, series: &Series) -> f64 {
    f64::from(count) / series.median_seconds()
}
