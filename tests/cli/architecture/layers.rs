//! The layers of the top-level modules, and the modules to which external crates are confined.

use super::{File, assert_no_file_violates, assert_no_violations, source_files, whole_words};

/// The top-level modules and their layers. A module imports only from modules of lower layers.
const LAYERS: &[(&str, u8)] = &[
    ("model", 0),
    ("paths", 0),
    ("files", 0),
    ("signals", 0),
    ("os_users", 0),
    ("parallel", 0),
    ("directory", 1),
    ("store", 2),
    ("crypto", 2),
    ("terminal", 2),
    ("session_file", 2),
    ("authority", 3),
    ("failure", 4),
    ("app", 5),
    ("commands", 6),
    ("fuzzing", 7),
];

/// The modules that `commands` may import, in addition to `commands` itself.
const IMPORTS_OF_COMMANDS: &[&str] = &["app", "authority", "failure", "model"];

/// External crates, each with the only modules that may use the crate. `lib` is the crate root.
const CONFINED_CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("configparser", &["store"]),
    ("rustls", &["store"]),
    ("rustls_native_certs", &["store"]),
    ("tokio", &["store"]),
    ("tokio_postgres", &["store"]),
    ("tokio_postgres_rustls", &["store"]),
    ("jsonwebtoken", &["crypto"]),
    ("argon2", &["crypto"]),
    ("aws_lc_rs", &["crypto"]),
    ("base64", &["crypto", "fuzzing"]),
    ("const_oid", &["crypto"]),
    ("curve25519_dalek", &["crypto"]),
    ("pem", &["crypto"]),
    ("pkcs1", &["crypto"]),
    ("spki", &["crypto"]),
    ("percent_encoding", &["store"]),
    ("sha2", &["store"]),
    ("comfy_table", &["terminal"]),
    ("console", &["terminal"]),
    ("ctor", &["terminal"]),
    ("dialoguer", &["terminal"]),
    ("indicatif", &["terminal"]),
    ("csv", &["model"]),
    ("csv_core", &["model"]),
    ("anstream", &["terminal"]),
    ("anstyle", &["terminal"]),
    ("directories", &["paths"]),
    ("fluent_uri", &["model"]),
    ("shlex", &["model"]),
    ("toml", &["model"]),
    ("clap", &["commands", "lib"]),
    ("clap_complete", &["commands", "lib"]),
    ("clap_mangen", &["commands"]),
    ("pulldown_cmark", &["commands"]),
];

/// Returns the length of the identifier that `text` starts with.
fn identifier_len(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Returns the top-level modules that the code names after `crate::`, alone or in a group in
/// braces.
fn imported_modules(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for offset in whole_words(code, "crate::") {
        let rest = &code[offset + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            modules.push(rest[..identifier_len(rest)].to_owned());
            continue;
        };
        let mut depth = 1;
        let mut at_path_start = true;
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => at_path_start = true,
                c if at_path_start && !c.is_whitespace() => {
                    let path = &group[offset..];
                    modules.push(path[..identifier_len(path)].to_owned());
                    at_path_start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    modules
}

/// Returns the layer of a module; `None` for the crate root and for an unknown module.
fn layer_of(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// Returns whether a module may import from `dependency`: the module itself, or a module of a lower
/// layer. Of the lower layers, `commands` may import only the modules in `IMPORTS_OF_COMMANDS`.
fn may_import(module: &str, dependency: &str) -> bool {
    let allowed = module != "commands" || IMPORTS_OF_COMMANDS.contains(&dependency);
    let is_lower = layer_of(dependency).is_some() && layer_of(dependency) < layer_of(module);
    dependency == module || (allowed && is_lower)
}

/// Returns one line for each `super::` path that leaves the top-level module of the file.
fn super_paths_out_of_module(file: &File) -> Vec<String> {
    let path_out_of_module = "super::".repeat(file.module_depth());
    // An inline test module imports the module around it with `super::*`. This import does not
    // leave the top-level module.
    let inner_import = format!("{path_out_of_module}*");
    let leaves_module =
        |line: &str| line.contains(&path_out_of_module) && !line.contains(&inner_import);
    let lines = file.code_lines().filter(|(_, line)| leaves_module(line));
    let violation = |number| {
        format!("{}:{number}: imports from outside its module with `super::`", file.path.display())
    };
    lines.map(|(number, _)| violation(number)).collect()
}

/// Returns one line for each use of an external crate that the file must not use.
fn uses_of_confined_crates(file: &File) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, modules) in CONFINED_CRATES {
        if modules.contains(&file.module.as_str()) {
            continue;
        }
        let path = format!("{name}::");
        let import = format!("use {name}");
        for (number, line) in file.code_lines() {
            let has_crate_path =
                whole_words(line, &path).any(|offset| !line[..offset].ends_with("::"));
            if has_crate_path || whole_words(line, &import).next().is_some() {
                violations.push(format!("{}:{number}: uses `{name}`", file.path.display()));
            }
        }
    }
    violations
}

#[test]
fn every_module_has_a_layer() {
    assert_no_file_violates(|file| {
        layer_of(&file.module).is_none() && !["lib", "main"].contains(&file.module.as_str())
    });
}

#[test]
fn modules_import_only_from_lower_layers() {
    let mut violations = Vec::new();
    for file in source_files("src") {
        if layer_of(&file.module).is_none() {
            continue;
        }
        let code: Vec<&str> = file.code_lines().map(|(_, line)| line).collect();
        for imported in imported_modules(&code.join("\n")) {
            if !may_import(&file.module, &imported) {
                violations.push(format!("{}: imports `{imported}`", file.path.display()));
            }
        }
        violations.extend(super_paths_out_of_module(&file));
    }
    assert_no_violations(&violations);
}

#[test]
fn external_crates_are_confined_to_their_modules() {
    let uses: Vec<String> = source_files("src").iter().flat_map(uses_of_confined_crates).collect();
    assert_no_violations(&uses);
}

#[test]
fn imports_are_found_and_compared_with_layers() {
    let code = "use crate::store::Store;\nuse crate::{app, model::{Jti, Sid}, crypto::hash};";
    assert_eq!(imported_modules(code), ["store", "app", "model", "crypto"]);
    assert_eq!(imported_modules("pub(crate) fn f() -> crate::paths::P {}"), ["paths"]);
    assert!(may_import("app", "store") && may_import("store", "store"));
    assert!(!may_import("store", "crypto"), "same layer");
    assert!(!may_import("model", "store"), "higher layer");
    assert!(!may_import("commands", "store") && !may_import("app", "nowhere"));
}

#[test]
fn super_paths_and_uses_of_confined_crates_are_found() {
    let file = |path: &str, text: &str| File {
        path: path.into(),
        module: "store".to_owned(),
        text: text.to_owned(),
    };
    for (path, text, count) in [
        ("src/store/mod.rs", "use super::model::Jti;\n// super::model\nuse super::*;", 1),
        ("src/store/values.rs", "use super::super::model::Jti;\nuse super::Error;", 1),
    ] {
        assert_eq!(super_paths_out_of_module(&file(path, text)).len(), count, "{text}");
    }
    for (text, count) in [
        ("use console::Term;", 1),
        ("fn f(term: &console::Term) {}\nuse pem;", 2),
        ("use rusqlite::Row;\nuse crate::console::Term;\nuse console_x;\n// console::Term", 0),
    ] {
        assert_eq!(uses_of_confined_crates(&file("src/store/mod.rs", text)).len(), count, "{text}");
    }
}
