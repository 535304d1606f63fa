//! First guesses of users who know other tools: each guessed command line works, or fails with a
//! hint about the right command, option or value. Also commands that help a new user: jeton without
//! arguments, `status` and `help -o json`.

use crate::sandbox::Sandbox;

/// Command lines that succeed after `jeton init`. `TOKEN` is a placeholder for an app token.
const WORKING_COMMAND_LINES: [&str; 31] = [
    "",
    "token",
    "users",
    "mint --sub alice",
    "encode --sub alice",
    "decode TOKEN",
    "verify TOKEN",
    "inspect TOKEN",
    "-o json verify TOKEN",
    "help mint",
    "mint --help",
    "version",
    "--version",
    "-V",
    "status",
    "status -o json",
    "completion bash",
    "tokens list",
    "token ls",
    "user ls",
    "key list",
    "session ls",
    "setting ls",
    "token mint --issuer i --subject s --audience a",
    "token mint --exp +1h --nbf now --iat now",
    "token create shop --audience a --exp +1h -p read",
    "token verify TOKEN --issuer jeton",
    "token fixtures --subject s --audience a --out fixtures",
    "run --issuer i -- true",
    "token delete 1 --yes",
    "help -o json",
];

/// Command lines that fail with exit code 2, each with the hint that the error shows.
const REFUSED_COMMAND_LINES: [(&str, &str); 47] = [
    ("auth login", "use `jeton login`"),
    ("signin", "use `jeton login`"),
    ("signup", "use `jeton register`"),
    ("signout", "use `jeton logout`"),
    ("me", "use `jeton whoami`"),
    ("password", "use `jeton passwd`"),
    ("sign", "use `jeton token mint`"),
    ("validate", "use `jeton token verify`"),
    ("create app", "use `jeton token create`"),
    ("introspect x", "use `jeton token introspect`"),
    ("revoke 1", "use one of: jeton sessions revoke, jeton token revoke, jeton keys revoke"),
    ("renew x", "use `jeton token renew`"),
    ("fixtures", "use `jeton token fixtures`"),
    ("presets", "use `jeton token presets`"),
    ("backup", "use `jeton store backup`"),
    ("prune", "use `jeton store prune`"),
    ("doctor", "use `jeton store check`"),
    ("config", "use `jeton settings list`"),
    ("jwks", "use `jeton keys export`"),
    ("logs", "use `jeton audit list`"),
    ("exec ls", "use `jeton run -- COMMAND`"),
    ("tokn list", "use `jeton token`"),
    ("token crate app", "use `jeton token create`"),
    ("token verifyx x", "use `jeton token verify`"),
    ("token generate", "use `jeton token create`"),
    ("token sign", "use `jeton token mint`"),
    ("token validate x", "use `jeton token verify`"),
    ("token get 1", "use `jeton token show ID`"),
    ("users get ada", "use `jeton users show USER`"),
    ("users remove ada", "use `jeton users delete USER`"),
    ("keys create", "use `jeton keys generate`"),
    ("keys add", "use `jeton keys import`"),
    ("token create shop read", "use `--permission P[,P]` for permissions"),
    ("token create shop --scope read", "use `--permission P[,P]`"),
    ("token verify TOKEN --scope read", "use `--permission P[,P]`"),
    (
        "token mint --secret hunter2",
        "use `--secret-env NAME` with the name of an environment variable",
    ),
    ("token mint --secret-envs S", "use `--secret-env`"),
    ("token mint --payload {}", "use `--claims` with a JSON object or a file"),
    ("token mint --private-key k.pem", "use `--key-file FILE`"),
    ("token mint --expires-in 1h", "use `--ttl DURATION`"),
    ("token mint --exp 1h", "use `+1h` or `-1h`"),
    ("token list --limit 5", "use `--per-page N`"),
    ("token list --json", "use `-o json`"),
    ("login --username ada", "pass the username without an option: jeton login USERNAME"),
    ("login --password x", "use `--password-stdin`, `--password-file FILE` or a prompt"),
    ("-v", "use `--version`"),
    ("run ls", "put `--` before the command: jeton run -- COMMAND"),
];

/// Returns the words of a command line, with `token` in place of `TOKEN`.
fn words<'a>(line: &'a str, token: &'a str) -> Vec<&'a str> {
    line.split_whitespace().map(|word| if word == "TOKEN" { token } else { word }).collect()
}

#[test]
fn guessed_command_line_succeeds() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "my-app"]);
    for line in WORKING_COMMAND_LINES {
        let output = sandbox.run(&words(line, token.trim())).ok();
        // `token fixtures`, `run -- true` and `token delete` have no output on standard output.
        assert!(
            !output.stdout.is_empty()
                || line.starts_with("token fix")
                || line.ends_with("true")
                || line.contains("delete"),
            "{line}"
        );
    }
}

