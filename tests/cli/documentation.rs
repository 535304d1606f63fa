//! `jeton help`, `jeton man` and `jeton completions`

use crate::readme::README;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

#[test]
fn first_help_page_shows_the_examples() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["help"]).ok();
    assert_eq!(page.stderr, "");
    let examples: Vec<_> =
        page.stdout.lines().filter(|line| line.starts_with("  jeton ")).map(str::trim).collect();
    assert_snapshot!(examples.join("\n"), @"
    jeton init
    jeton token create my-app --permission read
    ");
    assert_eq!(page.stdout, sandbox.run(&["--help"]).ok().stdout);
}

#[test]
fn help_of_a_command_equals_its_help_flag() {
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
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["help", "exit-codes"]).ok().stdout;
    let codes: Vec<&str> = page
        .lines()
        .skip(3)
        .filter_map(|line| line.get(..4)?.trim().split([' ', ',']).next())
        .filter(|word| word.bytes().next().is_some_and(|b| b.is_ascii_digit()))
        .collect();
    assert_eq!(
        codes,
        [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "65", "74", "75",
            "78", "126", "127", "130"
        ]
    );
}

/// Joins the words of a text by one space.
fn join_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the paragraphs of a help page. A name in a list and its meaning, which is indented on
/// the next lines, are one paragraph.
fn page_paragraphs(page: &str) -> Vec<String> {
    let split_entries = |block: &str| {
        let entries = block.replace("\n  ", "\n\u{0}").replace("\u{0}    ", "");
        entries.split('\u{0}').map(join_words).collect::<Vec<_>>()
    };
    page.split("\n\n").flat_map(split_entries).collect()
}

/// Returns the paragraphs of a README section; a table row is one paragraph.
fn readme_paragraphs(title: &str) -> Vec<String> {
    let (_, section) = README.split_once(&format!("\n## {title}\n")).unwrap();
    let blocks = section.split("\n## ").next().unwrap().trim().split("\n\n");
    let join_cells = |row: &str| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (meaning, names) = cells.split_last().unwrap();
        let names: Vec<_> = names.iter().filter(|name| !name.is_empty()).copied().collect();
        format!("{} {meaning}", names.join(", ").replace('`', ""))
    };
    let split_block = |block: &str| {
        let is_table = block.starts_with('|');
        if is_table {
            block.lines().skip(2).map(join_cells).collect()
        } else {
            vec![join_words(block)]
        }
    };
    blocks.filter(|block| !block.starts_with("`jeton help ")).flat_map(split_block).collect()
}

#[test]
fn topics_match_the_readme() {
    let sandbox = Sandbox::new();
    for (topic, title) in [
        ("environment", "Environment and files"),
        ("output", "Output"),
        ("trust", "Security model"),
    ] {
        let page = sandbox.run(&["help", topic]).ok();
        assert_eq!(page.stderr, "");
        assert_eq!(page_paragraphs(&page.stdout), readme_paragraphs(title), "{topic}");
        assert!(page.stdout.lines().all(|line| line.chars().count() <= 80), "{topic}");
        assert!(sandbox.stdout_of(&["help", "help"]).contains(topic));
    }
}

#[test]
fn unknown_help_topic_is_refused() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for arguments in [["nonsense"].as_slice(), &["token", "x\u{1b}y"]] {
        let output = sandbox.run(&[&["help"], arguments].concat());
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r"
    $ jeton help nonsense
    --- exit code 2, stderr
    error: unknown command or topic `nonsense`
    hint: see `jeton help`
    $ jeton help token 'x\u{1b}y'
    --- exit code 2, stderr
    error: unknown command or topic `token x\u{1b}y`
    hint: see `jeton help`
    ");
}

