//! `jeton whoami`

use super::shapes::{UserShape, fields};
use crate::app::{App, Report, Text};
use crate::failure::Failure;
use crate::model::{Sid, Timestamp};
use serde::Serialize;

/// Show who is logged in, and by which credential
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

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
        lines.push(("session", self.session.sid.to_string()));
        lines.push(("session ends", self.session.expires_at.to_string()));
        lines.push(("credential", self.credential.source.clone()));
        fields(&lines)
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    let identified = app.identified()?;
    let caller = identified.caller;
    app.report(&Identity {
        user: caller.user.into(),
        session: SessionShape {
            sid: caller.session.sid,
            expires_at: caller.session.expires_at,
            access_expires_at: caller.access_expires_at,
        },
        credential: CredentialShape { source: identified.source },
    })
}
