//! A store file that is mounted under a second path is refused under this path: SQLite would use a
//! separate WAL for each path. A mount of the directory of the store is accepted.

use super::mount_namespace::MountNamespace;
use crate::store::path_aliases::{ATTEMPTS_PER_PATH, sandbox_with_unlimited_quota};
use insta::{allow_duplicates, assert_snapshot};

#[test]
#[ignore = "needs mounts"]
fn mounted_store_file_is_refused_and_mounted_directory_accepted() {
    let sandbox = sandbox_with_unlimited_quota();
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.run_line_ok(
        "touch other/jeton.db && mount --bind .local/share/jeton/jeton.db other/jeton.db",
    );
    for _ in 0..ATTEMPTS_PER_PATH {
        mounted.run("token create here").ok();
        let output = mounted.run("token create there --store other/jeton.db");
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 78, stderr
        error: `other/jeton.db`: the file is a mount point
        hint: mount the directory of the store, not the file
        "));
    }
    let stdout = mounted.run("store check --store other/jeton.db").stdout;
    assert_eq!(stdout, "insecure_permissions: the file is a mount point\n");
    assert_eq!(sandbox.json(&["token", "list"])["total"], ATTEMPTS_PER_PATH);
    mounted.run_line_ok("umount other/jeton.db && mount --bind .local/share/jeton other");
    for number in 0..ATTEMPTS_PER_PATH {
        mounted.run("token create here").ok();
        mounted.run(&format!("register user{number} --store other/jeton.db")).ok();
    }
    assert_eq!(sandbox.json(&["token", "list"])["total"], 2 * ATTEMPTS_PER_PATH);
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), [(1 + ATTEMPTS_PER_PATH).to_string()]);
}
