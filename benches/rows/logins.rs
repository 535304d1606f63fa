//! Row of the table that compares failed logins of unknown and known users. The durations must not
//! differ, because a difference would reveal the existing users.

use crate::bench::Bench;
use crate::comparison::{Run, measure_duration};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure};
use std::iter::once;
use std::path::Path;

/// Input of `users import`: the user `kim` with an expensive password hash (64 MiB of memory and
/// three passes).
const EXPENSIVE_HASH_USER: &str = r#"{"username":"kim","password_hash":"$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}"#;

/// Row `logins`: login of an unknown user against login of a known user with a wrong password, in
/// three cases. In the first case, all users have default hashes. In the second case, the known
/// user has a default hash, and another user has an imported, more expensive hash. In the third
/// case, the known user has the imported hash.
pub(super) fn measure_failed_logins(
    bench: &Bench,
    _selected_rows: &[&str],
) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for (name, known_user, with_expensive_hash) in [
        ("login of an unknown user", "ada", false),
        ("the same, expensive hash of another user", "ada", true),
        ("the same, expensive hash of the user", "kim", true),
    ] {
        let login_run = |program: &Path, user: &'static str| -> Outcome<Run<'_>> {
            let home = Home::new(program)?;
            if with_expensive_hash {
                let users_file = home.write_file("users", once(EXPENSIVE_HASH_USER.to_owned()))?;
                home.run(&["users", "import", &users_file])?;
            }
            let password = home.write_file("password", once("not lovelace".to_owned()))?;
            Ok(Box::new(move || {
                // Exit code 6: unknown user or wrong password.
                measure_duration(
                    &mut home.command(&["login", user, "--password-file", &password]),
                    6,
                )
            }))
        };
        let prepare =
            |program: &Path| Ok([login_run(program, "nobody")?, login_run(program, known_user)?]);
        let names = ["unknown user", "wrong password"];
        let pairs = bench.compare_pairs(bench.round_count(40), names, prepare)?;
        measures.push(pairs.time_ratio(
            "logins",
            name,
            "wrong password",
            Goal::Between(0.85, 1.15),
        ));
    }
    Ok(measures)
}
