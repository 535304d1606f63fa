//! Tests of the configuration of connections, which results from an address and from the
//! environment.

use super::super::address::ServerAddress;
use super::super::config::ConnectionConfig;
use super::super::environment::PostgresEnvironment;
use super::super::error::ConnectionError;
use crate::os_users;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio_postgres::config::{ChannelBinding, TargetSessionAttrs};

fn build_config(
    address: &str,
    environment: &PostgresEnvironment,
) -> Result<ConnectionConfig, ConnectionError> {
    ServerAddress::parse(OsStr::new(address)).unwrap().connection_config(environment)
}

/// Returns an environment whose variables set these connection parameters.
fn build_environment(parameters: &[(&'static str, &str)]) -> PostgresEnvironment {
    let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned()));
    PostgresEnvironment { parameters: parameters.collect(), ..PostgresEnvironment::default() }
}

/// Returns `user@host:port/database password tls` for each server; `plain` replaces `tls` without
/// TLS, and `-` replaces a missing password.
fn describe(config: &ConnectionConfig) -> Vec<String> {
    let servers = config.servers.iter().map(|server| {
        let (config, uses_tls) = (&server.config, server.tls.is_some());
        let host = match &config.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(name) => name.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        };
        format!(
            "{}@{host}:{}/{} {} {}",
            config.get_user().unwrap(),
            config.get_ports()[0],
            config.get_dbname().unwrap(),
            String::from_utf8_lossy(config.get_password().unwrap_or(b"-")),
            if uses_tls { "tls" } else { "plain" },
        )
    });
    servers.collect()
}

/// Writes a file with the permission bits `mode`, and returns its path.
fn write_file(directory: &TempDir, name: &str, content: &str, mode: u32) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn address_with_host_ignores_server_variables() {
    let other_server = build_environment(&[
        ("host", "other"),
        ("port", "1"),
        ("user", "eve"),
        ("dbname", "other"),
        ("service", "none"),
    ]);
    for (address, expected) in [
        ("postgres://ada:pw@h/db?sslmode=disable", "ada@h:5432/db pw plain"),
        ("postgres://ada@h?sslmode=disable", "ada@h:5432/ada - plain"),
        ("postgres://ada@%2Frun%2Fpg:6432/db", "ada@/run/pg:6432/db - plain"),
        ("postgres://h/db?user=ada&sslmode=require", "ada@h:5432/db - tls"),
        ("postgres://ada@h/db?sslmode=verify-ca", "ada@h:5432/db - tls"),
        ("postgres://ada@h/db", "ada@h:5432/db - tls"),
    ] {
        let config = build_config(address, &other_server).unwrap();
        assert_eq!(describe(&config), [expected]);
    }
    let config = build_config("postgres://h/db?sslmode=disable", &other_server).unwrap();
    let user = os_users::user_name(rustix::process::geteuid().as_raw()).unwrap();
    assert_eq!(describe(&config), [format!("{user}@h:5432/db - plain")]);
}

#[test]
fn variables_complete_an_address_without_host() {
    let variables = build_environment(&[
        ("host", "h,/run/pg"),
        ("port", "6432"),
        ("user", "ada"),
        ("dbname", "db"),
    ]);
    let servers = |address| describe(&build_config(address, &variables).unwrap());
    let expected = ["ada@h:6432/db - tls", "ada@/run/pg:6432/db - plain"];
    assert_eq!(servers("postgres:///"), expected);
    assert_eq!(servers("postgres:///x?user=bob")[0], "bob@h:6432/x - tls");
    let default_config = build_config("postgres:///db?user=ada", &build_environment(&[])).unwrap();
    let socket_directory =
        if Path::new("/var/run/postgresql").is_dir() { "/var/run/postgresql" } else { "/tmp" };
    assert_eq!(describe(&default_config), [format!("ada@{socket_directory}:5432/db - plain")]);
}

