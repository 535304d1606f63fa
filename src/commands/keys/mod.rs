//! `jeton keys …`

mod activate;
mod export;
mod generate;
mod import;
mod list;
mod retire;
mod revoke;
mod rotate;

use crate::app::App;
use crate::authority;
use crate::authority::keys::{NewKey, NewKeyOptions, RequestedKey, Rotation};
use crate::commands::command::command_group;
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{
    Algorithm, Key, KeyState, Lifetime, Purpose, Timestamp, Untrusted, render_command,
};
use serde::Serialize;

command_group! {
    /// Create, replace and revoke signing keys, and publish the public keys
    ///
    /// A key has one of four states: standby, active (signing), retired (tokens signed with the key
    /// are still accepted for a while), revoked. A JWK Set contains the public keys of standby and
    /// active keys, and of retired keys as long as their tokens are accepted.
    #[command(verbatim_doc_comment)]
    pub(crate) enum Commands {
        #[command(alias = "ls")]
        List(list::Args),
        Generate(generate::Args),
        Import(import::Args),
        Activate(activate::Args),
        Rotate(rotate::Args),
        Retire(retire::Args),
        #[command(alias = "rm")]
        Revoke(revoke::Args),
        Export(export::Args),
    }
}

/// Adds the keys that `load_keys` returns. With `activate`, each of these keys becomes a signing key
/// and replaces the previous signing key. If the store does not exist, creates the store with a
/// signing key: the first app key among the added keys, or a generated key if no app key is added.
fn add_keys(
    app: &mut App,
    activate: bool,
    load_keys: impl FnOnce(&App) -> Result<Vec<NewKey>, Failure>,
) -> Result<Vec<RequestedKey>, Failure> {
    let caller = app.session.caller_if_store_has_users(&mut app.store)?;
    if let Some(caller) = &caller {
        authority::keys::authorize_add(caller)?;
    }
    let keys = load_keys(app)?;
    if activate {
        authority::keys::ensure_activatable(&keys)?;
    }
    let first_app_key = keys.iter().map(|key| &key.spec).find(|key| key.purpose == Purpose::App);
    let store_created = match first_app_key {
        Some(key) => app.store.create_if_missing(|| Ok(key.clone()))?,
        None => app.store.create_if_missing_with_algorithm(Algorithm::ES256)?,
    };
    let initial_kid = first_app_key.filter(|_| store_created).map(|key| &key.kid);
    let (store, audit) = app.store.open_with_audit()?;
    let options = NewKeyOptions { keys: &keys, initial_kid, activate };
    Ok(authority::keys::add(store, &audit, caller.as_ref(), options)?)
}

/// Prints the algorithm, state and purpose of a key after `verb`, such as `imported`. For a key
/// that is not the signing key, also prints the command that activates the key.
fn print_added_key(app: &App, verb: &str, key: &Key) {
    let (algorithm, purpose) = (key.spec.algorithm.name(), key.spec.purpose.name());
    let state = state_display_name(key.state);
    app.console.print_status(&format!("{verb} {algorithm} {state} key for {purpose} tokens"));
    print_activation_hint(app, key);
}

/// Returns the state of a key for messages: `signing` for an active key.
fn state_display_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "signing",
        KeyState::Standby | KeyState::Retired | KeyState::Revoked => state.name(),
    }
}

fn print_activation_hint(app: &App, key: &Key) {
    if key.state != KeyState::Active {
        let activate = render_command("jeton keys activate", &key.spec.kid.to_display());
        app.console.print_hint(&format!("activate the key with: {activate}"));
    }
}

/// Argument for the key id.
#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// Key id, as listed by `jeton keys list`, or at least its first 4 characters
    #[arg(
        allow_hyphen_values = true,
        add = crate::commands::completers::unrevoked_keys()
    )]
    kid: String,
}

/// Option for the time for which tokens signed with a retired key are still accepted.
#[derive(Debug, clap::Args)]
struct OverlapArgs {
    /// Time for which tokens signed with the retired key are still accepted [default: the setting
    /// `key.verify_overlap`]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    overlap: Option<Lifetime>,
}

/// JSON result of a command that makes a key the signing key.
#[derive(Debug, Serialize)]
struct RotateOutput {
    changed: bool,
    /// Id of the signing key; `None` in a dry run that would generate this key.
    active_kid: Option<Untrusted>,
    /// The replaced signing key, if any.
    retired: Option<RetiredKeyView>,
}

#[derive(Debug, Serialize)]
struct RetiredKeyView {
    kid: Untrusted,
    /// Time until which the key verifies tokens.
    verify_until: Timestamp,
}

impl crate::app::Report for RotateOutput {
    fn render(&self) -> crate::app::Rendered {
        crate::app::Rendered::Nothing
    }
}

/// Prints messages about the new signing key and the retired key, and reports the result.
fn report_rotation(app: &App, purpose: Purpose, rotation: Rotation) -> Result<(), Failure> {
    let algorithm = rotation.algorithm.name();
    // A dry run discards a generated key, so the id of this key is not shown.
    let shows_kid = !(rotation.is_new_key && app.store.is_dry_run());
    let active_kid = shows_kid.then_some(rotation.active_kid);
    let key_name = match &active_kid {
        Some(kid) => format!("key {}", kid.to_display()),
        None => "a new key".to_owned(),
    };
    app.console.print_status(&format!(
        "{key_name} is now the signing key for {} tokens ({algorithm})",
        purpose.name()
    ));
    if let Some(retired) = &rotation.retired_key {
        let verify_until = app.console.render_cell(retired.verify_until);
        app.console.print_status(&format!(
            "key {} is retired; its tokens are accepted until {verify_until}",
            retired.kid.to_display()
        ));
        if retired.outliving_token_count > 0 {
            let tokens = pluralize(retired.outliving_token_count, "valid token");
            let possessive = if retired.outliving_token_count == 1 { "its" } else { "their" };
            app.console.print_warning(&format!(
                "{tokens} of the retired key will be refused before {possessive} own expiry"
            ));
        }
    }
    if rotation.is_new_key && !rotation.algorithm.is_symmetric() {
        app.console.print_warning("verifiers with a cached JWK Set do not know the new key yet");
        app.console.print_hint(&format!(
            "create the next key in advance: jeton keys generate --purpose {} --alg {algorithm}",
            purpose.name()
        ));
    }
    let retired = rotation
        .retired_key
        .map(|key| RetiredKeyView { kid: key.kid, verify_until: key.verify_until });
    app.console.report(&RotateOutput { changed: true, active_kid, retired })
}
