//! Set-up of a benchmark: a store, and a temporary home directory (`HOME`) for jeton.

use crate::comparison::Sample;
use rusqlite::Connection;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Result of a benchmark step.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Issue and expiry time of expired tokens, in Unix seconds.
pub(crate) const EXPIRED_TOKEN_TIMES: (i64, i64) = (1_700_000_000, 1_700_003_600);

/// Issue and expiry time of tokens that have not expired, in Unix seconds.
pub(crate) const VALID_TOKEN_TIMES: (i64, i64) = (1_800_000_000, 4_000_000_000);

/// Home directory with a store and a session of the admin `ada`, who has one app token.
pub(crate) struct Home {
    pub(crate) directory: TempDir,
    /// Path of the program.
    jeton: PathBuf,
    /// Address of a store on a server; `None` for a store file in the home directory.
    address: Option<String>,
}

impl Home {
    /// Creates a temporary directory whose name starts with `prefix`.
    pub(crate) fn create_directory(prefix: &str) -> Outcome<TempDir> {
        Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
    }

    /// Creates a home directory with a store in a file.
    pub(crate) fn new(jeton: &Path) -> Outcome<Self> {
        Self::with_store(jeton, None)
    }

    /// Creates a home directory with a store: on a server at `address`, or in a file if `address`
    /// is `None`.
    pub(crate) fn with_store(jeton: &Path, address: Option<String>) -> Outcome<Self> {
        let directory = Self::create_directory("bench-")?;
        let home = Self { directory, jeton: jeton.to_owned(), address };
        home.run(&["init", "ada", "--password-stdin"])?;
        home.run(&["token", "create", "my-app"])?;
        Ok(home)
    }

    /// Returns the command that runs jeton with the arguments. The environment contains only `HOME`
    /// and, for a store on a server, `JETON_STORE`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.jeton);
        command.env_clear().env("HOME", self.directory.path()).args(args);
        command.envs(self.address.iter().map(|address| ("JETON_STORE", address)));
        command
    }

    /// Runs jeton as [`Self::output`] does, and discards the output.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome<()> {
        self.output(args).map(drop)
    }

    /// Runs jeton with `--quiet` and the password of `ada` on standard input. Returns the standard
    /// output without trailing whitespace. Fails unless the exit code is 0.
    pub(crate) fn output(&self, args: &[&str]) -> Outcome<String> {
        let mut command = self.command(args);
        command.arg("--quiet").stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // The write may fail, because most commands exit without reading the password.
        let _ = child.stdin.take().ok_or("no standard input")?.write_all(b"lovelace");
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{args:?} failed: {}: {message}", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// Writes lines to the file `name` in the home directory. Returns the path of the file.
    pub(crate) fn write_file(
        &self,
        name: &str,
        lines: impl Iterator<Item = String>,
    ) -> Outcome<String> {
        let path = self.directory.path().join(name);
        let mut file = std::io::BufWriter::new(File::create(&path)?);
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Returns the path of the store file.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.directory.path().join(".local/share/jeton/jeton.db")
    }

    /// Opens the store file, to insert or count rows outside of the measured processes. Commits of
    /// the connection are not durable.
    pub(crate) fn connect(&self) -> Outcome<Connection> {
        let connection = Connection::open(self.store_path())?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        Ok(connection)
    }

    /// Copies the WAL into the store file and empties the WAL. Returns the size of the store file
    /// in bytes.
    pub(crate) fn checkpoint(&self) -> Outcome<f64> {
        let connection = self.connect()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(f64::from(u32::try_from(std::fs::metadata(self.store_path())?.len())?))
    }

    /// Inserts `count` tokens with consecutive `jti`s. The tokens belong in turn to each of the
    /// first `grant_count` grants; a grant is the row that names the owner and the app of its
    /// tokens. The pair is the issue and expiry time.
    pub(crate) fn insert_tokens(
        &self,
        count: u32,
        grant_count: u32,
        (issued_at, expires_at): (i64, i64),
    ) -> Outcome<()> {
        let connection = self.connect()?;
        for start in (0..count).step_by(1_000_000) {
            connection.execute(
                "WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
                 INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
                 SELECT CAST(printf('%016d', i) AS BLOB), 1 + i % ?3, 1, ?4, ?5 FROM n",
                (start, count.min(start + 1_000_000), grant_count, issued_at, expires_at),
            )?;
        }
        self.checkpoint().map(drop)
    }

    /// Inserts `count` users, who have the same password as the admin.
    pub(crate) fn insert_users(&self, count: u32) -> Outcome<()> {
        self.connect()?.execute(
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ?1)
             INSERT INTO users (uid, username, email, email_key, password, role, created_at, password_at)
             SELECT CAST(printf('%016d', i) AS BLOB), printf('user%07d', i),
                 printf('user%07d@example.com', i), printf('user%07d@example.com', i),
                 (SELECT password FROM users WHERE id = 1), 'user', 1800000000 + i, 1800000000
             FROM n",
            [count],
        )?;
        self.checkpoint().map(drop)
    }

    /// Returns the result of a query for a single number.
    pub(crate) fn query_number(&self, sql: &str) -> Outcome<u32> {
        Ok(self.connect()?.query_row(sql, [], |row| row.get(0))?)
    }

    /// Calls `run`, which adds rows to the store. Returns the figures of the run, together with the
    /// growth of the store file.
    pub(crate) fn measure_growth(&self, run: impl FnOnce() -> Outcome<Sample>) -> Outcome<Sample> {
        let size_before = self.checkpoint()?;
        let sample = run()?;
        Ok(Sample { store_growth_bytes: self.checkpoint()? - size_before, ..sample })
    }
}
