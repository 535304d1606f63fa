//! A static site that publishes the keys of an issuer: what a verifier asks for that is given
//! nothing but the issuer.

use super::super::Error;
use super::{JwkSetExport, export_jwks};
use crate::model::{IssuerUrl, Purpose, Timestamp};
use crate::store::Store;
use serde_json::{Value, json};

/// Where verifiers look first (OpenID Connect Discovery 1.0, section 4).
const CONFIGURATION_FILE: &str = "openid-configuration";
const JWKS_FILE: &str = "jwks.json";

/// What is to be published, and what whoever publishes it should know.
#[derive(Debug)]
pub(crate) struct DiscoverySite {
    /// The issuer that the files name.
    issuer: String,
    /// The folder of the files, below the issuer's URL.
    pub(crate) folder: &'static str,
    /// Names and contents, in the order in which they are to be replaced: no file names another
    /// that is not there.
    pub(crate) files: [(&'static str, String); 2],
    /// The JWK Set in them.
    pub(crate) keys: Value,
    /// How many symmetric keys were left out.
    pub(crate) omitted: usize,
    /// The issuer that is set, if it is another one: tokens name that one.
    pub(crate) configured_issuer: Option<String>,
}

impl DiscoverySite {
    /// The name of the provider metadata among the files.
    pub(crate) const METADATA_FILE: &str = CONFIGURATION_FILE;

    /// Returns whether these provider metadata name the issuer of the site.
    pub(crate) fn matches_metadata(&self, metadata: &[u8]) -> bool {
        let metadata: Value = serde_json::from_slice(metadata).unwrap_or_default();
        metadata["issuer"].as_str() == Some(&self.issuer)
    }
}

/// The site of the public keys of one purpose. The same keys make the same bytes.
pub(crate) fn build_discovery_site(
    store: &mut Store,
    purpose: Purpose,
    issuer: &IssuerUrl,
    now: Timestamp,
) -> Result<DiscoverySite, Error> {
    let JwkSetExport { keys, omitted } = export_jwks(store, purpose, now)?;
    let configured = store.read(|tx| tx.load_settings())?.issuer;
    let mut algorithms: Vec<&Value> = Vec::new();
    for key in keys["keys"].as_array().into_iter().flatten() {
        if !algorithms.contains(&&key["alg"]) {
            algorithms.push(&key["alg"]);
        }
    }
    let folder = ".well-known";
    let configuration = json!({
        "issuer": issuer.as_str(),
        "jwks_uri": issuer.url_for_path(&format!("{folder}/{JWKS_FILE}")),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    });
    let files =
        [(JWKS_FILE, format!("{keys:#}\n")), (CONFIGURATION_FILE, format!("{configuration:#}\n"))];
    let configured_issuer = Some(configured).filter(|set| set != issuer.as_str());
    let issuer = issuer.as_str().to_owned();
    Ok(DiscoverySite { issuer, folder, files, keys, omitted, configured_issuer })
}
