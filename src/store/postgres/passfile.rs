//! Passwords from the passfile of libpq: lines of `HOST:PORT:DATABASE:USER:PASSWORD`.

use super::connection_parameters::Endpoint;
use super::credential_file::{self, Privacy};
use super::environment::PostgresEnvironment;
use super::error::ConnectionError;
use std::path::Path;
use zeroize::Zeroizing;

/// Directories of Unix sockets for which a passfile contains the host name `localhost`.
const DEFAULT_SOCKET_DIRECTORIES: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// Content of a passfile.
pub(super) struct Passfile(Zeroizing<Vec<u8>>);

impl Passfile {
    /// Reads the file that the variable `PGPASSFILE` names, or else `.pgpass` in the home
    /// directory. A missing file counts as empty.
    pub(super) fn read(environment: &PostgresEnvironment) -> Result<Self, ConnectionError> {
        let in_home = || environment.home.as_ref().map(|home| home.join(".pgpass"));
        let path = environment.passfile.clone().or_else(in_home);
        let path = path.filter(|path| path.exists());
        let read = |path: &Path| credential_file::read(path, "passfile", Privacy::Owner);
        Ok(Self(path.as_deref().map(read).transpose()?.unwrap_or_default()))
    }

    /// Returns the password of the first line that matches the endpoint, database and user.
    pub(super) fn find(
        &self,
        endpoint: &Endpoint,
        database: &str,
        user: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let is_default_socket = DEFAULT_SOCKET_DIRECTORIES.contains(&endpoint.host.as_str());
        let host = if is_default_socket { "localhost" } else { &endpoint.host };
        let port = endpoint.port.to_string();
        let expected = [host, &port, database, user].map(str::as_bytes);
        let lines = self.0.split(|byte| *byte == b'\n');
        let mut entries = lines.filter(|line| !line.starts_with(b"#")).map(split_fields);
        let matches = |fields: &Vec<Zeroizing<Vec<u8>>>| {
            let mut pairs = fields.iter().zip(expected);
            fields.len() > expected.len()
                && pairs.all(|(field, value)| **field == value || **field == b"*")
        };
        entries.find(matches)?.into_iter().nth(expected.len())
    }
}

/// Splits a line at `:`. A byte after `\` is always part of the field.
fn split_fields(line: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut bytes = line.strip_suffix(b"\r").unwrap_or(line).iter();
    let mut fields = Vec::new();
    let mut field = Zeroizing::new(Vec::new());
    while let Some(byte) = bytes.next() {
        match byte {
            b':' => fields.push(std::mem::take(&mut field)),
            b'\\' => field.extend(bytes.next()),
            byte => field.push(*byte),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(content: &str, host: &str, port: u16) -> Option<String> {
        let passfile = Passfile(Zeroizing::new(content.as_bytes().to_vec()));
        let endpoint = Endpoint { host: host.to_owned(), host_address: None, port };
        let password = passfile.find(&endpoint, "tokens", "ada")?;
        Some(String::from_utf8(password.to_vec()).unwrap())
    }

    #[test]
    fn first_matching_passfile_line_determines_password() {
        for (content, host, port, password) in [
            ("h:5432:tokens:ada:secret", "h", 5432, Some("secret")),
            ("h:5432:tokens:ada:secret\r\n", "h", 5432, Some("secret")),
            ("*:*:*:*:secret", "h", 5432, Some("secret")),
            ("# h:*:*:*:no\n\nh:*:*:*:first\nh:*:*:*:second", "h", 1, Some("first")),
            ("h:5433:tokens:ada:secret", "h", 5432, None),
            ("other:*:*:*:secret", "h", 5432, None),
            ("h:*:other:*:secret", "h", 5432, None),
            ("h:*:*:other:secret", "h", 5432, None),
            (r"a\:\:1:*:*:*:s\\e\:c", "a::1", 5432, Some(r"s\e:c")),
            ("h:*:*:*:sec:ret", "h", 5432, Some("sec")),
            ("h:*:*:*", "h", 5432, None),
            ("localhost:*:*:*:secret", "/var/run/postgresql", 5432, Some("secret")),
            ("localhost:*:*:*:secret", "/srv/sockets", 5432, None),
            ("/srv/sockets:*:*:*:secret", "/srv/sockets", 5432, Some("secret")),
            ("", "h", 5432, None),
        ] {
            assert_eq!(find(content, host, port).as_deref(), password, "{content}");
        }
    }
}
