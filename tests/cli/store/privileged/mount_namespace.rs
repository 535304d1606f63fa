//! A shell in its own mount namespace, for file systems that are full or read-only and for bind
//! mounts. No process outside the namespace sees the mounts, which disappear when the shell exits.

use crate::required::require;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell in the sandbox's home, with ada's password in its environment.
pub(super) struct MountNamespace<'s> {
    sandbox: &'s Sandbox,
    shell: Child,
    stdin: Option<ChildStdin>,
    /// Standard output of the shell: for each command, one line with the exit code.
    exit_codes: BufReader<ChildStdout>,
}

impl<'s> MountNamespace<'s> {
    /// Starts the shell. Panics if mounting is not permitted.
    #[track_caller]
    pub(super) fn start(sandbox: &'s Sandbox) -> Self {
        let mount = ["-rm", "mount", "-t", "tmpfs", "none", "/tmp"];
        require(Command::new("unshare").args(mount), "the permission to mount");
        let mut shell = Command::new("unshare")
            .args(["-rm", "sh", "-s", env!("CARGO_BIN_EXE_jeton")])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", sandbox.home())
            .env("JETON_PASSWORD", "lovelace")
            .current_dir(sandbox.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, exit_codes) =
            (shell.stdin.take(), BufReader::new(shell.stdout.take().unwrap()));
        Self { sandbox, shell, stdin, exit_codes }
    }

    /// Runs a shell command, and returns its output and exit code.
    pub(super) fn run_line(&mut self, line: &str) -> RunOutput {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "({line}) </dev/null >out 2>err; echo $?").unwrap();
        let mut code = String::new();
        self.exit_codes.read_line(&mut code).unwrap();
        let read = |name| std::fs::read_to_string(self.sandbox.home().join(name)).unwrap();
        RunOutput {
            code: code.trim().parse().unwrap(),
            stdout: read("out"),
            stderr: read("err"),
            command: line.to_owned(),
            home: Some(self.sandbox.home().to_owned()),
            store: None,
        }
    }

    /// Runs a shell command that must succeed.
    pub(super) fn run_line_ok(&mut self, line: &str) {
        self.run_line(line).ok();
    }

    /// Runs jeton with arguments in the syntax of a shell.
    #[must_use = "check the exit code"]
    pub(super) fn run(&mut self, arguments: &str) -> RunOutput {
        self.run_line(&format!("exec \"$1\" {arguments}"))
    }

    /// Mounts an empty file system of 1 MiB on a new directory.
    pub(super) fn mount_small(&mut self, directory: &str) {
        self.run_line_ok(&format!(
            "mkdir {directory} && mount -t tmpfs -o size=1m,mode=0700 none {directory}"
        ));
    }

    /// Fills the file system that is mounted on the directory, with the file `fill`.
    pub(super) fn fill(&mut self, directory: &str) {
        let output = self.run_line(&format!("exec dd if=/dev/zero of={directory}/fill bs=4096"));
        assert!(output.stderr.contains("No space left on device"), "{output:?}");
    }

    /// Removes the file `fill`, and so frees its space.
    pub(super) fn free(&mut self, directory: &str) {
        self.run_line_ok(&format!("rm {directory}/fill"));
    }
}

impl Drop for MountNamespace<'_> {
    fn drop(&mut self) {
        // The shell exits at the end of its standard input.
        self.stdin = None;
        let _ = self.shell.wait();
    }
}
