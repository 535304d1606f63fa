//! Which files of the rules write to the store without a principal.

use super::files;

/// Files of `authority` with a writing transaction of their own, and how many: everything else goes
/// through `principal`, which rechecks the credential.
const WRITES: &[(&str, usize)] = &[
    ("src/authority/principal.rs", 2),
    // Refusals are recorded whatever became of the credential.
    ("src/authority/act.rs", 1),
    // The first admin of a store without users.
    ("src/authority/accounts/mod.rs", 1),
    // What a command issued itself is revoked whatever became of the credential.
    ("src/authority/issuing/taken_back.rs", 1),
    // Login, refresh and logout check the password or token that they are given themselves.
    ("src/authority/sessions/mod.rs", 3),
    // The outcome of a backup whose change was made for a principal.
    ("src/authority/upkeep/mod.rs", 1),
];

#[test]
fn every_change_rechecks_its_credential() {
    let mut found: Vec<(String, usize)> = Vec::new();
    for file in files("src/authority") {
        let path = file.path.display().to_string();
        let is_test = path.contains("tests") || path.ends_with("fixture.rs");
        let rules = file.text.split("#[cfg(test)]").next().unwrap();
        let writes = rules.matches("store.write(").count();
        if writes > 0 && !is_test {
            found.push((path, writes));
        }
    }
    found.sort();
    let mut expected: Vec<_> = WRITES.iter().map(|(path, n)| (path.to_string(), *n)).collect();
    expected.sort();
    assert_eq!(found, expected);
}
