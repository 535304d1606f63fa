//! Symbolic links, pipes and hard links in place of a store's WAL, WAL index or journal are
//! refused. Another user could create such files.

use super::store_files;
use super::unsafe_files::make_pipe;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Suffixes of the files that SQLite creates beside a store.
pub(super) const SQLITE_FILE_SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Moves the SQLite file with the suffix, if any, to `aside` in the sandbox's home, and creates a
/// file in its place with `plant`. Returns the output of `whoami` and `store check`, with `<end>`
/// in place of the suffix. Asserts that other commands print the same refusal as `whoami`, and that
/// the store works after the planted file is removed and the original file is moved back.
#[track_caller]
pub(super) fn outputs_with_planted_file(
    sandbox: &Sandbox,
    suffix: &str,
    plant: impl FnOnce(&Path),
) -> String {
    let name = format!("jeton.db{suffix}");
    let sqlite_file = sandbox.store_path().with_file_name(&name);
    let original_file = sandbox.home().join("aside");
    let original_existed = fs::rename(&sqlite_file, &original_file).is_ok();
    plant(&sqlite_file);
    let refusal = sandbox.run(&["whoami"]);
    for arguments in [&["init", "eve"], &["store", "info"]] {
        assert_eq!(sandbox.run(arguments).to_string(), refusal.to_string(), "{arguments:?}");
    }
    let check = sandbox.run(&["store", "check"]);
    fs::remove_file(&sqlite_file).unwrap();
    if original_existed {
        fs::rename(&original_file, &sqlite_file).unwrap();
    }
    sandbox.run(&["whoami"]).ok();
    format!("{refusal}{}", check.with_command()).replace(&name, "jeton.db<end>")
}

#[test]
fn planted_sqlite_files_are_refused() {
    let sandbox = Sandbox::with_admin();
    // `outputs_with_planted_file` moves the original file to this path.
    let symlink_target = sandbox.home().join("aside");
    let hard_link_source = sandbox.home().join("other");
    fs::write(&hard_link_source, "").unwrap();
    for suffix in SQLITE_FILE_SUFFIXES {
        let outputs = |plant: &dyn Fn(&Path)| outputs_with_planted_file(&sandbox, suffix, plant);
        allow_duplicates!(
            assert_snapshot!(outputs(&|file| symlink(&symlink_target, file).unwrap()), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        --- exit code 78, stderr
        error: the store has 1 fault
        ")
        );
        allow_duplicates!(assert_snapshot!(outputs(&make_pipe), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        let hard_link = outputs(&|file| fs::hard_link(&hard_link_source, file).unwrap());
        allow_duplicates!(assert_snapshot!(hard_link, @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` has several hard links
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` has several hard links
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
    }
    assert!(store_files(&sandbox).iter().all(|file| file.exists()));
}
