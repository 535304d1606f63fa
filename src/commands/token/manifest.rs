//! Manifest of the fixtures, which are test tokens with their expected results, as JSON and as a
//! Markdown table.

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

/// Maximum length in bytes of a token in `manifest.json`: a longer token is stored only in its own
/// file. This limit does not apply to the output without `--out`, which includes tokens of any
/// length.
const MAX_INLINE_TOKEN_BYTES: usize = 8 * 1024;

/// List of the fixtures: the content of `manifest.json`, or the output without `--out`.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    /// Name of the preset, if `--preset` is given.
    preset: Option<String>,
    /// Issue time of the valid token.
    issued_at: Timestamp,
    /// Algorithm of the key that signs the valid token.
    alg: &'static str,
    /// Key id in the header of the valid token.
    kid: Option<Untrusted>,
    /// Claim `iss` of the valid token; `null` if absent.
    iss: Value,
    /// Claim `aud` of the valid token; `null` if absent.
    aud: Value,
    verify: VerifierSettings,
    /// Name of the file with the JWK Set; `None` without `--out` or for a symmetric key.
    jwks_file: Option<&'static str>,
    /// Name of the file with the HMAC secret; `None` if no such file is written.
    secret_file: Option<&'static str>,
    /// JWK Set with the public key; `None` for a symmetric key.
    jwks: Option<Value>,
    fixtures: Vec<FixtureRow>,
    /// Names of the defects that do not apply to the valid token and therefore have no fixture.
    #[serde(rename = "omitted")]
    inapplicable_defects: Vec<&'static str>,
}

/// Entry of the manifest for one token.
#[derive(Debug, Serialize)]
struct FixtureRow {
    /// Name of the defect; `good` for the valid token.
    name: &'static str,
    /// Name of the file with the token; without `--out`, no such file is written.
    file: String,
    /// The token; `None` if it is longer than [`MAX_INLINE_TOKEN_BYTES`] and stored in a file.
    token: Option<String>,
    jti: Option<Untrusted>,
    /// Name of the defect; `None` for the valid token.
    defect: Option<&'static str>,
    /// Description of the defect, usually with the violated rule, or of the valid token.
    #[serde(rename = "why")]
    description: String,
    expected: ExpectedResult,
    /// Names of verifiers known to accept the token, each with the reason.
    accepted_by: BTreeMap<String, String>,
}

/// Values of the valid token that a verifier must require, so that the negative test tokens are
/// refused. `iss`, `aud` or `typ` is `null` if the valid token has no such claim or header
/// parameter.
#[derive(Debug, Serialize)]
struct VerifierSettings {
    iss: Value,
    aud: Value,
    permission: Vec<Untrusted>,
    typ: Option<Untrusted>,
}

/// Expected result of a verifier that requires the values of [`VerifierSettings`], and that also
/// detects revoked tokens and tokens of a wrong type. `jeton token verify` has the same reason and
/// exit code, with the exceptions in the guide `test-tokens`.
#[derive(Debug, Serialize)]
struct ExpectedResult {
    valid: bool,
    /// First reason for the rejection; `None` for the valid token.
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
            inapplicable_defects: list_inapplicable_defects(fixture_set),
        }
    }

    /// Returns the names of the files listed in `manifest_json`, which is the content of a
    /// `manifest.json`. Also returns the names of the manifest itself and of the Markdown table.
    /// Returns no names if `manifest_json` is not a manifest. The caller removes or replaces the
    /// files with these names. To protect other files, names of another form than the names of
    /// `token fixtures` are ignored.
    pub(super) fn files_listed_in(manifest_json: &[u8]) -> Vec<String> {
        let manifest: Value = serde_json::from_slice(manifest_json).unwrap_or_default();
        let Some(rows) = manifest["fixtures"].as_array() else { return Vec::new() };
        let files = rows.iter().map(|row| &row["file"]);
        // In version 0.1.0, `jwks_file` had the name `keys`, and `secret_file` the name `secret`.
        let members = ["jwks_file", "secret_file", "keys", "secret"].map(|name| &manifest[name]);
        let files = files.chain(members);
        let is_output_file_name = |name: &&str| {
            let stem = name.strip_suffix(".jwt");
            stem.is_some_and(|stem| stem.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
                || [Self::JWKS_FILE, Self::SECRET_FILE].contains(name)
        };
        let files = files.filter_map(Value::as_str).filter(is_output_file_name);
        files.chain([Self::FILE_NAME, Self::TABLE_FILE]).map(str::to_owned).collect()
    }

    /// Returns the name and content of each token file. Must be called before
    /// [`Self::into_directory_manifest`], which removes long tokens from the manifest.
    pub(super) fn token_files(&self) -> Vec<(String, String)> {
        let to_file =
            |row: &FixtureRow| Some((row.file.clone(), format!("{}\n", row.token.as_ref()?)));
        self.fixtures.iter().filter_map(to_file).collect()
    }

    /// Returns the content of the JWK Set file; `None` for a symmetric key.
    pub(super) fn jwks_content(&self) -> Option<String> {
        self.jwks.as_ref().map(|jwks| format!("{jwks:#}\n"))
    }

    /// Returns the manifest for the directory of `--out`. Adds the name of the JWK Set file, or of
    /// the secret file if `has_secret_file` is set. Removes tokens longer than
    /// [`MAX_INLINE_TOKEN_BYTES`].
    pub(super) fn into_directory_manifest(mut self, has_secret_file: bool) -> Self {
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

/// Returns the names of the defects that do not apply to the valid token: the defects without a
/// fixture.
pub(super) fn list_inapplicable_defects(fixture_set: &Fixtures) -> Vec<&'static str> {
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
