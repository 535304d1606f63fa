//! Copies of stores between files and the server, and between schemas of the server.

use super::create_schema;
use crate::sandbox::Sandbox;
use crate::store::copy::{CopySource, add_session_of_missing_user};

#[test]
#[ignore = "needs a PostgreSQL server"]
fn copies_in_all_directions_have_the_same_rows() {
    let other_schema = create_schema();
    let source = CopySource::new();
    let (server, other_server) = (source.sandbox.store_address(), other_schema.address());
    let mut file_to_server_digests = source.copy("a.db", &server);
    source.assert_usable(&server);
    // Every copy adds one audit event to both stores.
    let [mut server_to_server_digests, mut server_to_file_digests] =
        [(&server, &other_server), (&other_server, &"b.db".to_owned())].map(|(from, to)| {
            let digests = source.copy(from, to);
            source.assert_usable(to);
            digests
        });
    let event_counts =
        [&mut file_to_server_digests, &mut server_to_server_digests, &mut server_to_file_digests]
            .map(|digests| digests.remove("audit").unwrap().0);
    let first_count = event_counts[0];
    assert_eq!(event_counts, [first_count, first_count + 1, first_count + 2]);
    assert_eq!(server_to_server_digests, file_to_server_digests);
    assert_eq!(server_to_file_digests, file_to_server_digests);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn copy_on_the_server_continues_ids_and_grants_and_can_be_copied_to_a_file() {
    // Fails the test with an explanation if the test run has no server.
    let _schema = create_schema();
    let source = CopySource::new();
    let server = source.sandbox.store_address();
    source.copy("a.db", &server);
    let run =
        |store: &str, words: &[&str]| source.run(store, words).ok().stdout.trim_end().to_owned();
    // The new token has the grant of the copied token `source.app_token`. A grant is the row with
    // the properties that tokens share, such as app, permissions and audience.
    let grant_count = || source.sandbox.sql("SELECT count(*) FROM grants");
    let grant_count_before = grant_count();
    let create = ["token", "create", "é\u{10ffff}", "--permission", "read", "--aud", "z"];
    let created = run(&server, &create);
    let created_in_file = run("a.db", &create);
    assert_eq!(grant_count(), grant_count_before);
    let id_of = |store: &str, token: &str| {
        let list = source.run(store, &["token", "list", "-o", "json"]).ok().stdout;
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let jti = crate::sandbox::payload(token)["jti"].take();
        let mut items = list["items"].as_array().unwrap().iter();
        items.find(|item| item["jti"] == jti).unwrap()["id"].as_u64().unwrap()
    };
    assert_eq!(id_of(&server, &created), id_of("a.db", &created_in_file));
    run(&server, &["token", "revoke", &source.app_token]);
    source.copy(&server, "b.db");
    run("b.db", &["token", "verify", &created]);
    assert_eq!(source.run("b.db", &["token", "verify", &source.app_token]).code, 12);
    // A backup of the server is a usable store file.
    run(&server, &["store", "backup", "backup.db"]);
    run("backup.db", &["token", "verify", &created]);
    run("backup.db", &["store", "check"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn refused_and_failed_copies_change_nothing() {
    let other_schema = create_schema();
    let source = CopySource::new();
    let server = source.sandbox.store_address();
    source.copy("a.db", &server);
    let event_count = || source.sandbox.sql("SELECT count(*) FROM audit");
    let event_count_before = event_count();
    let failure = source.sandbox.json_error(&["store", "copy", "a.db", &server]);
    assert_eq!((&failure["code"], event_count()), (&"store_exists".into(), event_count_before));
    other_schema.run_sql("CREATE TABLE users (id BIGINT)");
    let other_server = other_schema.address();
    let failure = source.sandbox.json_error(&["store", "copy", "a.db", &other_server]);
    assert_eq!(failure["code"], "store_foreign");
    other_schema.run_sql("DROP TABLE users");
    add_session_of_missing_user(&source.sandbox, "a.db");
    let failure = source.sandbox.json_error(&["store", "copy", "a.db", &other_server]);
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("`{other_server}`: ")), "{message}");
    let table_count_sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema";
    assert_eq!(other_schema.run_sql(table_count_sql), ["0"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn address_with_password_is_refused_and_not_repeated() {
    // Fails the test with an explanation if the test run has no server.
    let _schema = create_schema();
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_address();
    let address = "postgres://ada:secret@db.example/jeton";
    for words in [["store", "copy", address, "b.db"], ["store", "copy", &store, address]] {
        let failure = sandbox.json_error(&words);
        assert!(!failure.to_string().contains("secret"), "{failure}");
        assert_eq!(failure["code"], "invalid_input");
    }
}
