//! The rule for directories that hold files of jeton: no other user can create, replace or remove
//! a file there.

use nix::unistd::{Gid, Group, Uid, User};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The warning about a directory of a private group; the path follows.
pub(crate) const GROUP_WRITABLE_WARNING: &str = "members of your group can write the directory";

const GROUP_WRITE_BIT: u32 = 0o020;
const WORLD_WRITE_BIT: u32 = 0o002;
const STICKY_BIT: u32 = 0o1000;

/// The users, besides root, who can write a directory that is safe to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// The current user.
    User,
    /// The private group of the current user, which has no other member.
    PrivateGroup,
}

/// A directory in which other users can replace files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InsecureDirectory {
    /// The directory that has the wrong owner or mode.
    pub(crate) path: PathBuf,
    /// The directory below it that holds the files; `None` if `path` holds them.
    pub(crate) files_directory: Option<PathBuf>,
    /// Whether neither root nor the current user owns `path`.
    pub(crate) has_untrusted_owner: bool,
    /// The mode of `path`.
    pub(crate) mode: u32,
    /// Whether `chmod go-w` would make `path` secure: the current user owns it and has not
    /// meant it for everybody, as the sticky `/tmp` is.
    pub(crate) can_be_restricted: bool,
}

impl InsecureDirectory {
    /// Returns whether a directory of the current user in `path` cannot be replaced by others.
    pub(crate) fn can_hold_secure_directory(&self) -> bool {
        !self.has_untrusted_owner
            && (self.mode & WORLD_WRITE_BIT == 0 || self.mode & STICKY_BIT != 0)
    }
}

/// The reason why a directory is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The directory cannot be looked at.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Other users can replace files in it.
    #[error("other users can write the directory")]
    Insecure(InsecureDirectory),
}

/// Refuses a directory that another user owns or can write.
///
/// Root is trusted: a directory of root that nobody else can write is as safe as the user's own,
/// and is what a store on a read-only mount has.
pub(crate) fn check(path: &Path) -> Result<Writers, Error> {
    check_metadata(path, &path.metadata()?)
}

/// The same, and refuses a path in which another user can put another directory in the place of
/// this one. `path` has no symbolic links.
///
/// The owners and groups of the directories above are trusted, because an administrator gave them
/// that place. "Everybody" is not: a directory above that everybody can write must be sticky, and
/// then what stands in it on the way must belong to root or to the current user.
pub(crate) fn check_with_parents(path: &Path) -> Result<Writers, Error> {
    let mut child = path.metadata()?;
    let writers = check_metadata(path, &child)?;
    for ancestor in path.ancestors().skip(1) {
        let metadata = ancestor.metadata()?;
        let mode = metadata.mode();
        if mode & WORLD_WRITE_BIT != 0 && (mode & STICKY_BIT == 0 || !has_trusted_owner(&child)) {
            return Err(insecure_error(ancestor, Some(path), &metadata));
        }
        child = metadata;
    }
    Ok(writers)
}

fn check_metadata(path: &Path, metadata: &Metadata) -> Result<Writers, Error> {
    let mode = metadata.mode();
    if !has_trusted_owner(metadata) || mode & WORLD_WRITE_BIT != 0 {
        return Err(insecure_error(path, None, metadata));
    }
    if mode & GROUP_WRITE_BIT == 0 {
        return Ok(Writers::User);
    }
    if is_private_group(metadata.gid()) && !has_acl(path) {
        return Ok(Writers::PrivateGroup);
    }
    Err(insecure_error(path, None, metadata))
}

fn insecure_error(path: &Path, files_directory: Option<&Path>, metadata: &Metadata) -> Error {
    let is_owner = metadata.uid() == rustix::process::geteuid().as_raw();
    let mode = metadata.mode() & 0o7777;
    Error::Insecure(InsecureDirectory {
        path: path.to_owned(),
        files_directory: files_directory.map(Path::to_owned),
        has_untrusted_owner: !has_trusted_owner(metadata),
        mode,
        can_be_restricted: is_owner && mode & STICKY_BIT == 0,
    })
}

fn has_trusted_owner(metadata: &Metadata) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid())
}

/// Returns whether a group is the current user's own: the primary group, by the convention with
/// the user's name, and without another member.
fn is_private_group(group: u32) -> bool {
    let (user, group) = (Uid::effective(), Gid::from_raw(group));
    let (Ok(Some(user_entry)), Ok(Some(group_entry))) =
        (User::from_uid(user), Group::from_gid(group))
    else {
        return false;
    };
    // The list of a group leaves out whose primary group it is; the name and the local users
    // exclude a group such as `users`, which is everybody's.
    Gid::effective() == group
        && user_entry.gid == group
        && user_entry.name == group_entry.name
        && group_entry.mem.iter().all(|member| *member == user_entry.name)
        && std::fs::read_to_string("/etc/passwd").is_ok_and(|users| {
            !users.lines().any(|line| is_other_member(line, user.as_raw(), group.as_raw()))
        })
}

/// Returns whether a line of passwd(5) is of another user with this primary group.
fn is_other_member(line: &str, user: u32, group: u32) -> bool {
    let field = |index: usize| line.split(':').nth(index).and_then(|text| text.parse().ok());
    field(3) == Some(group) && field(2) != Some(user)
}

/// Returns whether an access control list gives rights to further users: the group's bits are
/// then the most that the list gives.
fn has_acl(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    return rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0][..]).is_ok();
    #[cfg(not(target_os = "linux"))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_owned_directory_is_secure() {
        assert_eq!(check_with_parents(Path::new("/usr")).unwrap(), Writers::User);
    }

    #[test]
    fn same_primary_group_makes_user_a_member() {
        let is_other = |line| is_other_member(line, 1000, 1000);
        assert!(!is_other("ada:x:1000:1000::/home/ada:/bin/sh"));
        assert!(is_other("bob:x:1001:1000::/home/bob:/bin/sh"));
        assert!(!is_other("eve:x:1001:1001::/home/eve:/bin/sh"));
        assert!(!is_other("") && !is_other("a:b"));
    }
}
