//! `store backup`, `restore` and `prune` killed at every system call: a backup is complete or
//! missing, a restore is done or not, and the rows that a killed prune deleted are counted.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, names_in, no_litter, of_copy};
use crate::sandbox::Sandbox;
use std::cell::Cell;

/// The file name of an incomplete backup.
const HIDDEN: &str = ".jeton-backup.new";

const PRUNE: [&str; 3] = ["store", "prune", "-q"];

fn changing(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let mut names = calls(sandbox, arguments);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    names
}

#[test]
fn killed_backup_is_complete_or_missing() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let directory = sandbox.home().join("copies");
    std::fs::create_dir(&directory).unwrap();
    let (copy, backup) = (directory.join("a.db"), ["store", "backup", "copies/a.db", "-q"]);
    let names = changing(&sandbox, &backup);
    let (mut whole, mut missing) = (0, 0);
    let kills = kill_at_each(
        &names,
        |call, nth| {
            let _ = std::fs::remove_file(&copy);
            killed(&sandbox, &backup, call, nth)
        },
        |when| {
            let left = names_in(&directory);
            let hidden = [HIDDEN.to_owned(), format!("{HIDDEN}-journal")];
            let known = |name: &String| name == "a.db" || hidden.contains(name);
            assert!(left.iter().all(known), "{when}: {left:?}");
            if copy.exists() {
                whole += 1;
                let check = ["store", "check", "-q", "--store", "copies/a.db"];
                assert_eq!(sandbox.run(&check).ok().stdout, "ok\n", "{when}");
                // `store check` leaves an empty WAL.
                for end in ["db-wal", "db-shm"] {
                    std::fs::remove_file(copy.with_extension(end)).unwrap();
                }
            } else {
                missing += 1;
            }
            sandbox.run(&["store", "backup", "copies/b.db"]).ok();
            std::fs::remove_file(directory.join("b.db")).unwrap();
            assert!(!names_in(&directory).iter().any(|name| name.starts_with(HIDDEN)), "{when}");
            no_litter(&sandbox, when);
        },
    );
    println!("{kills} kills, {whole} whole, {missing} missing");
    assert!(kills > 60 && whole > 0 && missing > 0, "{kills} {whole} {missing}");
    is_sound(&sandbox);
}

#[test]
fn killed_restore_leaves_old_or_new_store() {
    const BACKUP: &str = "copies/a.db";
    const NAMES: [&str; 2] = [".jeton-restore.new", ".jeton-before-restore.new"];
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    std::fs::create_dir(sandbox.home().join("copies")).unwrap();
    sandbox.run(&["store", "backup", BACKUP]).ok();
    let token = sandbox.get(&["token", "create", "app"]);
    sandbox.run(&["store", "backup", "copies/old.db"]).ok();
    let restore = ["store", "restore", BACKUP, "--yes", "-q"];
    let directory = sandbox.store().parent().unwrap().to_owned();
    let kept = directory.join("jeton.db.before-restore");
    let forget = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", kept.display()));
        }
    };
    let names = changing(&sandbox, &restore);
    let (mut old, mut new) = (0, 0);
    let kills = kill_at_each(
        &names,
        |call, nth| {
            forget();
            sandbox.run(&["store", "restore", "copies/old.db", "--yes"]).ok();
            forget();
            // These changes exist only in the WAL.
            sandbox.run(&["settings", "set", "token.ttl", "1d"]).ok();
            sandbox.run(&["settings", "unset", "token.ttl"]).ok();
            killed(&sandbox, &restore, call, nth)
        },
        |when| {
            let began = std::time::Instant::now();
            let code = sandbox.run(&["token", "verify", &token]).code;
            assert!(began.elapsed().as_secs() < 5, "{when}");
            *(if code == 0 { &mut old } else { &mut new }) += 1;
            assert!(code == 0 || code == 10, "{when}: {code}");
            assert_eq!(sandbox.run(&["store", "check", "-q"]).ok().stdout, "ok\n", "{when}");
            let restored = "SELECT count(*) || '' FROM audit WHERE action = 'store restore'";
            let restored = of_copy(&sandbox, restored);
            // The preparation restored the old store, which is the one counted row.
            assert_eq!(restored, "1", "{when}");
            assert!(code == 0 || kept.exists(), "{when}");
            if kept.exists() {
                let words = ["--store", kept.to_str().unwrap(), "token", "verify", &token];
                assert_eq!(sandbox.run(&words).code, 0, "{when}");
            }
            let mut left = names_in(&directory);
            left.retain(|name| !name.starts_with("jeton.db"));
            let is_known = |name: &String| NAMES.iter().any(|known| name.starts_with(known));
            assert!(left.iter().all(is_known), "{when}: {left:?}");
        },
    );
    forget();
    sandbox.run(&restore).ok();
    let left = names_in(&directory);
    assert!(left.iter().all(|name| name.starts_with("jeton.db")), "{left:?}");
    println!("{kills} kills, {old} old, {new} new");
    assert!(kills > 60 && old > 0 && new > 0, "{kills} {old} {new}");
    is_sound(&sandbox);
}

#[test]
fn killed_prune_counts_deleted_rows() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "create", "app"]).ok();
    let names = changing(&sandbox, &PRUNE);
    let added = Cell::new(0);
    let (mut before, mut after) = (0, 0);
    let kills = kill_at_each(
        &names,
        |call, nth| {
            added.set(added.get() + 1);
            sandbox.sql(&format!(
                "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
                     VALUES (unhex(printf('%032x', {})), 1, 1, 1, 2) RETURNING id",
                added.get()
            ));
            killed(&sandbox, &PRUNE, call, nth)
        },
        |when| {
            let left = of_copy(
                &sandbox,
                "SELECT (SELECT count(*) FROM tokens WHERE expires_at = 2) || ' ' ||
                     (SELECT ifnull(sum(count), 0) FROM audit WHERE action = 'store prune')",
            );
            let (left, counted) = left.split_once(' ').unwrap();
            let (left, counted): (usize, usize) = (left.parse().unwrap(), counted.parse().unwrap());
            assert_eq!(left + counted, added.get(), "{when}");
            *(if left > 0 { &mut before } else { &mut after }) += 1;
            no_litter(&sandbox, when);
            sandbox.run(&PRUNE).ok();
            assert_eq!(sandbox.run(&["token", "show", "1"]).ok().stderr, "", "{when}");
        },
    );
    println!("{kills} kills, {before} before, {after} after");
    assert!(kills > 40 && before > 0 && after > 0, "{kills} {before} {after}");
    is_sound(&sandbox);
}
