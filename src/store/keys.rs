//! The table of signing keys.

use super::users::time;
use super::{Error, Reader, Writer};
use crate::model::{Algorithm, Foreign, Key, KeyState, NewKey, Purpose, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use secrecy::{ExposeSecret, SecretSlice};

const COLUMNS: &str = "id, kid, purpose, algorithm, material, public, state, verify_until";

impl Reader<'_> {
    /// The key that signs sessions and app tokens.
    pub(crate) fn active_app_key(&self) -> Result<Key, Error> {
        self.key_where("purpose = 'app' AND state = 'active'", [])?
            .ok_or_else(|| Error::Damaged("there is no active app key".to_owned()))
    }

    /// The key that signs test tokens with that algorithm.
    pub(crate) fn find_test_key(&self, algorithm: Algorithm) -> Result<Option<Key>, Error> {
        self.key_where(
            "purpose = 'test' AND state = 'active' AND algorithm = ?1",
            [algorithm.name()],
        )
    }

    /// The key of that id, whatever its state.
    pub(crate) fn find_key(&self, kid: &str) -> Result<Option<Key>, Error> {
        self.key_where("kid = ?1", [kid])
    }

    /// The keys of a purpose that a verifier should know: standby, active, retired.
    pub(crate) fn published_keys(&self, purpose: Purpose) -> Result<Vec<Key>, Error> {
        let mut statement = self.sql.prepare(&format!(
            "SELECT {COLUMNS} FROM keys WHERE purpose = ?1 AND state <> 'revoked' ORDER BY id"
        ))?;
        statement
            .query_map([purpose.name()], |row| Ok(key(row)))?
            .map(|row| row.map_err(Error::from)?)
            .collect()
    }

    /// Whether that key still signs: the question of every transaction that records what it signed.
    pub(crate) fn is_active(&self, id: i64) -> Result<bool, Error> {
        Ok(self
            .sql
            .prepare_cached("SELECT state = 'active' FROM keys WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?)
    }

    fn key_where(
        &self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Option<Key>, Error> {
        self.sql
            .prepare_cached(&format!("SELECT {COLUMNS} FROM keys WHERE {condition}"))?
            .query_row(values, |row| Ok(key(row)))
            .optional()?
            .transpose()
    }
}

impl Writer<'_> {
    /// Adds a key that signs from now on; [`Error::Taken`] if another does.
    pub(crate) fn add_key(&self, key: &NewKey, now: Timestamp) -> Result<(), Error> {
        self.sql.execute(
            "INSERT INTO keys
                 (kid, purpose, algorithm, state, material, public, created_at, activated_at)
             VALUES (?1, ?2, ?3, 'active', ?4, ?5, ?6, ?6)",
            params![
                key.kid.as_str(),
                key.purpose.name(),
                key.algorithm.name(),
                key.material.expose_secret(),
                key.public.as_ref().map(|jwk| serde_json::Value::from(jwk.clone()).to_string()),
                now.unix(),
            ],
        )?;
        Ok(())
    }
}

fn key(row: &Row<'_>) -> Result<Key, Error> {
    let public = row.get::<_, Option<String>>(5)?.map(|text| serde_json::from_str(&text));
    Ok(Key {
        id: row.get(0)?,
        spec: NewKey {
            kid: Foreign::new(row.get::<_, String>(1)?),
            purpose: Purpose::parse(&row.get::<_, String>(2)?)?,
            algorithm: Algorithm::parse(&row.get::<_, String>(3)?)?,
            material: SecretSlice::from(row.get::<_, Vec<u8>>(4)?),
            public: public
                .transpose()
                .map_err(|_| Error::Damaged("a public key is not JSON".to_owned()))?,
        },
        state: KeyState::parse(&row.get::<_, String>(6)?)?,
        verify_until: time(row.get(7)?)?,
    })
}