#[test]
fn connection_config_has_address_parameters_and_defaults() {
    let no_variables = build_environment(&[]);
    let config = build_config(
        "postgres://a,b/db?sslmode=disable&connect_timeout=3&channel_binding=require&schema=s",
        &no_variables,
    );
    let config = config.unwrap();
    assert_eq!(config.schema.as_deref(), Some("s"));
    for server in &config.servers {
        assert_eq!(server.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(server.config.get_channel_binding(), ChannelBinding::Require);
        assert_eq!(server.config.get_application_name(), Some("jeton"));
        assert_eq!(server.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }
    for (query, attributes) in [
        ("", TargetSessionAttrs::Any),
        ("&target_session_attrs=read-only", TargetSessionAttrs::ReadOnly),
    ] {
        let address = format!("postgres://a/db?sslmode=disable&application_name=x{query}");
        let config = build_config(&address, &no_variables).unwrap();
        assert_eq!(config.servers[0].config.get_target_session_attrs(), attributes);
        assert_eq!(config.servers[0].config.get_application_name(), Some("x"));
    }
}

#[test]
fn password_comes_from_first_of_address_service_variable_and_passfile() {
    let directory = TempDir::new().unwrap();
    write_file(&directory, ".pgpass", "a:*:*:*:from-a\nb:*:*:*:from-b\n", 0o600);
    let service = "# comment\n[tokens]\nhost=a\nuser=ada\npassword=a#b;c\nsslmode=disable\n";
    write_file(&directory, ".pg_service.conf", service, 0o600);
    let environment_with_home =
        |parameters: &[(&'static str, &str)], password: Option<&str>| PostgresEnvironment {
            home: Some(directory.path().to_owned()),
            password: password.map(Into::into),
            ..build_environment(parameters)
        };
    let servers = |address, environment: &PostgresEnvironment| {
        describe(&build_config(address, environment).unwrap())
    };
    let address = "postgres://ada@a,b,c/db?sslmode=disable";
    assert_eq!(
        servers(address, &environment_with_home(&[], None)),
        ["ada@a:5432/db from-a plain", "ada@b:5432/db from-b plain", "ada@c:5432/db - plain"]
    );
    assert_eq!(
        servers(address, &environment_with_home(&[], Some("env")))[1],
        "ada@b:5432/db env plain"
    );
    let with_password = "postgres://ada:own@a/db?sslmode=disable";
    assert_eq!(
        servers(with_password, &environment_with_home(&[], Some("env"))),
        ["ada@a:5432/db own plain"]
    );
    let with_service = environment_with_home(&[("service", "tokens")], Some("env"));
    assert_eq!(servers("postgres:///db", &with_service), ["ada@a:5432/db a#b;c plain"]);
}

#[test]
fn unknown_service_is_refused() {
    let directory = TempDir::new().unwrap();
    write_file(&directory, ".pg_service.conf", "[tokens]\nhost=a\n", 0o600);
    let environment = PostgresEnvironment {
        home: Some(directory.path().to_owned()),
        ..build_environment(&[("service", "other")])
    };
    let result = build_config("postgres:///", &environment);
    assert_eq!(result.err().unwrap().to_string(), "service `other` not found");
}

#[test]
fn exposed_credential_file_is_refused() {
    let directory = TempDir::new().unwrap();
    for mode in [0o640, 0o604, 0o620, 0o660] {
        let path = write_file(&directory, "pgpass", "*:*:*:*:secret", mode);
        let with_passfile =
            PostgresEnvironment { passfile: Some(path.clone()), ..build_environment(&[]) };
        let error = build_config("postgres://h?sslmode=disable", &with_passfile).err().unwrap();
        let message = format!("other users can access the passfile `{}`", path.display());
        assert_eq!(error.to_string(), message);
        assert!(!format!("{error:?}").contains("secret"));
        // The passfile is not read if the address has a password.
        build_config("postgres://ada:pw@h?sslmode=disable", &with_passfile).unwrap();
    }
    let path = write_file(&directory, "pgpass", "*:*:*:*:secret", 0o400);
    let with_passfile = PostgresEnvironment { passfile: Some(path), ..build_environment(&[]) };
    build_config("postgres://h?sslmode=disable", &with_passfile).unwrap();
    let service = write_file(&directory, "service", "[s]\nhost=h\npassword=secret", 0o644);
    let with_service_file = PostgresEnvironment {
        service_file: Some(service),
        ..build_environment(&[("service", "s")])
    };
    let error = build_config("postgres:///", &with_service_file).err().unwrap();
    assert!(matches!(error, ConnectionError::ExposedFile { kind: "service file", .. }), "{error}");
}

#[test]
fn invalid_tls_parameters_are_refused_unless_tls_is_disabled() {
    let directory = TempDir::new().unwrap();
    let no_certificate = write_file(&directory, "root.crt", "x", 0o644);
    let missing = directory.path().join("missing");
    for (query, message) in [
        (
            format!("sslrootcert={}", no_certificate.display()),
            "not a list of certificates in PEM format",
        ),
        (format!("sslrootcert={}", missing.display()), "No such file"),
        ("sslcert=/x".to_owned(), "`sslcert` requires `sslkey`"),
        ("sslkey=/x".to_owned(), "`sslkey` requires `sslcert`"),
    ] {
        let error =
            build_config(&format!("postgres://h?{query}"), &build_environment(&[])).err().unwrap();
        assert!(error.to_string().contains(message), "{error}");
        // Without TLS, the parameters of certificates are not evaluated.
        build_config(&format!("postgres://h?sslmode=disable&{query}"), &build_environment(&[]))
            .unwrap();
    }
    let error =
        build_config("postgres://h", &build_environment(&[("sslmode", "prefer")])).err().unwrap();
    assert!(error.to_string().contains("`sslmode=prefer` permits"), "{error}");
}
