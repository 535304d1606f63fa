//! Cache of token headers: many tokens have the same header, which also determines their key.

use super::report::EarlyRejection;
use crate::crypto::{CompactJws, parse_header};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Parsed headers by their base64url text. `K` is the type of the key, or of the list of keys, that
/// a header selects.
pub(super) struct HeaderCache<K> {
    headers: HashMap<String, Rc<Header<K>>>,
    /// Header of the last token: consecutive tokens often have the same header.
    last: Option<Rc<Header<K>>>,
}

/// A parsed header.
pub(super) struct Header<K> {
    /// The base64url text of the header.
    encoded: String,
    pub(super) members: Map<String, Value>,
    /// The key, or the rejection of a header without a usable key; empty until the first use.
    key: OnceCell<Result<K, EarlyRejection>>,
}

impl<K> HeaderCache<K> {
    pub(super) fn new() -> Self {
        Self { headers: HashMap::new(), last: None }
    }

    /// Parses a token. A header that was parsed before is not parsed again.
    pub(super) fn parse<'t>(
        &mut self,
        token: &'t str,
    ) -> Result<CompactJws<'t, Rc<Header<K>>>, EarlyRejection> {
        let find_header = |encoded: &str| self.find_or_parse(encoded);
        CompactJws::parse_with(token, find_header).map_err(EarlyRejection::malformed)
    }

    fn find_or_parse(&mut self, encoded: &str) -> Result<Rc<Header<K>>, String> {
        if let Some(last) = self.last.as_ref().filter(|last| last.encoded == encoded) {
            return Ok(Rc::clone(last));
        }
        let header = match self.headers.get(encoded) {
            Some(header) => Rc::clone(header),
            None => Rc::new(Header {
                encoded: encoded.to_owned(),
                members: parse_header(encoded)?,
                key: OnceCell::new(),
            }),
        };
        self.headers.entry(encoded.to_owned()).or_insert_with(|| Rc::clone(&header));
        Ok(Rc::clone(self.last.insert(header)))
    }
}

impl<K> Header<K> {
    /// Returns the key, or the rejection of a header without a usable key. Calls `choose` only if
    /// neither is cached. An error of `choose` is returned and not cached.
    pub(super) fn key<E>(
        &self,
        choose: impl FnOnce(&Map<String, Value>) -> Result<Result<K, EarlyRejection>, E>,
    ) -> Result<Result<&K, EarlyRejection>, E> {
        let key = if let Some(key) = self.key.get() {
            key
        } else {
            let key = choose(&self.members)?;
            self.key.get_or_init(|| key)
        };
        Ok(key.as_ref().map_err(Clone::clone))
    }
}
