//! Files of the store and the session: modes, paths, missing and damaged files; check, backup,
//! restore, copy and migration of a store.

mod backup;
mod check;
pub(crate) mod copy;
mod crafted_hashes;
mod crafted_rows;
mod crafted_schema;
mod location_errors;
mod maintenance;
mod migration;
mod missing_wal;
mod path_aliases;
mod planted_sqlite_files;
mod privileged;
mod restore;
mod restore_refused;
mod secure_delete;
mod session_file;
mod shared_directories;
mod unsafe_files;
mod unwritable_session;
mod urls_as_paths;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns the paths of the store file, its WAL and the WAL index.
fn store_files(sandbox: &Sandbox) -> [std::path::PathBuf; 3] {
    ["db", "db-wal", "db-shm"].map(|extension| sandbox.store_path().with_extension(extension))
}

/// Returns whether the sandbox's home has no entries.
fn is_home_empty(sandbox: &Sandbox) -> bool {
    fs::read_dir(sandbox.home()).unwrap().next().is_none()
}

/// Runs jeton with umask 0, which removes no permissions from new files. `arguments` has the syntax
/// of a shell.
fn run_with_umask_0(sandbox: &Sandbox, arguments: &str) -> RunOutput {
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("umask 0; exec \"$0\" {arguments}"), env!("CARGO_BIN_EXE_jeton")])
        .env_clear()
        .env("HOME", sandbox.home())
        .current_dir(sandbox.home());
    RunOutput::capture(command)
}

#[test]
fn new_store_and_session_files_ignore_the_umask() {
    let sandbox = Sandbox::new();
    run_with_umask_0(&sandbox, "init ada").ok();
    for file in store_files(&sandbox) {
        assert_eq!(mode_of(&file), 0o600, "{file:?}");
    }
    let session = sandbox.session_file();
    assert_eq!(mode_of(&session), 0o600);
    assert_eq!(mode_of(&session.with_extension("lock")), 0o600);
    for directory in [sandbox.store_path().parent().unwrap(), &sandbox.session_directory()] {
        assert_eq!(mode_of(directory), 0o700, "{directory:?}");
    }
    let entries: Vec<_> = fs::read_dir(sandbox.session_directory()).unwrap().collect();
    assert_eq!(entries.len(), 2, "{entries:?}");
}

#[test]
fn store_file_readable_by_other_users_is_made_private() {
    let sandbox = Sandbox::with_admin();
    let journal = sandbox.store_path().with_extension("db-journal");
    fs::write(&journal, "").unwrap();
    for readable_file in store_files(&sandbox).into_iter().chain([journal]) {
        set_mode(&readable_file, 0o644);
        let output = sandbox.run(&["whoami"]).diagnostics();
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        warning: `~/.local/share/jeton/jeton.db` was accessible to other users; its permissions are now fixed
        "));
        for file in store_files(&sandbox) {
            assert_eq!(mode_of(&file), 0o600, "{file:?}");
        }
        assert_eq!(mode_of(&readable_file), 0o600, "{readable_file:?}");
        assert_eq!(sandbox.run(&["whoami"]).ok().stderr, "");
    }
}

