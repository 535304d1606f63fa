//! Address of a server: a URL as for libpq.

use super::connection_parameters::{DEFAULT_PORT, Endpoint, Parameters};
use super::error::InvalidServerAddress;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::ffi::OsStr;

/// Characters that [`display`] percent-encodes, in addition to all characters outside ASCII.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'\\')
    .add(b'`');

/// Address of a PostgreSQL database. `Debug` shows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerAddress {
    pub(super) parameters: Parameters,
    text_without_password: String,
}

impl ServerAddress {
    /// Parses `postgres://USER:PASSWORD@HOST:PORT,…/DATABASE?PARAMETER=VALUE&…`. The caller has
    /// checked the scheme. Every other part is optional, but `PORT` requires `HOST`, and
    /// `PARAMETER` requires `=`. Every part except `PORT` may be percent-encoded.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, InvalidServerAddress> {
        let text = text.to_str().ok_or(InvalidServerAddress::NotUtf8)?;
        let (_, text) = text.split_once("://").unwrap_or_default();
        let (authority, rest) = text.split_at(text.find(['/', '?']).unwrap_or(text.len()));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user_info, hosts) = authority.split_once('@').unwrap_or(("", authority));
        if hosts.contains('@') || rest.contains('@') {
            return Err(InvalidServerAddress::UnencodedAt);
        }
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let mut parameters = Parameters::default();
        parameters.fill("user", &decode(user)?);
        parameters.fill("password", &decode(password)?);
        parameters.fill("dbname", &decode(path.strip_prefix('/').unwrap_or_default())?);
        add_hosts(&mut parameters, hosts)?;
        let mut pairs_without_password = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(InvalidServerAddress::MissingValue)?;
            let (name, value) = (decode(name)?, decode(value)?);
            add_parameter(&mut parameters, &name, &value)?;
            if name != "password" {
                pairs_without_password.push(pair);
            }
        }
        parameters.check()?;
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        let query = pairs_without_password.join("&");
        let query_separator = if query.is_empty() { "" } else { "?" };
        let text_without_password =
            format!("postgres://{user}{hosts}{path}{query_separator}{query}");
        Ok(Self { parameters, text_without_password })
    }

    /// Returns whether the address contains a password.
    pub(crate) fn has_password(&self) -> bool {
        self.parameters.password().is_some()
    }

    /// Returns the address without its password, for child processes and for commands in hints.
    pub(crate) fn text_without_password(&self) -> &str {
        &self.text_without_password
    }

    /// Returns the address with hosts, ports, database and schema only.
    pub(crate) fn to_display(&self) -> String {
        display(&self.parameters)
    }
}

/// Adds the hosts of the authority: `HOST:PORT,[IPV6]:PORT`.
fn add_hosts(parameters: &mut Parameters, hosts: &str) -> Result<(), InvalidServerAddress> {
    if hosts.is_empty() {
        return Ok(());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(host) => host.split_once(']').ok_or(InvalidServerAddress::UnclosedBracket)?,
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        if name.is_empty() {
            return Err(InvalidServerAddress::EmptyHost);
        }
        names.push(decode(name)?);
        ports.push(match port {
            "" => "",
            port => port.strip_prefix(':').ok_or(InvalidServerAddress::Port)?,
        });
    }
    parameters.fill("host", &names.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.fill("port", &ports.join(","));
    }
    Ok(())
}

/// Sets a parameter of the query. Refuses a parameter that already has a value, and an empty
/// schema.
fn add_parameter(
    parameters: &mut Parameters,
    name: &str,
    value: &str,
) -> Result<(), InvalidServerAddress> {
    let is_set = match name {
        "password" => parameters.password().is_some(),
        name => parameters.get(name).is_some(),
    };
    if is_set {
        return Err(InvalidServerAddress::Duplicate(name.to_owned()));
    }
    if name == "schema" && value.is_empty() {
        return Err(InvalidServerAddress::Schema("empty"));
    }
    parameters.fill(name, value);
    Ok(())
}

fn decode(text: &str) -> Result<String, InvalidServerAddress> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| InvalidServerAddress::InvalidEncodedText)?;
    if text.contains('\0') {
        Err(InvalidServerAddress::InvalidEncodedText)
    } else {
        Ok(text.into_owned())
    }
}

/// Returns an address that contains only the hosts, ports, database and schema of the parameters.
fn display(parameters: &Parameters) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let endpoints = parameters.endpoints().unwrap_or_default();
    let mut query = Vec::new();
    let mut hosts = String::new();
    if endpoints.iter().any(Endpoint::is_unix_socket) {
        let list = |part: fn(&Endpoint) -> String| {
            endpoints.iter().map(part).collect::<Vec<_>>().join(",")
        };
        query.push(format!("host={}", encode(&list(|endpoint| endpoint.host.clone()))));
        if endpoints.iter().any(|endpoint| endpoint.port != DEFAULT_PORT) {
            query.push(format!("port={}", list(|endpoint| endpoint.port.to_string())));
        }
    } else {
        let host = |endpoint: &Endpoint| {
            let name = encode(&endpoint.host);
            let name = if name.contains(':') { format!("[{name}]") } else { name };
            match endpoint.port {
                DEFAULT_PORT => name,
                port => format!("{name}:{port}"),
            }
        };
        hosts = endpoints.iter().map(host).collect::<Vec<_>>().join(",");
    }
    query.extend(parameters.get("schema").map(|schema| format!("schema={}", encode(schema))));
    let database = parameters.get("dbname").map(|name| format!("/{}", encode(name)));
    // An address without a host starts with `postgres:///`.
    let default_path = if hosts.is_empty() { "/" } else { "" };
    let database = database.unwrap_or_else(|| default_path.to_owned());
    let query_separator = if query.is_empty() { "" } else { "?" };
    format!("postgres://{hosts}{database}{query_separator}{}", query.join("&"))
}
