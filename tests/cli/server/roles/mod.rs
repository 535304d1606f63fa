//! `jeton store roles`: rights of database users with each role.

mod permitted;
mod refused;

use super::create_schema;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_schema;
use crate::test_server::run_psql;
#[cfg(feature = "postgres")]
use insta::assert_snapshot;
use std::process::Command;

/// Suffixes of the names of the database roles, in the order in which the roles can be dropped.
const ROLES: [&str; 4] = ["verifier", "minter", "operator", "owner"];

/// A store with an admin and a minting credential, the database roles of the store, and a database
/// user with each role. The name of each user ends with `_login`. The roles and users are dropped
/// at the end of the test.
struct Database {
    sandbox: Sandbox,
    /// Name of the schema of the tables. The names of the roles start with this name. The schema of
    /// the views has this name with the suffix `_views`: minters and verifiers use the views.
    schema: String,
    /// App token with `jeton:mint` (token 1).
    credential: String,
}

impl Database {
    /// Creates the store, the roles and the users.
    fn with_roles() -> Self {
        Self::with_roles_and_app_key("ES256")
    }

    /// Creates the store, the roles and the users. `algorithm` is the algorithm of the app key.
    fn with_roles_and_app_key(algorithm: &str) -> Self {
        let database = Self::without_roles(algorithm);
        database.run_roles_sql(&test_schema::server_address().unwrap());
        database.add_users();
        database
    }

    /// Creates the store with two test keys and the minting credential, without roles and users.
    /// `algorithm` is the algorithm of the app key.
    fn without_roles(algorithm: &str) -> Self {
        // Panics with an explanation if the test run has no server.
        drop(create_schema());
        let sandbox = Sandbox::new();
        let init = ["init", "ada", "--password-stdin", "--alg", algorithm];
        sandbox.run_with_input(&init, "lovelace").ok();
        for algorithm in ["ES256", "HS256"] {
            let generate = ["keys", "generate", "--purpose", "test", "--alg", algorithm];
            sandbox.run(&generate).ok();
        }
        let credential = sandbox.stdout_of(&["token", "create", "ci", "-p", "jeton:mint"]);
        let schema = sandbox.sql("SELECT current_schema").remove(0);
        Self { sandbox, schema, credential }
    }

    /// Runs the SQL that `store roles` prints, as the user and on the server in the address
    /// `server`.
    fn run_roles_sql(&self, server: &str) {
        run_psql(server, &self.sandbox.stdout_of(&["store", "roles"])).unwrap();
    }

    /// Creates a database user with each role.
    fn add_users(&self) {
        for role in ROLES {
            let name = format!("{}_{role}", self.schema);
            self.superuser_sql(&format!(
                "CREATE ROLE {name}_login LOGIN; GRANT {name} TO {name}_login"
            ));
        }
    }

    /// Returns the address of the server for the database user with the name `SCHEMA_SUFFIX`.
    fn server_as(&self, suffix: &str) -> String {
        let address = test_schema::server_address().unwrap();
        address.replacen("://", &format!("://{}_{suffix}@", self.schema), 1)
    }

    /// Runs SQL as the superuser.
    fn superuser_sql(&self, sql: &str) -> Vec<String> {
        let sql = format!("SET search_path = {};\n{sql}", self.schema);
        run_psql(&test_schema::server_address().unwrap(), &sql).unwrap()
    }

    /// Runs SQL as the database user with this role, in the schema of the tables.
    fn sql(&self, role: &str, sql: &str) -> Result<Vec<String>, String> {
        self.sql_in(&self.schema, role, sql)
    }

    /// Runs SQL as the database user with this role, in the schema of the views.
    fn view_sql(&self, role: &str, sql: &str) -> Result<Vec<String>, String> {
        self.sql_in(&format!("{}_views", self.schema), role, sql)
    }

    fn sql_in(&self, schema: &str, role: &str, sql: &str) -> Result<Vec<String>, String> {
        run_psql(
            &self.server_as(&format!("{role}_login")),
            &format!("SET search_path = {schema};\n{sql}"),
        )
    }

    /// Asserts that the server refuses the SQL in the schema of the tables and in the schema of the
    /// views.
    #[track_caller]
    fn assert_refused(&self, role: &str, sql: &str) {
        for result in [self.sql(role, sql), self.view_sql(role, sql)] {
            let error = result.expect_err(sql);
            let refusals = ["permission denied", "violates row-level security policy"];
            assert!(refusals.iter().any(|refusal| error.contains(refusal)), "{sql}: {error}");
        }
    }

    /// Returns a command as the database user with this role. Each role has its own home directory,
    /// so the command does not use the session of the admin. A minter or verifier uses the schema
    /// of the views.
    fn command(&self, role: &str, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        let (_, address) =
            self.sandbox.variables().find(|(name, _)| *name == "JETON_STORE").unwrap();
        let mut address = address.replacen("://", &format!("://{}_{role}_login@", self.schema), 1);
        if ["minter", "verifier"].contains(&role) {
            address += "_views";
        }
        let home = self.sandbox.home().join(role);
        std::fs::create_dir_all(&home).unwrap();
        command.env("HOME", home).env("JETON_STORE", address);
        command
    }

    /// Runs a command as the database user with this role. A minter uses the minting credential.
    fn run(&self, role: &str, arguments: &[&str]) -> RunOutput {
        let mut command = self.command(role, arguments);
        if role == "minter" {
            command.env("JETON_TOKEN", &self.credential);
        }
        RunOutput::capture(command)
    }

