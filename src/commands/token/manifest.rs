//! Manifest of the fixtures, as JSON and as a Markdown table.

use crate::app::{Rendered, Report, Table};
use crate::authority::RejectReason;
use crate::authority::minting::{Defect, Fixture, Fixtures};
use crate::commands::views::placeholder;
use crate::failure::Code;
use crate::model::{Timestamp, Untrusted};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Maximum length in bytes of a token in a `manifest.json`; a longer token is only in the file of the
/// token. Without `--out`, the manifest includes tokens of any length.
const MAX_INLINE_TOKEN_BYTES: usize = 8 * 1024;

/// List of the fixtures: the content of `manifest.json`, or the output without `--out`.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    preset: Option<String>,
    issued_at: Timestamp,
    alg: &'static str,
    kid: Option<Untrusted>,
    iss: Value,
    aud: Value,
    verify: VerifierSettings,
    /// File name of the JWK Set; `None` without `--out` or for a symmetric key.
    jwks_file: Option<&'static str>,
    /// File name of the secret; `None` if the secret is not written.
    secret_file: Option<&'static str>,
    jwks: Option<Value>,
    fixtures: Vec<FixtureRow>,
    /// Defects that do not apply to the valid token.
    omitted: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct FixtureRow {
    name: &'static str,
    file: String,
    token: Option<String>,
    jti: Option<Untrusted>,
    defect: Option<&'static str>,
    #[serde(rename = "why")]
    description: String,
    expected: ExpectedResult,
    /// Verifiers known to accept the token, with the reason for each.
    accepted_by: BTreeMap<String, String>,
}

/// Values of the valid token that a verifier must require, so that the negative test tokens are refused.
/// `iss`, `aud` or `typ` is `null` if the valid token has no such claim or header parameter.
#[derive(Debug, Serialize)]
struct VerifierSettings {
    iss: Value,
    aud: Value,
    permission: Vec<Untrusted>,
    typ: Option<Untrusted>,
}

/// Result of `jeton token verify` with the values of [`VerifierSettings`] as options.
#[derive(Debug, Serialize)]
struct ExpectedResult {
    valid: bool,
    reason: Option<RejectReason>,
    exit_code: u8,
}

impl Manifest {
    pub(super) const FILE_NAME: &str = "manifest.json";
    pub(super) const TABLE_FILE: &str = "fixtures.md";
    pub(super) const JWKS_FILE: &str = "jwks.json";
    pub(super) const SECRET_FILE: &str = "secret";

    pub(super) fn new(fixture_set: &Fixtures, preset: Option<&str>) -> Self {
        let read_claim = |name| fixture_set.claims.get(name).cloned().unwrap_or_default();
        let public_jwk = fixture_set.key.public_jwk.clone();
        Self {
            preset: preset.map(str::to_owned),
            issued_at: fixture_set.issued_at,
            alg: fixture_set.key.algorithm.name(),
            kid: fixture_set.kid.clone(),
            iss: read_claim("iss"),
            aud: read_claim("aud"),
            verify: VerifierSettings {
                iss: read_claim("iss"),
                aud: read_claim("aud"),
                permission: fixture_set.permissions.clone(),
                typ: fixture_set.typ.clone(),
            },
            jwks_file: None,
            secret_file: None,
            jwks: public_jwk.map(|key| json!({ "keys": [key] })),
            fixtures: fixture_set.items.iter().map(FixtureRow::new).collect(),
            omitted: omitted_defects(fixture_set),
        }
    }

