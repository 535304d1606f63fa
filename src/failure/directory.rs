//! Directories in which other users can replace files: what is wrong with one, and what to do.

use super::{Failure, Kind};
use crate::directory::Insecure;
use crate::model::escaped;
use crate::store::Remedy;
use std::path::Path;

impl Failure {
    /// The refusal of a directory that was named for files.
    pub(crate) fn insecure(insecure: &Insecure) -> Self {
        let failure = Self::new(Kind::StoreUnusable, "insecure_permissions", message(insecure));
        failure.with_hint(if insecure.can_be_restricted {
            restrict(&insecure.path)
        } else {
            "name a directory that only you can write".to_owned()
        })
    }

    /// The refusal of the directory of a store or of its copy.
    pub(super) fn insecure_store(insecure: &Insecure, remedy: &Remedy) -> Self {
        let failure = Self::insecure(insecure);
        match remedy {
            Remedy::Restrict(path) => failure.with_hint(restrict(path)),
            Remedy::Use(store) => {
                failure.with_hint(format!("use a directory of its own: --store {}", word(store)))
            }
            Remedy::Move { store, directory } => {
                let moved = directory.join(store.file_name().unwrap_or_default());
                failure.with_hint(format!(
                    "move the store to a directory of its own: mkdir -p -m 700 {0} && mv {1}* {0} \
                     (then use it with `--store {2}`)",
                    word(directory),
                    word(store),
                    word(&moved),
                ))
            }
            Remedy::Make(directory) => failure.with_hint(format!(
                "make a directory of its own for it: mkdir -m 700 {}",
                word(directory)
            )),
            Remedy::Choose => failure,
        }
    }
}

fn message(insecure: &Insecure) -> String {
    let shown = |path: &Path| escaped(&path.to_string_lossy());
    let path = shown(&insecure.path);
    let problem = if insecure.is_foreign {
        "belongs to another user".to_owned()
    } else {
        format!("can be written by other users: its mode is {:04o}", insecure.mode)
    };
    match &insecure.below {
        None => format!("the directory `{path}` {problem}"),
        Some(below) => format!("`{}` can be replaced, because `{path}` {problem}", shown(below)),
    }
}

fn restrict(path: &Path) -> String {
    format!("take the right away from them: chmod go-w {}", word(path))
}

/// A path as a word of a shell.
pub(super) fn word(path: &Path) -> String {
    let text = escaped(&path.to_string_lossy());
    let is_plain = |c: char| c.is_alphanumeric() || "/._@+-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
