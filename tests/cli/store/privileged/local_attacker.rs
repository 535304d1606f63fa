//! Local attackers: another user who creates files beside a store before jeton does, and a process
//! of the same user that reads the memory of jeton.

use crate::required::require;
use crate::sandbox::Sandbox;
use crate::store::set_mode;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const ATTACKER_UID: u32 = 12_345;
/// Number of attempts to create each store.
const ATTEMPTS: usize = 100;

/// Perl script of the attacker. In the shared directory, creates the directories of the stores and
/// the files that SQLite would create beside the stores. Reads the stores and these files. If a
/// file contains the definition of a table, appends the file's name to the file `stolen` in the
/// private directory. Appends one byte per round to the file `rounds` in the private directory.
///
/// Creates no directories in every second series of 1,000 rounds, so that jeton wins some races on
/// a machine of any speed.
const ATTACK_SCRIPT: &str = r#"
my ($shared, $private) = @ARGV;
chdir $shared or die;
umask 0;
open my $rounds, ">>", "$private/rounds" or die;
open my $stolen, ">>", "$private/stolen" or die;
for (my $round = 0; ; $round++) {
    syswrite $rounds, ".";
    if ($round / 1000 % 2 == 0 && rand() < 0.02) { mkdir "ci"; mkdir "own"; }
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

/// Returns a command that runs its arguments as a program of the user [`ATTACKER_UID`].
fn command_as_other_user() -> Command {
    let mut command = Command::new("setpriv");
    // Root's `PATH` may have directories that the other user cannot access.
    command.env("PATH", "/usr/bin:/bin");
    let id = ATTACKER_UID.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    command
}

/// The running script of the attacker. Dropping the value ends the script.
struct Attacker(Child);

impl Attacker {
    fn start(shared: &Path, private: &Path) -> Self {
        let mut command = command_as_other_user();
        command.args(["perl", "-e", ATTACK_SCRIPT]).args([shared, private]);
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tries to create stores in and below a directory with the given mode while the attacker runs.
/// Asserts that the attacker reads no store.
fn assert_no_key_is_stolen(mode: u32) {
    require(command_as_other_user().args(["perl", "-e", "1"]), "perl, run as another user");
    let sandbox = Sandbox::new();
    let [shared, private] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    set_mode(shared.path(), mode);
    chown(private.path(), Some(ATTACKER_UID), None).unwrap();
    set_mode(private.path(), 0o755);
    let attacker = Attacker::start(shared.path(), private.path());
    let (mut created_count, mut unexpected_outputs) = (0, Vec::new());
    for _ in 0..ATTEMPTS {
        for name in ["ci.db", "ci/jeton.db", "own/jeton.db"] {
            let store = shared.path().join(name);
            let output = sandbox.run(&["keys", "generate", "--store", store.to_str().unwrap()]);
            let is_refused = output.code == 78;
            // `ci.db` is in the shared directory itself, so jeton must always refuse this store.
            if !is_refused && (output.code != 0 || name == "ci.db") {
                unexpected_outputs.push(format!("{name}: {output:?}"));
            }
            created_count += usize::from(output.code == 0);
            if let Some(directory) =
                Path::new(name).parent().filter(|path| !path.as_os_str().is_empty())
            {
                // After the removal, jeton and the attacker race again to create the directory.
                let _ = fs::remove_dir_all(shared.path().join(directory));
            }
        }
    }
    drop(attacker);
    let rounds = fs::read(private.path().join("rounds")).unwrap().len();
    assert!(rounds > ATTEMPTS, "{rounds}");
    let stolen = fs::read_to_string(private.path().join("stolen")).unwrap_or_default();
    assert_eq!(stolen, "", "after {created_count} stores");
    assert!(unexpected_outputs.is_empty(), "{unexpected_outputs:?}");
    let wal = fs::metadata(shared.path().join("ci.db-wal")).unwrap();
    assert_eq!(wal.uid(), ATTACKER_UID, "the attacker creates files beside the store");
    // jeton creates no store below a world-writable directory without the sticky bit, because any
    // user can rename any file in such a directory.
    assert_eq!(created_count > 0, mode == 0o1777, "{created_count}");
}

#[test]
#[ignore = "needs another user and perl"]
fn attacker_reads_no_key_in_a_world_writable_directory_without_sticky_bit() {
    assert_no_key_is_stolen(0o777);
}

#[test]
#[ignore = "needs another user and perl"]
fn attacker_reads_no_key_in_a_sticky_directory() {
    assert_no_key_is_stolen(0o1777);
}

#[test]
#[ignore = "needs another user"]
fn process_memory_is_unreadable_for_the_same_user() {
    require(command_as_other_user().arg("true"), "the permission to run a program as another user");
    let directory = tempfile::tempdir().unwrap();
    set_mode(directory.path(), 0o755);
    // The user must be able to read the file of the program. Otherwise no process of the program is
    // dumpable, and the test always passes.
    let program = directory.path().join("jeton");
    fs::copy(env!("CARGO_BIN_EXE_jeton"), &program).unwrap();
    set_mode(&program, 0o755);
    let mut command = command_as_other_user();
    command.arg(&program).args(["token", "decode", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    // proc(5): the files of a process that is not dumpable belong to root.
    let owner = fs::metadata(format!("/proc/{}/auxv", child.id())).unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(owner, 0);
}
