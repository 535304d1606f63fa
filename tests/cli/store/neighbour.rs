//! Another user of the machine who puts files beside a store before jeton does.

use super::mounted::skipped;
use super::set_mode;
use crate::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const NEIGHBOUR: u32 = 12_345;
const TRIES: usize = 100;

/// Puts logs and directories where a store may come to be, and writes the name of each file that
/// can be read and holds a store's tables to `stolen`.
const SCRIPT: &str = r#"
my ($shared, $loot) = @ARGV;
chdir $shared or die;
umask 0;
open my $turns, ">>", "$loot/turns" or die;
open my $stolen, ">>", "$loot/stolen" or die;
while (1) {
    syswrite $turns, ".";
    if (rand() < 0.02) { mkdir "ci"; mkdir "own"; }
    for my $store ("ci.db", "ci/jeton.db", "own/jeton.db") {
        for my $end ("", "-wal", "-shm", "-journal") {
            if ($end) { open my $made, ">>", $store . $end; }
            open my $file, "<", $store . $end or next;
            local $/;
            syswrite $stolen, "$store$end\n" if (<$file> // "") =~ /CREATE TABLE/;
        }
    }
}
"#;

fn as_neighbour() -> Command {
    let mut command = Command::new("setpriv");
    // What root has elsewhere on its path may be for root alone.
    command.env("PATH", "/usr/bin:/bin");
    let id = NEIGHBOUR.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    command
}

struct Neighbour(Child);

impl Neighbour {
    fn in_directory(directory: &Path, loot: &Path) -> Self {
        let mut command = as_neighbour();
        command.args(["perl", "-e", SCRIPT]).args([directory, loot]);
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Creates stores in a directory of that mode while the neighbour is at work.
fn nothing_is_stolen(bits: u32) {
    let probe = as_neighbour().args(["perl", "-e", "1"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        skipped("perl cannot be run as another user");
        return;
    }
    let sandbox = Sandbox::new();
    let [shared, loot] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    set_mode(shared.path(), bits);
    chown(loot.path(), Some(NEIGHBOUR), None).unwrap();
    set_mode(loot.path(), 0o755);
    let neighbour = Neighbour::in_directory(shared.path(), loot.path());
    let (mut created, mut unexpected) = (0, Vec::new());
    for _ in 0..TRIES {
        for name in ["ci.db", "ci/jeton.db", "own/jeton.db"] {
            let store = shared.path().join(name);
            let output = sandbox.run(&["keys", "generate", "--store", store.to_str().unwrap()]);
            let is_refused = output.code == 78;
            if !is_refused && (output.code != 0 || name == "ci.db") {
                unexpected.push(format!("{name}: {output:?}"));
            }
            created += usize::from(output.code == 0);
            if let Some(directory) =
                Path::new(name).parent().filter(|it| !it.as_os_str().is_empty())
            {
                // The neighbour's turn to be first, or ours.
                let _ = fs::remove_dir_all(shared.path().join(directory));
            }
        }
    }
    drop(neighbour);
    let turns = fs::read(loot.path().join("turns")).unwrap().len();
    assert!(turns > TRIES, "{turns}");
    let stolen = fs::read_to_string(loot.path().join("stolen")).unwrap_or_default();
    assert_eq!(stolen, "", "after {created} stores");
    assert!(unexpected.is_empty(), "{unexpected:?}");
    let log = fs::metadata(shared.path().join("ci.db-wal")).unwrap();
    assert_eq!(log.uid(), NEIGHBOUR, "the neighbour was there");
    // Below a plain directory everything can be renamed.
    assert_eq!(created > 0, bits == 0o1777, "{created}");
}

#[test]
fn neighbour_reads_no_key_in_a_plain_directory() {
    nothing_is_stolen(0o777);
}

#[test]
fn neighbour_reads_no_key_in_a_sticky_directory() {
    nothing_is_stolen(0o1777);
}

#[test]
fn memory_of_the_process_is_closed_to_the_same_user() {
    let probe = as_neighbour().arg("true").stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        skipped("no other user can be had");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    set_mode(directory.path(), 0o755);
    // A program that its user cannot read would be closed in any case.
    let program = directory.path().join("jeton");
    fs::copy(env!("CARGO_BIN_EXE_jeton"), &program).unwrap();
    set_mode(&program, 0o755);
    let mut command = as_neighbour();
    command.arg(&program).args(["token", "decode", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    // proc(5): the files of a process that is not dumpable belong to root.
    let owner = fs::metadata(format!("/proc/{}/auxv", child.id())).unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(owner, 0);
}
