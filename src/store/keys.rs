//! The table of signing keys.

use super::sql::{optional_time, required_time};
use super::values::{Row, Value, values};
use super::{Error, Reader, SharedWriter, Writer};
use crate::model::{
    Algorithm, Key, KeyRowId, KeySpec, KeyState, MIN_ABBREVIATED_ID_LENGTH, Purpose,
    SessionEndReason, Timestamp, Untrusted,
};
use secrecy::{ExposeSecret, SecretSlice};
use std::collections::BTreeMap;

/// Columns of a query for [`key_from_row`].
pub(super) const COLUMNS: &str =
    "id, kid, purpose, algorithm, material, public, state, verify_until,
    created_at, weak";

const IS_REVOKED_SQL: &str = "SELECT state = 'revoked' FROM keys WHERE id = ?1";

impl Reader<'_> {
    /// Returns the key that signs app tokens and the tokens of sessions.
    pub(crate) fn active_app_key(&self) -> Result<Key, Error> {
        self.key_where("purpose = 'app' AND state = 'active'", &[])?
            .ok_or_else(|| Error::Damaged("no active app key".to_owned()))
    }

    /// Returns the active test key of `algorithm`. By default, this key signs the test tokens with
    /// `algorithm`.
    pub(crate) fn find_test_key(&self, algorithm: Algorithm) -> Result<Option<Key>, Error> {
        self.key_where(
            "purpose = 'test' AND state = 'active' AND algorithm = ?1",
            values![algorithm.name()],
        )
    }

    /// Returns the key with the id `kid` in any state.
    pub(crate) fn find_key(&self, kid: &str) -> Result<Option<Key>, Error> {
        self.key_where("kid = ?1", values![kid])
    }

    /// Returns the key with the id `kid`, or else the keys whose ids start with `kid`, oldest
    /// first. A text of less than [`MIN_ABBREVIATED_ID_LENGTH`] characters is not an abbreviated
    /// id. If no key is found, the search is repeated without an ellipsis at the end of `kid`,
    /// because printed tables of keys end abbreviated ids with an ellipsis.
    pub(crate) fn find_keys(&self, kid: &str) -> Result<Vec<Key>, Error> {
        let keys = self.keys_with_prefix(kid)?;
        match kid.strip_suffix('…') {
            Some(start) if keys.is_empty() => self.keys_with_prefix(start),
            _ => Ok(keys),
        }
    }

    /// Returns the result of [`Reader::find_keys`], but does not treat an ellipsis specially.
    fn keys_with_prefix(&self, kid: &str) -> Result<Vec<Key>, Error> {
        match self.find_key(kid)? {
            Some(key) => Ok(vec![key]),
            None if kid.chars().count() < MIN_ABBREVIATED_ID_LENGTH => Ok(Vec::new()),
            None => self.keys_where("substr(kid, 1, length(?1)) = ?1", values![kid]),
        }
    }

    /// Returns the stored key with the material of `key`, in any state.
    pub(crate) fn find_key_by_material(&self, key: &KeySpec) -> Result<Option<Key>, Error> {
        self.key_where("material = ?1", values![key.material.expose_secret()])
    }

    /// Returns all keys, oldest first.
    pub(crate) fn keys(&self) -> Result<Vec<Key>, Error> {
        self.keys_where("TRUE", &[])
    }

    /// Returns the keys with a purpose and state, oldest first.
    pub(crate) fn keys_with_state(
        &self,
        purpose: Purpose,
        state: KeyState,
    ) -> Result<Vec<Key>, Error> {
        self.keys_where("purpose = ?1 AND state = ?2", values![purpose.name(), state.name()])
    }

    /// Returns, for each key, the number of recorded tokens that the key signed and that are live
    /// or superseded at `now`. A key without such tokens is not in the map.
    pub(crate) fn count_valid_tokens_by_key(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<KeyRowId, usize>, Error> {
        let sql = "SELECT key_id, count(*) FROM tokens
             WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?1)
                 AND (grace_until IS NULL OR grace_until > ?1)
             GROUP BY key_id";
        let rows = self.connection.query_all(sql, values![now], |row| {
            Ok((row.get(0)?, usize::try_from(row.get::<i64>(1)?).unwrap_or(usize::MAX)))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Returns the number of recorded tokens of a key that are live or superseded at `at`.
    pub(crate) fn count_valid_tokens_of_key(
        &self,
        key: KeyRowId,
        at: Timestamp,
    ) -> Result<usize, Error> {
        Ok(self.count_valid_tokens_by_key(at)?.get(&key).copied().unwrap_or(0))
    }

    fn keys_where(&self, condition: &str, values: &[Value<'_>]) -> Result<Vec<Key>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM keys WHERE {condition} ORDER BY id");
        self.connection.query_all(&sql, values, key_from_row)
    }

    /// Returns whether the key is active. Used in a transaction that records signed tokens, because
    /// another process may have retired or revoked the key since the signature.
    pub(crate) fn is_active_key(&self, id: KeyRowId) -> Result<bool, Error> {
        let sql = "SELECT state = 'active' FROM keys WHERE id = ?1";
        self.connection.query_row(sql, values![id], |row| row.get(0))
    }

    /// Returns whether the key is revoked.
    pub(crate) fn is_revoked_key(&self, id: KeyRowId) -> Result<bool, Error> {
        self.connection.prepare(IS_REVOKED_SQL)?.query_row(values![id], |row| row.get(0))
    }

    /// Prefetches the query of [`Reader::is_revoked_key`] from a server (see
    /// [`prefetch`](super::connection::Connection::prefetch)). Does nothing for a file.
    pub(crate) fn prefetch_key_revocation(&self, id: KeyRowId) {
        self.connection.prefetch(|| (IS_REVOKED_SQL.to_owned(), vec![id.into()]));
    }

    fn key_where(&self, condition: &str, values: &[Value<'_>]) -> Result<Option<Key>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM keys WHERE {condition}");
        self.connection.prepare(&sql)?.query_optional(values, key_from_row)
    }
}

impl SharedWriter<'_> {
    /// Adds a key in `state` and returns the row id. Returns [`Error::AlreadyExists`] if the key id
    /// or the material already exists, or if the key would be a second active app key or a second
    /// active test key of its algorithm.
    pub(crate) fn add_key(
        &self,
        key: &KeySpec,
        state: KeyState,
        now: Timestamp,
    ) -> Result<KeyRowId, Error> {
        let activated_at = (state == KeyState::Active).then_some(now);
        let public_jwk =
            key.public_jwk.as_ref().map(|jwk| serde_json::Value::from(jwk.clone()).to_string());
        let id = self.insert(
            "keys",
            "INSERT INTO keys
                 (kid, purpose, algorithm, state, material, public, created_at, activated_at, weak)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            values![
                key.kid.as_str(),
                key.purpose.name(),
                key.algorithm.name(),
                state.name(),
                key.material.expose_secret(),
                public_jwk.as_deref(),
                now,
                activated_at,
                key.is_weak,
            ],
        )?;
        Ok(KeyRowId(id))
    }
}

impl Writer<'_> {
    /// Makes a key active.
    pub(crate) fn activate_key(&self, id: KeyRowId, now: Timestamp) -> Result<(), Error> {
        self.connection.execute(
            "UPDATE keys SET state = 'active', activated_at = ?2, retired_at = NULL,
                 verify_until = NULL
             WHERE id = ?1",
            values![id, now],
        )?;
        Ok(())
    }

    /// Retires a key. The key still verifies tokens until `verify_until`.
    pub(crate) fn retire_key(
        &self,
        id: KeyRowId,
        verify_until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.connection.execute(
            "UPDATE keys SET state = 'retired', retired_at = ?2, verify_until = ?3 WHERE id = ?1",
            values![id, now, verify_until],
        )?;
        Ok(())
    }

    /// Revokes a key permanently, revokes the recorded tokens that the key signed, and ends the
    /// sessions whose current token pair the key signed. Returns the numbers of revoked tokens and
    /// ended sessions. Expired tokens that were not revoked before are also revoked and counted.
    pub(crate) fn revoke_key(&self, id: KeyRowId, now: Timestamp) -> Result<(usize, usize), Error> {
        let execute = |sql: &str| self.connection.execute(sql, values![id, now]);
        execute("UPDATE keys SET state = 'revoked', revoked_at = ?2 WHERE id = ?1")?;
        let tokens =
            execute("UPDATE tokens SET revoked_at = ?2 WHERE key_id = ?1 AND revoked_at IS NULL")?;
        let sessions = execute(&format!(
            "UPDATE sessions SET ended_at = ?2, end_reason = '{}' WHERE ended_at IS NULL
                 AND id IN (SELECT session_id FROM pairs WHERE key_id = ?1 AND spent_at IS NULL)",
            SessionEndReason::Key.name()
        ))?;
        Ok((tokens, sessions))
    }
}

/// Converts a row with the columns [`COLUMNS`].
pub(super) fn key_from_row(row: &Row<'_>) -> Result<Key, Error> {
    let public = row.get::<Option<String>>(5)?.map(|text| serde_json::from_str(&text));
    // The material is NULL only in a view for database users without the right to read the
    // material.
    let material: Option<Vec<u8>> = row.get(4)?;
    Ok(Key {
        id: row.get(0)?,
        spec: KeySpec {
            kid: Untrusted::new(row.get::<String>(1)?),
            purpose: Purpose::parse(&row.get::<String>(2)?)?,
            algorithm: Algorithm::parse(&row.get::<String>(3)?)?,
            is_withheld: material.is_none(),
            material: SecretSlice::from(material.unwrap_or_default()),
            public_jwk: public.transpose().map_err(|_| {
                Error::Damaged("the public key of a signing key is not JSON".to_owned())
            })?,
            is_weak: row.get(9)?,
        },
        state: KeyState::parse(&row.get::<String>(6)?)?,
        verify_until: optional_time(row.get(7)?)?,
        created_at: required_time(row.get(8)?)?,
    })
}
