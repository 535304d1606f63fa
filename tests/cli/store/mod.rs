//! The store and the session on disk: modes, places, what counts as there, what is damaged.

mod alone;
mod backup;
mod check;
mod crafted;
mod crafted_rows;
mod erased;
mod full;
mod groups;
mod mounted;
mod neighbour;
mod read_only;
mod refused;
mod restore;
mod restore_refused;
mod shared;
mod two_paths;
mod unwritable;
mod upkeep;
mod urls;

use crate::world::{Ran, World};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The store's file and its two logs.
fn store_files(world: &World) -> [std::path::PathBuf; 3] {
    ["db", "db-wal", "db-shm"].map(|end| world.store().with_extension(end))
}

/// Whether nothing at all stands in the world's home.
fn is_empty(world: &World) -> bool {
    fs::read_dir(world.home()).unwrap().next().is_none()
}

/// A run whose files would be for everybody.
fn without_umask(world: &World, words: &str) -> Ran {
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("umask 0; exec \"$0\" {words}"), env!("CARGO_BIN_EXE_jeton")])
        .env_clear()
        .env("HOME", world.home())
        .current_dir(world.home());
    Ran::from(command.output().unwrap())
}

#[test]
fn files_are_for_their_owner_whatever_the_umask() {
    let world = World::new();
    without_umask(&world, "init ada").ok();
    for file in store_files(&world) {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    let session = world.session_file();
    assert_eq!(mode(&session), 0o600);
    assert_eq!(mode(&session.with_extension("lock")), 0o600);
    for directory in [world.store().parent().unwrap(), &world.sessions()] {
        assert_eq!(mode(directory), 0o700, "{directory:?}");
    }
    let left: Vec<_> = fs::read_dir(world.sessions()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_loose_store_is_tightened_with_a_warning() {
    let world = World::with_admin();
    for loose in store_files(&world) {
        set_mode(&loose, 0o644);
        let warning = format!(
            "warning: others could read `{}`; now they cannot\n",
            world.store().canonicalize().unwrap().display()
        );
        assert_eq!(world.run(&["whoami"]).ok().err, warning, "{loose:?}");
        for file in store_files(&world) {
            assert_eq!(mode(&file), 0o600, "{file:?}");
        }
        assert_eq!(world.run(&["whoami"]).ok().err, "");
    }
}

#[test]
fn a_loose_session_is_tightened_with_a_warning() {
    let world = World::with_admin();
    let session = world.session_file();
    set_mode(&session, 0o640);
    assert_eq!(
        world.run(&["whoami"]).ok().err,
        "warning: others could read the session file; now they cannot\n"
    );
    assert_eq!(mode(&session), 0o600);
    assert_eq!(world.run(&["whoami"]).ok().err, "");
    set_mode(&world.sessions(), 0o755);
    world.run(&["refresh"]).ok();
    assert_eq!(mode(&world.sessions()), 0o700);
}

#[test]
fn a_session_file_that_is_a_link_is_refused() {
    let world = World::with_admin();
    let session = world.session_file();
    let elsewhere = world.home().join("elsewhere.json");
    fs::rename(&session, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &session).unwrap();
    let error = world.json_error(&["whoami"]);
    assert_eq!((&error["exit_code"], &error["code"]), (&78.into(), &"insecure_permissions".into()));
    assert_eq!(error["message"], "the session file is a symbolic link");
}

#[test]
fn a_damaged_session_file_asks_for_a_new_login() {
    let world = World::with_admin();
    for text in ["", "{", "[]", "{\"store\": 1}", "\u{0}\u{0}"] {
        fs::write(world.session_file(), text).unwrap();
        assert_eq!(
            world.run(&["whoami"]).fails(4).err,
            "error: the session file is damaged\nhint: log in again: jeton login\n"
        );
    }
    world.log_in("ada", "lovelace");
    world.run(&["whoami"]).ok();
}

#[test]
fn an_empty_file_is_no_store_and_init_completes_it() {
    let world = World::new();
    fs::create_dir_all(world.store().parent().unwrap()).unwrap();
    fs::write(world.store(), "").unwrap();
    let error = world.json_error(&["whoami"]);
    assert_eq!(
        (&error["code"], &error["hint"]),
        (&"store_not_found".into(), &"make one: jeton init".into())
    );
    assert_eq!(fs::metadata(world.store()).unwrap().len(), 0);
    let ran = world.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    let made = format!("made the store `{}`\n", world.store().canonicalize().unwrap().display());
    assert!(ran.err.starts_with(&made), "{}", ran.err);
    for file in store_files(&world) {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    world.run(&["whoami"]).ok();
}

#[test]
fn a_command_without_a_store_makes_none() {
    let mut world = World::new();
    world.set("JETON_PASSWORD", "123456");
    let commands: &[&[&str]] = &[
        &["login", "ada"],
        &["refresh"],
        &["whoami"],
        &["passwd"],
        &["recover", "ada"],
        &["token", "create", "x"],
        &["token", "mint"],
        &["token", "inspect", "x"],
        &["token", "verify", "x"],
        &["token", "list"],
        &["token", "show", "1"],
        &["token", "revoke", "1"],
        &["users", "list"],
        &["users", "set-role", "ada", "user"],
        &["users", "delete", "ada", "--yes"],
        &["users", "export"],
        &["keys", "export", "--jwks"],
        &["settings", "get", "issuer"],
        &["store", "info"],
        &["store", "check"],
        &["store", "backup", "copy.db"],
        &["store", "prune"],
        &["store", "migrate"],
    ];
    for words in commands {
        let error = world.json_error(words);
        assert_eq!(error["exit_code"], 3, "{words:?}");
        assert_eq!(error["code"], "store_not_found", "{words:?}");
        assert_eq!(error["hint"], "make one: jeton init", "{words:?}");
        assert!(is_empty(&world), "{words:?} left something");
    }
    assert_eq!(world.run(&["logout"]).ok().err, "nobody was logged in\n");
    world.run(&["token", "decode", "e30.e30."]).ok();
    world.run(&["completions", "bash"]).ok();
    assert!(is_empty(&world));
}

#[test]
fn without_a_home_flags_and_variables_say_where() {
    let world = World::new();
    let (store, config) = (world.home().join("s/p.db"), world.home().join("c"));
    let homeless = |words: &[&str]| {
        let mut command = world.command(words);
        command.env_remove("HOME").env("JETON_CONFIG_DIR", &config);
        command
    };
    let by_flag = ["init", "ada", "--store", store.to_str().unwrap()];
    Ran::from(homeless(&by_flag).output().unwrap()).ok();
    Ran::from(homeless(&["whoami"]).env("JETON_STORE", &store).output().unwrap()).ok();
    let ran = Ran::from(
        homeless(&["whoami", "--store", "other.db"]).env("JETON_STORE", &store).output().unwrap(),
    );
    assert_eq!(ran.fails(3).err.lines().next().unwrap(), "error: there is no store at `other.db`");
    assert_eq!(fs::read_dir(config.join("sessions")).unwrap().count(), 2);
    let made: Vec<_> =
        fs::read_dir(world.home()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(made.len(), 2, "{made:?}");
}

#[test]
fn a_path_that_looks_like_a_uri_is_a_path() {
    let world = World::new();
    let name = "file:x.db?mode=memory";
    world.run(&["init", "ada", "--store", name]).ok();
    assert_eq!(mode(&world.home().join(name)), 0o600);
    world.run(&["whoami", "--store", name]).ok();
}

#[test]
fn a_copy_of_a_store_elsewhere_does_not_use_its_session() {
    let world = World::with_admin();
    let copy = world.home().join("copy.db");
    for (file, end) in store_files(&world).iter().zip(["db", "db-wal", "db-shm"]) {
        fs::copy(file, copy.with_extension(end)).unwrap();
    }
    let at_copy = ["--store", copy.to_str().unwrap()];
    assert_eq!(
        world.run(&[&at_copy[..], &["whoami"]].concat()).fails(4).err,
        "error: nobody is logged in\nhint: log in: jeton login\n"
    );
    assert_eq!(world.run(&[&at_copy[..], &["users", "list"]].concat()).code, 4);
    world.run(&["whoami"]).ok();
    // The same store through another spelling of its directory is the same store.
    let link = world.home().join("link");
    std::os::unix::fs::symlink(world.store().parent().unwrap(), &link).unwrap();
    world.run(&["whoami", "--store", link.join("jeton.db").to_str().unwrap()]).ok();
}

/// Has the logs copied back and removed; the bytes of the store.
fn without_logs(world: &World) -> Vec<u8> {
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE").unwrap();
    store.execute_batch("PRAGMA journal_mode=WAL").unwrap();
    drop(store);
    fs::read(world.store()).unwrap()
}

/// Overwrites the page of that number, at `from` within it, in a store without logs.
fn damage(store: &Path, bytes: &[u8], page: usize, from: usize) {
    let mut damaged = bytes.to_vec();
    let end = ((page + 1) * 4096).min(damaged.len());
    damaged[page * 4096 + from..end].fill(0xA5);
    fs::write(store, damaged).unwrap();
    for end in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(store.with_extension(end));
    }
}

#[test]
fn a_damaged_store_never_ends_in_a_panic() {
    const DOCUMENTED: &[i32] = &[0, 1, 3, 4, 5, 6, 7, 8, 10, 12, 78];
    let world = World::with_admin();
    let token = world.get(&["token", "create", "x"]);
    let bytes = without_logs(&world);
    let mut noticed = 0;
    for page in 0..bytes.len() / 4096 {
        for from in [0, 1500] {
            for words in
                [&["users", "list"][..], &["token", "create", "y"], &["token", "verify", &token]]
            {
                damage(&world.store(), &bytes, page, from);
                let ran = world.run(words);
                let known = DOCUMENTED.contains(&ran.code);
                assert!(known, "page {page} from {from}: {words:?}: {ran:?}");
                noticed += usize::from(ran.code == 78);
            }
        }
    }
    assert!(noticed > 5, "{noticed}");
}
