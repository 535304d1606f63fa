//! From what tokens should say to tokens: by a key of the store, or by one that was brought along.

use super::super::act::DONE;
use super::super::keys::{TestKey, may_sign, test_key};
use super::super::principal::{needs, write_as};
use super::super::sessions::{ATTEMPTS, end_after};
use super::super::{Act, End, Error, Principal};
use super::assembly::Assembly;
use super::recording::{are_new, never_taken_back, row, taken};
use super::saying::Span;
use super::template::Said;
use super::{Defect, Mint, Signer, Told};
use crate::model::{
    Algorithm, Foreign, Lifetime, NewKey, Role, Row, Timestamp, TokenId, Uid, User,
};
use crate::store::{self, NewToken, Store, Writer};
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::borrow::Cow;

const MINTERS_ONLY: &str = "only minters and admins mint test tokens";

/// So many are signed, recorded and handed out at a time.
pub(super) const BATCH: usize = 500;

/// A test token that was made.
#[derive(Debug)]
pub(crate) struct Minted {
    /// The token itself.
    pub(crate) token: SecretString,
    /// Its identity; `None` if that was replaced by something that is no text.
    pub(crate) jti: Option<Foreign>,
    /// Its row, if it was to be recorded.
    pub(crate) id: Option<TokenId>,
}

/// Tokens that are being made.
#[derive(Debug)]
pub(crate) struct Minting {
    pub(super) wish: Mint,
    pub(super) told: Told,
    done: usize,
    now: Timestamp,
    pub(super) issuer: Option<String>,
    pub(super) uid: Option<Uid>,
    pub(super) span: Span,
}

/// What signs, and for whom what it signed is recorded.
#[derive(Debug)]
pub(crate) struct Hand {
    spec: NewKey,
    key: i64,
    minter: Principal,
    /// The row of the audit, which counts what is recorded.
    event: i64,
    /// Whether the key was made for this, and is a secret that no service can know.
    pub(crate) is_new_secret: bool,
}

