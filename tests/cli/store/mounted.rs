//! A shell with mounts of its own, for file systems that are full or read-only. They are gone when
//! it ends, and no process outside it ever sees them.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Says that a test is skipped; `JETON_TEST_REQUIRE_MOUNT` makes it a failure.
pub(super) fn skipped(why: &str) {
    #[expect(clippy::disallowed_methods, reason = "it is the test that is asked, not the program")]
    let required = std::env::var_os("JETON_TEST_REQUIRE_MOUNT").is_some();
    assert!(!required, "{why}");
    // Past the capture of passing tests: who reads the log must see it.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The shell, in the sandbox's home; ada's password is in its environment.
pub(super) struct Mounted<'w> {
    sandbox: &'w Sandbox,
    shell: Child,
    lines: Option<ChildStdin>,
    codes: BufReader<ChildStdout>,
}

impl<'w> Mounted<'w> {
    /// `None`, and it is said, where nothing can be mounted.
    pub(super) fn over(sandbox: &'w Sandbox) -> Option<Self> {
        let mut probe = Command::new("unshare");
        probe.args(["-rm", "mount", "-t", "tmpfs", "none", "/tmp"]).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            skipped("nothing can be mounted here");
            return None;
        }
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
        let (lines, codes) = (shell.stdin.take(), BufReader::new(shell.stdout.take().unwrap()));
        Some(Self { sandbox, shell, lines, codes })
    }

    /// Runs a line of shell.
    pub(super) fn try_do(&mut self, line: &str) -> RunOutput {
        let lines = self.lines.as_mut().unwrap();
        writeln!(lines, "({line}) </dev/null >out 2>err; echo $?").unwrap();
        let mut code = String::new();
        self.codes.read_line(&mut code).unwrap();
        let read = |name| std::fs::read_to_string(self.sandbox.home().join(name)).unwrap();
        RunOutput {
            code: code.trim().parse().unwrap(),
            stdout: read("out"),
            stderr: read("err"),
            command: line.to_owned(),
            home: Some(self.sandbox.home().to_owned()),
        }
    }

    /// Runs a line of shell that must succeed.
    pub(super) fn must(&mut self, line: &str) {
        self.try_do(line).ok();
    }

    /// Runs jeton with these words.
    #[must_use = "look at how it ended"]
    pub(super) fn run(&mut self, words: &str) -> RunOutput {
        self.try_do(&format!("exec \"$1\" {words}"))
    }

    /// Mounts a small empty file system on that directory.
    pub(super) fn small(&mut self, directory: &str) {
        self.must(&format!(
            "mkdir {directory} && mount -t tmpfs -o size=1m,mode=0700 none {directory}"
        ));
    }

    /// Takes all the room that is left on it.
    pub(super) fn fill(&mut self, directory: &str) {
        let ran = self.try_do(&format!("exec dd if=/dev/zero of={directory}/fill bs=4096"));
        assert!(ran.stderr.contains("No space left on device"), "{ran:?}");
    }

    /// Gives it back.
    pub(super) fn empty(&mut self, directory: &str) {
        self.must(&format!("rm {directory}/fill"));
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // It ends when there is nothing more to read.
        self.lines = None;
        let _ = self.shell.wait();
    }
}
