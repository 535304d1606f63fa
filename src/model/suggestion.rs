//! Suggestion of a valid name that is similar to a mistyped name.

use super::InvalidValue;

/// Minimum length, in characters, of a word for which a similar name is searched for.
const MIN_WORD_LENGTH: usize = 3;

/// Returns the name that is most similar to `word`, ignoring case. Returns `None` if no name is
/// similar, or if `word` is too short. A name is similar if it starts with `word`, or if at most
/// one edit per three characters of `word` converts `word` to the name. An edit inserts, deletes or
/// replaces a character, or exchanges two adjacent characters.
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
        // A name that starts with the word has at most the distance `max_distance`.
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

/// Returns the error for an unknown name. The error lists all valid names. If a valid name is
/// similar to `word`, the hint proposes this name.
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
    fn only_a_similar_name_is_found() {
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
