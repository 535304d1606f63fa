//! Fresh identities and secrets.

use super::Error;
use crate::model::{Jti, Sid, StoreId, Uid};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Refuses to go on if the kernel gives no random numbers: the standard library and the crates that
/// make ids and signatures panic or abort then. Without the system call they read `/dev/urandom`.
#[cfg(target_os = "linux")]
pub(crate) fn check_generator() -> Result<(), Error> {
    use rustix::io::{Errno, retry_on_intr};
    use rustix::rand::{GetRandomFlags, getrandom};
    match retry_on_intr(|| getrandom(&mut [0_u8], GetRandomFlags::empty())) {
        Ok(_) | Err(Errno::NOSYS) => Ok(()),
        Err(_) => Err(Error::Random),
    }
}

/// Returns without a test: the random numbers of other systems do not fail.
#[cfg(not(target_os = "linux"))]
pub(crate) fn check_generator() -> Result<(), Error> {
    Ok(())
}

/// A new token identity: UUID version 7, in order of time, so that indexes grow at their end.
pub(crate) fn generate_jti() -> Jti {
    Jti::new(Uuid::now_v7())
}

/// A new session identity.
pub(crate) fn generate_sid() -> Sid {
    Sid::new(Uuid::now_v7())
}

/// A new user identity.
pub(crate) fn generate_uid() -> Uid {
    Uid::new(Uuid::now_v7())
}

/// A new store identity.
pub(crate) fn generate_store_id() -> StoreId {
    StoreId::new(Uuid::new_v4())
}

/// A random UUID (RFC 9562, section 5.4).
pub(crate) fn generate_uuid() -> String {
    Uuid::new_v4().to_string()
}

/// A new password of 256 bits.
pub(crate) fn generate_password() -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes(32)?))
}

/// A new secret as strong as a hash of that many bytes, which is more than its length asks for
/// (RFC 7518, section 3.2). It is text, so that an environment variable can hold it.
pub(super) fn generate_secret_text(size: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes(size)?).into_bytes()))
}

pub(super) fn random_bytes(count: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}
