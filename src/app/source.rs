//! Files and standard input that are read whole.

use super::App;
use crate::failure::{Failure, Kind};
use crate::model::repeatable;
use crate::terminal::Echo;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// The content of a file or of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Password,
    /// The current password and the new one, a line each.
    Passwords,
    Token,
    Key,
    Claims,
    Rows,
}

impl Content {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passwords => "current and the new password",
            Self::Token => "token",
            Self::Key => "key",
            Self::Claims => "claims",
            Self::Rows => "rows",
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::Password | Self::Passwords | Self::Token | Self::Key => true,
            Self::Claims | Self::Rows => false,
        }
    }

    /// Names a file in a message. The name of a file with a secret is not repeated: it may be the
    /// secret, typed in the wrong place.
    fn file(self, path: &Path) -> String {
        if self.is_secret() {
            format!("the file with the {}", self.name())
        } else {
            format!("`{}`", repeatable(&path.to_string_lossy()))
        }
    }
}

impl App {
    /// Reads a file, or standard input for `-`: `most` bytes and one at most, so that too much is
    /// seen to be too much without being read.
    pub(super) fn read_file(
        &self,
        content: Content,
        path: &Path,
        most: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if path.as_os_str() == "-" {
            return self.read_stdin(content, most);
        }
        let refused = |error: io::Error| {
            Failure::usage(format!("{} cannot be read: {error}", content.file(path)))
        };
        limited(File::open(path).map_err(refused)?, most).map_err(refused)
    }

    /// Reads standard input like a file. It is read once.
    pub(super) fn read_stdin(
        &self,
        content: Content,
        most: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        static IS_READ: AtomicBool = AtomicBool::new(false);
        if IS_READ.swap(true, Ordering::Relaxed) {
            return Err(Failure::usage("standard input was read already, and has nothing more"));
        }
        let echo = if content.is_secret() { Echo::Off } else { Echo::On };
        let input = self.voice.stdin(&format!("the {}", content.name()), echo)?;
        limited(input, most).map_err(unreadable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(super) fn unreadable(error: io::Error) -> Failure {
    Failure::new(Kind::Usage, "invalid_input", format!("standard input cannot be read: {error}"))
}

fn limited(from: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
