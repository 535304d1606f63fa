//! The baseline "signing alone", which only signs as many tokens as a measured command.

use crate::bench::Bench;
use crate::comparison::Run;
use crate::home::Outcome;

/// Creates a key for the algorithm. Returns the [`Run`] of a process that signs `count` tokens with
/// the key in one thread. `sample` is the token that gives the header and the claims.
pub(super) fn signing_run(
    bench: &Bench,
    algorithm: &str,
    sample: &str,
    count: u32,
) -> Outcome<Run<'static>> {
    let key_path = bench.file_path(algorithm);
    if !bench.baseline_command("create-key", &[algorithm, &key_path]).status()?.success() {
        return Err(format!("no key for `{algorithm}`").into());
    }
    Ok(bench.measured_baseline("sign", &[algorithm, &key_path, sample, &count.to_string()]))
}
