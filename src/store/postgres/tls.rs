//! TLS connections to a PostgreSQL server. The certificate chain and the host name are always
//! verified.

use super::connection_parameters::Parameters;
use super::credential_file::{self, Privacy};
use super::environment::PostgresEnvironment;
use super::error::{ConnectionError, InvalidServerAddress};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Returns the TLS connector for the parameters `sslrootcert`, `sslcert` and `sslkey`.
pub(super) fn tls_connector(
    parameters: &Parameters,
    environment: &PostgresEnvironment,
) -> Result<MakeRustlsConnect, ConnectionError> {
    let roots = trusted_certificates(parameters.get("sslrootcert"), environment)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectionError::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let mut config = match (parameters.get("sslcert"), parameters.get("sslkey")) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            with_client_certificate(builder, Path::new(certificate), Path::new(key))?
        }
        (Some(_), None) => return Err(InvalidServerAddress::Incomplete("sslcert", "sslkey").into()),
        (None, Some(_)) => return Err(InvalidServerAddress::Incomplete("sslkey", "sslcert").into()),
    };
    // Servers require this protocol name for connections with `sslnegotiation=direct`.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// Returns the trusted root certificates. `sslrootcert` is the path of a file of certificates, or
/// `system` for the certificates of the operating system. Without `sslrootcert`, the file is
/// `.postgresql/root.crt` in the home directory. If that file does not exist, returns the
/// certificates of the operating system.
fn trusted_certificates(
    sslrootcert: Option<&str>,
    environment: &PostgresEnvironment,
) -> Result<RootCertStore, ConnectionError> {
    let home_file = environment.home.as_ref().map(|home| home.join(".postgresql/root.crt"));
    let file = match sslrootcert {
        Some("system") => None,
        Some(path) => Some(path.into()),
        None => home_file.filter(|path| path.exists()),
    };
    let mut roots = RootCertStore::empty();
    let Some(path) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let is_empty = roots.is_empty();
        return if is_empty { Err(ConnectionError::NoTrustedCertificates) } else { Ok(roots) };
    };
    let kind = "file of trusted certificates";
    for certificate in read_certificates(&path, kind)? {
        let unusable =
            |error: rustls::Error| ConnectionError::unusable(kind, &path, error.to_string());
        roots.add(certificate).map_err(unusable)?;
    }
    Ok(roots)
}

/// Returns the configuration with a client certificate and its private key. `certificate` and `key`
/// are the paths of their files.
fn with_client_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    certificate: &Path,
    key: &Path,
) -> Result<ClientConfig, ConnectionError> {
    const KEY_KIND: &str = "private key";
    let chain = read_certificates(certificate, "client certificate")?;
    let bytes = credential_file::read(key, KEY_KIND, Privacy::OwnerOrRootGroup)?;
    let unusable = |reason: String| ConnectionError::unusable(KEY_KIND, key, reason);
    let private_key = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| unusable("no unencrypted private key in PEM format".to_owned()))?;
    builder.with_client_auth_cert(chain, private_key).map_err(|error| unusable(error.to_string()))
}

/// Reads the certificates of a PEM file. `kind` is a noun for the file in error messages.
fn read_certificates(
    path: &Path,
    kind: &'static str,
) -> Result<Vec<CertificateDer<'static>>, ConnectionError> {
    let bytes = credential_file::read(path, kind, Privacy::Public)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => {
            Err(ConnectionError::unusable(kind, path, "not a list of certificates in PEM format"))
        }
    }
}
