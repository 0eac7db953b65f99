//! Keys for readers, as far as they are kept: a name and a hash.

use std::fmt::{self, Write as _};

/// A key for readers. The key itself is not kept, only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct ReaderKey {
    /// Name by which channels refer to it. Several keys may have the same name.
    pub name: String,
    /// SHA-256 of the key. A plain hash is enough, because a key has 256 random bits.
    pub sha256: [u8; 32],
}

/// Error of parsing a line of a token file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "allowed: a name of a-z, 0-9, '-' and '_', then sha256: and 64 hexadecimal digits, as `warraq token new NAME` prints"
)]
pub struct ReaderKeyError;

impl ReaderKey {
    const PREFIX: &'static str = "sha256:";

    /// Parses a line, `NAME sha256:HEX`.
    ///
    /// # Errors
    /// Fails if the line has another form. The error does not repeat it, because somebody may have written a key there.
    pub fn parse(line: &str) -> Result<Self, ReaderKeyError> {
        let mut words = line.split_whitespace();
        let (Some(name), Some(hash), None) = (words.next(), words.next(), words.next()) else {
            return Err(ReaderKeyError);
        };
        let name = super::Slug::parse(name).map_err(|_| ReaderKeyError)?.to_string();
        let digits = hash.strip_prefix(Self::PREFIX).filter(|digits| digits.len() == 64 && digits.is_ascii());
        let digits = digits.ok_or(ReaderKeyError)?;
        let mut sha256 = [0; 32];
        for (n, byte) in sha256.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).map_err(|_| ReaderKeyError)?;
        }
        // `from_str_radix` takes a sign too.
        if digits.contains(['+', '-']) { Err(ReaderKeyError) } else { Ok(Self { name, sha256 }) }
    }
}

impl fmt::Display for ReaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.sha256.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        write!(f, "{} {}{digits}", self.name, Self::PREFIX)
    }
}

impl fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderKey").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_is_written_and_nothing_else_is() {
        let key = ReaderKey { name: "amal".to_owned(), sha256: std::array::from_fn(|n| u8::try_from(n * 8).unwrap()) };
        assert_eq!(ReaderKey::parse(&key.to_string()), Ok(key.clone()));
        assert_eq!(
            ReaderKey::parse(&format!("\t{}  ", key.to_string().to_uppercase().replace("AMAL SHA", "amal sha"))),
            Ok(key.clone())
        );
        let hex = "0".repeat(64);
        for line in [
            "amal",
            &hex,
            &format!("amal {hex}"),
            &format!("amal sha256:{}", &hex[1..]),
            &format!("amal sha256:{hex}0"),
            &format!("amal sha256:+{}", &hex[1..]),
            &format!("amal sha256:{}é", &hex[2..]),
            &format!("Amal sha256:{hex}"),
            &format!("amal sha256:{hex} more"),
        ] {
            assert_eq!(ReaderKey::parse(line), Err(ReaderKeyError), "{line}");
        }
        assert!(!format!("{key:?}").contains("0810"));
    }
}
