//! JSON Schemas of errors, and of the results of some commands with `-o json`. The schemas are the
//! files in `src/schemas`.

/// Name of the draft of the JSON Schema specification that the schemas follow.
const DRAFT: &str = "2020-12";

/// Names and texts of the schemas. The name is the command whose result the schema describes; the
/// schema `error` describes all errors.
const SCHEMAS: [(&str, &str); 11] = [
    ("login", include_str!("../schemas/login.json")),
    ("sessions list", include_str!("../schemas/sessions-list.json")),
    ("token create", include_str!("../schemas/token-create.json")),
    ("token presets", include_str!("../schemas/token-presets.json")),
    ("token verify", include_str!("../schemas/token-verify.json")),
    ("token list", include_str!("../schemas/token-list.json")),
    ("users list", include_str!("../schemas/users-list.json")),
    ("keys list", include_str!("../schemas/keys-list.json")),
    ("settings list", include_str!("../schemas/settings-list.json")),
    ("audit list", include_str!("../schemas/audit-list.json")),
    ("error", include_str!("../schemas/error.json")),
];

/// Returns the schema with this name: the schema of a command's result, or of all errors (`error`).
pub(super) fn find(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(schema_name, _)| *schema_name == name).map(|(_, text)| *text)
}

/// Returns a text that lists, for each schema, the command that prints the schema.
pub(super) fn overview() -> String {
    let lines = SCHEMAS.iter().map(|(name, _)| format!("  jeton help schema {name}\n"));
    format!(
        "JSON Schemas ({DRAFT}) of results with `-o json`, and of errors:\n\n{}",
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::OutputFormat;
    use crate::commands::cli::Tree;
    use crate::commands::command::{CommandTree, LIST_FORMATS};
    use crate::failure::Kind;
    use serde_json::{Value, json};
    use std::fs;

    fn parse_schema(name: &str) -> Value {
        serde_json::from_str(find(name).unwrap()).unwrap()
    }

    #[test]
    fn every_schema_file_is_embedded() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schemas");
        let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
        let mut contents: Vec<String> =
            files.map(|path| fs::read_to_string(path).unwrap()).collect();
        let mut schemas = SCHEMAS.map(|(_, text)| text.to_owned());
        contents.sort();
        schemas.sort();
        assert_eq!(contents, schemas);
    }

    #[test]
    fn result_schemas_cover_list_commands_and_state_their_json_command_and_draft() {
        let has_schema_if_list = |info: &crate::commands::command::CommandInfo| {
            info.formats != LIST_FORMATS || find(info.action).is_some()
        };
        let commands = Tree::ROOT.commands();
        assert!(commands.iter().all(has_schema_if_list));
        for (name, _) in SCHEMAS.iter().filter(|(name, _)| *name != "error") {
            let mut named_commands = commands.iter().filter(|info| info.action == *name);
            assert!(
                named_commands.any(|info| info.formats.contains(&OutputFormat::Json)),
                "{name}"
            );
            assert_eq!(parse_schema(name)["title"], format!("jeton {name} -o json"));
            assert!(parse_schema(name)["$schema"].as_str().unwrap().contains(DRAFT));
        }
    }

    #[test]
    fn error_schema_has_every_kind_and_code() {
        let properties = &parse_schema("error")["properties"]["error"]["properties"];
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let codes = Kind::ALL.iter().flat_map(|kind| kind.codes());
        let codes: Vec<&str> = codes.map(|code| code.as_str()).collect();
        assert_eq!(properties["kind"]["enum"], json!(kinds));
        assert_eq!(properties["code"]["enum"], json!(codes));
    }
}
