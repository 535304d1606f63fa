//! `jeton keys revoke`

use super::KeyArgs;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::{Foreign, Purpose};
use serde::Serialize;

/// Take a key back at once and for ever (admins only)
///
/// Nothing that it signed is accepted any more: app tokens, test tokens, sessions, and your own
/// session if it is among them. This is for a key that others may have; to change keys in peace
/// there is `jeton keys rotate`. The app key that signs goes only with `--replace`.
///
///   jeton keys revoke 31icmYEycs8hyUNTkZRlmpDptr7QlLlW97KZQyIIoVM --replace --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    key: KeyArgs,

    /// Let another key sign in its place
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    changed: bool,
    kid: Foreign,
    active: Option<Foreign>,
    tokens_revoked: usize,
    sessions_ended: usize,
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let key = authority::revocable(app.store()?, &caller, &args.key.kid, args.replace)?;
    let kid = key.spec.kid.clone();
    let what = if key.spec.purpose == Purpose::App { "token and session" } else { "test token" };
    app.confirm(&format!("Revoke key {} and every {what} it signed?", kid.shown()))?;
    let act = app.act()?;
    let gone = authority::revoke_key(app.store()?, &act, &caller, &key, args.replace)?;
    let Some(gone) = gone else {
        app.status(&format!("was revoked before: key {}", kid.shown()));
        return app.report(&Answer {
            changed: false,
            kid,
            active: None,
            tokens_revoked: 0,
            sessions_ended: 0,
        });
    };
    let tokens = counted(gone.tokens, "token");
    let sessions = counted(gone.sessions, "session");
    app.status(&format!("revoked key {}, and with it {tokens} and {sessions}", kid.shown()));
    if let Some(active) = &gone.active {
        app.status(&format!("key {} signs now", active.shown()));
    }
    app.report(&Answer {
        changed: true,
        kid,
        active: gone.active,
        tokens_revoked: gone.tokens,
        sessions_ended: gone.sessions,
    })
}
