//! Files that another user created in place of a store's WAL, index or journal.

use super::store_files;
use super::unsafe_files::{change_owner, make_pipe};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn planted_sqlite_files_are_refused() {
    let sandbox = Sandbox::with_admin();
    let original_file = sandbox.home().join("aside");
    for end in ["-wal", "-shm", "-journal"] {
        let name = format!("jeton.db{end}");
        let sqlite_file = sandbox.store().with_file_name(&name);
        let original_existed = fs::rename(&sqlite_file, &original_file).is_ok();
        let run_and_remove_file = || {
            let refusal = sandbox.run(&["whoami"]);
            for arguments in [&["init", "eve"], &["store", "info"]] {
                assert_eq!(
                    sandbox.run(arguments).to_string(),
                    refusal.to_string(),
                    "{arguments:?}"
                );
            }
            let check = sandbox.run(&["store", "check"]);
            fs::remove_file(&sqlite_file).unwrap();
            let outputs = format!("{refusal}{}", check.with_command());
            outputs.replace(&name, "jeton.db<end>")
        };
        symlink(&original_file, &sqlite_file).unwrap();
        allow_duplicates!(assert_snapshot!(run_and_remove_file(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is a symbolic link
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        make_pipe(&sqlite_file);
        allow_duplicates!(assert_snapshot!(run_and_remove_file(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is not a regular file
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        let linked_file = sandbox.home().join("other");
        fs::write(&linked_file, "").unwrap();
        fs::hard_link(&linked_file, &sqlite_file).unwrap();
        allow_duplicates!(assert_snapshot!(run_and_remove_file(), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is one of several hard links
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is one of several hard links
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
        fs::write(&sqlite_file, "").unwrap();
        if change_owner(&sqlite_file) {
            allow_duplicates!(assert_snapshot!(run_and_remove_file(), @"
            --- exit code 78, stderr
            error: `~/.local/share/jeton/jeton.db<end>` is owned by another user
            $ jeton store check
            insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is owned by another user
            --- exit code 78, stderr
            error: the store has 1 fault
            "));
        } else {
            fs::remove_file(&sqlite_file).unwrap();
        }
        if original_existed {
            fs::rename(&original_file, &sqlite_file).unwrap();
        }
        sandbox.run(&["whoami"]).ok();
    }
    assert!(store_files(&sandbox).iter().all(|file| file.exists()));
}
