//! Configuration of a connection: the parameters of an address, then of a service file, of
//! environment variables and of a passfile, then defaults. The order is the order of libpq. Unlike
//! libpq, jeton uses no service file and fewer variables for an address with a host.

use super::address::ServerAddress;
use super::connection_parameters::{Endpoint, Parameters};
use super::environment::PostgresEnvironment;
use super::error::ConnectionError;
use super::passfile::Passfile;
use super::service_file;
use super::ssl_mode::SslMode;
use super::tls;
use crate::os_users;
use secrecy::ExposeSecret;
use std::path::Path;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The servers of an address, each with its credentials. Connections are made to the first server
/// that accepts a connection.
pub(crate) struct ConnectionConfig {
    /// Servers in the order of connection attempts.
    pub(super) servers: Vec<Server>,
    /// Schema from the address or the service.
    pub(crate) schema: Option<String>,
}

/// A server with its credentials.
#[derive(Clone)]
pub(super) struct Server {
    /// Host, port, user, password, database and other parameters.
    pub(super) config: Config,
    /// `None` for a connection without TLS.
    pub(super) tls: Option<MakeRustlsConnect>,
}

impl ServerAddress {
    /// Returns the configuration for this address. Adds missing parameters from files and from
    /// `environment`. Makes no connection.
    pub(crate) fn connection_config(
        &self,
        environment: &PostgresEnvironment,
    ) -> Result<ConnectionConfig, ConnectionError> {
        let parameters = complete(self.parameters.clone(), environment)?;
        let endpoints = parameters.endpoints()?;
        let mode = parameters.get("sslmode").map(SslMode::parse).transpose()?;
        let needs_tls =
            |endpoint: &Endpoint| !endpoint.is_unix_socket() && mode != Some(SslMode::Disable);
        let tls = if endpoints.iter().any(needs_tls) {
            Some(tls::tls_connector(&parameters, environment)?)
        } else {
            None
        };
        let passfile = match parameters.password() {
            None => Some(Passfile::read(environment)?),
            Some(_) => None,
        };
        let common_config = parameters.client_config()?;
        let user = parameters.get("user").unwrap_or_default();
        let database = parameters.get("dbname").unwrap_or_default();
        let server = |endpoint: &Endpoint| {
            let mut config = common_config.clone();
            config.host(&endpoint.host).port(endpoint.port);
            endpoint.host_address.map(|address| config.hostaddr(address));
            let password = passfile.as_ref().and_then(|file| file.find(endpoint, database, user));
            password.map(|password| config.password(&*password));
            let tls = tls.clone().filter(|_| needs_tls(endpoint));
            config.ssl_mode(match tls {
                Some(_) => tokio_postgres::config::SslMode::Require,
                None => tokio_postgres::config::SslMode::Disable,
            });
            Server { config, tls }
        };
        let servers = endpoints.iter().map(server).collect();
        Ok(ConnectionConfig { servers, schema: parameters.get("schema").map(str::to_owned) })
    }
}

/// Sets the parameters that the address does not contain, except for passwords from a passfile.
fn complete(
    mut parameters: Parameters,
    environment: &PostgresEnvironment,
) -> Result<Parameters, ConnectionError> {
    let fill_from_variable = |parameters: &mut Parameters, name| {
        parameters.fill(name, environment.parameter(name).unwrap_or_default());
    };
    // An address with a host is not completed from a service or from the variables for port, user
    // and database: the variables could be for another server, and the service can contain the
    // password of another server.
    if !parameters.has_host() {
        if let Some(service) = environment.parameter("service") {
            service_file::fill(&mut parameters, service, environment)?;
        }
        for name in ["port", "user", "dbname"] {
            fill_from_variable(&mut parameters, name);
        }
        if !parameters.has_host() {
            fill_from_variable(&mut parameters, "host");
            parameters.fill("host", default_socket_directory());
        }
    }
    for name in ["sslmode", "sslrootcert", "sslcert", "sslkey"] {
        fill_from_variable(&mut parameters, name);
    }
    if parameters.get("user").is_none() {
        let user = os_users::user_name(rustix::process::geteuid().as_raw());
        parameters.fill("user", &user.ok_or(ConnectionError::NoUser)?);
    }
    let user = parameters.get("user").unwrap_or_default().to_owned();
    parameters.fill("dbname", &user);
    if let Some(password) = &environment.password {
        parameters.fill("password", password.expose_secret());
    }
    parameters.fill("application_name", "jeton");
    // The system reports an unreachable server after 20 seconds without data. `tcp_user_timeout` is
    // not set, because that timeout would also end a connection with unsent data while the server
    // executes a long statement.
    for (name, value) in
        [("keepalives_idle", "5"), ("keepalives_interval", "5"), ("keepalives_retries", "3")]
    {
        parameters.fill(name, value);
    }
    if parameters.endpoints()?.len() > 1 {
        // Without this attribute, the connection could be made to a standby, which refuses writes.
        parameters.fill("target_session_attrs", "read-write");
    }
    parameters.check()?;
    Ok(parameters)
}

/// Returns the directory of the Unix socket of a server on Debian and Fedora. If this directory is
/// missing, returns the socket directory of a server built from source.
fn default_socket_directory() -> &'static str {
    let directory = "/var/run/postgresql";
    // The choice does not depend on the existence of a socket: every user can create a socket in
    // `/tmp`.
    if Path::new(directory).is_dir() { directory } else { "/tmp" }
}