#[test]
fn init_creates_a_store_in_an_empty_file() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.store_path().parent().unwrap()).unwrap();
    fs::write(sandbox.store_path(), "").unwrap();
    let error = sandbox.json_error(&["whoami"]);
    assert_eq!(
        (&error["code"], &error["hint"]),
        (&"store_not_found".into(), &"create a store: jeton init".into())
    );
    assert_eq!(fs::metadata(sandbox.store_path()).unwrap().len(), 0);
    let output = sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    let message =
        format!("created store `{}`\n", sandbox.store_path().canonicalize().unwrap().display());
    assert!(output.stderr.starts_with(&message), "{}", output.stderr);
    for file in store_files(&sandbox) {
        assert_eq!(mode_of(&file), 0o600, "{file:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn commands_do_not_create_a_missing_store() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_PASSWORD", "123456");
    // These commands need an existing store, in contrast to commands such as `init` and `register`.
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
    for arguments in commands {
        allow_duplicates!(assert_snapshot!(sandbox.run_json(arguments), @r#"
        --- exit code 3, stderr
        {"error":{"kind":"NotFound","code":"store_not_found","exit_code":3,"message":"store `~/.local/share/jeton/jeton.db` not found","hint":"create a store: jeton init","details":{}}}
        "#));
        assert!(is_home_empty(&sandbox), "{arguments:?} created files");
    }
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    sandbox.run(&["token", "decode", "e30.e30."]).ok();
    sandbox.run(&["completions", "bash"]).ok();
    assert!(is_home_empty(&sandbox));
}

#[test]
fn store_and_session_paths_need_no_home_variable() {
    let sandbox = Sandbox::new();
    let (store, config) = (sandbox.home().join("s/p.db"), sandbox.home().join("c"));
    let command_without_home = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env_remove("HOME").env("JETON_CONFIG_DIR", &config);
        command
    };
    let init_with_flag = ["init", "ada", "--store", store.to_str().unwrap()];
    RunOutput::capture(command_without_home(&init_with_flag)).ok();
    RunOutput::capture(command_without_home(&["whoami"]).env("JETON_STORE", &store)).ok();
    // `--store` has precedence over `JETON_STORE`.
    let mut command = command_without_home(&["whoami", "--store", "other.db"]);
    assert_snapshot!(RunOutput::capture(command.env("JETON_STORE", &store)), @"
    --- exit code 3, stderr
    error: store `other.db` not found
    hint: create a store: jeton --store other.db init
    ");
    assert_eq!(fs::read_dir(config.join("sessions")).unwrap().count(), 2);
    let home_entries: Vec<_> =
        fs::read_dir(sandbox.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(home_entries.len(), 2, "{home_entries:?}");
}

#[test]
fn uri_like_path_is_used_literally() {
    let sandbox = Sandbox::new();
    let name = "file:x.db?mode=memory";
    sandbox.run(&["init", "ada", "--store", name]).ok();
    assert_eq!(mode_of(&sandbox.home().join(name)), 0o600);
    sandbox.run(&["whoami", "--store", name]).ok();
}

#[test]
fn session_of_a_store_is_not_used_with_its_copy() {
    let sandbox = Sandbox::with_admin();
    let copy = sandbox.home().join("copy.db");
    for (file, extension) in store_files(&sandbox).iter().zip(["db", "db-wal", "db-shm"]) {
        fs::copy(file, copy.with_extension(extension)).unwrap();
    }
    let store_option = ["--store", copy.to_str().unwrap()];
    assert_snapshot!(sandbox.run(&[&store_option[..], &["whoami"]].concat()), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton --store ~/copy.db login
    ");
    assert_eq!(sandbox.run(&[&store_option[..], &["users", "list"]].concat()).code, 4);
    sandbox.run(&["whoami"]).ok();
    // Another path to the same store does use the session.
    let link = sandbox.home().join("link");
    std::os::unix::fs::symlink(sandbox.store_path().parent().unwrap(), &link).unwrap();
    sandbox.run(&["whoami", "--store", link.join("jeton.db").to_str().unwrap()]).ok();
}

/// Writes the WAL into the store file (checkpoint), and removes the WAL and the WAL index. Returns
/// the bytes of the store file.
fn remove_wal(sandbox: &Sandbox) -> Vec<u8> {
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE").unwrap();
    store.execute_batch("PRAGMA journal_mode=WAL").unwrap();
    drop(store);
    fs::read(sandbox.store_path()).unwrap()
}

/// Writes `bytes` to the store file with one damaged page: overwrites the page with number `page`,
/// counted from 0, from `offset` to the end of the page. Removes the WAL and the WAL index.
fn damage_page(store: &Path, bytes: &[u8], page: usize, offset: usize) {
    let mut damaged = bytes.to_vec();
    let end = ((page + 1) * 4096).min(damaged.len());
    damaged[page * 4096 + offset..end].fill(0xA5);
    fs::write(store, damaged).unwrap();
    for extension in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(store.with_extension(extension));
    }
}

#[test]
fn damaged_store_causes_no_panic() {
    const EXPECTED_CODES: &[i32] = &[0, 1, 3, 4, 5, 6, 7, 8, 10, 12, 78];
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    let bytes = remove_wal(&sandbox);
    let mut detected_count = 0;
    for page in 0..bytes.len() / 4096 {
        for offset in [0, 1500] {
            for arguments in
                [&["users", "list"][..], &["token", "create", "y"], &["token", "verify", &token]]
            {
                damage_page(&sandbox.store_path(), &bytes, page, offset);
                let output = sandbox.run(arguments);
                let is_expected = EXPECTED_CODES.contains(&output.code);
                assert!(is_expected, "page {page}, offset {offset}: {arguments:?}: {output:?}");
                detected_count += usize::from(output.code == 78);
            }
        }
    }
    assert!(detected_count > 5, "{detected_count}");
}
