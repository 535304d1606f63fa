//! Lossless paths in JSON documents.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Path in a JSON document: text, or an array of bytes for a path that is not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum SerializablePath {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for SerializablePath {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_owned()),
        }
    }
}

impl From<SerializablePath> for PathBuf {
    fn from(path: SerializablePath) -> Self {
        match path {
            SerializablePath::Text(text) => Self::from(text),
            SerializablePath::Bytes(bytes) => Self::from(OsString::from_vec(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_round_trips_through_json() {
        for (bytes, json) in
            [(&b"/a"[..], r#""/a""#), (b"/\xff", "[47,255]"), (b"/\xfe", "[47,254]")]
        {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(
                serde_json::to_string(&SerializablePath::from(path.as_path())).unwrap(),
                json
            );
            let parsed: SerializablePath = serde_json::from_str(json).unwrap();
            assert_eq!(PathBuf::from(parsed), path);
        }
    }
}
