//! Permission check of directories that hold jeton files. Only root and the current user may be
//! able to create, replace or remove a file in the directory.

use crate::os_users;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Text of the warning about a directory with [`Writers::PrivateGroup`]. The path of the directory
/// follows this text.
pub(crate) const GROUP_WRITABLE_WARNING: &str = "your private group can write to the directory";

const GROUP_WRITE_BIT: u32 = 0o020;
const WORLD_WRITE_BIT: u32 = 0o002;
const STICKY_BIT: u32 = 0o1000;

/// Users, in addition to root, who can write to a secure directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// At most the current user.
    User,
    /// The private group of the current user, which has no other member.
    PrivateGroup,
}

/// Directory in which other users can replace files or subdirectories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InsecureDirectory {
    /// Directory with the insecure owner or mode.
    pub(crate) path: PathBuf,
    /// Directory below `path` that holds the files; `None` if `path` holds the files.
    pub(crate) files_directory: Option<PathBuf>,
    /// True if neither root nor the current user owns `path`.
    pub(crate) has_untrusted_owner: bool,
    /// Permission bits of `path`, including the sticky bit.
    pub(crate) mode: u32,
    /// True if `chmod go-w` makes `path` secure: the current user owns `path`, and `path` is not
    /// shared on purpose like the sticky `/tmp`.
    pub(crate) can_be_restricted: bool,
}

impl InsecureDirectory {
    /// Returns whether a subdirectory that the current user creates in `path` is secure. This is
    /// the case if, apart from root and the current user, at most members of the group of `path`
    /// can replace the subdirectory. The group of a parent directory is trusted (see
    /// [`check_permissions_with_parents`]).
    pub(crate) fn can_hold_secure_directory(&self) -> bool {
        !self.has_untrusted_owner
            && (self.mode & WORLD_WRITE_BIT == 0 || self.mode & STICKY_BIT != 0)
    }
}

/// Reason why a directory is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The metadata of the directory or of a parent directory cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Other users can replace files in the directory, or the directory itself.
    #[error("other users can write to the directory")]
    Insecure(InsecureDirectory),
}

/// Rejects a directory that another user owns or can write to.
///
/// The private group of the current user may have write permission, because no other user is a
/// member of this group. Root is trusted: a directory that only root can write to is as safe as a
/// directory of the user. For example, root often owns the directory of a store on a read-only
/// mount.
pub(crate) fn check_permissions(path: &Path) -> Result<Writers, Error> {
    check_metadata(path, &path.metadata()?)
}

/// Rejects a directory that [`check_permissions`] rejects. Also rejects a directory that another
/// user can replace because of the permissions of a parent directory. Parent directories are all
/// directories above `path`. `path` must be absolute, without symbolic links.
///
/// Owners and groups of the parent directories are trusted, because an administrator assigned them.
/// A world-writable parent directory must be sticky, and its entry on the way to `path` must belong
/// to root or to the current user.
pub(crate) fn check_permissions_with_parents(path: &Path) -> Result<Writers, Error> {
    let (mut child_path, mut child) = (path, path.metadata()?);
    let writers = check_metadata(path, &child)?;
    for ancestor in path.ancestors().skip(1) {
        let metadata = ancestor.metadata()?;
        let mode = metadata.mode();
        if mode & WORLD_WRITE_BIT != 0 {
            if mode & STICKY_BIT == 0 {
                return Err(insecure_error(ancestor, Some(path), &metadata));
            }
            // In a sticky directory, the owner of an entry can rename the entry.
            if !has_trusted_owner(&child) {
                return Err(insecure_error(child_path, Some(path), &child));
            }
        }
        (child_path, child) = (ancestor, metadata);
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

/// Returns whether the group `gid` is the private group of the current user, and the group of this
/// process.
fn is_private_group(gid: u32) -> bool {
    rustix::process::getegid().as_raw() == gid
        && os_users::is_private_group(gid, rustix::process::geteuid().as_raw())
}

/// Returns whether the directory has an access control list; on systems other than Linux, returns
/// `false` without a check. With such a list, the group bits of the mode are only the upper bound
/// of the permissions in the list.
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
        assert_eq!(check_permissions_with_parents(Path::new("/usr")).unwrap(), Writers::User);
    }
}
