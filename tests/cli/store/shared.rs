//! Directories that other users can write: no store, copy, session or output is kept there.

use super::refused::{given_away, make_pipe};
use super::{mode, set_mode, store_files};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory in the sandbox's home with that mode.
pub(super) fn directory(sandbox: &Sandbox, name: &str, bits: u32) -> PathBuf {
    let path = sandbox.home().join(name);
    fs::create_dir(&path).unwrap();
    set_mode(&path, bits);
    path
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

/// The hint of a refusal as insecure, behind the words that introduce the command.
#[track_caller]
fn hint(output: &RunOutput) -> String {
    assert_eq!(output.code, 78, "{output:?}");
    let hint = output.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    hint.split_once(": ").unwrap().1.to_owned()
}

/// Runs a hint in a shell, word for word.
fn follow(sandbox: &Sandbox, hint: &str) {
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", hint]).current_dir(sandbox.home()).status().unwrap().success());
}

fn init(sandbox: &Sandbox, store: &str) -> RunOutput {
    sandbox.run_with_input(&["init", "ada", "--password-stdin", "--store", store], "lovelace")
}

#[test]
fn store_in_a_sticky_directory_is_refused_and_the_hint_works() {
    let sandbox = Sandbox::new();
    let shared = directory(&sandbox, "shared", 0o1777);
    let output = init(&sandbox, "shared/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: directory `~/shared` is writable by other users (mode 1777)
    hint: use a separate directory: --store shared/ci/jeton.db
    ");
    assert!(is_empty(&shared));
    let error = sandbox.json_error(&["init", "ada", "--store", "shared/ci.db"]);
    assert_eq!(error["code"], "insecure_permissions");
    init(&sandbox, hint(&output).strip_prefix("--store ").unwrap()).ok();
    assert_eq!(mode(&shared.join("ci")), 0o700);
    sandbox.run(&["whoami", "--store", "shared/ci/jeton.db"]).ok();
}

#[test]
fn store_in_a_plain_directory_is_refused_and_the_hint_works() {
    let sandbox = Sandbox::new();
    let shared = directory(&sandbox, "a b", 0o777);
    let output = init(&sandbox, "a b/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: directory `~/a b` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w '~/a b'
    ");
    assert!(is_empty(&shared));
    follow(&sandbox, &hint(&output));
    init(&sandbox, "a b/ci.db").ok();
}

#[test]
fn hint_names_no_directory_of_others() {
    let sandbox = Sandbox::new();
    let shared = directory(&sandbox, "shared", 0o1777);
    let (taken, own) = (shared.join("ci"), rustix::process::geteuid().as_raw());
    let is_avoided = || {
        let hint = hint(&init(&sandbox, "shared/ci.db"));
        assert_eq!(hint, format!("--store shared/ci-{own}/jeton.db"));
    };
    fs::write(&taken, "").unwrap();
    is_avoided();
    fs::remove_file(&taken).unwrap();
    symlink(sandbox.home(), &taken).unwrap();
    is_avoided();
    fs::remove_file(&taken).unwrap();
    directory(&sandbox, "shared/ci", 0o777);
    is_avoided();
    set_mode(&taken, 0o700);
    if given_away(&taken) {
        is_avoided();
    }
    init(&sandbox, &format!("shared/ci-{own}/jeton.db")).ok();
}

#[test]
fn store_that_is_there_is_refused_and_the_hint_moves_it() {
    let sandbox = Sandbox::new();
    let shared = directory(&sandbox, "shared", 0o700);
    init(&sandbox, "shared/ci.db").ok();
    let before = fs::read(shared.join("ci.db")).unwrap();
    set_mode(&shared, 0o1777);
    for words in [
        &["whoami"][..],
        &["init", "eve"],
        &["token", "create", "x"],
        &["token", "verify", "x"],
        &["users", "list"],
        &["store", "info"],
        &["store", "migrate"],
        &["logout"],
    ] {
        let output = sandbox.run(&[words, &["--store", "shared/ci.db"]].concat());
        assert!(hint(&output).starts_with("mkdir "), "{words:?}: {output:?}");
    }
    assert_snapshot!(sandbox.run(&["store", "check", "--store", "shared/ci.db"]), @"
    insecure_permissions: directory `~/shared` is writable by other users (mode 1777)
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: move the store to a separate directory: mkdir -p -m 700 shared/ci && mv shared/ci.db* shared/ci (then use it with `--store shared/ci/ci.db`)
    ");
    assert!(fs::read(shared.join("ci.db")).unwrap() == before);
    let hint = hint(&sandbox.run(&["whoami", "--store", "shared/ci.db"]));
    let (moves, then) = hint.split_once(" (then use it with `--store ").unwrap();
    follow(&sandbox, moves);
    let store = then.strip_suffix("`)").unwrap();
    assert_snapshot!(sandbox.run(&["store", "check", "--store", store]), @"ok");
    assert_eq!(mode(&shared.join("ci")), 0o700);
}

#[test]
fn directory_below_a_plain_directory_is_refused() {
    let sandbox = Sandbox::new();
    let (plain, own) =
        (directory(&sandbox, "plain", 0o777), directory(&sandbox, "plain/own", 0o700));
    let output = init(&sandbox, "plain/own/ci.db");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `~/plain/own` can be replaced: `~/plain` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w ~/plain
    ");
    assert!(is_empty(&own));
    follow(&sandbox, &hint(&output));
    init(&sandbox, "plain/own/ci.db").ok();
    // Nobody can rename what is another's in a sticky directory.
    set_mode(&plain, 0o1777);
    sandbox.run(&["whoami", "--store", "plain/own/ci.db"]).ok();
    // But its owner can.
    let between = directory(&sandbox, "plain/between", 0o755);
    directory(&sandbox, "plain/between/own", 0o700);
    if given_away(&between) {
        assert_snapshot!(init(&sandbox, "plain/between/own/ci.db"), @"
        --- exit code 78, stderr
        error: `~/plain/between/own` can be replaced: `~/plain` is writable by other users (mode 1777)
        hint: use a separate directory: --store ~/.local/share/jeton/jeton.db
        ");
    }
}

#[test]
fn directory_of_another_user_is_refused() {
    let sandbox = Sandbox::new();
    let shared = directory(&sandbox, "shared", 0o755);
    if !given_away(&shared) {
        return;
    }
    assert_snapshot!(init(&sandbox, "shared/ci.db"), @"
    --- exit code 78, stderr
    error: directory `~/shared` belongs to another user
    hint: use a separate directory: --store ~/.local/share/jeton/jeton.db
    ");
    assert!(is_empty(&shared));
    init(&sandbox, sandbox.store().to_str().unwrap()).ok();
}

#[test]
fn logs_that_are_not_ours_are_refused() {
    let sandbox = Sandbox::with_admin();
    let aside = sandbox.home().join("aside");
    for end in ["-wal", "-shm", "-journal"] {
        let name = format!("jeton.db{end}");
        let log = sandbox.store().with_file_name(&name);
        let had = fs::rename(&log, &aside).is_ok();
        let refused = || {
            let refusal = sandbox.run(&["whoami"]);
            for words in [&["init", "eve"], &["store", "info"]] {
                assert_eq!(sandbox.run(words).to_string(), refusal.to_string(), "{words:?}");
            }
            let check = sandbox.run(&["store", "check"]);
            fs::remove_file(&log).unwrap();
            let outputs = format!("{refusal}{}", check.with_command());
            outputs.replace(&name, "jeton.db<end>")
        };
        symlink(&aside, &log).unwrap();
        allow_duplicates!(assert_snapshot!(refused(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        make_pipe(&log);
        allow_duplicates!(assert_snapshot!(refused(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        let other = sandbox.home().join("other");
        fs::write(&other, "").unwrap();
        fs::hard_link(&other, &log).unwrap();
        allow_duplicates!(assert_snapshot!(refused(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is one of several hard links
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is one of several hard links
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        fs::write(&log, "").unwrap();
        if given_away(&log) {
            allow_duplicates!(assert_snapshot!(refused(), @"
            --- exit code 78, stderr
            error: `~/.local/share/jeton/jeton.db<end>` is owned by another user
            $ jeton store check
            insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is owned by another user
            --- exit code 78, stderr
            error: the store has 1 fault
            "));
        } else {
            fs::remove_file(&log).unwrap();
        }
        if had {
            fs::rename(&aside, &log).unwrap();
        }
        sandbox.run(&["whoami"]).ok();
    }
    assert!(store_files(&sandbox).iter().all(|file| file.exists()));
}

#[test]
fn outputs_and_copies_follow_the_same_rule() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint"]).ok();
    let issuer = ["keys", "export", "--issuer", "https://id.example", "--site"];
    let outputs: [&[&str]; 4] =
        [&["man", "--dir"], &["token", "fixtures", "--out"], &issuer, &["store", "backup"]];
    for (at, words) in outputs.iter().enumerate() {
        for bits in [0o777, 0o1777] {
            let name = format!("out{at}-{bits:o}");
            let path = directory(&sandbox, &name, bits);
            let target = if at == 3 { format!("{name}/copy.db") } else { name.clone() };
            let output = sandbox.run(&[words, &[target.as_str()][..]].concat());
            let what = "error: the directory `";
            assert!(
                output.code == 78 && output.stderr.starts_with(what),
                "{words:?} {bits:o}: {output:?}"
            );
            assert!(is_empty(&path), "{words:?}");
            if bits == 0o777 {
                follow(&sandbox, &hint(&output));
                sandbox.run(&[words, &[target.as_str()][..]].concat()).ok();
            } else if at == 3 {
                follow(&sandbox, &hint(&output));
                sandbox.run(&[words, &[format!("{name}/copy/copy.db").as_str()][..]].concat()).ok();
            }
        }
    }
    // The session directory, when it is made, read and written.
    let config = directory(&sandbox, "config", 0o700);
    sandbox.set("JETON_CONFIG_DIR", config.to_str().unwrap());
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
