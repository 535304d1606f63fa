//! Users and groups of the operating system, from the files passwd(5) and group(5).
//!
//! The files are read directly, because getpwuid(3) and similar functions load NSS modules (LDAP, for
//! example) into the program, and in a static program such a module can crash.

use std::fs;

/// Returns the name of a user; `None` if the files have no such user.
pub(crate) fn user_name(user: u32) -> Option<String> {
    let users = read("/etc/passwd");
    let entry = users.lines().find(|line| number(line, 2) == Some(user))?;
    entry.split(':').next().map(str::to_owned)
}

/// Returns whether `group` is the private group of `user`: the primary group, with the name of the
/// user (by convention) and without other members.
pub(crate) fn is_private_group(group: u32, user: u32) -> bool {
    is_private_group_in(&read("/etc/passwd"), &read("/etc/group"), group, user)
}

/// The member list in group(5) does not name the users whose primary group it is, so these users are
/// searched for in passwd(5). A shared primary group such as `users` is not private: its name is not
/// the user's, or it is the primary group of another user too.
fn is_private_group_in(users: &str, groups: &str, group: u32, user: u32) -> bool {
    let has_id = |id: u32| move |line: &&str| number(line, 2) == Some(id);
    let (Some(user_entry), Some(group_entry)) =
        (users.lines().find(has_id(user)), groups.lines().find(has_id(group)))
    else {
        return false;
    };
    let name = field(user_entry, 0);
    let is_other_member =
        |line: &str| number(line, 3) == Some(group) && number(line, 2) != Some(user);
    number(user_entry, 3) == Some(group)
        && field(group_entry, 0) == name
        && field(group_entry, 3).split(',').all(|member| member.is_empty() || member == name)
        && !users.lines().any(is_other_member)
}

fn read(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn field(line: &str, index: usize) -> &str {
    line.split(':').nth(index).unwrap_or_default()
}

fn number(line: &str, index: usize) -> Option<u32> {
    field(line, index).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
        ada:x:1000:1000::/home/ada:/bin/sh\n\
        eve:x:1001:100::/home/eve:/bin/sh\n";

    #[test]
    fn primary_group_is_private_without_other_members() {
        let is_private = |users: &str, groups: &str| is_private_group_in(users, groups, 1000, 1000);
        for groups in ["ada:x:1000:", "users:x:100:ada\nada:x:1000:ada\n", "ada:x:1000"] {
            assert!(is_private(USERS, groups), "{groups}");
        }
        for groups in ["", "ada:x:1000:eve", "staff:x:1000:", "ada:x:1001:", "ada:x::"] {
            assert!(!is_private(USERS, groups), "{groups}");
        }
        let with_shared_group = format!("{USERS}zoe:x:1002:1000::/home/zoe:/bin/sh\n");
        assert!(!is_private(&with_shared_group, "ada:x:1000:"));
        assert!(!is_private_group_in(USERS, "users:x:100:", 100, 1001));
        assert!(!is_private_group_in(USERS, "ada:x:1000:", 1000, 54321));
    }

    #[test]
    fn user_is_found_by_id() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(user_name(4_000_000_000), None);
    }
}
