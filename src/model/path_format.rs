//! Lossless JSON format of a path, for `#[serde(with)]`: text, or an array of bytes for a path that
//! is not UTF-8.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrBytes {
    Text(String),
    Bytes(Vec<u8>),
}

pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    match path.to_str() {
        Some(text) => serializer.serialize_str(text),
        None => path.as_os_str().as_bytes().serialize(serializer),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(match TextOrBytes::deserialize(deserializer)? {
        TextOrBytes::Text(text) => PathBuf::from(text),
        TextOrBytes::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes)),
    })
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
            let mut output = Vec::new();
            serialize(&path, &mut serde_json::Serializer::new(&mut output)).unwrap();
            assert_eq!(String::from_utf8(output).unwrap(), json);
            let mut deserializer = serde_json::Deserializer::from_str(json);
            assert_eq!(deserialize(&mut deserializer).unwrap(), path);
        }
    }
}
