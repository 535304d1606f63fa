//! Similar names for a mistyped name.

use super::InvalidValue;

/// Minimum similarity (Jaro), as in the suggestions of clap.
const MIN_SIMILARITY: f64 = 0.7;

/// Returns the name that is most similar to `word`, ignoring case, if there is a similar name.
pub(crate) fn find_similar<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: String = word.chars().take(64).flat_map(char::to_lowercase).collect();
    names
        .into_iter()
        .map(|name| (strsim::jaro(&word, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity > MIN_SIMILARITY)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, name)| name)
}

/// Returns the error for an unknown name: all valid names, and a hint with the similar name.
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
