//! Random texts for tokens and secrets.

use crate::fetch::{RandomFailed, random_bytes};
use crate::model::hex;

/// Returns 256 random bits in hexadecimal.
///
/// # Errors
/// Fails if the operating system returns no random bytes.
pub fn token() -> Result<String, RandomFailed> {
    Ok(hex(&random_bytes::<32>()?))
}
