//! Status of one file of a store, read with a single system call, and the reasons why SQLite must
//! not open a file.

use rustix::fs::FileType;
use std::io;
use std::path::Path;

/// Reason why a file is refused as a store, WAL, WAL index or journal. Each message is the
/// predicate of a sentence about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// A symbolic link: the target could be any file.
    #[error("is a symbolic link")]
    SymbolicLink,
    /// A directory, pipe or device.
    #[error("is not a regular file")]
    NotRegularFile,
    /// A file of another user, who can read and change the file.
    #[error("is owned by another user")]
    OtherOwner,
    /// A file with several paths: each path would have a separate WAL, and commits would be lost.
    #[error("has several hard links")]
    HardLink,
    /// A bind mount of a file: a second path, as with a hard link.
    #[error("is a mount point")]
    MountPoint,
}

/// Status of a file; symbolic links are not followed.
pub(super) struct FileStatus {
    kind: FileType,
    owner_id: u32,
    link_count: u64,
    is_mount_point: bool,
    mode: u32,
    /// Size in bytes.
    pub(super) size: u64,
}

impl FileStatus {
    /// Reads the status with one system call. Returns `None` if the file does not exist.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match read_status(path) {
            Ok(status) => Ok(Some(status)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses a file that is not a regular file, that has several paths, or that the user with the
    /// id `user_id` does not own.
    pub(super) fn check(&self, user_id: u32) -> Result<(), FileFault> {
        if self.kind == FileType::Symlink {
            return Err(FileFault::SymbolicLink);
        }
        if self.kind != FileType::RegularFile {
            return Err(FileFault::NotRegularFile);
        }
        if self.owner_id != user_id {
            return Err(FileFault::OtherOwner);
        }
        if self.link_count > 1 {
            return Err(FileFault::HardLink);
        }
        if self.is_mount_point {
            return Err(FileFault::MountPoint);
        }
        Ok(())
    }

    /// Returns whether group or others have any permission.
    pub(super) fn is_group_or_world_accessible(&self) -> bool {
        self.mode & 0o077 != 0
    }
}

#[cfg(target_os = "linux")]
fn read_status(path: &Path) -> io::Result<FileStatus> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS) {
        Ok(metadata) => {
            let mode = u32::from(metadata.stx_mode);
            Ok(FileStatus {
                kind: FileType::from_raw_mode(mode),
                owner_id: metadata.stx_uid,
                link_count: metadata.stx_nlink.into(),
                is_mount_point: metadata.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
                mode,
                size: metadata.stx_size,
            })
        }
        // Old kernels and some sandboxes do not support `statx`.
        Err(rustix::io::Errno::NOSYS) => read_portably(path),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn read_status(path: &Path) -> io::Result<FileStatus> {
    read_portably(path)
}

/// Reads the status with the standard library, and therefore does not detect mount points.
fn read_portably(path: &Path) -> io::Result<FileStatus> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.symlink_metadata()?;
    Ok(FileStatus {
        kind: FileType::from_raw_mode(metadata.mode()),
        owner_id: metadata.uid(),
        link_count: metadata.nlink(),
        is_mount_point: false,
        mode: metadata.mode(),
        size: metadata.size(),
    })
}

/// Returns whether the error means that the path does not exist.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
