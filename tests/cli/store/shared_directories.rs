//! Directories that other users can write to are refused for stores, backups, sessions and output
//! files.

use super::{mode_of, set_mode};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Creates a directory in the sandbox's home with the given mode.
pub(super) fn create_directory(sandbox: &Sandbox, name: &str, mode: u32) -> PathBuf {
    let path = sandbox.home().join(name);
    fs::create_dir(&path).unwrap();
    set_mode(&path, mode);
    path
}

pub(super) fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

/// Returns the command or the option in the hint of a refusal with exit code 78.
#[track_caller]
pub(super) fn hint_command(output: &RunOutput) -> String {
    assert_eq!(output.code, 78, "{output:?}");
    let line = output.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    line.split_once(": ").unwrap().1.to_owned()
}

/// Runs the command of a hint in a shell.
fn run_hint(sandbox: &Sandbox, command: &str) {
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", command]).current_dir(sandbox.home()).status().unwrap().success());
}

/// Tries to create a store at the path `store` with the admin ada.
pub(super) fn init(sandbox: &Sandbox, store: &str) -> RunOutput {
    sandbox.run_with_input(&["init", "ada", "--password-stdin", "--store", store], "lovelace")
}

#[test]
fn store_in_a_sticky_directory_is_refused_and_the_hint_works() {
    let sandbox = Sandbox::new();
    let shared = create_directory(&sandbox, "shared", 0o1777);
    let output = init(&sandbox, "shared/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: directory `~/shared` is writable by other users (mode 1777)
    hint: use a separate directory: --store shared/ci/jeton.db
    ");
    assert!(is_empty(&shared));
    let error = sandbox.json_error(&["init", "ada", "--store", "shared/ci.db"]);
    assert_eq!(error["code"], "insecure_permissions");
    init(&sandbox, hint_command(&output).strip_prefix("--store ").unwrap()).ok();
    assert_eq!(mode_of(&shared.join("ci")), 0o700);
    sandbox.run(&["whoami", "--store", "shared/ci/jeton.db"]).ok();
}

#[test]
fn store_in_a_world_writable_directory_without_sticky_bit_is_refused_and_the_hint_works() {
    let sandbox = Sandbox::new();
    let shared = create_directory(&sandbox, "a b", 0o777);
    let output = init(&sandbox, "a b/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: directory `~/a b` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w '~/a b'
    ");
    assert!(is_empty(&shared));
    run_hint(&sandbox, &hint_command(&output));
    init(&sandbox, "a b/ci.db").ok();
}

#[test]
fn hint_avoids_an_existing_path_that_is_unsafe() {
    let sandbox = Sandbox::new();
    let shared = create_directory(&sandbox, "shared", 0o1777);
    let (unsafe_path, uid) = (shared.join("ci"), rustix::process::geteuid().as_raw());
    let assert_hint_avoids_path = || {
        let command = hint_command(&init(&sandbox, "shared/ci.db"));
        assert_eq!(command, format!("--store shared/ci-{uid}/jeton.db"));
    };
    fs::write(&unsafe_path, "").unwrap();
    assert_hint_avoids_path();
    fs::remove_file(&unsafe_path).unwrap();
    symlink(sandbox.home(), &unsafe_path).unwrap();
    assert_hint_avoids_path();
    fs::remove_file(&unsafe_path).unwrap();
    create_directory(&sandbox, "shared/ci", 0o777);
    assert_hint_avoids_path();
    init(&sandbox, &format!("shared/ci-{uid}/jeton.db")).ok();
}

#[test]
fn existing_store_in_a_shared_directory_is_refused_and_the_hint_moves_the_store() {
    let sandbox = Sandbox::new();
    let shared = create_directory(&sandbox, "shared", 0o700);
    init(&sandbox, "shared/ci.db").ok();
    let before = fs::read(shared.join("ci.db")).unwrap();
    set_mode(&shared, 0o1777);
    for arguments in [
        &["whoami"][..],
        &["init", "eve"],
        &["token", "create", "x"],
        &["token", "verify", "x"],
        &["users", "list"],
        &["store", "info"],
        &["store", "migrate"],
        &["logout"],
    ] {
        let output = sandbox.run(&[arguments, &["--store", "shared/ci.db"]].concat());
        assert!(hint_command(&output).starts_with("mkdir "), "{arguments:?}: {output:?}");
    }
    assert_snapshot!(sandbox.run(&["store", "check", "--store", "shared/ci.db"]), @"
    insecure_permissions: directory `~/shared` is writable by other users (mode 1777)
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: move the store to a separate directory: mkdir -p -m 700 shared/ci && mv shared/ci.db* shared/ci (then use the store with `--store shared/ci/ci.db`)
    ");
    assert!(fs::read(shared.join("ci.db")).unwrap() == before);
    let command = hint_command(&sandbox.run(&["whoami", "--store", "shared/ci.db"]));
    let (move_command, store_option) =
        command.split_once(" (then use the store with `--store ").unwrap();
    run_hint(&sandbox, move_command);
    let store = store_option.strip_suffix("`)").unwrap();
    assert_snapshot!(sandbox.run(&["store", "check", "--store", store]), @"ok");
    assert_eq!(mode_of(&shared.join("ci")), 0o700);
}

#[test]
fn private_directory_below_a_world_writable_directory_is_refused_without_sticky_bit() {
    let sandbox = Sandbox::new();
    let (shared_directory, private_directory) = (
        create_directory(&sandbox, "plain", 0o777),
        create_directory(&sandbox, "plain/own", 0o700),
    );
    let output = init(&sandbox, "plain/own/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `~/plain/own` can be replaced: `~/plain` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w ~/plain
    ");
    assert!(is_empty(&private_directory));
    run_hint(&sandbox, &hint_command(&output));
    init(&sandbox, "plain/own/ci.db").ok();
    // The sticky bit prevents other users from renaming the private directory.
    set_mode(&shared_directory, 0o1777);
    sandbox.run(&["whoami", "--store", "plain/own/ci.db"]).ok();
}

#[test]
fn output_files_and_sessions_in_shared_directories_are_refused() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint"]).ok();
    let issuer = ["keys", "export", "--issuer", "https://id.example", "--site"];
    let commands: [&[&str]; 4] =
        [&["man", "--dir"], &["token", "fixtures", "--out"], &issuer, &["store", "backup"]];
    for (index, arguments) in commands.iter().enumerate() {
        let is_backup = index == 3;
        for mode in [0o777, 0o1777] {
            let name = format!("out{index}-{mode:o}");
            let path = create_directory(&sandbox, &name, mode);
            let target = if is_backup { format!("{name}/copy.db") } else { name.clone() };
            let output = sandbox.run(&[arguments, &[target.as_str()][..]].concat());
            let prefix = "error: directory `";
            assert!(
                output.code == 78 && output.stderr.starts_with(prefix),
                "{arguments:?} {mode:o}: {output:?}"
            );
            assert!(is_empty(&path), "{arguments:?}");
            // In a sticky directory, only the hint for a backup is tested.
            if mode == 0o777 {
                run_hint(&sandbox, &hint_command(&output));
                sandbox.run(&[arguments, &[target.as_str()][..]].concat()).ok();
            } else if is_backup {
                run_hint(&sandbox, &hint_command(&output));
                sandbox
                    .run(&[arguments, &[format!("{name}/copy/copy.db").as_str()][..]].concat())
                    .ok();
            }
        }
    }
    // A session directory is refused if other users can write to the directory. The directory is
    // also refused if other users can write to its parent, and the parent has no sticky bit.
    let config = create_directory(&sandbox, "config", 0o700);
    sandbox.set_variable("JETON_CONFIG_DIR", config.to_str().unwrap());
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["whoami"]).ok();
    set_mode(&config.join("sessions"), 0o1777);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 78, stderr
    error: directory `~/config/sessions` is writable by other users (mode 1777)
    hint: use a directory that only you can write to
    ");
    let login = ["login", "ada", "--password-stdin"];
    assert_snapshot!(sandbox.run_with_input(&login, "lovelace"), @"
    --- exit code 78, stderr
    error: directory `~/config/sessions` is writable by other users (mode 1777)
    hint: use a directory that only you can write to
    ");
    set_mode(&config.join("sessions"), 0o700);
    set_mode(&config, 0o777);
    let output = sandbox.run_with_input(&login, "lovelace");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `~/config/sessions` can be replaced: `~/config` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w ~/config
    ");
}
