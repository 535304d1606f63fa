//! Passes the commit of the source code, if known, to the compilation of the program, as the
//! environment variable `SOURCE_COMMIT`.

use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    if let Some(commit) = read_commit() {
        println!("cargo::rustc-env=SOURCE_COMMIT={commit}");
    }
    for path in [".git/HEAD", ".git/logs/HEAD", ".cargo_vcs_info.json", "packaging/build.rs"] {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// Returns the commit that `cargo package` wrote into the archive, or else the current commit of
/// the git repository, if the package directory is the root of a git repository.
fn read_commit() -> Option<String> {
    let commit = match fs::read_to_string(".cargo_vcs_info.json") {
        Ok(info) => info.split('"').find(|part| is_commit(part))?.to_owned(),
        Err(_) if Path::new(".git").exists() => {
            let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().to_owned()
        }
        Err(_) => return None,
    };
    is_commit(&commit).then_some(commit)
}

fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
