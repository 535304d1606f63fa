//! Many processes at once on one store: nobody waits for ever, nobody sees a lock, and what must
//! happen once happens once.

mod admins;
mod logins;
mod passwords;
mod refresh;
mod registrations;
mod revocation;
mod tokens;

use crate::world::{Ran, World};
use serde_json::Value;
use std::process::Command;

/// Runs them at once; none of them may talk of locks, panic, or end by a signal.
fn race(commands: impl IntoIterator<Item = Command>) -> Vec<Ran> {
    let all = World::run_at_once(commands);
    for ran in &all {
        is_decent(ran);
    }
    all
}

fn is_decent(ran: &Ran) {
    assert!(!ran.out.contains("database is locked"), "{ran:?}");
    for word in ["locked", "busy", "panicked"] {
        assert!(!ran.err.contains(word), "{ran:?}");
    }
    assert!((0..=78).contains(&ran.code), "{ran:?}");
}

/// How many ended with that code.
fn ended(all: &[Ran], code: i32) -> usize {
    all.iter().filter(|ran| ran.code == code).count()
}

fn number(world: &World, question: &str) -> usize {
    world.sql(question)[0].parse().unwrap()
}

fn register(world: &World, name: &str) -> Command {
    let mut command = world.command(&["register", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// A command of somebody with a configuration directory, and so a session, of their own.
fn command_of(world: &World, name: &str, arguments: &[&str]) -> Command {
    let mut command = world.command(arguments);
    command.env("JETON_CONFIG_DIR", world.home().join("config").join(name));
    command
}

fn log_in(world: &World, name: &str) -> Command {
    let mut command = command_of(world, name, &["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// The session file of that somebody.
fn session(world: &World, name: &str) -> Value {
    let sessions = world.home().join("config").join(name).join("sessions");
    let mut files = std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
