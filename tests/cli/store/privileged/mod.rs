//! Tests that need permissions of root for mounts, PID namespaces, other users or access control
//! lists. Without these permissions, `.ci/run` leaves out all tests of this module.

mod disk_full;
mod file_mount;
mod group_writable;
mod local_attacker;
mod mount_namespace;
mod other_users;
mod process_one;
mod read_only;
mod read_only_session;
