//! `jeton token create`

use super::token_output::revoke_undelivered;
use super::{ClaimArgs, ExpiryArgs};
use crate::app::{App, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::tokens::{Expiry, IssuedToken, QuotaUsage, TokenRequest};
use crate::commands::command::{Command, Effect};
use crate::commands::views::expiry_cell;
use crate::failure::Failure;
use crate::model::{AppName, Jti, Permission, Timestamp, TokenId, Untrusted, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::sync::Arc;

/// Create a token for an application
///
/// Prints the token, which cannot be shown again. By default, a token expires after 7 days, and a
/// user can have 3 live tokens: see the settings `token.ttl` and `token.quota`.
///
///   TOKEN=$(jeton token create my-app --permission read,write)
///   jeton token create ci --ttl 1h --aud https://api.example.com
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Application name
    #[arg(value_parser = AppName::parse, add = crate::commands::completers::apps())]
    app: AppName,

    /// Permissions (`permissions`); `jeton:mint` allows minting test tokens (minters and admins
    /// only); the setting `token.permissions` restricts the permissions that users with the role
    /// `user` can grant
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', value_parser = Permission::parse, add = crate::commands::completers::permissions())]
    permission: Vec<Permission>,

    #[command(flatten)]
    expiry: ExpiryArgs,

    /// No expiry
    #[arg(long, conflicts_with_all = ["ttl", "expires_at"])]
    no_expiry: bool,

    /// Audience (`aud`); repeatable
    #[arg(long, alias = "audience", value_name = "AUDIENCE")]
    aud: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    /// Owner of the token (other users: admins only) [default: yourself]
    #[arg(
        long,
        value_parser = UserRef::parse,
        add = crate::commands::completers::users()
    )]
    user: Option<UserRef>,
}

#[derive(Debug, Serialize)]
struct CreateOutput {
    token: String,
    id: TokenId,
    jti: Jti,
    app: AppName,
    permissions: Vec<Untrusted>,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// Number of app tokens that count towards the quota of the owner, and the quota; `None`
    /// without a quota.
    quota_usage: Option<QuotaUsage>,
}

impl Report for CreateOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.token.clone()])
    }
}

impl Command for Args {
    const ACTION: &'static str = "token create";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        self.user.clone().map(RequestedTarget::User)
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let expiry = if self.no_expiry { Expiry::Never } else { self.expiry.expiry() };
        let request = TokenRequest {
            owner: self.user,
            app: self.app,
            permissions: self.permission,
            audience: self.aud,
            expiry,
            claims: self.claims.parse_claims(app)?,
            is_for_run_command: false,
        };
        let output = SecretOutput::open()?;
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let issued_token = authority::tokens::issue(store, &audit, &caller, &request)?;
        deliver(app, output, issued_token)
    }
}

/// Prints a newly issued token. Revokes the token if it cannot be printed.
pub(super) fn deliver(
    app: &mut App,
    output: SecretOutput,
    issued_token: IssuedToken,
) -> Result<(), Failure> {
    let id = issued_token.record.id;
    let message = app.console.prints_status().then(|| describe_issued_token(app, &issued_token));
    app.deliver_secret(output, &to_create_output(issued_token), |app| {
        revoke_undelivered(app, Failure::undelivered("the token"), &[id])
    })?;
    app.console.print_status_if_some(message);
    Ok(())
}

fn describe_issued_token(app: &App, issued_token: &IssuedToken) -> String {
    let quota_note = issued_token
        .quota_usage
        .map(|QuotaUsage { used, limit }| format!(", {used} of {limit} tokens in use"));
    format!(
        "created token {} for {}, expires {}{}",
        issued_token.record.id,
        issued_token.record.grant.app.to_display(),
        app.console.render_cell(expiry_cell(issued_token.record.expires_at)),
        quota_note.unwrap_or_default(),
    )
}

fn to_create_output(issued_token: IssuedToken) -> CreateOutput {
    let grant = Arc::unwrap_or_clone(issued_token.record.grant);
    CreateOutput {
        token: issued_token.token.expose_secret().to_owned(),
        id: issued_token.record.id,
        jti: issued_token.record.jti,
        app: grant.app,
        permissions: grant.permissions,
        issued_at: issued_token.record.issued_at,
        expires_at: issued_token.record.expires_at,
        quota_usage: issued_token.quota_usage,
    }
}
