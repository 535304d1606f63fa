//! A full disk that contains the session file, the store or output files: the old content stays
//! intact, and the next command works after space is freed. If the restore of a damaged store
//! fails, the damaged file must also be moved before the next restore.

use super::mount_namespace::MountNamespace;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;

/// Checks the integrity of the store with SQLite. Reads a copy of the store, because only processes
/// in the mount namespace can read the store itself.
fn check_integrity(sandbox: &Sandbox, mounted: &mut MountNamespace<'_>) {
    mounted.run_line_ok("rm -rf copy && cp -r .local/share/jeton copy");
    let copy = rusqlite::Connection::open(sandbox.home().join("copy/jeton.db")).unwrap();
    let query = |sql| copy.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(query("PRAGMA integrity_check"), "ok");
}

#[test]
#[ignore = "needs mounts"]
fn full_disk_keeps_the_old_session_file() {
    let sandbox = Sandbox::new();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.mount_small(".config");
    mounted.run("init ada").ok();
    mounted.run_line_ok("cp .config/jeton/sessions/*.json before");
    mounted.fill(".config");
    for arguments in ["refresh", "login ada"] {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 1, stderr
        error: disk full: the session file cannot be written
        hint: free disk space and retry
        "));
        mounted.run_line_ok("cmp before .config/jeton/sessions/*.json");
        let names = mounted.run_line("ls .config/jeton/sessions").ok().stdout;
        assert_eq!(names.lines().count(), 2, "{names}");
        mounted.run("whoami").ok();
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["0"]);
    assert_eq!(
        sandbox.sql("SELECT count(*) FROM sessions"),
        ["1"],
        "no session is created without its file"
    );
    mounted.free(".config");
    mounted.run("refresh").ok();
    mounted.run("whoami").ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["1"]);
}

#[test]
#[ignore = "needs mounts"]
fn full_disk_leaves_the_store_and_the_session_file_unchanged() {
    let sandbox = Sandbox::new();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.mount_small(".local");
    mounted.run("init ada").ok();
    let token = mounted.run("token create app").ok().stdout;
    let session = ["sid", "access", "refresh"].map(|member| sandbox.session_member(member));
    mounted.fill(".local");
    for arguments in
        ["refresh", "login ada", "register john", "token create other", "token revoke 1"]
    {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 1, stderr
        error: disk full: cannot write the store
        hint: free disk space and retry
        "));
        allow_duplicates!(
            assert_snapshot!(mounted.run(&format!("token verify {}", token.trim())), @"valid")
        );
        assert_eq!(
            session,
            ["sid", "access", "refresh"].map(|member| sandbox.session_member(member))
        );
    }
    check_integrity(&sandbox, &mut mounted);
    mounted.free(".local");
    mounted.run("refresh").ok();
    mounted.run("register john").ok();
    mounted.run("token create other").ok();
    assert_eq!(sandbox.session_member("sid"), session[0]);
    let list = mounted.run("sessions list -o json").ok().stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    check_integrity(&sandbox, &mut mounted);
}

