//! Users and groups of the operating system, from the files passwd(5) and group(5).
//!
//! jeton parses these files itself. Functions such as getpwuid(3) would load modules of the Name
//! Service Switch, for example for LDAP, into the program. In a statically linked program, such a
//! module can crash the program.

use std::fs;

/// Index of the field with the username in passwd(5), and with the group name in group(5).
const NAME_FIELD: usize = 0;

/// Index of the field with the user id in passwd(5), and with the group id in group(5).
const ID_FIELD: usize = 2;

/// Index of the field with the id of the primary group in passwd(5).
const PRIMARY_GROUP_FIELD: usize = 3;

/// Index of the field with the usernames of the members in group(5), separated by commas.
const MEMBERS_FIELD: usize = 3;

/// Returns the name of the user with the user id `uid`; `None` if passwd(5) has no such user.
pub(crate) fn user_name(uid: u32) -> Option<String> {
    let users = read_or_empty("/etc/passwd");
    let entry = users.lines().find(|line| numeric_field(line, ID_FIELD) == Some(uid))?;
    entry.split(':').next().map(str::to_owned)
}

/// Returns whether the group `gid` is the private group of the user `uid`. By convention, the
/// private group of a user is the primary group, has the same name as the user, and has no other
/// members.
pub(crate) fn is_private_group(gid: u32, uid: u32) -> bool {
    is_private_group_in(&read_or_empty("/etc/passwd"), &read_or_empty("/etc/group"), gid, uid)
}

/// Returns the result of [`is_private_group`] for `users`, the text of passwd(5), and `groups`, the
/// text of group(5).
///
/// The primary group of a user is a field in passwd(5), and group(5) need not list the user as a
/// member. The function therefore also searches passwd(5) for other users with the primary group
/// `gid`. A shared primary group such as `users` is not private, because its name is not the name
/// of the user.
fn is_private_group_in(users: &str, groups: &str, gid: u32, uid: u32) -> bool {
    let has_id = |id: u32| move |line: &&str| numeric_field(line, ID_FIELD) == Some(id);
    let Some(user_entry) = users.lines().find(has_id(uid)) else { return false };
    let name = field(user_entry, NAME_FIELD);
    let has_primary_group = |line: &str| numeric_field(line, PRIMARY_GROUP_FIELD) == Some(gid);
    let is_other_member =
        |line: &str| has_primary_group(line) && numeric_field(line, ID_FIELD) != Some(uid);
    let is_private_entry = |entry: &str| {
        let mut members = field(entry, MEMBERS_FIELD).split(',');
        field(entry, NAME_FIELD) == name
            && members.all(|member| member.is_empty() || member == name)
    };
    // Several entries in group(5) can have the same group id.
    let mut group_entries = groups.lines().filter(has_id(gid)).peekable();
    has_primary_group(user_entry)
        && group_entries.peek().is_some()
        && group_entries.all(is_private_entry)
        && !users.lines().any(is_other_member)
}

/// Returns the text of a file, or an empty text if the file cannot be read.
fn read_or_empty(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn field(line: &str, index: usize) -> &str {
    line.split(':').nth(index).unwrap_or_default()
}

fn numeric_field(line: &str, index: usize) -> Option<u32> {
    field(line, index).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
        ada:x:1000:1000::/home/ada:/bin/sh\n\
        eve:x:1001:100::/home/eve:/bin/sh\n";

    #[test]
    fn private_group_has_the_name_of_its_only_member() {
        let is_private = |users: &str, groups: &str| is_private_group_in(users, groups, 1000, 1000);
        for groups in ["ada:x:1000:", "users:x:100:ada\nada:x:1000:ada\n", "ada:x:1000"] {
            assert!(is_private(USERS, groups), "{groups}");
        }
        let two_entries_with_same_id = "ada:x:1000:\nshared:x:1000:eve\n";
        for groups in [
            "",
            two_entries_with_same_id,
            "ada:x:1000:\nada:x:1000:eve",
            "ada:x:1000:eve",
            "staff:x:1000:",
            "ada:x:1001:",
            "ada:x::",
        ] {
            assert!(!is_private(USERS, groups), "{groups}");
        }
        let with_second_group_user = format!("{USERS}zoe:x:1002:1000::/home/zoe:/bin/sh\n");
        assert!(!is_private(&with_second_group_user, "ada:x:1000:"));
        assert!(!is_private_group_in(USERS, "users:x:100:", 100, 1001));
        assert!(!is_private_group_in(USERS, "ada:x:1000:", 1000, 54321));
    }

    #[test]
    fn user_is_found_by_id() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(user_name(4_000_000_000), None);
    }
}
