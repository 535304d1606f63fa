//! Built-in presets, embedded from `src/presets`.

use super::template::Template;
use crate::model::InvalidValue;

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        const PRESET_FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../presets/", $name, ".json")))),+];
    };
}

presets![
    "auth0",
    "cognito",
    "cognito-id",
    "entra",
    "flask",
    "flask-refresh",
    "gerencia",
    "github-actions",
    "keycloak",
    "okta",
    "rfc9068",
    "supabase",
];

/// Preset of requests that name no preset.
const PLAIN_PRESET: &str = include_str!("../../presets/plain.json");

/// Returns the names of the built-in presets, sorted.
pub(crate) fn builtin_preset_names() -> impl Iterator<Item = &'static str> {
    PRESET_FILES.iter().map(|(name, _)| *name)
}

/// Returns the built-in preset with this name, or the plain preset if no name is given. Returns
/// `None` for an unknown name.
pub(crate) fn load_builtin_preset(name: Option<&str>) -> Result<Option<Template>, InvalidValue> {
    let text = match name {
        None => Some(PLAIN_PRESET),
        Some(name) => {
            PRESET_FILES.iter().find(|(preset_name, _)| *preset_name == name).map(|(_, text)| *text)
        }
    };
    text.map(|text| Template::parse(text.as_bytes())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn builtin_presets_are_sorted_and_fully_documented() {
        assert!(builtin_preset_names().is_sorted());
        for name in builtin_preset_names() {
            let preset = load_builtin_preset(Some(name)).unwrap().unwrap();
            assert!(!preset.description.is_empty(), "{name}");
            let claims: BTreeSet<_> = preset.claims.keys().collect();
            assert_eq!(preset.explain.keys().collect::<BTreeSet<_>>(), claims, "{name}");
            assert!(!preset.sources.is_empty() && preset.as_of.is_some(), "{name} has no source");
            assert!(!preset.verifiers.is_empty(), "{name} has no verifier");
        }
    }

    #[test]
    fn no_name_selects_the_plain_preset_and_unknown_name_selects_no_preset() {
        let preset = load_builtin_preset(None).unwrap().unwrap();
        assert_eq!(preset.description, "Token with registered claims only");
        assert!(load_builtin_preset(Some("other")).unwrap().is_none());
    }
}
