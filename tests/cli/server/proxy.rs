//! A proxy between the program and the server, and a host that never answers. The proxy counts
//! round trips, and ends the connections of write transactions at their COMMIT.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;

/// Point at which the proxy ends the connection of a write transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The server does not receive COMMIT.
    BeforeCommit,
    /// The server receives COMMIT, but the program does not receive the answer.
    AfterCommit,
    /// As [`Cut::AfterCommit`], and the proxy closes all later connections immediately.
    AfterCommitThenRefuseConnections,
}

/// The message with which the program ends a read transaction: the simple query `COMMIT`.
const COMMIT_MESSAGE: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// A proxy with a socket in a directory of its own.
pub(super) struct Proxy {
    directory: TempDir,
    cut_count: Arc<AtomicUsize>,
    round_trip_count: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts a proxy to the server with the socket `server`. The proxy cuts the connections of the
    /// first `max_cuts` write transactions.
    pub(super) fn start(server: PathBuf, cut: Cut, max_cuts: usize) -> Self {
        let directory = tempfile::Builder::new().prefix("jeton-proxy-").tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let cut_count = Arc::new(AtomicUsize::new(0));
        let cut_counter = Arc::clone(&cut_count);
        let round_trip_count = Arc::new(AtomicUsize::new(0));
        let round_trip_counter = Arc::clone(&round_trip_count);
        std::thread::spawn(move || {
            for program in listener.incoming() {
                let (program, cut_counter) = (program.unwrap(), Arc::clone(&cut_counter));
                let round_trip_counter = Arc::clone(&round_trip_counter);
                if cut == Cut::AfterCommitThenRefuseConnections
                    && cut_counter.load(Ordering::SeqCst) > 0
                {
                    continue;
                }
                let server = UnixStream::connect(&server).unwrap();
                std::thread::spawn(move || {
                    let _ = forward(
                        &program,
                        &server,
                        cut,
                        max_cuts,
                        &cut_counter,
                        &round_trip_counter,
                    );
                    let _ = program.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        Self { directory, cut_count, round_trip_count }
    }

    /// Returns the directory of the socket.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the number of round trips of all connections: messages of the program that follow an
    /// answer, or that begin a connection. The COMMIT of a read transaction does not count,
    /// because the program does not wait for the answer.
    pub(super) fn round_trip_count(&self) -> usize {
        self.round_trip_count.load(Ordering::SeqCst)
    }

    /// Returns the number of connections that were cut.
    pub(super) fn cut_count(&self) -> usize {
        self.cut_count.load(Ordering::SeqCst)
    }
}

/// A host that accepts connections and never answers, with a socket in a directory of its own.
pub(super) struct SilentHost {
    directory: TempDir,
    _listener: UnixListener,
}

impl SilentHost {
    pub(super) fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("jeton-silent-").tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        Self { directory, _listener: listener }
    }

    /// Returns the directory of the socket.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// Forwards the messages in both directions, until the proxy cuts the connection, or the
/// program or the server ends the connection.
fn forward(
    mut program: &UnixStream,
    mut server: &UnixStream,
    cut: Cut,
    max_cuts: usize,
    cut_counter: &AtomicUsize,
    round_trip_counter: &AtomicUsize,
) -> std::io::Result<()> {
    let (answers, recipient) = (server.try_clone()?, program.try_clone()?);
    // True after an answer of the server, and for a new connection: the next message of the program
    // starts a round trip.
    let has_answer = Arc::new(AtomicBool::new(true));
    let answered = Arc::clone(&has_answer);
    std::thread::spawn(move || forward_answers(&answers, &recipient, &answered));
    let mut buffer = vec![0; 1 << 16];
    let mut is_write_transaction = false;
    loop {
        let length = program.read(&mut buffer)?;
        let message = &buffer[..length];
        if length == 0 {
            return Ok(());
        }
        let is_awaited = is_write_transaction || message != COMMIT_MESSAGE;
        if is_awaited && has_answer.swap(false, Ordering::SeqCst) {
            round_trip_counter.fetch_add(1, Ordering::SeqCst);
        }
        // The lock statement begins a write transaction. A COMMIT before this statement in the same
        // message ends a read transaction.
        let lock_index = find(message, b"pg_advisory_xact_lock");
        is_write_transaction |= lock_index.is_some();
        let is_commit =
            is_write_transaction && find(&message[lock_index.unwrap_or(0)..], b"COMMIT").is_some();
        is_write_transaction &= !is_commit;
        let is_cut = is_commit
            && cut_counter
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |cuts| {
                    (cuts < max_cuts).then_some(cuts + 1)
                })
                .is_ok();
        if is_cut && cut != Cut::BeforeCommit {
            program.shutdown(Shutdown::Both)?;
            server.write_all(message)?;
            // The server executes COMMIT, and closes the connection at the end of its input.
            server.shutdown(Shutdown::Write)?;
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        if is_cut {
            return Ok(());
        }
        server.write_all(message)?;
    }
}

/// Forwards the answers of the server. Sets `has_answer` before forwarding each answer.
fn forward_answers(
    mut server: &UnixStream,
    mut program: &UnixStream,
    has_answer: &AtomicBool,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = server.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        has_answer.store(true, Ordering::SeqCst);
        program.write_all(&buffer[..length])?;
    }
}

fn find(message: &[u8], text: &[u8]) -> Option<usize> {
    message.windows(text.len()).position(|window| window == text)
}
