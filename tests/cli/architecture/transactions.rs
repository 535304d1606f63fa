//! Write transactions of the module `authority`. Each write transaction must recheck the credential
//! (the session or token of the caller), because the credential may have been revoked since it was
//! verified. This file gives the reason for each exception.

use super::source_files;

/// The files of `authority` that open write transactions, with the number of transactions. The
/// transactions of `principal.rs` recheck the credential if the caller has one. For the other
/// files, the comment above a file, or above adjacent files, gives the reason why the transactions
/// do not recheck the credential.
const WRITE_TRANSACTIONS: &[(&str, usize)] = &[
    ("src/authority/principal.rs", 4),
    // A refusal is recorded even if the credential is no longer valid.
    ("src/authority/audit_context.rs", 1),
    // The transaction creates the first admin of a store without users.
    ("src/authority/accounts/registration.rs", 1),
    // A command revokes its own tokens that were not delivered, and `run` revokes its tokens after
    // the child process has exited, even if the credential is no longer valid.
    ("src/authority/tokens/recorded.rs", 1),
    // The transaction corrects the audit event of tokens that were not minted because the command
    // ended early.
    ("src/authority/minting/run.rs", 1),
    // Login and refresh check their password or refresh token. Logout ends the session of a token
    // that it verifies, or, without a check, the session in the session file.
    ("src/authority/sessions/mod.rs", 3),
    // The transactions record that a permitted backup or copy failed. Another transaction has
    // rechecked the credential before.
    ("src/authority/maintenance/copy.rs", 1),
    ("src/authority/maintenance/mod.rs", 1),
];

#[test]
fn write_transactions_exist_only_in_the_listed_files() {
    let mut transactions: Vec<(String, usize)> = Vec::new();
    for file in source_files("src/authority") {
        let path = file.path.display().to_string();
        let is_test = path.contains("tests") || path.ends_with("test_store.rs");
        let code = file.text.split("#[cfg(test)]").next().unwrap();
        let count =
            code.matches("store.write(").count() + code.matches("store.write_shared(").count();
        if count > 0 && !is_test {
            transactions.push((path, count));
        }
    }
    transactions.sort();
    let expected = WRITE_TRANSACTIONS.iter().map(|(path, count)| (path.to_string(), *count));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    assert_eq!(transactions, expected);
}