#[test]
fn refused_guess_of_a_command_line_has_a_hint() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "my-app"]);
    for (line, hint) in REFUSED_COMMAND_LINES {
        let output = sandbox.run(&words(line, token.trim())).fails(2);
        let hint = format!("hint: {hint}\n");
        assert!(output.stderr.ends_with(&hint), "{line}: {}", output.stderr);
        assert!(!output.stderr.contains("hunter2"), "{line}");
        // The hint replaces the suggestions of clap: `tip: a similar subcommand exists`.
        assert_eq!(output.stderr.lines().filter(|line| line.contains("tip")).count(), 0, "{line}");
        let error = sandbox.run_json(&words(line, token.trim())).fails(2).error();
        let message = error["message"].as_str().unwrap();
        assert!(!message.contains("similar") && !message.contains("use `"), "{line}: {message}");
    }
}

#[test]
fn program_without_arguments_prints_store_and_login_before_the_help() {
    let sandbox = Sandbox::new();
    let printed_state = || {
        let stdout = sandbox.run(&[]).ok().stdout;
        let (state, help) = stdout.split_once("\n\n").unwrap();
        assert!(help.contains("Usage: jeton [OPTIONS] <COMMAND>"), "{stdout}");
        state.replace(sandbox.home().to_str().unwrap(), "HOME")
    };
    let store = "HOME/.local/share/jeton/jeton.db";
    assert_eq!(
        printed_state(),
        format!(
            "store         {store} (does not exist)\nlogged in as  -\nnext          jeton init"
        )
    );
    assert!(!sandbox.has_store());
    sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace1").ok();
    let state = printed_state();
    assert!(state.contains("logged in as  ada (admin)\n"), "{state}");
    assert!(state.ends_with("jeton token create APP"), "{state}");
    sandbox.run(&["logout"]).ok();
    assert!(printed_state().ends_with("logged in as  -\nnext          jeton login"));
    // With a damaged store, only the help is printed.
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{suffix}", sandbox.store_path().display())).unwrap();
    }
    std::fs::write(sandbox.store_path(), "damaged").unwrap();
    let output = sandbox.run(&[]).ok();
    assert_eq!(output.stderr, "");
    assert!(output.stdout.starts_with("Issue, inspect"), "{}", output.stdout);
}

#[test]
fn status_neither_refreshes_the_session_nor_accepts_an_invalid_token() {
    let mut sandbox = Sandbox::with_admin();
    let before = std::fs::read(sandbox.session_file()).unwrap();
    // The access token of the session has expired in the store.
    sandbox.sql("UPDATE pairs SET access_expires_at = 1");
    let status = sandbox.json(&["status"]);
    assert_eq!(status["user"]["username"], "ada");
    assert_eq!(status["next"], "jeton token create APP");
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before);
    sandbox.set_variable("JETON_TOKEN", "x.y.z");
    sandbox.run(&["status"]).fails(10);
}

#[test]
fn json_help_has_every_command_and_describes_options() {
    fn collect_json_paths<'v>(command: &'v serde_json::Value, paths: &mut Vec<&'v str>) {
        paths.push(command["command"].as_str().unwrap());
        for subcommand in command["commands"].as_array().unwrap() {
            collect_json_paths(subcommand, paths);
        }
    }
    fn collect_clap_paths(command: &clap::Command, parent: &str, paths: &mut Vec<String>) {
        let path = format!("{parent} {}", command.get_name()).trim_start().to_owned();
        paths.push(path.clone());
        command.get_subcommands().for_each(|child| collect_clap_paths(child, &path, paths));
    }
    let sandbox = Sandbox::new();
    let tree = sandbox.json(&["help"]);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    collect_json_paths(&tree, &mut found);
    collect_clap_paths(&jeton::command(), "", &mut expected);
    assert_eq!(found, expected);
    let mint = sandbox.json(&["help", "token", "mint"]);
    let options = mint["options"].as_array().unwrap();
    let alg = options.iter().find(|option| option["long"] == "alg").unwrap();
    assert_eq!(alg["value"], "ALG");
    assert_eq!(alg["repeatable"], false);
    let output = options.iter().find(|option| option["long"] == "output").unwrap();
    let formats = ["text", "json", "jsonl", "dotenv", "github"];
    assert_eq!(output["possible_values"], serde_json::json!(formats), "no hidden values");
    let store = options.iter().find(|option| option["long"] == "store").unwrap();
    assert_eq!((&store["global"], &store["env"]), (&true.into(), &"JETON_STORE".into()));
    let error = sandbox.run_json(&["help", "tokn"]).fails(2).error();
    assert_eq!(error["hint"], "use `jeton help token`");
}
