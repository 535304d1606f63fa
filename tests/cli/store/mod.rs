//! The store and the session on disk: modes, places, what counts as there, what is damaged.

mod alone;
mod backup;
mod check;
mod crafted;
mod crafted_rows;
mod erased;
mod full;
mod groups;
mod mounted;
mod neighbour;
mod read_only;
mod refused;
mod restore;
mod restore_refused;
mod shared;
mod two_paths;
mod unwritable;
mod upkeep;
mod urls;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The store's file and its two logs.
fn store_files(sandbox: &Sandbox) -> [std::path::PathBuf; 3] {
    ["db", "db-wal", "db-shm"].map(|end| sandbox.store().with_extension(end))
}

/// Whether nothing at all stands in the sandbox's home.
fn is_empty(sandbox: &Sandbox) -> bool {
    fs::read_dir(sandbox.home()).unwrap().next().is_none()
}

/// A run whose files would be for everybody.
fn without_umask(sandbox: &Sandbox, words: &str) -> RunOutput {
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("umask 0; exec \"$0\" {words}"), env!("CARGO_BIN_EXE_jeton")])
        .env_clear()
        .env("HOME", sandbox.home())
        .current_dir(sandbox.home());
    RunOutput::of(command)
}

#[test]
fn files_are_for_their_owner_whatever_the_umask() {
    let sandbox = Sandbox::new();
    without_umask(&sandbox, "init ada").ok();
    for file in store_files(&sandbox) {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    let session = sandbox.session_file();
    assert_eq!(mode(&session), 0o600);
    assert_eq!(mode(&session.with_extension("lock")), 0o600);
    for directory in [sandbox.store().parent().unwrap(), &sandbox.sessions()] {
        assert_eq!(mode(directory), 0o700, "{directory:?}");
    }
    let left: Vec<_> = fs::read_dir(sandbox.sessions()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_loose_store_is_tightened_with_a_warning() {
    let sandbox = Sandbox::with_admin();
    for loose in store_files(&sandbox) {
        set_mode(&loose, 0o644);
        let output = sandbox.run(&["whoami"]).diagnostics();
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        warning: `~/.local/share/jeton/jeton.db` was readable by other users; fixed its permissions
        "));
        for file in store_files(&sandbox) {
            assert_eq!(mode(&file), 0o600, "{file:?}");
        }
        assert_eq!(sandbox.run(&["whoami"]).ok().stderr, "");
    }
}

#[test]
fn a_loose_session_is_tightened_with_a_warning() {
    let sandbox = Sandbox::with_admin();
    let session = sandbox.session_file();
    set_mode(&session, 0o640);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    id            1
    uid           <uuid>
    username      ada
    email         -
    name          -
    role          admin
    status        active
    quota         default
    created       <time>
    session       <uuid>
    session ends  <time>
    credential    ~/.config/jeton/sessions/<uuid>.json
    --- stderr
    warning: the session file was readable by other users; fixed its permissions
    ");
    assert_eq!(mode(&session), 0o600);
    assert_eq!(sandbox.run(&["whoami"]).ok().stderr, "");
    set_mode(&sandbox.sessions(), 0o755);
    sandbox.run(&["refresh"]).ok();
    assert_eq!(mode(&sandbox.sessions()), 0o700);
}

#[test]
fn a_session_file_that_is_a_link_is_refused() {
    let sandbox = Sandbox::with_admin();
    let session = sandbox.session_file();
    let elsewhere = sandbox.home().join("elsewhere.json");
    fs::rename(&session, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &session).unwrap();
    assert_snapshot!(sandbox.run_json(&["whoami"]), @r#"
    --- exit code 78, stderr
    {"error":{"kind":"StoreUnusable","code":"insecure_permissions","exit_code":78,"message":"the session file is a symbolic link","hint":null,"details":{}}}
    "#);
}

#[test]
fn a_damaged_session_file_asks_for_a_new_login() {
    let sandbox = Sandbox::with_admin();
    for text in ["", "{", "[]", "{\"store\": 1}", "\u{0}\u{0}"] {
        fs::write(sandbox.session_file(), text).unwrap();
        allow_duplicates!(assert_snapshot!(sandbox.run(&["whoami"]), @"
        --- exit code 4, stderr
        error: the session file is damaged
        hint: log in again: jeton login
        "));
    }
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn an_empty_file_is_no_store_and_init_completes_it() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.store().parent().unwrap()).unwrap();
    fs::write(sandbox.store(), "").unwrap();
    let error = sandbox.json_error(&["whoami"]);
    assert_eq!(
        (&error["code"], &error["hint"]),
        (&"store_not_found".into(), &"create a store: jeton init".into())
    );
    assert_eq!(fs::metadata(sandbox.store()).unwrap().len(), 0);
    let output = sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    let made = format!("created store `{}`\n", sandbox.store().canonicalize().unwrap().display());
    assert!(output.stderr.starts_with(&made), "{}", output.stderr);
    for file in store_files(&sandbox) {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn a_command_without_a_store_makes_none() {
    let mut sandbox = Sandbox::new();
    sandbox.set("JETON_PASSWORD", "123456");
    let commands: &[&[&str]] = &[
        &["login", "ada"],
        &["refresh"],
        &["whoami"],
        &["passwd"],
        &["recover", "ada"],
        &["token", "create", "x"],
        &["token", "mint"],
        &["token", "inspect", "x"],
        &["token", "verify", "x"],
        &["token", "list"],
        &["token", "show", "1"],
        &["token", "revoke", "1"],
        &["users", "list"],
        &["users", "set-role", "ada", "user"],
        &["users", "delete", "ada", "--yes"],
        &["users", "export"],
        &["keys", "export", "--jwks"],
        &["settings", "get", "issuer"],
        &["store", "info"],
        &["store", "check"],
        &["store", "backup", "copy.db"],
        &["store", "prune"],
        &["store", "migrate"],
    ];
    for words in commands {
        allow_duplicates!(assert_snapshot!(sandbox.run_json(words), @r#"
        --- exit code 3, stderr
        {"error":{"kind":"NotFound","code":"store_not_found","exit_code":3,"message":"store `~/.local/share/jeton/jeton.db` not found","hint":"create a store: jeton init","details":{}}}
        "#));
        assert!(is_empty(&sandbox), "{words:?} left something");
    }
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    sandbox.run(&["token", "decode", "e30.e30."]).ok();
    sandbox.run(&["completions", "bash"]).ok();
    assert!(is_empty(&sandbox));
}

#[test]
fn without_a_home_flags_and_variables_say_where() {
    let sandbox = Sandbox::new();
    let (store, config) = (sandbox.home().join("s/p.db"), sandbox.home().join("c"));
    let homeless = |words: &[&str]| {
        let mut command = sandbox.command(words);
        command.env_remove("HOME").env("JETON_CONFIG_DIR", &config);
        command
    };
    let by_flag = ["init", "ada", "--store", store.to_str().unwrap()];
    RunOutput::of(homeless(&by_flag)).ok();
    RunOutput::of(homeless(&["whoami"]).env("JETON_STORE", &store)).ok();
    let mut other = homeless(&["whoami", "--store", "other.db"]);
    assert_snapshot!(RunOutput::of(other.env("JETON_STORE", &store)), @"
    --- exit code 3, stderr
    error: store `other.db` not found
    hint: create a store: jeton init
    ");
    assert_eq!(fs::read_dir(config.join("sessions")).unwrap().count(), 2);
    let made: Vec<_> =
        fs::read_dir(sandbox.home()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(made.len(), 2, "{made:?}");
}

#[test]
fn a_path_that_looks_like_a_uri_is_a_path() {
    let sandbox = Sandbox::new();
    let name = "file:x.db?mode=memory";
    sandbox.run(&["init", "ada", "--store", name]).ok();
    assert_eq!(mode(&sandbox.home().join(name)), 0o600);
    sandbox.run(&["whoami", "--store", name]).ok();
}

#[test]
fn a_copy_of_a_store_elsewhere_does_not_use_its_session() {
    let sandbox = Sandbox::with_admin();
    let copy = sandbox.home().join("copy.db");
    for (file, end) in store_files(&sandbox).iter().zip(["db", "db-wal", "db-shm"]) {
        fs::copy(file, copy.with_extension(end)).unwrap();
    }
    let at_copy = ["--store", copy.to_str().unwrap()];
    assert_snapshot!(sandbox.run(&[&at_copy[..], &["whoami"]].concat()), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_eq!(sandbox.run(&[&at_copy[..], &["users", "list"]].concat()).code, 4);
    sandbox.run(&["whoami"]).ok();
    // The same store through another spelling of its directory is the same store.
    let link = sandbox.home().join("link");
    std::os::unix::fs::symlink(sandbox.store().parent().unwrap(), &link).unwrap();
    sandbox.run(&["whoami", "--store", link.join("jeton.db").to_str().unwrap()]).ok();
}

/// Has the logs copied back and removed; the bytes of the store.
fn without_logs(sandbox: &Sandbox) -> Vec<u8> {
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE").unwrap();
    store.execute_batch("PRAGMA journal_mode=WAL").unwrap();
    drop(store);
    fs::read(sandbox.store()).unwrap()
}

/// Overwrites the page of that number, at `from` within it, in a store without logs.
fn damage(store: &Path, bytes: &[u8], page: usize, from: usize) {
    let mut damaged = bytes.to_vec();
    let end = ((page + 1) * 4096).min(damaged.len());
    damaged[page * 4096 + from..end].fill(0xA5);
    fs::write(store, damaged).unwrap();
    for end in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(store.with_extension(end));
    }
}

#[test]
fn a_damaged_store_never_ends_in_a_panic() {
    const DOCUMENTED: &[i32] = &[0, 1, 3, 4, 5, 6, 7, 8, 10, 12, 78];
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "x"]);
    let bytes = without_logs(&sandbox);
    let mut noticed = 0;
    for page in 0..bytes.len() / 4096 {
        for from in [0, 1500] {
            for words in
                [&["users", "list"][..], &["token", "create", "y"], &["token", "verify", &token]]
            {
                damage(&sandbox.store(), &bytes, page, from);
                let output = sandbox.run(words);
                let known = DOCUMENTED.contains(&output.code);
                assert!(known, "page {page} from {from}: {words:?}: {output:?}");
                noticed += usize::from(output.code == 78);
            }
        }
    }
    assert!(noticed > 5, "{noticed}");
}
