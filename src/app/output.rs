//! Files that commands write where the user wants them.

use super::App;
use crate::failure::{Failure, Kind};
use crate::files;
use crate::model::repeatable;
use std::fs::File;
use std::io;
use std::path::Path;

impl App {
    /// Replaces files of a directory that others may read, in this order; it is made if it is not
    /// there. A file that has its content already is left alone.
    pub(crate) fn replace_files(
        &self,
        directory: &Path,
        files: &[(&str, String)],
    ) -> Result<(), Failure> {
        let unwritable = |error: io::Error| {
            let shown = repeatable(&directory.to_string_lossy());
            Failure::usage(format!("`{shown}` cannot be written: {error}"))
        };
        std::fs::create_dir_all(directory).map_err(unwritable)?;
        let lock = File::open(directory).map_err(unwritable)?;
        if !files::lock(&lock, self.options.wait).map_err(unwritable)? {
            return Err(Failure::new(Kind::Busy, "busy", "somebody else holds the directory"));
        }
        files.iter().try_for_each(|file| replace(directory, file)).map_err(unwritable)
    }
}

fn replace(directory: &Path, (name, content): &(&str, String)) -> io::Result<()> {
    if std::fs::read(directory.join(name)).is_ok_and(|found| found == content.as_bytes()) {
        return Ok(());
    }
    files::replace(directory, name, content.as_bytes(), 0o644)
}
