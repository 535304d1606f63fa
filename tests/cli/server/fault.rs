//! A proxy between the program and the server. The proxy causes a fault at each message of the
//! program that contains a chosen text.

use super::lost_connection::{command_at, server_socket};
use crate::sandbox::Sandbox;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// A fault at a message of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection ends, and the server does not receive the message.
    End,
    /// The server receives the message. After that, the proxy forwards nothing on any connection,
    /// and ends no connection.
    Silence,
    /// As [`Fault::Silence`], but the proxy refuses new connections, as a connection pooler does
    /// while it cannot reach the server.
    SilenceThenRefusals,
}

/// Fields of the error message with which the connection pooler `PgBouncer` refuses a new
/// connection while the server is unreachable.
const POOLER_ERROR: &[u8] = b"SFATAL\0C08P01\0Mserver login has been failing, try again later\0\0";

/// A proxy with a socket in a directory of its own.
pub(super) struct FaultyProxy {
    directory: TempDir,
    fault_count: Arc<AtomicUsize>,
}

impl FaultyProxy {
    /// Starts a proxy with a fault at each message of the program that contains `text`, up to
    /// `max_faults` faults.
    pub(super) fn start(text: &'static str, fault: Fault, max_faults: usize) -> Self {
        let directory = tempfile::Builder::new().prefix("jeton-proxy-").tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let fault_count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&fault_count);
        let socket = server_socket();
        std::thread::spawn(move || {
            for program in listener.incoming() {
                let (program, fault_count) = (program.unwrap(), Arc::clone(&counter));
                if fault == Fault::SilenceThenRefusals && counter.load(Ordering::SeqCst) > 0 {
                    refuse(program);
                    continue;
                }
                let server = UnixStream::connect(&socket).unwrap();
                let connection =
                    Connection { program, server, text, fault, max_faults, fault_count };
                std::thread::spawn(move || connection.forward());
            }
        });
        Self { directory, fault_count }
    }

    /// Returns a command that connects through the proxy.
    pub(super) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        command_at(sandbox, &self.directory.path().display().to_string(), arguments)
    }

    /// Returns the number of faults that the proxy has caused.
    pub(super) fn fault_count(&self) -> usize {
        self.fault_count.load(Ordering::SeqCst)
    }
}

/// Answers the first message of the program with [`POOLER_ERROR`], and ends the connection.
fn refuse(mut program: UnixStream) {
    let _ = program.read(&mut vec![0; 1 << 16]);
    let length = u32::try_from(POOLER_ERROR.len() + 4).unwrap().to_be_bytes();
    let _ = program.write_all(&[b"E", &length[..], POOLER_ERROR].concat());
}

/// A connection of the program through the proxy. `text`, `fault` and `max_faults` are the
/// arguments of [`FaultyProxy::start`].
struct Connection {
    program: UnixStream,
    server: UnixStream,
    text: &'static str,
    fault: Fault,
    max_faults: usize,
    fault_count: Arc<AtomicUsize>,
}

impl Connection {
    /// Forwards the messages in both directions until the connection ends, and causes the faults.
    fn forward(mut self) {
        let (mut answers, mut program) =
            (self.server.try_clone().unwrap(), self.program.try_clone().unwrap());
        let (fault, fault_count) = (self.fault, Arc::clone(&self.fault_count));
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = answers.read(&mut buffer) {
                let is_silent = fault != Fault::End && fault_count.load(Ordering::SeqCst) > 0;
                if !is_silent && program.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
        });
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = self.program.read(&mut buffer) {
            let message = &buffer[..length];
            if self.fault != Fault::End && self.fault_count.load(Ordering::SeqCst) > 0 {
                continue;
            }
            let has_text =
                message.windows(self.text.len()).any(|window| window == self.text.as_bytes());
            if has_text && self.fault_count.load(Ordering::SeqCst) < self.max_faults {
                self.fault_count.fetch_add(1, Ordering::SeqCst);
                if self.fault == Fault::End {
                    break;
                }
            }
            if self.server.write_all(message).is_err() {
                break;
            }
        }
        let _ = self.program.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}
