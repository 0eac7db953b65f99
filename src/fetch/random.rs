//! Random bytes for keys, secrets and passwords.

use ring::rand::{SecureRandom as _, SystemRandom};

/// The error that the operating system returned no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system returned no random bytes")]
pub struct RandomFailed;

/// Returns random bytes that nobody can predict.
///
/// # Errors
/// Fails if the operating system returns none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes)
}
