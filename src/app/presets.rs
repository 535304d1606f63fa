//! Presets: named templates of token claims. Custom presets are files in the user's configuration
//! directory, and take precedence over built-in presets of the same name.

use super::environment::Environment;
use crate::authority;
use crate::authority::minting::Template;
use crate::failure::{Code, Failure};
use crate::files::read_document;
use crate::model::{Untrusted, find_similar, normalize_encoding, redact_for_error};
use crate::paths;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

impl Environment {
    /// Returns the preset with this name; without a name, the default preset, which is built in.
    pub(crate) fn load_preset(&self, name: Option<&str>) -> Result<Template, Failure> {
        if let Some(name) = name
            && let Some(template) = self.load_custom_preset(name)?
        {
            return Ok(template);
        }
        authority::minting::load_builtin_preset(name)?.ok_or_else(|| {
            let display_name = redact_for_error(name.unwrap_or_default());
            let message = format!("preset `{display_name}` not found");
            let names = self.list_presets();
            let names = names.iter().map(|(name, _)| name.as_str());
            Failure::new(Code::PresetNotFound, message).with_hint(
                match find_similar(name.unwrap_or_default(), names) {
                    Some(similar) => {
                        format!("use `{similar}`, or list presets: jeton token presets")
                    }
                    None => "list presets: jeton token presets".to_owned(),
                },
            )
        })
    }

    fn load_custom_preset(&self, name: &str) -> Result<Option<Template>, Failure> {
        let Some(directory) = self.custom_presets_dir().filter(|_| is_valid_name(name)) else {
            return Ok(None);
        };
        let path = directory.join(format!("{name}.json"));
        let bad_preset = |reason: String| {
            let display_path = Untrusted::new(path.to_string_lossy()).to_display();
            Failure::new(Code::BadData, format!("`{display_path}`: {reason}"))
        };
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if !metadata.is_file() => {
                return Err(bad_preset("not a file".to_owned()));
            }
            _ => {}
        }
        let bytes = File::open(&path).and_then(read_document);
        let bytes = bytes.map_err(|error| {
            let is_too_large = error.kind() == ErrorKind::FileTooLarge;
            bad_preset(if is_too_large { "too large".to_owned() } else { error.to_string() })
        })?;
        Template::parse(&normalize_encoding(&bytes))
            .map(Some)
            .map_err(|invalid| bad_preset(invalid.reason))
    }

    /// Returns the names of all presets, sorted, and whether each preset is custom.
    pub(crate) fn list_presets(&self) -> Vec<(String, bool)> {
        list_preset_names(self.config_dir.as_deref())
    }

    fn custom_presets_dir(&self) -> Option<PathBuf> {
        paths::preset_directory(self.config_dir.as_deref())
    }
}

/// Returns the names of all presets, sorted, and whether each preset is custom. `config_dir` is
/// the value of `JETON_CONFIG_DIR`, if set.
pub(super) fn list_preset_names(config_dir: Option<&Path>) -> Vec<(String, bool)> {
    let mut names: Vec<(String, bool)> = Vec::new();
    let files =
        paths::preset_directory(config_dir).and_then(|directory| std::fs::read_dir(directory).ok());
    for file in files.into_iter().flatten().flatten() {
        let path = file.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            && is_valid_name(name)
        {
            names.push((name.to_owned(), true));
        }
    }
    for name in authority::minting::builtin_preset_names() {
        if !names.iter().any(|(custom_name, _)| custom_name == name) {
            names.push((name.to_owned(), false));
        }
    }
    names.sort();
    names
}

/// Returns whether a preset name is not empty and has only ASCII letters, ASCII digits, `-` and
/// `_`, so that the name cannot be a path.
fn is_valid_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
