//! Rows of the table that compare jeton with jwt-cli, and with scripts that issue tokens with JWT
//! libraries. If jwt-cli or a library is not installed, its line in the table has no figure.

use super::minting::mint_run;
use super::processes::create_run;
use crate::bench::Bench;
use crate::comparison::{Run, Series, measure_duration, measure_resources};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_rates};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Shared secret with which jwt-cli and the scripts sign.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Number of tokens that the Python script of [`measure_loop`] signs and stores without `--quick`.
const LOOP_TOKENS: u32 = 100_000;

/// Way to install the packages of the Python scripts, as printed in the table.
const INSTALL_PYTHON_PACKAGES: &str =
    "pip install -r tests/cli/python/requirements.txt; `JETON_TEST_PYTHON` names the interpreter";

/// Returns the value of an environment variable that names a program, or `default` if the variable
/// is not set.
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

/// Row 2: `token create` against jwt-cli, which encodes a token and stores nothing.
pub(super) fn measure_jwt_cli(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let (name, against, goal) = ("token create", "jwt-cli encode", Goal::AtMost(0.8));
    let jwt = program_or_default("JETON_BENCH_JWT", "jwt");
    if !is_installed(Command::new(&jwt).arg("--version")) {
        let install = "cargo install jwt-cli; `JETON_BENCH_JWT` names the program";
        return Ok(vec![Measure::not_installed("2", name, against, goal, install)]);
    }
    let mut command = Command::new(jwt);
    command.args(["encode", "--alg", "HS256", "--secret", SECRET, "--sub", "alice"]);
    let baseline: Run<'_> = Box::new(move || measure_duration(&mut command, 0));
    let comparison =
        bench.compare(bench.round_count(300), create_run, vec![("jwt-cli", baseline)])?;
    Ok(vec![comparison.time_ratio("2", name, against, goal)])
}

/// A script that issues one token.
struct Script {
    /// Name of the script in the table.
    name: &'static str,
    command: Command,
    /// Command that succeeds if the packages of the script are installed.
    check: Command,
    /// Way to install the packages, as printed in the table.
    install: &'static str,
}

/// Returns the absolute path of a file or directory of this repository.
fn repository_path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn python_command(args: &[&str]) -> Command {
    let mut command = Command::new(program_or_default("JETON_TEST_PYTHON", "python3"));
    command.arg("-I").args(args);
    command
}

fn node_command(source: &str) -> Command {
    let mut command = Command::new(program_or_default("JETON_TEST_NODE", "node"));
    command.args(["--input-type=module", "--eval", source]);
    command.current_dir(repository_path("tests/cli/node"));
    command
}

/// Returns the script at `path`. `check` is a Python statement that imports the packages of the
/// script.
fn python_script(name: &'static str, path: &str, check: &str) -> Script {
    let command = python_command(&[&repository_path(path).to_string_lossy(), SECRET]);
    Script {
        name,
        command,
        check: python_command(&["-c", check]),
        install: INSTALL_PYTHON_PACKAGES,
    }
}

fn scripts() -> [Script; 3] {
    let mut command = node_command(include_str!("../peers/jose_script.mjs"));
    command.arg(SECRET);
    let jose = Script {
        name: "node script with jose",
        command,
        check: node_command("import 'jose'"),
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

/// Row `peers`: `token create` against each script, and `token mint --record` against the loop of
/// [`measure_loop`].
pub(super) fn measure_peers(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for Script { name, mut command, mut check, install } in scripts() {
        if !is_installed(&mut check) {
            let measure =
                Measure::not_installed("peers", "token create", name, Goal::None, install);
            measures.push(measure);
            continue;
        }
        let baseline: Run<'_> = Box::new(move || measure_duration(&mut command, 0));
        let comparison =
            bench.compare(bench.round_count(30), create_run, vec![("script", baseline)])?;
        measures.push(comparison.time_ratio("peers", "token create", name, Goal::None));
    }
    measures.push(measure_loop(bench)?);
    Ok(measures)
}

/// Compares `token mint --record` with a Python script: its loop signs tokens with `PyJWT`, and
/// stores the tokens in a SQLite table in one transaction.
fn measure_loop(bench: &Bench) -> Outcome<Measure> {
    let (name, against, goal) =
        ("token mint --record, HS256", "loop of PyJWT and sqlite3", Goal::AtLeast(20.0));
    if !is_installed(&mut python_command(&["-c", "import jwt, sqlite3"])) {
        return Ok(Measure::not_installed("peers", name, against, goal, INSTALL_PYTHON_PACKAGES));
    }
    let (count, loop_count) = (bench.item_count(1_000_000), bench.item_count(LOOP_TOKENS));
    let baseline: Run<'_> = Box::new(|| {
        let directory = Home::create_directory("loop-")?;
        let script = repository_path("benches/peers/pyjwt_sqlite.py");
        let store = directory.path().join("tokens.db");
        let args = [&script.to_string_lossy(), SECRET, &*store.to_string_lossy()];
        let mut command = python_command(&args);
        command.arg(loop_count.to_string()).stdout(File::create(directory.path().join("tokens"))?);
        measure_resources(&mut command)
    });
    let prepare = |program: &Path| Ok(mint_run(program, count));
    let comparison = bench.compare(3, prepare, vec![("loop", baseline)])?;
    let loop_rate = f64::from(loop_count) / comparison.slowest_baseline_seconds();
    let details = [
        list_rates(count, "tokens", &comparison.programs),
        list_rates(loop_count, "tokens", &comparison.baselines),
    ];
    let figure = |series: &_| tokens_per_second(count, series) / loop_rate;
    Ok(comparison.build_measure("peers", name, against, goal, figure).with_details(details))
}

fn tokens_per_second(count: u32, series: &Series) -> f64 {
    f64::from(count) / series.median_seconds()
}
