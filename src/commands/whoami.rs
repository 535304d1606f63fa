//! `jeton whoami`

use super::views::UserView;
use crate::app::{App, Rendered, Report};
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{Role, Sid, Timestamp};
use serde::Serialize;

/// Show the logged-in user and the credential in use
///
///   jeton whoami --require-role admin >/dev/null && ./deploy.sh
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Exit with 9 if the user's role is lower than ROLE: user, minter or admin
    #[arg(long, value_name = "ROLE", value_parser = Role::parse, add = super::completers::roles())]
    require_role: Option<Role>,
}

#[derive(Debug, Serialize)]
struct WhoamiOutput {
    user: UserView,
    session: SessionView,
    credential: CredentialView,
}

#[derive(Debug, Serialize)]
struct SessionView {
    sid: Sid,
    /// Expiry of the session.
    expires_at: Timestamp,
    /// Expiry of the access token of the session.
    access_expires_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct CredentialView {
    /// Source of the credential: a token file, an environment variable or the session file.
    source: String,
}

impl Report for WhoamiOutput {
    fn render(&self) -> Rendered {
        let mut fields = self.user.to_fields();
        fields.push(("session", self.session.sid.to_string().into()));
        fields.push(("session ends", self.session.expires_at.into()));
        fields.push(("credential", self.credential.source.clone().into()));
        Rendered::Fields(fields)
    }
}

impl Command for Args {
    const ACTION: &'static str = "whoami";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller_and_source = app.session.caller_with_source(&mut app.store)?;
        let caller = caller_and_source.caller;
        let (caller_name, role) = (caller.user.to_display(), caller.user.role);
        app.console.report(&WhoamiOutput {
            user: caller.user.clone().into(),
            session: SessionView {
                sid: caller.session.sid,
                expires_at: caller.session.expires_at,
                access_expires_at: caller.access_expires_at,
            },
            credential: CredentialView { source: caller_and_source.source },
        })?;
        match self.require_role {
            Some(required) if role < required => Err(Failure::new(
                Code::CheckFailed,
                format!(
                    "role of `{}` too low: found `{}`, expected `{}`",
                    caller_name,
                    role.name(),
                    required.name()
                ),
            )),
            _ => Ok(()),
        }
    }
}