#[test]
#[ignore = "needs mounts"]
fn init_on_a_full_disk_can_be_repeated() {
    let sandbox = Sandbox::new();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.mount_small(".local");
    mounted.fill(".local");
    assert_snapshot!(mounted.run("init ada"), @"
    --- exit code 1, stderr
    error: disk full: cannot write the store
    hint: free disk space and retry
    ");
    mounted.free(".local");
    assert_snapshot!(mounted.run("init ada"), @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created admin ada; logged in as ada
    ");
    mounted.run("whoami").ok();
    check_integrity(&sandbox, &mut mounted);
}

#[test]
#[ignore = "needs mounts"]
fn run_error_on_a_full_disk_names_the_unrevoked_token() {
    let sandbox = Sandbox::new();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.mount_small(".local");
    mounted.run("init ada").ok();
    let fill_disk_and_fail = "dd if=/dev/zero of=.local/fill bs=4096 2>/dev/null; exit 4";
    assert_snapshot!(mounted.run(&format!("run -- sh -c '{fill_disk_and_fail}'")), @"
    --- exit code 1, stderr
    error: the command exited with code 4, and token 1 could not be revoked: disk full: cannot write the store
    hint: revoke the token: jeton token revoke 1
    ");
    mounted.free(".local");
    mounted.run("token revoke 1").ok();
    check_integrity(&sandbox, &mut mounted);
}

#[test]
#[ignore = "needs mounts"]
fn fixtures_command_on_a_full_disk_can_be_repeated() {
    let sandbox = Sandbox::new();
    let mut mounted = MountNamespace::start(&sandbox);
    std::fs::write(sandbox.home().join("key"), "a secret that is as long as its hash").unwrap();
    mounted.mount_small("set");
    let create_fixtures = "token fixtures --out set --preset flask --key-file key";
    for free_blocks in [0, 2, 12] {
        mounted.run_line_ok(&format!("dd if=/dev/zero of=set/reserve bs=4096 count={free_blocks}"));
        mounted.fill("set");
        mounted.run_line_ok("rm set/reserve");
        allow_duplicates!(assert_snapshot!(mounted.run(create_fixtures), @"
        --- exit code 1, stderr
        error: disk full: directory `set` cannot be written
        hint: free disk space and retry
        "));
        mounted.free("set");
    }
    mounted.run(create_fixtures).ok();
    let names = mounted.run_line("ls set").ok().stdout;
    assert!(names.contains("good.jwt") && !names.contains(".new"), "{names}");
}

#[test]
#[ignore = "needs mounts"]
fn backup_on_a_full_disk_leaves_no_file_and_no_audit_event() {
    let sandbox = Sandbox::with_admin();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.mount_small("full");
    mounted.fill("full");
    let output = mounted.run("store backup full/copy.db");
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: disk full: cannot write the backup
    hint: free disk space and retry
    ");
    assert_snapshot!(mounted.run_line("ls -A full"), @"fill");
    mounted.free("full");
    mounted.run("store backup full/copy.db").ok();
    let backup_count_sql = "SELECT count(*) FROM audit WHERE action = 'store backup'";
    assert_eq!(sandbox.sql(backup_count_sql), ["1"]);
}

/// Creates a store without a WAL on a small file system, and the backup `monday.db` on another file
/// system.
fn mount_store_with_backup(sandbox: &Sandbox) -> MountNamespace<'_> {
    let mut mounted = MountNamespace::start(sandbox);
    mounted.mount_small(".local");
    mounted.run("init ada").ok();
    mounted.run("store backup monday.db").ok();
    // A restore removes the WAL.
    mounted.run("store restore monday.db --yes").ok();
    mounted.run_line_ok("rm .local/share/jeton/jeton.db.before-restore");
    mounted
}

/// Tries to restore `monday.db` on a disk that has space for `copy_count` copies of the backup and
/// for 48 KiB, but not for another copy.
fn try_restore_on_full_disk(mounted: &mut MountNamespace<'_>, copy_count: u32) -> RunOutput {
    mounted.run_line_ok(&format!(
        "for i in $(seq {copy_count}); do cat monday.db; done >.local/reserve
         dd if=/dev/zero bs=4096 count=12 >>.local/reserve"
    ));
    mounted.fill(".local");
    mounted.run_line_ok("rm .local/reserve");
    mounted.run("store restore monday.db --yes")
}

#[test]
#[ignore = "needs mounts"]
fn restore_on_a_full_disk_leaves_the_store_unchanged() {
    let sandbox = Sandbox::new();
    let mut mounted = mount_store_with_backup(&sandbox);
    // The disk has space for the new content and for the copy of the store, but not for the
    // transaction that replaces the pages.
    assert_snapshot!(try_restore_on_full_disk(&mut mounted, 2), @"
    --- exit code 1, stderr
    error: disk full: cannot write the store
    hint: free disk space and retry
    ");
    let names = mounted.run_line("ls -A .local/share/jeton").ok().stdout;
    assert!(names.starts_with("jeton.db\n") && !names.contains("restore"), "{names}");
    mounted.run("whoami").ok();
    check_integrity(&sandbox, &mut mounted);
    mounted.free(".local");
    mounted.run("store restore monday.db --yes").ok();
}

#[test]
#[ignore = "needs mounts"]
fn restore_of_a_damaged_store_on_a_full_disk_keeps_the_damaged_file() {
    let sandbox = Sandbox::new();
    let mut mounted = mount_store_with_backup(&sandbox);
    let destroy_header =
        "dd if=/dev/zero of=.local/share/jeton/jeton.db bs=100 count=1 conv=notrunc";
    mounted.run_line_ok(destroy_header);
    mounted.run_line_ok("cp .local/share/jeton/jeton.db damaged");
    // The disk has space for the new content, but not for the transaction. The damaged file is
    // renamed, and needs no further space.
    assert_snapshot!(try_restore_on_full_disk(&mut mounted, 1), @"
    --- exit code 1, stderr
    error: disk full: cannot write the store
    hint: free disk space and retry
    ");
    mounted.run_line_ok("cmp damaged .local/share/jeton/jeton.db.before-restore");
    mounted.free(".local");
    // The next restore is refused until the damaged file is moved.
    let output = mounted.run("store restore monday.db --yes").fails(5);
    let move_command = output.stderr.lines().last().unwrap().strip_prefix("hint: move the file: ");
    mounted.run_line_ok(move_command.unwrap());
    mounted.run("store restore monday.db --yes").ok();
    mounted.run("whoami").ok();
    mounted.run_line_ok("cmp damaged .local/share/jeton/before-restore/jeton.db.before-restore");
}
