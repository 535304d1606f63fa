//! Reading of passfiles, service files, private keys and certificates, with a check of the
//! permissions.

use super::error::ConnectionError;
use crate::files;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Permissions that a file may grant to other users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Other users may have any permission.
    Public,
    /// Only the owner has permissions.
    Owner,
    /// Only the owner has permissions. As an exception, the group may read a file that root owns.
    /// libpq has the same exception, because containers receive keys in such files.
    OwnerOrRootGroup,
}

/// Reads a file of at most 1 MiB. Refuses a file whose permissions `privacy` does not permit.
/// `kind` is a noun for messages.
pub(super) fn read(
    path: &Path,
    kind: &'static str,
    privacy: Privacy,
) -> Result<Zeroizing<Vec<u8>>, ConnectionError> {
    let unusable = |error: io::Error| ConnectionError::unusable(kind, path, error.to_string());
    let file = File::open(path).map_err(unusable)?;
    let metadata = file.metadata().map_err(unusable)?;
    let denied_bits = match privacy {
        Privacy::Public => 0,
        Privacy::OwnerOrRootGroup if metadata.uid() == 0 => 0o037,
        Privacy::Owner | Privacy::OwnerOrRootGroup => 0o077,
    };
    if !metadata.is_file() {
        return Err(ConnectionError::unusable(kind, path, "not a regular file"));
    }
    if metadata.mode() & denied_bits != 0 {
        return Err(ConnectionError::ExposedFile { kind, path: path.to_owned() });
    }
    files::read_document(file).map_err(unusable)
}
