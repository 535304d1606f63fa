//! Comparison of the schema of a store on a server with the schema that the migrations create in a
//! store file.

use super::create_schema;
use crate::test_schema::TestSchema;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Query for all columns in a file, sorted by table and position. Each row is one text with table,
/// column, type (in the words of PostgreSQL), nullability, identity and default.
const FILE_COLUMNS_SQL: &str = "
    SELECT t.name || '.' || c.name || ' '
        || CASE WHEN c.type = 'INTEGER' THEN 'bigint'
                WHEN c.type = 'TEXT' THEN 'text COLLATE C'
                WHEN t.sql LIKE '%length(' || c.name || ') = 16%' THEN 'uuid'
                ELSE 'bytea' END
        || iif(c.\"notnull\" OR c.pk, ' NOT NULL', '')
        || iif(c.name = 'id', ' IDENTITY', '')
        || coalesce(' DEFAULT ' || c.dflt_value, '')
    FROM pragma_table_list l JOIN sqlite_schema t USING (name), pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
    ORDER BY t.name, c.cid";
/// Query for all columns in a schema on a server, with the same result as [`FILE_COLUMNS_SQL`] for
/// equal columns.
const SERVER_COLUMNS_SQL: &str = "
    SELECT table_name || '.' || column_name || ' ' || data_type
        || coalesce(' COLLATE ' || collation_name, '')
        || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
        || CASE is_identity WHEN 'YES' THEN ' IDENTITY' ELSE '' END
        || coalesce(' DEFAULT ' || replace(column_default, '::text', ''), '')
    FROM information_schema.columns WHERE table_schema = current_schema
    ORDER BY table_name COLLATE \"C\", ordinal_position";

/// Columns that only the server has. A file has no database users, and has the values of
/// `store.app` and `store.version` in its header. The digests represent long values in indexes,
/// because a server limits the size of index entries.
const SERVER_ONLY_COLUMNS: &[&str] = &[
    "audit.db_user text COLLATE C NOT NULL DEFAULT SESSION_USER",
    "blocklist.digest bytea NOT NULL",
    "grants.digest bytea NOT NULL",
    "store.app text COLLATE C NOT NULL",
    "store.version bigint NOT NULL",
];

/// Columns whose types differ: each column as in a file, then as on a server.
const DIFFERENT_COLUMNS: &[[&str; 2]] =
    &[["keys.weak bigint NOT NULL DEFAULT 0", "keys.weak boolean NOT NULL DEFAULT false"]];

/// Query for the primary keys, UNIQUE constraints, indexes and foreign keys in a file. Only rows of
/// indexes contain a name: the names of constraints may differ.
const FILE_KEYS_SQL: &str = "
    SELECT t.name || ': '
        || CASE i.origin WHEN 'pk' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE'
                ELSE iif(i.\"unique\", 'UNIQUE INDEX ', 'INDEX ') || i.name END
        || ' (' || (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name))
        || ')' || iif(i.partial, substr(s.sql, instr(s.sql, 'WHERE') - 1), '')
    FROM sqlite_schema t, pragma_index_list(t.name) i LEFT JOIN sqlite_schema s ON s.name = i.name
    WHERE t.type = 'table'
    UNION ALL
    SELECT t.name || ': PRIMARY KEY (' || c.name || ')'
    FROM sqlite_schema t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND c.pk = 1
        AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) WHERE origin = 'pk')
    UNION ALL
    SELECT t.name || ': FOREIGN KEY (' || f.\"from\" || ') REFERENCES ' || f.\"table\" || '(' || f.\"to\" || ')'
    FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";
/// Query for the same keys and indexes in a schema on a server.
const SERVER_KEYS_SQL: &str = "
    SELECT t.relname || ': '
        || CASE WHEN i.indisprimary THEN 'PRIMARY KEY'
                WHEN EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = x.oid AND contype = 'u')
                    THEN 'UNIQUE'
                ELSE CASE WHEN i.indisunique THEN 'UNIQUE INDEX ' ELSE 'INDEX ' END || x.relname END
        || ' (' || (SELECT string_agg(pg_get_indexdef(x.oid, n, true), ', ' ORDER BY n)
                    FROM generate_series(1, i.indnkeyatts) n)
        || ')' || coalesce(' WHERE ' || replace(
            translate(pg_get_expr(i.indpred, i.indrelid), '()', ''), '::text', ''), '')
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE t.relnamespace = current_schema::regnamespace AND t.relkind = 'r'
    UNION ALL
    SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = current_schema::regnamespace AND contype = 'f'";

/// Keys that only a file has. A query for the grants of an owner uses the UNIQUE key of `grants` in
/// a file, and the index `grants_of_owner` on a server.
const FILE_ONLY_KEYS: &[&str] = &[
    "blocklist: PRIMARY KEY (key_id, jti)",
    "grants: UNIQUE (owner_id, kind, app, permissions, audience, claims)",
    "keys: UNIQUE (material)",
];
/// Keys and indexes that only a server has.
const SERVER_ONLY_KEYS: &[&str] = &[
    "blocklist: PRIMARY KEY (key_id, digest)",
    "grants: INDEX grants_of_owner (owner_id, kind)",
    "grants: UNIQUE (digest)",
    "keys: UNIQUE INDEX keys_material (sha256(material))",
    "tokens: INDEX tokens_expiry (expires_at)",
];

fn store_source_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")
}

/// Runs the migrations of a store file in an in-memory database.
fn create_file_schema() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let migrations = std::fs::read_dir(store_source_directory().join("migrations")).unwrap();
    let mut migrations: Vec<_> = migrations.map(|entry| entry.unwrap().path()).collect();
    migrations.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    migrations.sort();
    for migration in migrations {
        connection.execute_batch(&std::fs::read_to_string(migration).unwrap()).unwrap();
    }
    connection
}

