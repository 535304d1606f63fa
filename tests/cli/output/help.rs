//! Every command explains itself, and tells no secret of the environment while it does.

use crate::world::World;

/// The words of every command and of every noun.
fn paths() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], paths: &mut Vec<Vec<String>>) {
        paths.push(path.to_vec());
        for command in command.get_subcommands() {
            let path = [path, &[command.get_name().to_owned()]].concat();
            below(command, &path, paths);
        }
    }
    let mut paths = Vec::new();
    below(&jeton::command(), &[], &mut paths);
    assert!(paths.len() > 20, "{paths:?}");
    paths
}

#[test]
fn every_command_has_a_help_without_secrets() {
    let mut world = World::new();
    for name in ["JETON_PASSWORD", "JETON_TOKEN", "JETON_STORE", "JETON_CONFIG_DIR"] {
        world.set(name, "/nowhere/marker-of-a-secret");
    }
    world.set("JETON_TOKEN_FILE", "/nowhere/marker-of-a-secret");
    world.set("JETON_WAIT", "4242s");
    for path in paths() {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let help = world.run(&words).ok();
            assert_eq!(help.err, "", "{words:?}");
            assert!(help.out.contains("Usage: jeton"), "{words:?}");
            let leaks = help.out.contains("marker-of-a-secret") || help.out.contains("4242");
            assert!(!leaks, "{words:?}: {}", help.out);
        }
        let words: Vec<&str> =
            ["help"].into_iter().chain(path.iter().map(String::as_str)).collect();
        let help = world.run(&words).ok();
        let usage = ["Usage: jeton", &path.join(" ")].join(" ");
        assert!(help.out.contains(usage.trim_end()) && help.err.is_empty(), "{words:?}");
    }
}

#[test]
fn errors_tell_no_secret_of_the_environment() {
    let mut world = World::with_admin();
    world.set("JETON_PASSWORD", "marker-of-a-password");
    world.set("JETON_TOKEN", "marker.of.a-token");
    for words in [
        &["frobnicate"][..],
        &["login", "ada"],
        &["login", "nobody"],
        &["whoami"],
        &["token", "inspect"],
        &["token", "verify"],
        &["token", "decode"],
        &["token", "create", "x"],
        &["logout"],
        &["register", "ada"],
    ] {
        for form in ["text", "json"] {
            let ran = world.run(&[words, &["-o", form]].concat());
            assert_ne!(ran.code, 0, "{words:?}");
            assert!(!ran.out.contains("marker") && !ran.err.contains("marker"), "{words:?}");
        }
    }
}

#[test]
fn a_noun_alone_is_no_command() {
    let world = World::new();
    for (words, path) in [(&[][..], "jeton"), (&["token"], "jeton token")] {
        let error = format!("error: a command is needed\nhint: see `{path} --help`\n");
        let told = world.run(words).fails(2).err;
        assert!(told.contains("\nCommands:\n") && told.ends_with(&error), "{told}");
        let json = world.json_error(words);
        assert_eq!(json["message"], "a command is needed");
        assert_eq!(json["hint"], format!("see `{path} --help`"));
    }
    let version = concat!("jeton ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(world.run(&["--version"]).ok().out, version);
}
