//! Output of named tokens: test tokens, each with the name of an environment variable. The output
//! starts after the last token is minted. If the output fails, the recorded tokens are revoked.

use super::named_tokens::{NamedToken, recorded_ids};
use super::token_output::revoke_undelivered;
use crate::app::{App, GithubEnvFile, JsonLines, OutputFormat, Rendered, Report, SecretOutput};
use crate::failure::Failure;
use crate::model::TokenId;
use secrecy::ExposeSecret;
use serde::Serialize;

/// Tokens for the text formats and JSON. The text formats show no names.
#[derive(Debug, Serialize)]
struct NamedTokenList {
    items: Vec<NamedToken>,
}

impl Report for NamedTokenList {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.items.iter().map(|token| token_text(token).to_owned()).collect())
    }
}

fn token_text(token: &NamedToken) -> &str {
    token.minted.token.expose_secret()
}

/// Returns a line `NAME=TOKEN` for each token.
fn render_assignments(tokens: &[NamedToken]) -> String {
    tokens.iter().flat_map(|token| [token.name.as_str(), "=", token_text(token), "\n"]).collect()
}

/// Output for named tokens, opened before the first token is minted.
pub(super) struct NamedOutput {
    output: SecretOutput,
    /// File with the path in the variable `GITHUB_ENV`; only with `-o github`.
    github_env: Option<GithubEnvFile>,
}

impl NamedOutput {
    /// Opens the output. Refuses a standard output that is not open for writing. Also refuses `-o
    /// github` if the variable `GITHUB_ENV` is not set or the file cannot be opened.
    pub(super) fn open(app: &App) -> Result<Self, Failure> {
        let output = SecretOutput::open()?;
        let is_github = app.console.output_format() == OutputFormat::Github;
        Ok(Self { output, github_env: is_github.then(GithubEnvFile::open).transpose()? })
    }

    /// Writes the tokens in the output format. For each recorded token, also prints a status
    /// message with the name and the id.
    pub(super) fn deliver(self, app: &mut App, tokens: Vec<NamedToken>) -> Result<(), Failure> {
        let ids = recorded_ids(&tokens);
        let notices: Vec<String> = tokens
            .iter()
            .filter_map(|NamedToken { name, minted, .. }| {
                minted.id.map(|id| format!("recorded {name} as token {id}"))
            })
            .collect();
        match app.console.output_format() {
            OutputFormat::Text
            | OutputFormat::Wide
            | OutputFormat::Csv
            | OutputFormat::Name
            | OutputFormat::Json => {
                let list = NamedTokenList { items: tokens };
                if ids.is_empty() {
                    app.deliver_unrecorded(self.output, &list)?;
                } else {
                    app.deliver_secret(self.output, &list, |app| revoke_all(app, &ids))?;
                }
            }
            OutputFormat::JsonLines => {
                let mut lines = JsonLines::default();
                tokens.iter().try_for_each(|token| lines.push(token))?;
                self.deliver_lines(app, lines.as_bytes(), &ids)?;
            }
            OutputFormat::Dotenv => {
                self.deliver_lines(app, render_assignments(&tokens).as_bytes(), &ids)?;
            }
            OutputFormat::Github => self.deliver_to_github(app, &tokens, &ids)?,
        }
        for notice in &notices {
            app.console.print_status(notice);
        }
        Ok(())
    }

    /// Writes lines with tokens. If not all lines can be written, revokes all tokens in `ids`. A
    /// closed pipe is no error if `ids` is empty.
    fn deliver_lines(&self, app: &mut App, lines: &[u8], ids: &[TokenId]) -> Result<(), Failure> {
        app.deliver_secret_lines(self.output, lines, |app, partial_write| {
            let is_error = partial_write.has_reader || !ids.is_empty();
            is_error.then(|| revoke_all(app, ids)).transpose()
        })?;
        Ok(())
    }

    /// Masks the tokens in the log of GitHub Actions, and then sets the variables. Because of this
    /// order, every token that a step can print is already masked. If either write fails, revokes
    /// all tokens in `ids` and returns an error.
    fn deliver_to_github(
        mut self,
        app: &mut App,
        tokens: &[NamedToken],
        ids: &[TokenId],
    ) -> Result<(), Failure> {
        let masks: String =
            tokens.iter().flat_map(|token| ["::add-mask::", token_text(token), "\n"]).collect();
        app.deliver_secret_lines(self.output, masks.as_bytes(), |app, _| {
            revoke_all(app, ids).map(Some)
        })?;
        let result = self
            .github_env
            .as_mut()
            .map_or(Ok(()), |file| file.append(&render_assignments(tokens)));
        match result {
            Ok(()) => Ok(()),
            Err(failure) => Err(revoke_undelivered(app, failure, ids)?),
        }
    }
}

/// Revokes the tokens in `ids`. Returns the failure for tokens that could not be written.
fn revoke_all(app: &mut App, ids: &[TokenId]) -> Result<Failure, Failure> {
    revoke_undelivered(app, Failure::undelivered("the tokens"), ids)
}