#[test]
fn completion_scripts_match_the_files() {
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
fn unsupported_format_is_refused_only_from_the_flag() {
    let mut sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for format in ["csv", "jsonl"] {
        let output = sandbox.run(&["users", "list", "-o", format]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton users list -o csv
    --- exit code 2, stderr
    error: output format `csv` is not supported by this command
    hint: use `-o text` or `-o json`
    $ jeton users list -o jsonl
    --- exit code 2, stderr
    error: output format `jsonl` is not supported by this command
    hint: use `-o text` or `-o json`
    ");
    let text = sandbox.stdout_of(&["users", "list"]);
    for format in ["csv", "text", ""] {
        sandbox.set_variable("JETON_OUTPUT", format);
        assert_eq!(sandbox.stdout_of(&["users", "list"]), text);
    }
    sandbox.set_variable("JETON_OUTPUT", "json");
    assert!(sandbox.stdout_of(&["users", "list"]).starts_with("{\"items\":["));
    assert_eq!(sandbox.stdout_of(&["users", "list", "-o", "text"]), text);
}

#[test]
fn help_and_hints_name_the_supported_formats() {
    let mut sandbox = Sandbox::new();
    for (arguments, formats) in [
        (&["users", "list"][..], "text or json"),
        (&["token", "mint"], "text, json or jsonl"),
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
    hint: use `-o text`, `-o json` or `-o jsonl`
    ");
    for (format, prefix) in
        [("csv", "eyJ"), ("jsonl", "{\"token\":\"eyJ"), ("json", "{\"token\":\"eyJ")]
    {
        sandbox.set_variable("JETON_OUTPUT", format);
        assert!(sandbox.stdout_of(&mint).starts_with(prefix), "{format}");
    }
}

/// Returns the names of the manual pages of all commands.
fn manual_page_names() -> Vec<String> {
    fn collect(command: &clap::Command, name: &str, pages: &mut Vec<String>) {
        pages.push(format!("{name}.1"));
        for command in command.get_subcommands() {
            collect(command, &format!("{name}-{}", command.get_name()), pages);
        }
    }
    let mut pages = Vec::new();
    collect(&jeton::command(), "jeton", &mut pages);
    pages
}

#[test]
fn every_command_has_a_manual_page() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_STORE", "/nowhere/marker-of-a-secret");
    for _ in 0..2 {
        let output = sandbox.run(&["man", "--dir", "man/man1"]).to_string();
        let output = output.replace(&manual_page_names().len().to_string(), "<count>");
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        wrote <count> pages to man/man1
        "));
    }
    let directory = sandbox.home().join("man/man1");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), manual_page_names().len());
    for name in manual_page_names() {
        let page = fs::read_to_string(directory.join(&name)).unwrap();
        assert!(page.contains(&format!("\n.TH {} 1 ", name.trim_end_matches(".1"))), "{page}");
        assert!(!page.contains("marker"), "{page}");
    }
    let page = fs::read_to_string(directory.join("jeton-token-mint.1")).unwrap();
    assert!(page.contains("\nOutput format: text, json or jsonl\n"), "{page}");
    let examples = "\n.nf\n  TOKEN=$(jeton token create my\\-app \\-\\-permission read,write)\n  \
                    jeton token create ci \\-\\-ttl 1h \\-\\-aud https://api.example.com\n.fi\n";
    let page = fs::read_to_string(directory.join("jeton-token-create.1")).unwrap();
    assert!(page.contains(examples), "{page}");
}

#[test]
fn manual_pages_are_written_only_to_dir() {
    let sandbox = Sandbox::new();
    let files: Vec<String> =
        manual_page_names().iter().map(|name| format!("\"d/{name}\"")).collect();
    let output = sandbox.run_json(&["man", "--dir", "d"]).ok();
    assert_eq!(output.to_string(), format!("{{\"files\":[{}]}}\n", files.join(",")));
    fs::write(sandbox.home().join("file"), "").unwrap();
    assert_snapshot!(sandbox.run(&["man", "--dir", "file"]), @"
    --- exit code 2, stderr
    error: `file` cannot be written: File exists (os error 17)
    ");
    assert_snapshot!(sandbox.run(&["man"]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      --dir <DIR>
    hint: usage: jeton man --dir <DIR>
    ");
}
