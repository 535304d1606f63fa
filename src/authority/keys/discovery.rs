//! OpenID Provider Metadata and JWK Set as a static site, for verifiers that are configured with
//! the issuer URL only.

use super::super::Error;
use super::{JwkSetExport, export_jwks};
use crate::model::{IssuerUrl, Purpose, Timestamp};
use crate::store::Store;
use serde_json::{Value, json};

const JWKS_FILE: &str = "jwks.json";

/// The files to publish, and facts for warnings to the publisher.
#[derive(Debug)]
pub(crate) struct DiscoverySite {
    /// The issuer in the files.
    issuer: String,
    /// The directory of the files, below the issuer URL.
    pub(crate) directory: &'static str,
    /// Names and contents of the files, in the order in which to replace the files: the JWK Set
    /// comes before the metadata, because the metadata refer to the JWK Set.
    pub(crate) files: [(&'static str, String); 2],
    /// The JWK Set in `jwks.json`.
    pub(crate) jwk_set: Value,
    /// The number of omitted symmetric keys.
    pub(crate) omitted_count: usize,
    /// The issuer in the settings (the `iss` of issued tokens), if it differs from the issuer in
    /// the files.
    pub(crate) mismatched_issuer: Option<String>,
}

impl DiscoverySite {
    /// The name of the file with the provider metadata, which verifiers request first (OpenID
    /// Connect Discovery 1.0, section 4).
    pub(crate) const METADATA_FILE: &str = "openid-configuration";

    /// Returns whether `metadata`, the content of a metadata file, has the issuer of this site.
    pub(crate) fn matches_metadata(&self, metadata: &[u8]) -> bool {
        let metadata: Value = serde_json::from_slice(metadata).unwrap_or_default();
        metadata["issuer"].as_str() == Some(&self.issuer)
    }
}

/// Returns the site with the public keys of one purpose. The same published keys and the same
/// issuer always yield the same file contents.
pub(crate) fn build_discovery_site(
    store: &mut Store,
    purpose: Purpose,
    issuer: &IssuerUrl,
    now: Timestamp,
) -> Result<DiscoverySite, Error> {
    let JwkSetExport { jwk_set, omitted_count } = export_jwks(store, purpose, now)?;
    let settings_issuer = store.read(|tx| tx.load_settings())?.issuer;
    let mut algorithms: Vec<&Value> = Vec::new();
    for key in jwk_set["keys"].as_array().into_iter().flatten() {
        if !algorithms.contains(&&key["alg"]) {
            algorithms.push(&key["alg"]);
        }
    }
    let directory = ".well-known";
    let metadata = json!({
        "issuer": issuer.as_str(),
        "jwks_uri": issuer.url_for_path(&format!("{directory}/{JWKS_FILE}")),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    });
    let files = [
        (JWKS_FILE, format!("{jwk_set:#}\n")),
        (DiscoverySite::METADATA_FILE, format!("{metadata:#}\n")),
    ];
    let mismatched_issuer = Some(settings_issuer).filter(|name| name != issuer.as_str());
    let issuer = issuer.as_str().to_owned();
    Ok(DiscoverySite { issuer, directory, files, jwk_set, omitted_count, mismatched_issuer })
}