    /// Returns the names of the files that the content of a `manifest.json` lists, and the names of the
    /// manifest and of the table. Returns no names if the content is not a manifest. The caller removes
    /// or replaces the files: names that `token fixtures` never uses for a file are therefore ignored.
    pub(super) fn files_listed_in(manifest_json: &[u8]) -> Vec<String> {
        let manifest: Value = serde_json::from_slice(manifest_json).unwrap_or_default();
        let Some(rows) = manifest["fixtures"].as_array() else { return Vec::new() };
        let files = rows.iter().map(|row| &row["file"]);
        // In version 0.1.0, `jwks_file` had the name `keys`, and `secret_file` the name `secret`.
        let members = ["jwks_file", "secret_file", "keys", "secret"].map(|name| &manifest[name]);
        let files = files.chain(members);
        let is_output_file_name = |name: &&str| {
            let token = name.strip_suffix(".jwt");
            token.is_some_and(|token| token.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
                || [Self::JWKS_FILE, Self::SECRET_FILE].contains(name)
        };
        let files = files.filter_map(Value::as_str).filter(is_output_file_name);
        files.chain([Self::FILE_NAME, Self::TABLE_FILE]).map(str::to_owned).collect()
    }

    /// Returns the file name and content of each token. Must be called before [`Self::with_files`],
    /// which omits long tokens.
    pub(super) fn token_files(&self) -> Vec<(String, String)> {
        let to_file =
            |row: &FixtureRow| Some((row.file.clone(), format!("{}\n", row.token.as_ref()?)));
        self.fixtures.iter().filter_map(to_file).collect()
    }

    /// Returns the content of the JWK Set file; `None` for a symmetric key.
    pub(super) fn jwks_content(&self) -> Option<String> {
        self.jwks.as_ref().map(|jwks| format!("{jwks:#}\n"))
    }

    /// Returns the manifest for a directory with token files: adds the file names of the JWK Set and of the
    /// secret, and omits tokens longer than [`MAX_INLINE_TOKEN_BYTES`].
    pub(super) fn with_files(mut self, has_secret_file: bool) -> Self {
        self.jwks_file = self.jwks.is_some().then_some(Self::JWKS_FILE);
        self.secret_file = has_secret_file.then_some(Self::SECRET_FILE);
        for row in &mut self.fixtures {
            row.token.take_if(|token| token.len() > MAX_INLINE_TOKEN_BYTES);
        }
        self
    }

    /// Renders the fixtures as a Markdown table.
    pub(super) fn to_markdown(&self) -> String {
        let mut table = Table::new(&["FILE", "DEFECT", "EXPECTED", "ACCEPTED BY"]);
        for row in &self.fixtures {
            let expected = row.expected.reason.map_or("accepted", RejectReason::code);
            let verifiers: Vec<&str> = row.accepted_by.keys().map(String::as_str).collect();
            let verifiers = if verifiers.is_empty() { placeholder() } else { verifiers.join(", ") };
            table.add_row(vec![
                row.file.clone(),
                row.description.clone(),
                expected.to_owned(),
                verifiers,
            ]);
        }
        table.to_markdown()
    }
}

/// Returns the names of the defects without a fixture.
pub(super) fn omitted_defects(fixture_set: &Fixtures) -> Vec<&'static str> {
    let is_present =
        |defect: &Defect| fixture_set.items.iter().any(|item| item.defect == Some(*defect));
    Defect::ALL.iter().filter(|defect| !is_present(defect)).map(|defect| defect.name()).collect()
}

impl FixtureRow {
    fn new(fixture: &Fixture) -> Self {
        let reason = fixture.defect.map(|defect| defect.reason());
        let name = fixture.defect.map_or("good", |defect| defect.name());
        Self {
            name,
            file: format!("{name}.jwt"),
            token: Some(fixture.token.expose_secret().to_owned()),
            jti: fixture.jti.clone(),
            defect: fixture.defect.map(|defect| defect.name()),
            description: fixture.description.clone(),
            expected: ExpectedResult {
                valid: reason.is_none(),
                reason,
                exit_code: reason.map_or(0, |reason| Code::from(reason).kind().exit_code()),
            },
            accepted_by: fixture.accepted_by.clone(),
        }
    }
}

impl Report for Manifest {
    fn render(&self) -> Rendered {
        Rendered::Json(json!(self))
    }
}
