//! A URL where a path is expected: refused before anything is created.

use crate::sandbox::Sandbox;
use std::fs;

/// Commands that create a store, only read one, or do not need one.
const COMMANDS: [&[&str]; 9] = [
    &["init", "ada"],
    &["register", "ada"],
    &["login", "ada"],
    &["logout"],
    &["whoami"],
    &["keys", "generate"],
    &["token", "decode", "x"],
    &["store", "check"],
    &["token", "presets"],
];

/// The URL is refused, named by `place`, and neither repeated nor made a directory.
#[track_caller]
fn is_refused(sandbox: &Sandbox, words: &[&str], place: &str, scheme: &str) {
    let error = sandbox.json_error(words);
    assert_eq!((&error["exit_code"], &error["code"]), (&2.into(), &"invalid_input".into()));
    let message = format!("{place}: unsupported URL scheme `{scheme}`");
    assert_eq!(error["message"], message.as_str(), "{words:?}");
    assert_eq!(error["hint"], "use a path; one that looks like a URL begins with `./`");
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0, "{words:?}");
}

#[test]
fn store_url_is_refused_in_every_command() {
    let sandbox = Sandbox::new();
    for (url, scheme) in [
        ("postgres://ada:secret@db.example.com/jeton", "postgres"),
        ("sqlite:///tmp/jeton.db", "sqlite"),
        ("file://jeton.db", "file"),
        ("S3+x.y-z://b", "S3+x.y-z"),
    ] {
        for words in COMMANDS {
            is_refused(&sandbox, &[words, &["--store", url]].concat(), "`--store`", scheme);
        }
    }
}

#[test]
fn store_url_in_the_environment_is_refused_by_the_name_of_the_variable() {
    let mut sandbox = Sandbox::new();
    sandbox.set("JETON_STORE", "postgres://ada:secret@db.example.com/jeton");
    for words in COMMANDS {
        is_refused(&sandbox, words, "`JETON_STORE`", "postgres");
    }
    let mut completion = sandbox.command(&["--", "jeton", "users", "show", ""]);
    completion.envs([("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "3")]);
    let output = completion.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0);
}

#[test]
fn url_in_place_of_any_path_is_refused() {
    let mut sandbox = Sandbox::new();
    for (words, place) in [
        (&["whoami", "--token-file", "https://x/y"][..], "`--token-file`"),
        (&["man", "--dir", "https://x/y"], "`--dir`"),
        (&["store", "backup", "https://x/y"], "`FILE`"),
        (&["store", "migrate", "--backup", "https://x/y"], "`--backup`"),
        (&["keys", "export", "--site", "https://x/y", "--issuer", "https://i.example"], "`--site`"),
        (&["keys", "import", "--from-file", "https://x/y"], "`--from-file`"),
        (&["token", "fixtures", "--out", "https://x/y"], "`--out`"),
        (&["token", "mint", "--from", "https://x/y"], "`--from`"),
        (&["users", "import", "https://x/y"], "`FILE`"),
        (&["passwd", "--password-file", "https://x/y"], "`--password-file`"),
    ] {
        is_refused(&sandbox, words, place, "https");
    }
    sandbox.set("JETON_TOKEN_FILE", "https://x/y");
    is_refused(&sandbox, &["whoami"], "`JETON_TOKEN_FILE`", "https");
    sandbox.set("JETON_TOKEN_FILE", "");
    sandbox.set("JETON_CONFIG_DIR", "https://x/y");
    is_refused(&sandbox, &["init", "ada"], "`JETON_CONFIG_DIR`", "https");
}

#[test]
fn path_that_looks_like_a_url_begins_with_a_dot() {
    let sandbox = Sandbox::new();
    for store in ["./a://b/jeton.db", "1://jeton.db", "a:/b.db"] {
        sandbox.run(&["init", "ada", "--store", store]).ok();
        assert!(sandbox.home().join(store).is_file(), "{store}");
    }
    sandbox.run(&["run", "--store", "a:/b.db", "--", "/bin/echo", "postgres://x"]).ok();
}
