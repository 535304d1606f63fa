//! Class of a password hash: the algorithm, version and parameters, which determine the cost of the
//! computation.

use super::error::Error;
use crate::model::{InvalidValue, PasswordHash};
use argon2::password_hash::phc::{self, ParamsString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;

/// Maximum memory in KiB for the check of a password against an imported hash: 256 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;

/// Maximum work of an imported hash (memory in KiB times passes): about one to two seconds.
const MAX_WORK: u64 = 4 * 256 * 1024;

/// Maximum number of lanes of an imported hash. Argon2 needs at least 8 KiB of memory for each
/// lane.
const MAX_LANES: u32 = 64;

/// Minimum memory in KiB of Argon2 with one lane.
const MIN_MEMORY_KIB: u64 = 8;

/// Salt of the hashes that [`HashClass::spend_work`] computes and discards.
const FILLER_SALT: &[u8] = b"jeton filler salt";

/// A class of password hashes, within the cost limits for imported hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HashClass {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

impl Default for HashClass {
    /// Returns the class of the hashes that this program creates.
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            version: Version::default(),
            params: Params::default(),
        }
    }
}

impl HashClass {
    /// Returns the class of a password hash. Refuses a class above the cost limits for imported
    /// hashes.
    pub(crate) fn from_hash(hash: &PasswordHash) -> Result<Self, Error> {
        let damaged_hash = |invalid: InvalidValue| Error::DamagedHash(invalid.reason);
        Self::from_phc(&parse_phc(hash.expose()).map_err(damaged_hash)?).map_err(damaged_hash)
    }

    /// Parses the stored class of the costliest hash. Refuses a class above the cost limits for
    /// imported hashes. If no class is stored, or if the stored class is not costlier than the
    /// hashes that this program creates, returns the class of the hashes that this program creates.
    pub(crate) fn from_stored(stored: Option<&str>) -> Result<Self, Error> {
        let Some(text) = stored else { return Ok(Self::default()) };
        let damaged_class = |invalid: InvalidValue| Error::DamagedHashClass(invalid.reason);
        let hash = parse_phc(text).map_err(damaged_class)?;
        if hash.salt.is_some() || hash.hash.is_some() {
            return Err(Error::DamagedHashClass(
                "found a salt, expected only parameters".to_owned(),
            ));
        }
        Ok(Self::default().choose_costlier(Self::from_phc(&hash).map_err(damaged_class)?))
    }

    /// Returns the class with the higher cost, or `self` if the costs are equal.
    pub(crate) fn choose_costlier(self, other: Self) -> Self {
        if other.work() > self.work() { other } else { self }
    }

    /// Returns the text to store for the costliest class, or `None` for the class of the hashes
    /// that this program creates.
    pub(crate) fn to_stored(&self) -> Option<String> {
        (*self != Self::default()).then(|| self.to_string())
    }

    /// Returns the class of a parsed PHC string. Refuses algorithms other than Argon2, a hash
    /// without a version, unsupported parameters, and a class above the cost limits for imported
    /// hashes.
    pub(super) fn from_phc(hash: &phc::PasswordHash) -> Result<Self, InvalidValue> {
        let invalid_hash = |reason: &str| InvalidValue::new("password_hash", reason);
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())
            .map_err(|_| invalid_hash("not an Argon2 hash"))?;
        // The version is required, because programs differ in the version that they assume by
        // default.
        let version =
            hash.version.and_then(|version| Version::try_from(version).ok()).ok_or_else(|| {
                invalid_hash("missing or unsupported version: expected `v=19` or `v=16`")
            })?;
        let params = Params::try_from(hash).map_err(|_| invalid_hash("invalid parameters"))?;
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(invalid_hash("unsupported parameter `keyid` or `data`"));
        }
        let memory = params.m_cost().max(8 * params.p_cost());
        let work = u64::from(memory) * u64::from(params.t_cost());
        if params.p_cost() > MAX_LANES || memory > MAX_MEMORY_KIB || work > MAX_WORK {
            return Err(invalid_hash(
                "cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes",
            ));
        }
        Ok(Self { algorithm, version, params })
    }

    /// Returns the work of a hash of this class: the number of computed 1 KiB blocks.
    pub(super) fn work(&self) -> u64 {
        let blocks = u64::try_from(self.params.block_count()).unwrap_or(u64::MAX);
        blocks.saturating_mul(self.params.t_cost().into())
    }

    /// Returns a class whose work, added to `spent_work`, equals the work of this class to within
    /// 0.1 %, or `None` if hardly any work remains. With an additional hash of the returned class,
    /// a failed login costs the same for every user: `spent_work` is the work of the comparison
    /// with the user's hash.
    ///
    /// The returned class uses no more memory than this class. It has one lane, because several
    /// lanes would be computed one after another and would not be faster. With several lanes,
    /// Argon2 would also round the memory down to a multiple of a larger number.
    pub(super) fn filler_class(&self, spent_work: u64) -> Option<Self> {
        let remaining = self.work().saturating_sub(spent_work);
        let memory = (remaining / u64::from(self.params.t_cost()) / 4 * 4).max(MIN_MEMORY_KIB);
        let passes = u32::try_from(remaining / memory).ok()?;
        let params = Params::new(u32::try_from(memory).ok()?, passes, 1, None).ok()?;
        Some(Self { params, ..self.clone() })
    }

    /// Computes a hash of this class and discards the hash: the purpose is only to spend the work.
    pub(super) fn spend_work(&self, password: &[u8]) -> Result<(), Error> {
        #[cfg(test)]
        hashing_work::add(self);
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into(password, FILLER_SALT, &mut output)
            .map_err(|error| Error::Hash(error.to_string()))
    }
}

