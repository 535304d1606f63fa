//! Hints for errors about a key, in place of the hints that the module `failure::crypto` assigns.

use super::{Failure, KeySource};
use crate::model::{Algorithm, redact_for_error};

impl Failure {
    /// Replaces the hint of the error about a key where a shared secret is expected. The new hint
    /// names `algorithm`, the algorithm of the key. If `algorithm` is `None`, the hint is
    /// unchanged. `has_encoding` is true if `--encoding` is given.
    pub(crate) fn with_algorithm_hint(
        self,
        algorithm: Option<Algorithm>,
        has_encoding: bool,
    ) -> Self {
        let Some(name) = algorithm.map(Algorithm::name) else { return self };
        self.with_hint(if has_encoding {
            format!("omit `--encoding`, and use the algorithm of the key: --alg {name}")
        } else {
            format!("use the algorithm of the key: --alg {name}")
        })
    }

    /// Replaces the hint of the error about an empty input, from which the command reads the key of
    /// another issuer. If the input is a file, adds the path of the file to the message.
    pub(crate) fn with_empty_key_hint(self, source: &KeySource<'_>) -> Self {
        let message = match source {
            KeySource::File(path) => {
                format!("`{}`: {}", redact_for_error(&path.to_string_lossy()), self.message)
            }
            KeySource::Variable(_) | KeySource::Stdin => self.message,
        };
        Self { message, ..self }.with_hint("fetch the public key of the issuer again")
    }
}
