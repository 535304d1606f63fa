//! Completion of words in real shells: each line is typed in an interactive shell and completed
//! with Tab, and the shell then prints the words of the completed line.

use super::Shell;
use crate::sandbox::Sandbox;

/// A line typed before Tab, the text typed after Tab, and the expected words of the completed line,
/// all without `jeton`. In the expected words, `~` is the home directory.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// Lines that end with the start of the path of a file or directory.
const FILES: &[Case] = &[
    ("token verify --jwks jw", "", &["token", "verify", "--jwks", "jwks.json"]),
    ("token verify --jwks=jw", "", &["token", "verify", "--jwks=jwks.json"]),
    ("token decode @t", "", &["token", "decode", "@t1.jwt"]),
    ("token decode @my", "", &["token", "decode", "@my key.pem"]),
    ("token revoke @t", "", &["token", "revoke", "@t1.jwt"]),
    ("token mint --key-file my", "", &["token", "mint", "--key-file", "my key.pem"]),
    ("token mint --key-file my\\ k", "", &["token", "mint", "--key-file", "my key.pem"]),
    ("token mint --key-file 'my k", "", &["token", "mint", "--key-file", "my key.pem"]),
    ("token mint --key-file ~/my", "", &["token", "mint", "--key-file", "~/my key.pem"]),
    ("token mint --key-file si", "k", &["token", "mint", "--key-file", "site/k"]),
    ("users import si", "u\t", &["users", "import", "site/users.csv"]),
    ("keys export --site s", "", &["keys", "export", "--site", "site/"]),
    ("--store si", "", &["--store", "site/"]),
];

/// Lines that end with the start of a value from the store, such as a username, or of the built-in
/// permission `jeton:mint`.
const STORED_VALUES: &[Case] = &[
    ("users show joh", "", &["users", "show", "john"]),
    ("users show eve@", "", &["users", "show", "eve@example.com"]),
    ("token create x --user=eve@", "", &["token", "create", "x", "--user=eve@example.com"]),
    ("token list --app my", "", &["token", "list", "--app", "my app"]),
    ("token create x -p jeton:", "", &["token", "create", "x", "-p", "jeton:mint"]),
    ("token create x -p read,jeton:m", "", &["token", "create", "x", "-p", "read,jeton:mint"]),
    ("token verify - -p read:u", "", &["token", "verify", "-", "-p", "read:users"]),
    ("token show ", "", &["token", "show", "1"]),
    ("settings set issuer ur", "", &["settings", "set", "issuer", "urn:jeton=1"]),
];

/// Lines that end with another word: a fixed value, a parameter of a preset, a command, an option
/// or an argument of `run`.
const OTHER_VALUES: &[Case] = &[
    ("audit list --action token\\ cr", "", &["audit", "list", "--action", "token create"]),
    ("audit list --action 'token cr", "", &["audit", "list", "--action", "token create"]),
    ("audit list --outcome und", "", &["audit", "list", "--outcome", "undelivered"]),
    ("audit list --target=se", "tt\t", &["audit", "list", "--target=setting"]),
    ("settings set token.q", "u\t", &["settings", "set", "token.quota", "unlimited"]),
    ("settings set register.open f", "", &["settings", "set", "register.open", "false"]),
    ("token mint --preset fl", "", &["token", "mint", "--preset", "flask"]),
    (
        "token mint --preset flask --set fresh=t",
        "",
        &["token", "mint", "--preset", "flask", "--set", "fresh=true"],
    ),
    (
        "token mint --preset=flask --set su",
        "7",
        &["token", "mint", "--preset=flask", "--set", "sub=7"],
    ),
    ("run --quiet -- mkfif", "", &["run", "--quiet", "--", "mkfifo"]),
    ("run -- cat jw", "", &["run", "--", "cat", "jwks.json"]),
    ("store inf", "", &["store", "info"]),
    ("store info ", "", &["store", "info"]),
    ("store info --he", "", &["store", "info", "--help"]),
];

fn sandbox_with_values() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    let eve = ["register", "--email", "eve@example.com", "--password-stdin"];
    sandbox.run_with_input(&eve, "123456").ok();
    sandbox.stdout_of(&["token", "create", "my app", "--permission", "read:users"]);
    sandbox.run(&["settings", "set", "issuer", "urn:jeton=1"]).ok();
    for file in ["jwks.json", "my key.pem", "t1.jwt"] {
        std::fs::write(sandbox.home().join(file), "").unwrap();
    }
    std::fs::create_dir(sandbox.home().join("site")).unwrap();
    std::fs::write(sandbox.home().join("site/users.csv"), "").unwrap();
    sandbox
}

impl Shell {
    /// Types a line, Tab and `rest`, then inserts `printf` at the start of the line and runs it.
    /// Returns the words that `printf` prints, without `jeton`.
    fn completed_words(&mut self, line: &str, rest: &str) -> Vec<String> {
        const TO_LINE_START: &str = "\u{1}";
        let line = format!("jeton {line}");
        let screen = self.type_and_run(&[&line, "\t", rest, TO_LINE_START, "printf '[%s]' ", "\r"]);
        let (_, words) = screen.rsplit_once("[jeton]").unwrap_or_else(|| panic!("{screen}"));
        let words = words.split(['\r', '\n']).next().unwrap_or_default();
        let words = words.rsplit_once(']').map_or("", |(words, _)| words);
        words.trim_start_matches('[').split("][").map(str::to_owned).collect()
    }
}

/// Asserts that the shell completes each line to the expected words.
#[track_caller]
fn assert_completed_words(sandbox: &Sandbox, mut shell: Shell) {
    let home = sandbox.home().to_str().unwrap();
    for (line, rest, words) in [FILES, STORED_VALUES, OTHER_VALUES].concat() {
        let expected: Vec<String> = words.iter().map(|word| word.replace('~', home)).collect();
        assert_eq!(shell.completed_words(line, rest), expected, "{line}");
    }
    shell.exit();
}

#[test]
fn bash_completes_every_kind_of_value() {
    let sandbox = sandbox_with_values();
    assert_completed_words(&sandbox, Shell::bash(&sandbox));
}

#[test]
fn bash_completes_path_that_starts_with_a_variable() {
    let sandbox = sandbox_with_values();
    let mut shell = Shell::bash(&sandbox);
    let words = shell.completed_words("token mint --key-file $HOME/my", "");
    let path = sandbox.home().join("my key.pem");
    assert_eq!(words[3..], [path.to_str().unwrap()]);
    shell.exit();
}

#[test]
#[ignore = "needs zsh"]
fn zsh_completes_every_kind_of_value() {
    let sandbox = sandbox_with_values();
    assert_completed_words(&sandbox, Shell::zsh(&sandbox));
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_every_kind_of_value() {
    let sandbox = sandbox_with_values();
    assert_completed_words(&sandbox, Shell::fish(&sandbox));
}
