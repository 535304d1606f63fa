//! `jeton help`, `jeton man` and `jeton completions`

use crate::readme::DOCUMENTS;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

#[test]
fn top_level_help_shows_the_examples() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["help"]).ok();
    assert_eq!(page.stderr, "");
    let examples: Vec<_> =
        page.stdout.lines().filter(|line| line.starts_with("  jeton ")).map(str::trim).collect();
    assert_snapshot!(examples.join("\n"), @"
    jeton init
    jeton token create my-app --permission read
    jeton token mint --secret-env JWT_SECRET_KEY --alg HS256 --sub alice
    ");
    assert_eq!(page.stdout, sandbox.run(&["--help"]).ok().stdout);
}

#[test]
fn help_command_and_help_flag_print_the_same_text() {
    let sandbox = Sandbox::new();
    for arguments in [
        ["token", "create"].as_slice(),
        &["users", "list"],
        &["keys", "export"],
        &["settings", "set"],
        &["login"],
    ] {
        let help = sandbox.run(&[&["help"], arguments].concat()).ok();
        let flag_help = sandbox.run(&[arguments, &["--help"]].concat()).ok();
        assert_eq!(help.stdout, flag_help.stdout, "{arguments:?}");
    }
}

#[test]
fn exit_codes_topic_lists_every_code() {
    let page = Sandbox::new().run(&["help", "exit-codes"]).ok();
    assert_eq!(page.stderr, "");
    let page = page.stdout;
    assert!(page.contains("SIGTERM or SIGHUP during or after a prompt"), "{page}");
    let terms = page.lines().filter_map(|line| line.strip_prefix("  "));
    let codes: Vec<&str> = terms.filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        codes,
        [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "65", "74", "75",
            "78", "126", "127", "130"
        ]
    );
}

/// Returns the names of the guides.
fn guide_names() -> impl Iterator<Item = &'static str> {
    let files = DOCUMENTS.iter().filter_map(|document| document.path.strip_prefix("src/guides/"));
    files.map(|file| file.strip_suffix(".md").unwrap())
}

#[test]
fn help_prints_guides_and_topics_and_lists_them_in_the_overview() {
    let sandbox = Sandbox::new();
    let overview = sandbox.stdout_of(&["help", "help"]);
    for name in guide_names() {
        let page = sandbox.run(&["help", name]).ok();
        assert_eq!(page.stderr, "");
        assert!(overview.contains(name), "{name}");
    }
    for (topic, line) in
        [("environment", "  `JETON_STORE`"), ("output", "  `jsonl`"), ("trust", "Security model")]
    {
        let page = sandbox.run(&["help", topic]).ok();
        assert!(page.stdout.lines().any(|other| other == line), "{page:?}");
        assert!(overview.contains(topic), "{topic}");
    }
}