impl Minting {
    /// Begins with a key of the store, which is made on first need. Nothing is signed yet, and
    /// every row was found good.
    pub(crate) fn begin(
        store: &mut Store,
        act: &Act,
        minter: &Principal,
        wish: Mint,
        told: Told,
    ) -> Result<(Self, Hand), Error> {
        let minting = Self::prepare(store, act, minter, wish, told)?;
        let count = if minting.wish.record { 0 } else { minting.told.count() };
        let tokens = if minting.told.count() == 1 { "test token" } else { "test tokens" };
        let record = |tx: &Writer<'_>, user: &User, _, by: &str, (): &()| {
            Ok(act.note(tx, Some(user.id), Some(format!("{tokens}{by}")), DONE, count)?)
        };
        let (hand, ()) = minting.with_key(store, act, minter, |_| Ok(()), record)?;
        Ok((minting, hand))
    }

    /// The same, and no key signs yet.
    pub(super) fn prepare(
        store: &mut Store,
        act: &Act,
        minter: &Principal,
        wish: Mint,
        told: Told,
    ) -> Result<Self, Error> {
        minter.needs(Role::Minter, MINTERS_ONLY)?;
        let policy = store.read(|tx| tx.policy())?;
        Self::plan(act.now, wish, told, Some(policy.issuer), Some(minter.user.uid))
    }

    /// Takes the key that signs, with which every row is found good and something is made; what
    /// `record` writes of it is one change with the key's own row, where that is new. `record` is
    /// told the row, and the words that name a new key, and returns the row of the audit.
    pub(super) fn with_key<T>(
        &self,
        store: &mut Store,
        act: &Act,
        minter: &Principal,
        work: impl Fn(&NewKey) -> Result<T, Error>,
        record: impl Fn(&Writer<'_>, &User, i64, &str, &T) -> Result<i64, Error>,
    ) -> Result<(Hand, T), Error> {
        for _ in 0..ATTEMPTS {
            let test = self.key(store)?;
            self.try_rows(&test.spec, Some(&test.spec.kid), Some(minter.user.id), |identities| {
                store.read(|tx| are_new(tx, test.id, identities))
            })?;
            let made = work(&test.spec)?;
            let name = format!(", by the new key {}", test.spec.kid.as_str());
            let by = if test.id.is_none() { name.as_str() } else { "" };
            let recorded = write_as(store, minter, |tx, user| {
                needs(user, Role::Minter, MINTERS_ONLY)?;
                let key = test.row(tx, act.now)?;
                Ok::<_, Error>((key, record(tx, user, key, by, &made)?))
            });
            let (key, event) = match recorded {
                // Another process was faster; its key is as good.
                Err(Error::Store(store::Error::Taken)) => continue,
                other => other?,
            };
            let is_new_secret = test.id.is_none() && test.spec.algorithm.is_symmetric();
            return Ok((
                Hand { spec: test.spec, key, minter: minter.clone(), event, is_new_secret },
                made,
            ));
        }
        Err(Error::KeyChanges)
    }

    /// Begins with a key that is in no store.
    pub(crate) fn alone(
        now: Timestamp,
        key: &NewKey,
        kid: Option<&Foreign>,
        wish: Mint,
        told: Told,
    ) -> Result<Self, Error> {
        let minting = Self::plan(now, wish, told, None, None)?;
        minting.try_rows(key, kid, None, |_| Ok(()))?;
        Ok(minting)
    }

    fn plan(
        now: Timestamp,
        wish: Mint,
        told: Told,
        issuer: Option<String>,
        uid: Option<Uid>,
    ) -> Result<Self, Error> {
        let issued_at = wish.issued_at.unwrap_or(now);
        let usual = wish.template.ttl()?.unwrap_or(Lifetime::minutes(60));
        let expires_at = match wish.end {
            End::At(time) => time,
            End::After(lifetime) => end_after(issued_at, lifetime)?,
            End::Default | End::Never => end_after(issued_at, usual)?,
        };
        Ok(Self { wish, told, done: 0, now, issuer, uid, span: Span { issued_at, expires_at } })
    }

    fn key(&self, store: &mut Store) -> Result<TestKey, Error> {
        match &self.wish.signer {
            Signer::Key(kid) => store.read(|tx| may_sign(tx, kid, self.now)),
            Signer::Algorithm(algorithm) => {
                let preset = self.wish.template.algorithm()?;
                test_key(store, algorithm.or(preset).unwrap_or(Algorithm::ES256))
            }
        }
    }

    /// Header and claims of one token, with the defect that was wished for.
    pub(super) fn possible(&self, assembly: &Assembly<'_>) -> Result<Said, Error> {
        let defect = self.wish.defect;
        assembly.said(defect)?.ok_or_else(|| {
            let name = defect.map_or("", Defect::name);
            Error::Usage(format!(
                "a token of this kind cannot be wrong as `{name}`: what it does not say (`--aud`, \
                 `--scope`) cannot be wrong"
            ))
        })
    }

    fn sign(
        &self,
        key: &NewKey,
        kid: Option<&Foreign>,
        row: &Row,
    ) -> Result<(Minted, Map<String, Value>), Error> {
        let assembly = Assembly { minting: self, key, kid, row: &row.claims };
        let said = self.possible(&assembly)?;
        let token = assembly.signed(&said, self.wish.defect)?;
        let jti = said.claims.get("jti").and_then(Value::as_str).map(Foreign::new);
        Ok((Minted { token, jti, id: None }, said.claims))
    }

    /// The next tokens, signed by a key that is in no store; none at the end.
    pub(crate) fn next_alone(
        &mut self,
        key: &NewKey,
        kid: Option<&Foreign>,
    ) -> Result<Vec<Minted>, Error> {
        let sign = |row: &Cow<'_, Row>| self.sign(key, kid, row).map(|(minted, _)| minted);
        let batch = self.told.batch(self.done, BATCH)?;
        let minted = batch.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
        self.done += minted.len();
        Ok(minted)
    }

    /// The next tokens, recorded if they are to be; none at the end.
    pub(crate) fn next(
        &mut self,
        store: &mut Store,
        hand: &mut Hand,
    ) -> Result<Vec<Minted>, Error> {
        if !self.wish.record {
            return self.next_alone(&hand.spec, Some(&hand.spec.kid));
        }
        for _ in 0..ATTEMPTS {
            let sign = |row: &Cow<'_, Row>| self.sign(&hand.spec, Some(&hand.spec.kid), row);
            let batch = self.told.batch(self.done, BATCH)?;
            let signed = batch.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
            let to_row = |(_, claims): &(Minted, _)| {
                row(claims, hand.minter.user.id, hand.key, self.span.issued_at)
            };
            let rows = signed.iter().map(to_row).collect::<Result<Vec<NewToken>, _>>()?;
            if let Some(ids) = self.recorded(store, hand, &rows, &batch)? {
                self.done += signed.len();
                let with_id = |((minted, _), id)| Minted { id: Some(id), ..minted };
                return Ok(signed.into_iter().zip(ids).map(with_id).collect());
            }
            // Another one signs now. If none does, an admin took it away.
            let key = self.key(store)?;
            hand.key = key.id.ok_or(Error::KeyChanges)?;
            hand.spec = key.spec;
        }
        Err(Error::KeyChanges)
    }

    /// Records tokens of a key, and has the audit count them; `None` if it does not sign any more.
    /// One that was named signs as long as it is not revoked.
    fn recorded(
        &self,
        store: &mut Store,
        hand: &Hand,
        rows: &[NewToken],
        batch: &[Cow<'_, Row>],
    ) -> Result<Option<Vec<TokenId>>, Error> {
        let result = hand.minter.change(store, Role::Minter, MINTERS_ONLY, |tx| {
            let signs = match &self.wish.signer {
                Signer::Key(kid) => may_sign(tx, kid, self.now).is_ok(),
                Signer::Algorithm(_) => tx.is_active(hand.key)?,
            };
            if !signs {
                return Ok(None);
            }
            let add = |(row, told): (&NewToken, &Cow<'_, Row>)| {
                let chosen = row.expires_at.filter(|_| self.chooses_identity(&told.claims));
                never_taken_back(tx, hand.key, row.jti, chosen)?;
                Ok::<_, Error>(tx.add_token(row)?)
            };
            let ids = rows.iter().zip(batch).map(add).collect::<Result<_, _>>()?;
            tx.count_on(hand.event, rows.len())?;
            Ok::<_, Error>(Some(ids))
        });
        match result {
            Err(Error::Store(store::Error::Taken)) => Err(taken()),
            other => other,
        }
    }
}
