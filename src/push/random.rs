//! Random texts for tokens and secrets.

use ring::rand::{SecureRandom as _, SystemRandom};

/// The error that the operating system returned no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomFailed;

/// Returns 256 random bits in hexadecimal.
///
/// # Errors
/// Fails if the operating system returns no random bytes.
pub fn token() -> Result<String, RandomFailed> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(super::signature::hex(&bytes))
}
