//! Copies between files and the server.

use super::create_schema;
use crate::sandbox::Sandbox;
use crate::store::copy::{Source, add_session_of_missing_user};

#[test]
#[ignore = "needs a PostgreSQL server"]
fn copies_in_all_directions_have_the_same_rows() {
    let other_schema = create_schema();
    let source = Source::new();
    let (server, other_server) = (source.sandbox.store_address(), other_schema.address());
    let mut expected = source.copy("a.db", &server);
    source.assert_usable(&server);
    // Every copy adds an event to both stores.
    let [mut server_digests, mut file_digests] =
        [(&server, &other_server), (&other_server, &"b.db".to_owned())].map(|(from, to)| {
            let digests = source.copy(from, to);
            source.assert_usable(to);
            digests
        });
    let event_digests = [&mut expected, &mut server_digests, &mut file_digests]
        .map(|digests| digests.remove("audit"));
    let [first, second, third] = event_digests.map(|digest| digest.unwrap().0);
    assert_eq!((second, third), (first + 1, first + 2));
    assert_eq!((&server_digests, &file_digests), (&expected, &expected));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn token_created_on_the_server_is_valid_in_a_copied_file() {
    let _server = create_schema();
    let source = Source::new();
    let server = source.sandbox.store_address();
    source.copy("a.db", &server);
    let run =
        |store: &str, words: &[&str]| source.run(store, words).ok().stdout.trim_end().to_owned();
    // The new token uses the grant of the copied token.
    let grant_count = || source.sandbox.sql("SELECT count(*) FROM grants");
    let grant_count_before = grant_count();
    let create = ["token", "create", "é\u{10ffff}", "--permission", "read", "--aud", "z"];
    let created = run(&server, &create);
    let in_file = run("a.db", &create);
    assert_eq!(grant_count(), grant_count_before);
    let id = |store: &str, token: &str| {
        let list = source.run(store, &["token", "list", "-o", "json"]).ok().stdout;
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let jti = crate::sandbox::payload(token)["jti"].take();
        let mut items = list["items"].as_array().unwrap().iter();
        items.find(|item| item["jti"] == jti).unwrap()["id"].as_u64().unwrap()
    };
    assert_eq!(id(&server, &created), id("a.db", &in_file));
    run(&server, &["token", "revoke", &source.valid]);
    source.copy(&server, "b.db");
    run("b.db", &["token", "verify", &created]);
    assert_eq!(source.run("b.db", &["token", "verify", &source.valid]).code, 12);
    // A backup of the server is a usable store file.
    run(&server, &["store", "backup", "backup.db"]);
    run("backup.db", &["token", "verify", &created]);
    run("backup.db", &["store", "check"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn refused_and_failed_copies_change_nothing() {
    let other_schema = create_schema();
    let source = Source::new();
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
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema";
    assert_eq!(other_schema.run_sql(tables), ["0"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn address_with_password_is_refused() {
    let _server = create_schema();
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_address();
    let address = "postgres://ada:secret@db.example/jeton";
    for words in [["store", "copy", address, "b.db"], ["store", "copy", &store, address]] {
        let failure = sandbox.json_error(&words);
        assert!(!failure.to_string().contains("secret"), "{failure}");
        assert_eq!(failure["code"], "invalid_input");
    }
}