impl fmt::Display for HashClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = ParamsString::try_from(&self.params).map_err(|_| fmt::Error)?;
        let (algorithm, version) = (self.algorithm.as_str(), u32::from(self.version));
        write!(f, "${algorithm}$v={version}${params}")
    }
}

/// Parses a PHC string.
pub(super) fn parse_phc(text: &str) -> Result<phc::PasswordHash, InvalidValue> {
    let reason = "not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`";
    phc::PasswordHash::new(text).map_err(|_| InvalidValue::new("password_hash", reason))
}

/// Counter for tests: the work of the password comparisons and of [`HashClass::spend_work`] on this
/// thread. New hashes for storage are not counted.
#[cfg(test)]
pub(crate) mod hashing_work {
    use super::HashClass;
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<u64> = const { Cell::new(0) };
    }

    pub(in crate::crypto) fn add(class: &HashClass) {
        WORK.set(WORK.get() + class.work());
    }

    /// Returns the work since the last call, and resets the counter.
    pub(crate) fn take() -> u64 {
        WORK.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_class(text: &str) -> HashClass {
        HashClass::from_phc(&parse_phc(text).unwrap()).unwrap()
    }

    #[test]
    fn filler_class_adds_the_remaining_work_without_more_memory() {
        let user_hash_params =
            ["m=8,t=1,p=1", "m=767,t=3,p=64", "m=19456,t=2,p=1", "m=262144,t=4,p=1"];
        for costliest in [
            "m=8,t=1,p=1",
            "m=19456,t=2,p=1",
            "m=65536,t=3,p=4",
            "m=262144,t=1,p=64",
            "m=8,t=131072,p=1",
            "m=512,t=2048,p=64",
        ] {
            let stored = format!("$argon2id$v=19${costliest}");
            let costliest = HashClass::from_stored(Some(&stored)).unwrap();
            let max_blocks = costliest.params.block_count();
            for spent_work in user_hash_params
                .map(|params| parse_class(&format!("$argon2i$v=16${params}")).work())
            {
                let filler = costliest.filler_class(spent_work);
                assert!(
                    filler.as_ref().is_none_or(|filler| filler.params.block_count() <= max_blocks)
                );
                let total = spent_work + filler.map_or(0, |filler| filler.work());
                let expected = costliest.work().max(spent_work);
                assert!(
                    total.abs_diff(expected) * 1_000 <= expected,
                    "{stored}: {spent_work}, {total}"
                );
            }
        }
    }

    #[test]
    fn costly_stored_class_round_trips_and_damaged_class_is_refused() {
        assert_eq!(HashClass::from_stored(None).unwrap().to_stored(), None);
        let text = "$argon2d$v=16$m=65536,t=3,p=4";
        let class = HashClass::from_stored(Some(text)).unwrap();
        assert_eq!(class.to_stored().as_deref(), Some(text));
        let cheap = HashClass::from_stored(Some("$argon2id$v=19$m=8,t=1,p=1")).unwrap();
        assert_eq!(cheap.to_stored(), None);
        for damaged in [
            "",
            "$argon2id$v=19$m=262144,t=5,p=1",
            "$argon2id$v=19$m=8,t=4294967295,p=1",
            "$argon2id$m=65536,t=3,p=4",
            "$scrypt$v=1$ln=16,r=8,p=1",
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ",
        ] {
            let result = HashClass::from_stored(Some(damaged));
            assert!(matches!(result, Err(Error::DamagedHashClass(_))), "{damaged}");
        }
    }
}