#[test]
fn section_of_a_guide_is_printed_as_plain_text() {
    assert_snapshot!(Sandbox::new().stdout_of(&["help", "output"]), @"
    Results go to standard output, status messages, warnings and errors to standard
    error, so that a variable, a file or a pipe receives only the result. `-q`
    suppresses status messages, but never results, warnings or errors. `-o` selects
    the output format:

      `text`
          description: for people and for shells; lists are tables
          supported by: all commands
      `wide`
          description: text with more columns and complete texts
          supported by: lists
      `json`
          description: one JSON document; an error is one line of JSON
          supported by: all commands except `store roles`, `completions`
      `jsonl`
          description: one JSON document per line
          supported by: lists, `token mint`, `users export`
      `csv`
          description: comma-separated values with a header line (RFC 4180)
          supported by: lists, `users export`
      `name`
          description: ids only, one per line, as arguments for other commands
          supported by: lists
      `dotenv`
          description: one line `NAME=TOKEN` for each token, for `.env` files and
          shells
          supported by: `token mint`
      `github`
          description: appends `NAME=TOKEN` to the file in `GITHUB_ENV`; prints only
          workflow commands, which mask the tokens
          supported by: `token mint`

    A format that a command does not support is a usage error with `-o`; with
    `JETON_OUTPUT` the command prints text instead. With `json` and `jsonl`, no
    status messages and warnings are printed.

    A list in `json`, `jsonl`, `csv` or `name` is complete, unless a page is
    requested with `--page`, `--per-page` or `--after`; it is written in parts, so
    that a list of any length takes little memory. As text, long lists are printed
    in pages of 20 rows. In `json`, the member `next` is the value of `--after` for
    the next page. The formats `jsonl`, `csv` and `name` have no such member: there,
    `--after ID` without `--per-page` selects all rows after the row with this id.
    The columns of a CSV list are the members of each row in JSON: arrays and
    objects are JSON, and `null` is an empty cell. Text that a spreadsheet would
    evaluate is prefixed with `'`.

    A later version can add members to JSON. `jeton help schema` lists the JSON
    Schemas of the lists, of `login`, `token create` and `token verify`, and of
    errors:

        $ jeton help schema users list > users-list.json

    Only on a terminal, tables fit the terminal width, times are relative (`in 6 d`,
    `3 h ago`), and status words are coloured. Long names, lists and key ids are
    shortened, with `…` at the end; `-o wide` shows complete texts and times. A
    shortened key id is a valid argument, also with the `…`. Session ids and UUIDs
    are never shortened: if a table does not fit otherwise, each row is printed as a
    list. With `--all`, a table is printed in parts of 1,000 rows, each as wide as
    necessary. For an empty list, `text`, `jsonl` and `name` print nothing to
    standard output, and `csv` only the header; with `text`, `csv` and `name`, a
    status message reports the empty list.
    ");
}

#[test]
fn unknown_guide_or_command_is_refused() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for arguments in [["nonsense"].as_slice(), &["token", "x\u{1b}y"]] {
        let output = sandbox.run(&[&["help"], arguments].concat());
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r"
    $ jeton help nonsense
    --- exit code 2, stderr
    error: unknown guide or command `nonsense`
    hint: see `jeton help`
    $ jeton help token 'x\u{1b}y'
    --- exit code 2, stderr
    error: unknown guide or command `token x\u{1b}y`
    hint: see `jeton help token`
    ");
}

#[test]
fn completion_scripts_equal_packaged_files_and_unknown_shell_is_refused() {
    let sandbox = Sandbox::new();
    for (shell, file) in [
        ("bash", include_str!("../../completions/jeton.bash")),
        ("zsh", include_str!("../../completions/jeton.zsh")),
        ("fish", include_str!("../../completions/jeton.fish")),
        ("elvish", include_str!("../../completions/jeton.elv")),
        ("powershell", include_str!("../../completions/jeton.ps1")),
    ] {
        let output = sandbox.run(&["completions", shell]);
        assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, file, ""));
    }
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 5);
    assert_snapshot!(sandbox.run(&["completions", "qq"]), @"
    --- exit code 2, stderr
    error: invalid value 'qq' for '<SHELL>'
      [possible values: bash, zsh, fish, elvish, powershell]
    hint: see `jeton completions --help`
    ");
}

