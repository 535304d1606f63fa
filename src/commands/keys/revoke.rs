//! `jeton keys revoke`

use super::KeyArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::keys::IfActiveAppKey;
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Purpose, Untrusted};
use serde::Serialize;

/// Revoke a key immediately and permanently (admins only)
///
/// From then on, jeton refuses app tokens, test tokens and session tokens signed with the key, even
/// the tokens of your own session. Other verifiers refuse the tokens after they load a new export of
/// the keys. Revoke a key that may be compromised; for a routine rotation, use `jeton keys rotate`.
/// The signing app key can be revoked only with `--replace`.
///
///   jeton keys revoke 31icmYEycs8hyUNTkZRlmpDptr7QlLlW97KZQyIIoVM --replace --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    key: KeyArgs,

    /// Replace the signing app key with the oldest standby app key, or with a new key; no effect
    /// for another key
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Serialize)]
struct RevokeOutput {
    changed: bool,
    kid: Untrusted,
    /// Id of the new signing app key; `None` if the signing app key was not replaced.
    active_kid: Option<Untrusted>,
    tokens_revoked: usize,
    sessions_ended: usize,
}

impl Report for RevokeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "keys revoke";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::Key(self.key.kid.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let if_active = if self.replace { IfActiveAppKey::Replace } else { IfActiveAppKey::Refuse };
        let caller = app.caller()?;
        let key = authority::keys::load_for_revocation(
            app.store.get()?,
            &caller,
            &self.key.kid,
            if_active,
        )?;
        let kid = key.spec.kid.clone();
        let revoked_nouns =
            if key.spec.purpose == Purpose::App { "tokens and sessions" } else { "test tokens" };
        app.console
            .confirm(&format!("Revoke key {} and all its {revoked_nouns}?", kid.to_display()))?;
        let (store, audit) = app.store.open_with_audit()?;
        let revocation = authority::keys::revoke(store, &audit, &caller, &key, if_active)?;
        let Some(revocation) = revocation else {
            app.console.print_status(&format!("already revoked: key {}", kid.to_display()));
            return app.console.report(&RevokeOutput {
                changed: false,
                kid,
                active_kid: None,
                tokens_revoked: 0,
                sessions_ended: 0,
            });
        };
        let tokens = pluralize(revocation.token_count, "token");
        let sessions = pluralize(revocation.session_count, "session");
        app.console
            .print_status(&format!("revoked key {}, {tokens} and {sessions}", kid.to_display()));
        if let Some(successor_kid) = &revocation.successor_kid {
            app.console.print_status(&format!(
                "key {} is now the signing key for app tokens",
                successor_kid.to_display()
            ));
        }
        app.console.report(&RevokeOutput {
            changed: true,
            kid,
            active_kid: revocation.successor_kid,
            tokens_revoked: revocation.token_count,
            sessions_ended: revocation.session_count,
        })
    }
}
