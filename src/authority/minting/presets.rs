//! The presets that come with the program: data of `src/presets`.

use super::template::Template;
use crate::model::Invalid;

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        const FILES: &[(&str, &str)] =
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

/// A token about which nothing is said.
const PLAIN: &str = include_str!("../../presets/plain.json");

/// The names of the presets that come with the program, sorted.
pub(crate) fn presets() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// A preset that comes with the program; without a name a token about which nothing is said.
pub(crate) fn preset(name: Option<&str>) -> Result<Option<Template>, Invalid> {
    let text = match name {
        None => Some(PLAIN),
        Some(name) => FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text),
    };
    text.map(|text| Template::parse(text.as_bytes())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_is_a_preset_and_explains_itself() {
        assert!(presets().is_sorted());
        for name in presets() {
            let preset = preset(Some(name)).unwrap().unwrap();
            assert!(!preset.about.is_empty(), "{name}");
            let claims: BTreeSet<_> = preset.claims.keys().collect();
            assert_eq!(preset.explain.keys().collect::<BTreeSet<_>>(), claims, "{name}");
            assert!(!preset.verifiers.is_empty(), "nobody vouches for {name}");
        }
        assert!(preset(None).unwrap().is_some());
        assert!(preset(Some("other")).unwrap().is_none());
    }
}
