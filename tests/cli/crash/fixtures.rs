//! `token fixtures` killed while it creates or replaces a set of fixtures: the next run always
//! leaves exactly the files of its own set. Also the fsync calls of a run that is not killed.

use super::{
    call_names, file_names, kill_before_each_call, require_strace, run_killed, run_traced,
};
use crate::sandbox::Sandbox;
use std::cell::RefCell;

/// Command that creates a set of fixtures, which contains a secret.
const CREATE_FLASK_SET: [&str; 8] =
    ["token", "fixtures", "--out", "set", "--preset", "flask", "--key-file", "key"];

/// Command that creates a set of fixtures, which contains public keys, and tokens that the set of
/// `CREATE_FLASK_SET` does not contain.
const CREATE_RFC9068_SET: [&str; 8] = [
    "token",
    "fixtures",
    "--out",
    "set",
    "--preset",
    "rfc9068",
    "--key-file",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/hostile/samples/p256.pem"),
];

/// Returns a sandbox with the secret of `CREATE_FLASK_SET` in the file `key`.
fn sandbox_with_key() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.home().join("key"), "a secret that is as long as its hash").unwrap();
    sandbox
}

/// Creates a set, and returns the names of the files in the directory of the set. A failure message
/// starts with `when`.
fn create_set(sandbox: &Sandbox, words: &[&str], when: &str) -> Vec<String> {
    let output = sandbox.run(words);
    assert_eq!(output.code, 0, "{when}: {output:?}");
    file_names(&sandbox.home().join("set"))
}

#[test]
#[ignore = "needs strace"]
fn run_after_killed_fixtures_command_leaves_exactly_its_own_set() {
    require_strace();
    let [flask_files, rfc9068_files] = [CREATE_FLASK_SET, CREATE_RFC9068_SET]
        .map(|words| create_set(&sandbox_with_key(), &words, "without a kill"));
    let sandbox_with_set = sandbox_with_key();
    create_set(&sandbox_with_set, &CREATE_FLASK_SET, "without a kill");
    let mut names = call_names(&sandbox_with_set, &CREATE_RFC9068_SET);
    names.retain(|name| ["rename", "unlink"].iter().any(|call| name.starts_with(call)));
    for is_first_set in [true, false] {
        let sandbox = RefCell::new(sandbox_with_key());
        let kill = |call: &str, nth| {
            *sandbox.borrow_mut() = sandbox_with_key();
            if !is_first_set {
                create_set(&sandbox.borrow(), &CREATE_FLASK_SET, "before the kill");
            }
            run_killed(&sandbox.borrow(), &CREATE_RFC9068_SET, call, nth)
        };
        let mut runs = 0;
        let check = |when: &str| {
            runs += 1;
            // The next run alternately creates the set of the killed command and another set.
            let (words, expected) = if runs % 2 == 0 {
                (CREATE_FLASK_SET, &flask_files)
            } else {
                (CREATE_RFC9068_SET, &rfc9068_files)
            };
            assert_eq!(&create_set(&sandbox.borrow(), &words, when), expected, "{when}");
        };
        let kills = kill_before_each_call(&names, kill, check);
        assert!(kills > 30, "{kills} kills");
    }
}

/// Each file is synced under a temporary name, and then renamed. The manifest, which lists the
/// files of the set, is stored before the other files are written. So the directory is synced
/// twice.
#[test]
#[ignore = "needs strace"]
fn each_fixture_file_is_synced_once() {
    require_strace();
    let sandbox = sandbox_with_key();
    let trace_file = sandbox.home().join("trace");
    let options = ["-y", "-e", "trace=fsync,/^rename", "-o", trace_file.to_str().unwrap()];
    run_traced(&sandbox, &options, &CREATE_RFC9068_SET).ok();
    let trace = std::fs::read_to_string(&trace_file).unwrap();
    let (directories, files): (Vec<&str>, Vec<&str>) =
        trace.lines().partition(|line| line.contains("/set>"));
    let synced_name = |calls: &[&str]| {
        assert!(calls[0].contains("fsync(") && calls[0].contains("/.jeton-file.new>"), "{trace}");
        let target = calls[1].split('"').nth(3).unwrap();
        target.rsplit('/').next().unwrap().to_owned()
    };
    let mut synced_names: Vec<String> = files.chunks(2).map(synced_name).collect();
    synced_names.sort();
    assert_eq!(synced_names, file_names(&sandbox.home().join("set")), "{trace}");
    assert_eq!(directories.len(), 2, "{trace}");
}