fn create_server_schema() -> TestSchema {
    let schema = create_schema();
    schema.run_file(store_source_directory().join("postgres/schema.sql").to_str().unwrap());
    schema
}

/// Runs a statement in the database from [`create_file_schema`]. Returns the first column of all
/// rows, with one space in place of each run of whitespace.
fn query_file(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|row| row.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn server_has_the_columns_of_a_file() {
    let mut server_columns = create_server_schema().run_sql(SERVER_COLUMNS_SQL);
    let server_count = server_columns.len();
    let file_columns = query_file(&create_file_schema(), FILE_COLUMNS_SQL);
    server_columns.retain(|column| !SERVER_ONLY_COLUMNS.contains(&column.as_str()));
    assert_eq!(server_columns.len() + SERVER_ONLY_COLUMNS.len(), server_count);
    let file_columns_with_server_types: Vec<&str> = file_columns
        .iter()
        .map(|column| {
            let different_column = DIFFERENT_COLUMNS.iter().find(|[in_file, _]| in_file == column);
            different_column.map_or(column.as_str(), |[_, on_server]| on_server)
        })
        .collect();
    assert_eq!(server_columns, file_columns_with_server_types);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn server_has_the_keys_and_indexes_of_a_file() {
    let server_keys: BTreeSet<String> =
        create_server_schema().run_sql(SERVER_KEYS_SQL).into_iter().collect();
    let file_keys: BTreeSet<String> =
        query_file(&create_file_schema(), FILE_KEYS_SQL).into_iter().collect();
    assert_eq!(file_keys.difference(&server_keys).collect::<Vec<_>>(), FILE_ONLY_KEYS);
    assert_eq!(server_keys.difference(&file_keys).collect::<Vec<_>>(), SERVER_ONLY_KEYS);
}

/// Changes to a store that contains the user ada and a key. A CHECK constraint refuses each change.
const INVALID_CHANGES: &[&str] = &[
    "UPDATE users SET role = 'root'",
    "UPDATE users SET quota = -2",
    "UPDATE users SET email = 'ada@example.com'",
    "UPDATE users SET name = 'Ada'",
    "UPDATE users SET username = NULL",
    "UPDATE users SET deleted_at = 1",
    "UPDATE user_blocks SET present = -1",
    "UPDATE user_blocks SET present = 1025",
    "UPDATE keys SET purpose = 'none'",
    "UPDATE keys SET state = 'none'",
    "INSERT INTO tokens (jti, grant_id, key_id, issued_at, grace_until)
         VALUES (randomblob(16), 1, 1, 0, 1)",
];

#[test]
#[ignore = "needs a PostgreSQL server"]
fn server_refuses_the_invalid_rows_that_a_file_refuses() {
    let (file, server) = (create_file_schema(), create_server_schema());
    for valid in [
        "INSERT INTO users (uid, username, role, created_at, password_at)
             VALUES (randomblob(16), 'ada', 'admin', 0, 0)",
        "INSERT INTO keys (kid, purpose, algorithm, state, material, created_at)
             VALUES ('k', 'app', 'HS256', 'active', 'm', 0)",
    ] {
        // In a file, the column `material` has the type BLOB.
        query_file(&file, &valid.replace("'m'", "x'6d'"));
        server.run_translated(valid).unwrap();
    }
    for invalid in INVALID_CHANGES {
        let in_file = file.execute_batch(invalid).unwrap_err().to_string();
        let on_server = server.run_translated(invalid).unwrap_err();
        assert!(in_file.contains("CHECK constraint failed"), "{invalid}: {in_file}");
        assert!(on_server.contains("violates check constraint"), "{invalid}: {on_server}");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn server_counts_present_users_like_a_file() {
    // Triggers keep the number of users that are not deleted (`present`) in `user_blocks`. A block
    // is a range of 1,024 ids.
    let (file, server) = (create_file_schema(), create_server_schema());
    for (change, counts) in [
        (
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)
             INSERT INTO users (uid, username, role, created_at, password_at)
             SELECT randomblob(16), 'user' || i, 'user', 0, 0 FROM n",
            &["0 1023", "1 1024", "2 53"][..],
        ),
        (
            "INSERT INTO users (uid, username, role, created_at, password_at)
             VALUES (randomblob(16), 'user1', 'user', 0, 0), (randomblob(16), 'ada', 'user', 0, 0)
             ON CONFLICT DO NOTHING",
            &["0 1023", "1 1024", "2 54"],
        ),
        (
            "INSERT INTO users (id, uid, role, created_at, password_at, deleted_at)
             VALUES (9000, randomblob(16), 'user', 0, 0, 1)",
            &["0 1023", "1 1024", "2 54"],
        ),
        (
            "UPDATE users SET username = NULL, deleted_at = 1 WHERE id IN (7, 8, 1024, 9000)",
            &["0 1021", "1 1023", "2 54"],
        ),
        ("UPDATE users SET deleted_at = 2 WHERE id = 7", &["0 1021", "1 1023", "2 54"]),
    ] {
        query_file(&file, change);
        server.run_translated(change).unwrap();
        let query = "SELECT block || ' ' || present FROM user_blocks ORDER BY block";
        assert_eq!(query_file(&file, query), counts, "{change}");
        assert_eq!(server.run_sql(query), counts, "{change}");
    }
    // The trigger updates the counts even if the search path lacks the schema of the tables.
    let schema = server.run_sql("SELECT current_schema").remove(0);
    server.run_sql(&format!(
        "SET search_path = pg_catalog; UPDATE {schema}.users SET username = NULL, deleted_at = 3"
    ));
    assert_eq!(server.run_sql("SELECT sum(present) FROM user_blocks"), ["0"]);
}
