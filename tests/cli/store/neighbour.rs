//! Another user of the machine who puts files beside a store before jeton does.

use super::mounted::skipped;
use super::set_mode;
use crate::world::World;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const NEIGHBOUR: u32 = 12_345;
const TRIES: usize = 100;

/// Puts logs and directories where a store may come to be, and writes the name of each file that
/// can be read and holds a store's tables to `stolen`.
const SCRIPT: &str = r#"
import os, random, sys
shared, loot = sys.argv[1:]
os.chdir(shared)
os.umask(0)

def attempt(act, *arguments):
    try:
        return act(*arguments)
    except OSError:
        pass

def read(path):
    with open(path, "rb") as file:
        return file.read()

with open(f"{loot}/turns", "ab", 0) as turns, open(f"{loot}/stolen", "a") as stolen:
    while True:
        turns.write(b".")
        if random.random() < 0.02:
            attempt(os.mkdir, "ci")
            attempt(os.mkdir, "own")
        for store in "ci.db", "ci/jeton.db", "own/jeton.db":
            for end in "", "-wal", "-shm", "-journal":
                if end:
                    attempt(lambda: open(store + end, "ab").close())
                if b"CREATE TABLE" in (attempt(read, store + end) or b""):
                    print(store + end, file=stolen, flush=True)
"#;

fn as_neighbour() -> Command {
    let mut command = Command::new("setpriv");
    let id = NEIGHBOUR.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    command
}

struct Neighbour(Child);

impl Neighbour {
    fn in_directory(directory: &Path, loot: &Path) -> Self {
        let mut command = as_neighbour();
        command.args(["python3", "-SEc", SCRIPT]).args([directory, loot]);
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
    let probe = as_neighbour().args(["python3", "-c", ""]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        skipped("python3 cannot be run as another user");
        return;
    }
    let world = World::new();
    let [shared, loot] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    set_mode(shared.path(), bits);
    chown(loot.path(), Some(NEIGHBOUR), None).unwrap();
    set_mode(loot.path(), 0o755);
    let neighbour = Neighbour::in_directory(shared.path(), loot.path());
    let (mut created, mut unexpected) = (0, Vec::new());
    for _ in 0..TRIES {
        for name in ["ci.db", "ci/jeton.db", "own/jeton.db"] {
            let store = shared.path().join(name);
            let ran = world.run(&["keys", "generate", "--store", store.to_str().unwrap()]);
            let is_refused = ran.code == 78;
            if !is_refused && (ran.code != 0 || name == "ci.db") {
                unexpected.push(format!("{name}: {ran:?}"));
            }
            created += usize::from(ran.code == 0);
            if let Some(directory) =
                Path::new(name).parent().filter(|it| !it.as_os_str().is_empty())
            {
                // The neighbour's turn to be first, or ours.
                let _ = fs::remove_dir_all(shared.path().join(directory));
            }
        }
    }
    let log = fs::metadata(shared.path().join("ci.db-wal")).unwrap();
    assert_eq!(log.uid(), NEIGHBOUR, "the neighbour was there");
    drop(neighbour);
    let turns = fs::read(loot.path().join("turns")).unwrap().len();
    assert!(turns > TRIES, "{turns}");
    let stolen = fs::read_to_string(loot.path().join("stolen")).unwrap_or_default();
    assert_eq!(stolen, "", "after {created} stores");
    assert!(unexpected.is_empty(), "{unexpected:?}");
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
