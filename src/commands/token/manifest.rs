//! Fixtures as their manifest and as a table: what each is, and what a verifier is to answer.

use crate::app::{Report, Table, Text};
use crate::authority::{Defect, Fixture, Fixtures, Reason};
use crate::commands::shapes::none;
use crate::failure::exit_code;
use crate::model::{Foreign, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Nothing longer stands in a manifest that has files beside it.
const LONGEST: usize = 8 * 1024;

/// What `manifest.json` says.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    preset: Option<String>,
    at: Timestamp,
    algorithm: &'static str,
    kid: Option<Foreign>,
    issuer: Value,
    audience: Value,
    /// The file of the JWK Set.
    keys: Option<&'static str>,
    /// The file of the secret.
    secret: Option<&'static str>,
    jwks: Option<Value>,
    fixtures: Vec<Line>,
    /// The defects that tokens of this kind cannot have.
    left_out: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    file: String,
    token: Option<String>,
    jti: Option<Foreign>,
    defect: Option<&'static str>,
    why: String,
    expected: Expected,
    accepted_by: BTreeMap<String, String>,
}

/// What `jeton token verify` answers, if it is told what to look at.
#[derive(Debug, Serialize)]
struct Expected {
    accepted: bool,
    reason: Option<Reason>,
    exit_code: u8,
}

impl Manifest {
    pub(super) const NAME: &str = "manifest.json";
    pub(super) const TABLE: &str = "fixtures.md";
    pub(super) const KEYS: &str = "jwks.json";
    pub(super) const SECRET: &str = "secret";

    pub(super) fn of(made: &Fixtures, preset: Option<&str>) -> Self {
        let claim = |name| made.claims.get(name).cloned().unwrap_or_default();
        let public = made.key.public.clone();
        Self {
            preset: preset.map(str::to_owned),
            at: made.at,
            algorithm: made.key.algorithm.name(),
            kid: made.kid.clone(),
            issuer: claim("iss"),
            audience: claim("aud"),
            keys: None,
            secret: None,
            jwks: public.map(|key| json!({ "keys": [key] })),
            fixtures: made.items.iter().map(Line::of).collect(),
            left_out: left_out(made),
        }
    }

    /// The files that were written with a manifest, by what it says.
    pub(super) fn files_with(manifest: &[u8]) -> Vec<String> {
        let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
        let Some(lines) = manifest["fixtures"].as_array() else { return Vec::new() };
        let files = lines.iter().map(|line| &line["file"]);
        let files = files.chain([&manifest["keys"], &manifest["secret"]]);
        let is_ours = |name: &&str| {
            let token = name.strip_suffix(".jwt");
            token.is_some_and(|token| token.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
                || [Self::KEYS, Self::SECRET].contains(name)
        };
        let files = files.filter_map(Value::as_str).filter(is_ours);
        files.chain([Self::NAME, Self::TABLE]).map(str::to_owned).collect()
    }

    /// Each token, and the name of its file.
    pub(super) fn tokens(&self) -> Vec<(String, String)> {
        let file = |line: &Line| Some((line.file.clone(), format!("{}\n", line.token.as_ref()?)));
        self.fixtures.iter().filter_map(file).collect()
    }

    /// The JWK Set, for a file of its own.
    pub(super) fn jwks(&self) -> Option<String> {
        self.jwks.as_ref().map(|keys| format!("{keys:#}\n"))
    }

    /// The same with files beside it.
    pub(super) fn with_files(mut self, has_secret: bool) -> Self {
        self.keys = self.jwks.is_some().then_some(Self::KEYS);
        self.secret = has_secret.then_some(Self::SECRET);
        for line in &mut self.fixtures {
            line.token.take_if(|token| token.len() > LONGEST);
        }
        self
    }

    /// The table, in Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut table = Table::new(&["file", "what is wrong", "expected", "let through by"]);
        for line in &self.fixtures {
            let expected = line.expected.reason.map_or("accepted", Reason::word);
            let names: Vec<&str> = line.accepted_by.keys().map(String::as_str).collect();
            let names = if names.is_empty() { none() } else { names.join(", ") };
            table.row(vec![line.file.clone(), line.why.clone(), expected.to_owned(), names]);
        }
        table.markdown()
    }
}

/// The defects that are not among them.
pub(super) fn left_out(made: &Fixtures) -> Vec<&'static str> {
    let is_there = |defect: &Defect| made.items.iter().any(|item| item.defect == Some(*defect));
    Defect::ALL.iter().filter(|defect| !is_there(defect)).map(|defect| defect.name()).collect()
}

impl Line {
    fn of(fixture: &Fixture) -> Self {
        let reason = fixture.defect.map(|defect| defect.reason());
        let name = fixture.defect.map_or("good", |defect| defect.name());
        Self {
            name,
            file: format!("{name}.jwt"),
            token: Some(fixture.token.expose_secret().to_owned()),
            jti: fixture.jti.clone(),
            defect: fixture.defect.map(|defect| defect.name()),
            why: fixture.why.clone(),
            expected: Expected {
                accepted: reason.is_none(),
                reason,
                exit_code: reason.map_or(0, exit_code),
            },
            accepted_by: fixture.accepted_by.clone(),
        }
    }
}

impl Report for Manifest {
    fn text(&self) -> Text {
        Text::Json(json!(self))
    }
}