    /// Runs `token mint` as the minter, and returns the tokens.
    fn mint(&self, arguments: &[&str]) -> String {
        let output = self.run("minter", &[&["token", "mint"], arguments].concat()).ok();
        output.stdout.trim_end().to_owned()
    }

    /// Returns action, outcome and count of the audit events of the database user with this role.
    fn events(&self, role: &str) -> Vec<String> {
        self.superuser_sql(&format!(
            "SELECT action || ' ' || outcome || ' ' || count FROM audit
             WHERE db_user = '{}_{role}_login' ORDER BY id",
            self.schema
        ))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop_role = |role: &&str| {
            let name = format!("{}_{role}", self.schema);
            format!("DROP ROLE {name}_login; DROP OWNED BY {name} CASCADE; DROP ROLE {name};\n")
        };
        let drop_roles: Vec<String> = ROLES.iter().map(drop_role).collect();
        let sql = format!("DROP SCHEMA {}_views CASCADE;\n{}", self.schema, drop_roles.concat());
        let result = run_psql(&test_schema::server_address().unwrap(), &sql);
        // A second panic would abort the tests.
        assert!(result.is_ok() || std::thread::panicking(), "{result:?}");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn second_run_of_the_roles_sql_revokes_only_additional_rights() {
    let database = Database::with_roles();
    let minter = format!("{}_minter", database.schema);
    database.superuser_sql(&format!(
        "GRANT SELECT ON keys TO {minter}; GRANT UPDATE (revoked_at) ON tokens TO PUBLIC"
    ));
    let (select, update) = ("SELECT material FROM keys", "UPDATE tokens SET revoked_at = NULL");
    assert!(database.sql("minter", select).is_ok() && database.sql("minter", update).is_ok());
    database.run_roles_sql(&test_schema::server_address().unwrap());
    assert!(database.sql("minter", select).is_err());
    database.assert_refused("minter", update);
    database.mint(&["--record"]);
    database.run("verifier", &["token", "verify", &database.credential]).ok();
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn table_owner_can_run_the_roles_sql() {
    let database = Database::without_roles("ES256");
    let (schema, user) = (database.schema.clone(), format!("{}_dba", database.schema));
    // A user who is no superuser owns the tables, as on a managed server.
    database.superuser_sql(&format!(
        "CREATE ROLE {user} LOGIN CREATEROLE;
         SELECT format('GRANT CREATE ON DATABASE %I TO {user}', current_database()) \\gexec
         ALTER SCHEMA {schema} OWNER TO {user};
         ALTER FUNCTION count_users() OWNER TO {user};
         SELECT format('ALTER TABLE %I OWNER TO {user}', tablename)
             FROM pg_tables WHERE schemaname = '{schema}' \\gexec"
    ));
    for _ in 0..2 {
        database.run_roles_sql(&database.server_as("dba"));
    }
    database.add_users();
    database.mint(&["--record"]);
    database.run("verifier", &["token", "verify", &database.credential]).ok();
    database.superuser_sql(&format!("ALTER SCHEMA {schema} OWNER TO CURRENT_USER"));
    drop(database);
    let drop_user = format!("DROP OWNED BY {user}; DROP ROLE {user}");
    run_psql(&test_schema::server_address().unwrap(), &drop_user).unwrap();
}

#[cfg(feature = "postgres")]
#[test]
fn role_names_start_with_the_given_prefix_or_a_prefix_from_a_valid_schema_name() {
    let sandbox = Sandbox::new();
    let print_roles_sql = |store: &str, prefix_option: &[&str]| {
        sandbox.run(&[&["--store", store, "store", "roles"], prefix_option].concat())
    };
    for (store, prefix_option, role, schema) in [
        ("missing.db", &[][..], "jeton_minter", "\"public\""),
        ("postgres://h/db", &[], "jeton_minter", "\"public\""),
        ("postgres://h/db?schema=staging", &[], "staging_minter", "\"staging\""),
        ("postgres://h/db?schema=My%20%22x", &["--prefix", "x"], "x_minter", "\"My \"\"x\""),
    ] {
        let sql = print_roles_sql(store, prefix_option).ok().stdout;
        assert!(sql.contains(&format!("GRANT USAGE ON SCHEMA {schema}, ")), "{sql}");
        assert!(sql.contains(&format!(" TO {role};")), "{sql}");
        assert!(!sql.contains(['{', '}']), "{sql}");
    }
    assert_snapshot!(print_roles_sql("postgres://h/db?schema=My", &[]), @"
    --- exit code 2, stderr
    error: names of roles start with the name of the schema, which is not a valid prefix: expected lower-case letters, digits and `_`, starting with a letter
    hint: choose a prefix for the role names: jeton --store 'postgres://h/db?schema=My' store roles --prefix jeton_store
    ");
    assert_snapshot!(print_roles_sql("postgres://h/db?schema=jeton", &[]), @"
    --- exit code 2, stderr
    error: names of roles start with the name of the schema, which is not a valid prefix: `jeton` is the default for the schema `public`
    hint: choose a prefix for the role names: jeton --store 'postgres://h/db?schema=jeton' store roles --prefix jeton_store
    ");
    print_roles_sql("missing.db", &["--prefix", "x y"]).fails(2);
}
