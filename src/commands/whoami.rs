//! `jeton whoami`

use super::shapes::UserShape;
use crate::app::{App, Report, Text};
use crate::failure::{Failure, Kind};
use crate::model::{Role, Sid, Timestamp};
use serde::Serialize;

/// Show who is logged in, and by which credential
///
///   jeton whoami --require-role admin >/dev/null && ./deploy.sh
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Fail with exit code 9 unless it is somebody with this role or more: user, minter, admin
    #[arg(long, value_name = "ROLE", value_parser = Role::parse, add = super::complete::roles())]
    require_role: Option<Role>,
}

#[derive(Debug, Serialize)]
struct Identity {
    user: UserShape,
    session: SessionShape,
    credential: CredentialShape,
}

#[derive(Debug, Serialize)]
struct SessionShape {
    sid: Sid,
    expires_at: Timestamp,
    access_expires_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct CredentialShape {
    source: String,
}

impl Report for Identity {
    fn text(&self) -> Text {
        let mut lines = self.user.fields();
        lines.push(("session", self.session.sid.to_string().into()));
        lines.push(("session ends", self.session.expires_at.into()));
        lines.push(("credential", self.credential.source.clone().into()));
        Text::Fields(lines)
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let identified = app.identified()?;
    let caller = identified.caller;
    let role = caller.user.role;
    app.report(&Identity {
        user: caller.user.clone().into(),
        session: SessionShape {
            sid: caller.session.sid,
            expires_at: caller.session.expires_at,
            access_expires_at: caller.access_expires_at,
        },
        credential: CredentialShape { source: identified.source },
    })?;
    match args.require_role {
        Some(required) if role < required => Err(Failure::new(
            Kind::CheckFailed,
            "check_failed",
            format!("the role {} is needed, this is {}", required.name(), role.name()),
        )),
        _ => Ok(()),
    }
}
