//! Group-writable directories: accepted with a warning if the group is the private group of the
//! user and the directory has no access control list, otherwise refused. A private group has the
//! name of its user and no other members.

use super::mount_namespace::MountNamespace;
use crate::sandbox::Sandbox;
use crate::store::set_mode;
use crate::store::shared_directories::create_directory;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

const ACL_ATTRIBUTE: &str = "system.posix_acl_access";

/// Returns an access control list (see acl(5)) in the binary format of Linux. The list gives write
/// access to the owner and to the user with this id.
fn acl_for(uid: u32) -> Vec<u8> {
    const NO_ID: u32 = u32::MAX;
    // The entries are for the owner, for `uid`, for the group, for the mask and for all other
    // users.
    let entries: [(u16, u16, u32); 5] =
        [(1, 7, NO_ID), (2, 7, uid), (4, 0, NO_ID), (16, 7, NO_ID), (32, 0, NO_ID)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

#[test]
#[ignore = "needs mounts and access control lists"]
fn directory_is_accepted_if_writable_by_a_private_group_and_refused_if_writable_by_others() {
    const USERS: &str = "ada:x:0:0::/:/bin/sh\nbob:x:7:7::/:/bin/sh\n";
    let sandbox = Sandbox::with_admin();
    let store_directory = sandbox.store_path().parent().unwrap().to_owned();
    fs::write(sandbox.home().join("passwd"), USERS).unwrap();
    fs::write(sandbox.home().join("group"), "ada:x:0:\n").unwrap();
    set_mode(&store_directory, 0o770);
    let mut mounted = MountNamespace::start(&sandbox);
    mounted.run_line_ok("mount --bind passwd /etc/passwd && mount --bind group /etc/group");
    assert_snapshot!(mounted.run("whoami >/dev/null"), @"
    --- stderr
    warning: your private group can write to the directory `~/.local/share/jeton`
    ");
    assert_snapshot!(mounted.run("store check"), @"
    ok
    --- stderr
    warning: your private group can write to the directory `~/.local/share/jeton`
    warning: directory `~/.local/share/jeton` is accessible to other users: found mode 0770, expected 0700
    ");
    create_directory(&sandbox, "written", 0o770);
    let output = mounted.run("man --dir written -q");
    assert_snapshot!(output, @"
    --- stderr
    warning: your private group can write to the directory `written`
    ");
    assert_snapshot!(mounted.run("store backup written/copy.db -q"), @"
    --- stderr
    warning: your private group can write to the directory `~/.local/share/jeton`
    warning: your private group can write to the directory `written`
    ");
    // A directory that its group can write to is refused if it has an access control list.
    let directory = sandbox.home().join("written");
    rustix::fs::setxattr(&directory, ACL_ATTRIBUTE, &acl_for(7), rustix::fs::XattrFlags::empty())
        .expect("the test needs a file system with access control lists");
    assert_eq!(mounted.run("man --dir written").code, 78);
    // Three cases: the group file lists a second member, the group is the primary group of a second
    // user, or the group is not the private group of the user.
    for (users, group) in [
        (USERS.to_owned(), "ada:x:0:ada,bob\n"),
        (USERS.replace(":7:7:", ":7:0:"), "ada:x:0:\n"),
        (USERS.to_owned(), "users:x:0:\n"),
    ] {
        fs::write(sandbox.home().join("passwd"), &users).unwrap();
        fs::write(sandbox.home().join("group"), group).unwrap();
        let output = mounted.run("whoami");
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 78, stderr
        error: directory `~/.local/share/jeton` is writable by other users (mode 0770)
        hint: remove the write permission: chmod go-w ~/.local/share/jeton
        "));
    }
}
