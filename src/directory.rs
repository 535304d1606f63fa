//! The rule for directories that hold files of jeton: no other user can create, replace or remove
//! a file there.

use nix::unistd::{Gid, Group, Uid, User};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The warning about a directory of a private group; the path follows.
pub(crate) const GROUP_CAN_WRITE: &str = "members of your group can write the directory";

const GROUP_WRITES: u32 = 0o020;
const EVERYBODY_WRITES: u32 = 0o002;
const STICKY: u32 = 0o1000;

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
pub(crate) struct Insecure {
    /// The directory that has the wrong owner or mode.
    pub(crate) path: PathBuf,
    /// The directory below it that holds the files; `None` if `path` holds them.
    pub(crate) below: Option<PathBuf>,
    /// Whether neither root nor the current user owns `path`.
    pub(crate) is_foreign: bool,
    /// The mode of `path`.
    pub(crate) mode: u32,
    /// Whether `chmod go-w` would make `path` secure: the current user owns it and has not
    /// meant it for everybody, as the sticky `/tmp` is.
    pub(crate) can_be_restricted: bool,
}

impl Insecure {
    /// Returns whether a directory of the current user in `path` cannot be replaced by others.
    pub(crate) fn holds_secure_directories(&self) -> bool {
        !self.is_foreign && (self.mode & EVERYBODY_WRITES == 0 || self.mode & STICKY != 0)
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
    Insecure(Insecure),
}

/// Refuses a directory that another user owns or can write.
///
/// Root is trusted: a directory of root that nobody else can write is as safe as the user's own,
/// and is what a store on a read-only mount has.
pub(crate) fn check(path: &Path) -> Result<Writers, Error> {
    judge(path, &path.metadata()?)
}

/// The same, and refuses a path in which another user can put another directory in the place of
/// this one. `path` has no symbolic links.
///
/// The owners and groups of the directories above are trusted, because an administrator gave them
/// that place. "Everybody" is not: a directory above that everybody can write must be sticky, and
/// then what stands in it on the way must belong to root or to the current user.
pub(crate) fn check_with_parents(path: &Path) -> Result<Writers, Error> {
    let mut below = path.metadata()?;
    let writers = judge(path, &below)?;
    for above in path.ancestors().skip(1) {
        let metadata = above.metadata()?;
        let mode = metadata.mode();
        if mode & EVERYBODY_WRITES != 0 && (mode & STICKY == 0 || !is_trusted(&below)) {
            return Err(insecure(above, Some(path), &metadata));
        }
        below = metadata;
    }
    Ok(writers)
}

fn judge(path: &Path, metadata: &Metadata) -> Result<Writers, Error> {
    let mode = metadata.mode();
    if !is_trusted(metadata) || mode & EVERYBODY_WRITES != 0 {
        return Err(insecure(path, None, metadata));
    }
    if mode & GROUP_WRITES == 0 {
        return Ok(Writers::User);
    }
    if is_private_group(metadata.gid()) && !has_acl(path) {
        return Ok(Writers::PrivateGroup);
    }
    Err(insecure(path, None, metadata))
}

fn insecure(path: &Path, below: Option<&Path>, metadata: &Metadata) -> Error {
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    let mode = metadata.mode() & 0o7777;
    Error::Insecure(Insecure {
        path: path.to_owned(),
        below: below.map(Path::to_owned),
        is_foreign: !is_trusted(metadata),
        mode,
        can_be_restricted: is_own && mode & STICKY == 0,
    })
}

fn is_trusted(metadata: &Metadata) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid())
}

/// Returns whether a group is the current user's own: the primary group, by the convention with
/// the user's name, and without another member.
fn is_private_group(group: u32) -> bool {
    let (user, group) = (Uid::effective(), Gid::from_raw(group));
    let (Ok(Some(entry)), Ok(Some(named))) = (User::from_uid(user), Group::from_gid(group)) else {
        return false;
    };
    // The list of a group leaves out whose primary group it is; the name and the local users
    // exclude a group such as `users`, which is everybody's.
    Gid::effective() == group
        && entry.gid == group
        && entry.name == named.name
        && named.mem.iter().all(|member| *member == entry.name)
        && std::fs::read_to_string("/etc/passwd").is_ok_and(|users| {
            !users.lines().any(|line| is_other_member(line, user.as_raw(), group.as_raw()))
        })
}

/// Returns whether a line of passwd(5) is of another user with this primary group.
fn is_other_member(line: &str, user: u32, group: u32) -> bool {
    let number = |at: usize| line.split(':').nth(at).and_then(|text| text.parse().ok());
    number(3) == Some(group) && number(2) != Some(user)
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
    fn directory_of_root_is_as_safe_as_ones_own() {
        assert_eq!(check_with_parents(Path::new("/usr")).unwrap(), Writers::User);
    }

    #[test]
    fn users_with_the_same_primary_group_are_members() {
        let is_other = |line| is_other_member(line, 1000, 1000);
        assert!(!is_other("ada:x:1000:1000::/home/ada:/bin/sh"));
        assert!(is_other("bob:x:1001:1000::/home/bob:/bin/sh"));
        assert!(!is_other("eve:x:1001:1001::/home/eve:/bin/sh"));
        assert!(!is_other("") && !is_other("a:b"));
    }
}
