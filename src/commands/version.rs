//! `jeton version`

use crate::app::{App, Rendered, Report, SqliteBuild};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use serde::Serialize;
use std::env::consts;

/// Print the version and the commit (if known), and with `-o json` how the program was built
///
/// `jitter_entropy` is true if the crypto library collects CPU timing jitter at the first random
/// number, which takes about 24 ms per command. In builds by `cargo install` from a registry or a
/// repository, `jitter_entropy` is true unless the variable `AWS_LC_SYS_NO_JITTER_ENTROPY` is 1 during
/// the build.
///
///   jeton version -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct VersionOutput {
    version: &'static str,
    /// Commit of the source code; null if unknown, as in a build from an archive without metadata.
    commit: Option<&'static str>,
    os: &'static str,
    arch: &'static str,
    /// `true` if the C library is linked statically.
    static_libc: bool,
    /// `true` if the crypto library collects CPU timing jitter for random numbers.
    jitter_entropy: bool,
    sqlite: SqliteBuild,
}

impl Report for VersionOutput {
    fn render(&self) -> Rendered {
        let commit = self.commit.and_then(|commit| commit.get(..12));
        let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
        Rendered::Lines(vec![format!("jeton {}{commit}", self.version)])
    }
}

impl Command for Args {
    const ACTION: &'static str = "version";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        app.console.report(&VersionOutput {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("SOURCE_COMMIT"),
            os: consts::OS,
            arch: consts::ARCH,
            static_libc: cfg!(target_feature = "crt-static"),
            // The build script of the crypto library reads the same variable.
            jitter_entropy: option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY") != Some("1"),
            sqlite: SqliteBuild::query()?,
        })
    }
}
