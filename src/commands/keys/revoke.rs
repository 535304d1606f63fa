//! `jeton keys revoke`

use super::KeyArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Purpose, Untrusted};
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
struct RevokeOutput {
    changed: bool,
    kid: Untrusted,
    active: Option<Untrusted>,
    tokens_revoked: usize,
    sessions_ended: usize,
}

impl Report for RevokeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let key =
        authority::load_key_for_revocation(app.store()?, &caller, &args.key.kid, args.replace)?;
    let kid = key.spec.kid.clone();
    let token_noun =
        if key.spec.purpose == Purpose::App { "token and session" } else { "test token" };
    app.confirm(&format!("Revoke key {} and every {token_noun} it signed?", kid.to_display()))?;
    let context = app.audit_context()?;
    let revocation = authority::revoke_key(app.store()?, &context, &caller, &key, args.replace)?;
    let Some(revocation) = revocation else {
        app.print_status(&format!("was revoked before: key {}", kid.to_display()));
        return app.report(&RevokeOutput {
            changed: false,
            kid,
            active: None,
            tokens_revoked: 0,
            sessions_ended: 0,
        });
    };
    let tokens = pluralize(revocation.tokens, "token");
    let sessions = pluralize(revocation.sessions, "session");
    app.print_status(&format!(
        "revoked key {}, and with it {tokens} and {sessions}",
        kid.to_display()
    ));
    if let Some(active) = &revocation.successor {
        app.print_status(&format!("key {} signs now", active.to_display()));
    }
    app.report(&RevokeOutput {
        changed: true,
        kid,
        active: revocation.successor,
        tokens_revoked: revocation.tokens,
        sessions_ended: revocation.sessions,
    })
}
