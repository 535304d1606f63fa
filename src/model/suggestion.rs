//! Similar names for a mistyped name.

use super::InvalidValue;

/// Minimum length, in characters, of a word for which a similar name is searched.
const MIN_WORD_LENGTH: usize = 3;

/// Returns the name that `word` misspells, or that starts with `word`, ignoring case. A misspelled
/// word has at most one edit per three characters.
pub(crate) fn find_similar<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: String = word.chars().take(64).flat_map(char::to_lowercase).collect();
    if word.chars().count() < MIN_WORD_LENGTH {
        return None;
    }
    let max_distance = word.chars().count() / 3;
    let distance = |name: &str| {
        let name = name.to_lowercase();
        // A name that starts with the word counts as a name with at most `max_distance` edits.
        let prefix_distance = if name.starts_with(&word) { max_distance } else { usize::MAX };
        strsim::osa_distance(&word, &name).min(prefix_distance)
    };
    names
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|(edits, _)| *edits <= max_distance)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Returns the error for an unknown name. The error lists all valid names; its hint proposes the
/// valid name that is similar to `word`, if any.
pub(super) fn unknown_name_error(
    value_name: &'static str,
    word: &str,
    names: &[&str],
) -> InvalidValue {
    let invalid = InvalidValue::new(value_name, format!("not one of {}", names.join(", ")));
    match find_similar(word, names.iter().copied()) {
        Some(name) => invalid.with_hint(format!("use `{name}`")),
        None => invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_name_is_found() {
        let names = ["auth0", "cognito", "cognito-id", "github-actions", "keycloak"];
        for (word, expected) in [
            ("github_actions", Some("github-actions")),
            ("github", Some("github-actions")),
            ("Keycloack", Some("keycloak")),
            ("cognito-ids", Some("cognito-id")),
            ("auth", Some("auth0")),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(find_similar(word, names), expected, "{word}");
        }
        assert_eq!(find_similar(&"a".repeat(100_000), names), None);
    }
}
