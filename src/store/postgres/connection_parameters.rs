//! Connection parameters of libpq, and the parameter `schema` of jeton.

use super::error::InvalidServerAddress;
use super::ssl_mode::SslMode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::net::IpAddr;
use tokio_postgres::Config;

/// Default port of a server.
pub(super) const DEFAULT_PORT: u16 = 5432;

/// Parameters that jeton evaluates itself. The result of [`Parameters::client_config`] does not
/// contain these parameters.
const EVALUATED_PARAMETERS: [&str; 8] =
    ["host", "hostaddr", "port", "schema", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/// Values of connection parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    /// Values by name, without the password.
    values: BTreeMap<String, String>,
    password: Option<SecretString>,
}

/// One of the servers of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Host name, IP address, or absolute path of the directory of a Unix socket.
    pub(super) host: String,
    /// IP address to use instead of a look-up of the name.
    pub(super) host_address: Option<IpAddr>,
    pub(super) port: u16,
}

impl Endpoint {
    pub(super) fn is_unix_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        let password = |parameters: &Self| {
            parameters.password.as_ref().map(|password| password.expose_secret().to_owned())
        };
        self.values == other.values && password(self) == password(other)
    }
}

impl Eq for Parameters {}

impl Parameters {
    /// Sets a parameter, unless the parameter already has a value. Ignores an empty value, as libpq
    /// does.
    pub(super) fn fill(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if name == "password" {
            self.password.get_or_insert_with(|| value.into());
        } else if !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Returns the value of a parameter other than `password`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }

    /// Returns whether the parameters name a server.
    pub(super) fn has_host(&self) -> bool {
        self.get("host").or(self.get("hostaddr")).is_some()
    }

    /// Returns the servers in the order of connection attempts. `host`, `hostaddr` and `port` are
    /// lists, separated by commas; a single port applies to every host.
    pub(super) fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidServerAddress> {
        let list = |name| self.get(name).map(|value| value.split(',').collect::<Vec<_>>());
        let (hosts, addresses) = (list("host"), list("hostaddr"));
        let ports = list("port").unwrap_or_default();
        let Some(names) = hosts.as_ref().or(addresses.as_ref()) else { return Ok(Vec::new()) };
        let check_count = |name, found| {
            let hosts = names.len();
            let error = InvalidServerAddress::CountMismatch { name, found, hosts };
            if found == hosts { Ok(()) } else { Err(error) }
        };
        if let Some(addresses) = &addresses {
            check_count("host addresses", addresses.len())?;
        }
        if ports.len() > 1 {
            check_count("ports", ports.len())?;
        }
        let endpoint = |(index, name): (usize, &&str)| {
            if name.is_empty() {
                return Err(InvalidServerAddress::EmptyHost);
            }
            let address = addresses.as_ref().and_then(|addresses| addresses.get(index));
            let port = ports.get(index).or(ports.first()).copied().unwrap_or_default();
            Ok(Endpoint {
                host: (*name).to_owned(),
                host_address: address.map(|address| parse_address(address)).transpose()?,
                port: parse_port(port)?,
            })
        };
        names.iter().enumerate().map(endpoint).collect()
    }

    /// Returns the configuration for tokio-postgres that all servers have in common.
    pub(super) fn client_config(&self) -> Result<Config, InvalidServerAddress> {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let passed_parameters =
            self.values.iter().filter(|(name, _)| !EVALUATED_PARAMETERS.contains(&name.as_str()));
        let query: Vec<_> = passed_parameters
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let config = format!("postgres://?{}", query.join("&")).parse::<Config>();
        let mut config = config.map_err(|error| {
            let source = std::error::Error::source(&error);
            let text = source.map_or_else(|| error.to_string(), ToString::to_string);
            InvalidServerAddress::Parameter(text)
        })?;
        if let Some(password) = &self.password {
            config.password(password.expose_secret());
        }
        Ok(config)
    }

    /// Checks the values, but reads no files.
    pub(super) fn check(&self) -> Result<(), InvalidServerAddress> {
        for name in ["options", "load_balance_hosts"] {
            if self.get(name).is_some() {
                return Err(InvalidServerAddress::Unsupported(name));
            }
        }
        if let Some(mode) = self.get("sslmode") {
            SslMode::parse(mode)?;
        }
        // The server would truncate a longer name.
        if self.get("schema").is_some_and(|schema| schema.len() > 63) {
            return Err(InvalidServerAddress::Schema("longer than 63 bytes"));
        }
        self.endpoints()?;
        self.client_config()?;
        Ok(())
    }
}

fn parse_port(text: &str) -> Result<u16, InvalidServerAddress> {
    match text {
        "" => Ok(DEFAULT_PORT),
        text => text.parse().ok().filter(|port| *port != 0).ok_or(InvalidServerAddress::Port),
    }
}

fn parse_address(text: &str) -> Result<IpAddr, InvalidServerAddress> {
    text.parse().map_err(|_| InvalidServerAddress::HostAddress)
}
