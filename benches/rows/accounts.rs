//! Rows of the table that measure login and the import of users.

use crate::bench::Bench;
use crate::comparison::{Run, measure_duration, measure_resources};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_rates};
use std::path::Path;

/// Row 10: `login` against a process that computes one password hash.
pub(super) fn measure_login(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let prepare = |program: &Path| -> Outcome<Run<'_>> {
        let home = Home::new(program)?;
        let file = home.write_file("password", std::iter::once("lovelace".to_owned()))?;
        Ok(Box::new(move || {
            measure_duration(&mut home.command(&["login", "ada", "--password-file", &file]), 0)
        }))
    };
    let baseline = ("hash", bench.timed_baseline("hash", &[]));
    let comparison = bench.compare(bench.round_count(100), prepare, vec![baseline])?;
    Ok(vec![comparison.time_ratio("10", "login", "one Argon2 hash", Goal::AtMost(1.15))])
}

/// Row 12: `users import` of users without passwords against only storing the users, and of users
/// with passwords against only hashing the passwords. Also the peak memory without passwords.
pub(super) fn measure_import(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let input_home = Home::new(&bench.jeton)?;
    let (count, password_count) = (bench.item_count(1_000_000), bench.item_count(1_000));
    let header = |text: &str| std::iter::once(text.to_owned());
    let users = (1..=count).map(|number| format!("user{number:07},user{number:07}@example.com"));
    let users_file = input_home.write_file("users.csv", header("username,email").chain(users))?;
    let passwords = (1..=password_count).map(|number| format!("user{number:07},lovelace{number}"));
    let passwords_file =
        input_home.write_file("passwords.csv", header("username,password").chain(passwords))?;

    let store_users = || {
        let home = Home::new(&bench.jeton)?;
        let store = home.store_path().to_string_lossy().into_owned();
        measure_resources(&mut bench.baseline_command("store-users", &[&store, &count.to_string()]))
    };
    let prepare = |program: &Path| Ok(import_run(program, &users_file));
    let comparison = bench.compare(3, prepare, vec![("storing", Box::new(store_users))])?;
    let details = list_rates(count, "users", comparison.all_series());
    let speed = comparison.speed_ratio("12", "users import, no passwords", "storing alone", 0.5);
    let memory =
        comparison.build_measure("12", "the same: peak memory", "", Goal::AtMost(64.0), |series| {
            series.max(|sample| sample.peak_mib)
        });

    let baseline = ("hashes", bench.measured_baseline("hash", &[&password_count.to_string()]));
    let prepare = |program: &Path| Ok(import_run(program, &passwords_file));
    let comparison = bench.compare(3, prepare, vec![baseline])?;
    let name = format!("users import, {password_count} passwords");
    let hashing =
        comparison.time_ratio("12", name, "Argon2 hashes on all cores", Goal::AtMost(1.15));
    Ok(vec![speed.with_details([details]), memory.with_unit("MiB"), hashing])
}

/// Returns the [`Run`] that imports the users in `file` into a new store.
fn import_run<'r>(program: &Path, file: &'r str) -> Run<'r> {
    let program = program.to_owned();
    Box::new(move || {
        let home = Home::new(&program)?;
        measure_resources(&mut home.command(&["users", "import", file, "--quiet"]))
    })
}
