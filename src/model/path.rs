//! Paths in JSON documents, without loss.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path in a JSON document: text, or an array of bytes where it is not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum JsonPath {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for JsonPath {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_owned()),
        }
    }
}

impl From<JsonPath> for PathBuf {
    fn from(path: JsonPath) -> Self {
        match path {
            JsonPath::Text(text) => Self::from(text),
            JsonPath::Bytes(bytes) => Self::from(OsString::from_vec(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_the_same_afterwards() {
        for (bytes, json) in
            [(&b"/a"[..], r#""/a""#), (b"/\xff", "[47,255]"), (b"/\xfe", "[47,254]")]
        {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(serde_json::to_string(&JsonPath::from(path.as_path())).unwrap(), json);
            let read: JsonPath = serde_json::from_str(json).unwrap();
            assert_eq!(PathBuf::from(read), path);
        }
    }
}
