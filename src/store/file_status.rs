//! The state of one file of a store as a single system call reports it, and what SQLite must not
//! be given.

use rustix::fs::FileType;
use std::io;
use std::path::Path;

/// A reason why a file is not used as a store, or as a log of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// It could lead anywhere.
    #[error("a symbolic link")]
    SymbolicLink,
    /// A directory, a pipe, a device.
    #[error("not a regular file")]
    NotRegularFile,
    /// Its owner can read and change what is written to it.
    #[error("owned by another user")]
    OtherOwner,
    /// Each path would have a log of its own, and commits would be lost.
    #[error("one of several hard links")]
    HardLink,
    /// The same, for a bind mount of the file.
    #[error("a mount point")]
    MountPoint,
}

/// The state of a file; links are not followed.
pub(super) struct FileStatus {
    kind: FileType,
    owner: u32,
    links: u64,
    is_mount_point: bool,
    mode: u32,
    /// Bytes.
    pub(super) size: u64,
}

impl FileStatus {
    /// Reads the state with one system call; `None` if there is nothing.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match read(path) {
            Ok(status) => Ok(Some(status)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses what is not a regular file of `user` with one path.
    pub(super) fn check(&self, user: u32) -> Result<(), FileFault> {
        if self.kind == FileType::Symlink {
            return Err(FileFault::SymbolicLink);
        }
        if self.kind != FileType::RegularFile {
            return Err(FileFault::NotRegularFile);
        }
        if self.owner != user {
            return Err(FileFault::OtherOwner);
        }
        if self.links > 1 {
            return Err(FileFault::HardLink);
        }
        if self.is_mount_point {
            return Err(FileFault::MountPoint);
        }
        Ok(())
    }

    /// Returns whether other users have any right to the file.
    pub(super) fn is_group_or_world_accessible(&self) -> bool {
        self.mode & 0o077 != 0
    }
}

#[cfg(target_os = "linux")]
fn read(path: &Path) -> io::Result<FileStatus> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS) {
        Ok(found) => {
            let mode = u32::from(found.stx_mode);
            Ok(FileStatus {
                kind: FileType::from_raw_mode(mode),
                owner: found.stx_uid,
                links: found.stx_nlink.into(),
                is_mount_point: found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
                mode,
                size: found.stx_size,
            })
        }
        // An old kernel, or a sandbox that does not know the call.
        Err(rustix::io::Errno::NOSYS) => read_portably(path),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn read(path: &Path) -> io::Result<FileStatus> {
    read_portably(path)
}

fn read_portably(path: &Path) -> io::Result<FileStatus> {
    use std::os::unix::fs::MetadataExt;
    let found = path.symlink_metadata()?;
    Ok(FileStatus {
        kind: FileType::from_raw_mode(found.mode()),
        owner: found.uid(),
        links: found.nlink(),
        is_mount_point: false,
        mode: found.mode(),
        size: found.size(),
    })
}

/// Returns whether an error says that nothing is at a path.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