#[test]
fn help_and_hint_name_formats_and_unsupported_variable_selects_text() {
    let mut sandbox = Sandbox::new();
    for (arguments, formats) in [
        (&["users", "list"][..], "text, wide, json, jsonl, csv or name"),
        (&["token", "mint"], "text, json, jsonl, dotenv or github"),
        (&["token"], "text or json"),
    ] {
        let help = sandbox.stdout_of(&[arguments, &["--help"]].concat());
        let (_, rest) = help.split_once("Output format: ").unwrap();
        assert_eq!(
            rest.split(" [").next().unwrap().lines().next().unwrap(),
            formats,
            "{arguments:?}"
        );
    }
    let mint = ["token", "mint", "--secret-env", "S", "--alg", "HS256"];
    sandbox.set_variable("S", "a-secret-that-is-longer-than-32-bytes");
    assert_snapshot!(sandbox.run(&[&mint[..], &["-o", "csv"]].concat()), @"
    --- exit code 2, stderr
    error: output format `csv` is not supported by this command
    hint: use `-o text`, `-o json`, `-o jsonl`, `-o dotenv` or `-o github`
    ");
    for (format, prefix) in
        [("csv", "eyJ"), ("jsonl", "{\"token\":\"eyJ"), ("json", "{\"token\":\"eyJ")]
    {
        sandbox.set_variable("JETON_OUTPUT", format);
        assert!(sandbox.stdout_of(&mint).starts_with(prefix), "{format}");
    }
}

/// Returns the paths of the manual pages of all commands and guides, relative to the directory of
/// manual pages.
fn manual_page_paths() -> Vec<String> {
    fn collect(command: &clap::Command, name: &str, paths: &mut Vec<String>) {
        paths.push(format!("man1/{name}.1"));
        for command in command.get_subcommands() {
            collect(command, &format!("{name}-{}", command.get_name()), paths);
        }
    }
    let mut paths = Vec::new();
    collect(&jeton::command(), "jeton", &mut paths);
    paths.extend(guide_names().map(|name| format!("man7/jeton-{name}.7")));
    paths
}

#[test]
fn every_command_and_guide_has_a_manual_page() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_STORE", "/nowhere/marker-of-a-secret");
    // The second run overwrites the pages of the first run.
    for _ in 0..2 {
        let output = sandbox.run(&["man", "--dir", "man"]).to_string();
        let output = output.replace(&manual_page_paths().len().to_string(), "<count>");
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        wrote <count> pages to man
        "));
    }
    let read = |path: &str| fs::read_to_string(sandbox.home().join("man").join(path)).unwrap();
    for path in manual_page_paths() {
        let page = read(&path);
        let (name, section) = path.split_once('/').unwrap().1.rsplit_once('.').unwrap();
        assert!(page.contains(&format!("\n.TH {name} {section} ")), "{page}");
        assert!(!page.contains("marker"), "{page}");
    }
    let page = read("man1/jeton-token-mint.1");
    assert!(page.contains("\nOutput format: text, json, jsonl, dotenv or github\n"), "{page}");
    let page = read("man1/jeton-store-roles.1");
    let (description, examples) =
        page.split_once("\n.SH EXAMPLES\n.nf\n  jeton store roles").unwrap();
    assert!(description.contains("\n.nf\n  jeton_owner "), "{page}");
    assert!(!examples.contains("jeton_owner "), "{page}");
    let page = read("man1/jeton-token-create.1");
    for part in [
        "\n.SH EXAMPLES\n.nf\n  TOKEN=$(jeton token create my\\-app \\-\\-permission \
         read,write)\n  jeton token create ci \\-\\-ttl 1h \\-\\-aud \
         https://api.example.com\n.fi\n",
        "[\\-\\-ttl\u{a0}<DURATION>]",
        "\n.SH \"GLOBAL OPTIONS\"\n",
        "\n.SH \"EXIT STATUS\"\n",
        "\n.SH ENVIRONMENT\n",
        "\n.SH FILES\n",
        "\n.SH \"SEE ALSO\"\n",
    ] {
        assert!(page.contains(part), "{part} not in {page}");
    }
}

#[test]
fn man_writes_to_chosen_or_default_directory_and_reports_failures() {
    let sandbox = Sandbox::new();
    let files: Vec<String> =
        manual_page_paths().iter().map(|path| format!("\"d/{path}\"")).collect();
    let output = sandbox.run_json(&["man", "--dir", "d"]).ok();
    assert_eq!(output.to_string(), format!("{{\"files\":[{}]}}\n", files.join(",")));
    let output = sandbox.run(&["man"]).ok();
    let directory = sandbox.home().join(".local/share/man");
    assert!(output.stderr.ends_with(&format!(" to {}\n", directory.display())), "{output:?}");
    assert!(directory.join("man7/jeton-tour.7").exists());
    fs::write(sandbox.home().join("file"), "").unwrap();
    assert_snapshot!(sandbox.run(&["man", "--dir", "file"]), @"
    --- exit code 2, stderr
    error: directory `file` cannot be written: File exists
    ");
    fs::create_dir_all(sandbox.home().join("pages/man7/jeton-tour.7")).unwrap();
    assert_snapshot!(sandbox.run(&["man", "--dir", "pages"]), @"
    --- exit code 2, stderr
    error: `pages/man7/jeton-tour.7` cannot be written: Is a directory
    ");
}
