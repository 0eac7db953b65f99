//! Signatures of deliveries: HMAC (RFC 2104) in `X-Hub-Signature: METHOD=HEX` (WebSub 7.1.1).

use crate::model::hex;
use ring::hmac::{self, Key};

/// Signs a body with SHA-256. Returns the value of `X-Hub-Signature`.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    let key = Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

/// Returns whether a header contains the signature of this body with this secret, by any method that WebSub defines. Takes the
/// same time however much of the signature is correct.
#[must_use]
pub fn is_signed(secret: &str, body: &[u8], header: &str) -> bool {
    let Some((method, digits)) = header.trim().split_once('=') else { return false };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(tag) = unhex(digits) else { return false };
    hmac::verify(&Key::new(algorithm, secret.as_bytes()), body, &tag).is_ok()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0 && digits.len() <= 128)?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4231 4.3 (SHA-256, 384, 512) and RFC 2202 3 (SHA-1), test case 2.
    const KNOWN: [(&str, &str); 4] = [
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("sha384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ];

    #[test]
    fn the_signatures_of_the_standards_are_right() {
        let body = b"what do ya want for nothing?";
        for (method, digits) in KNOWN {
            assert!(is_signed("Jefe", body, &format!("{method}={digits}")), "{method}");
            assert!(is_signed("Jefe", body, &format!("{}={}", method.to_uppercase(), digits.to_uppercase())));
            assert!(!is_signed("jefe", body, &format!("{method}={digits}")));
            assert!(!is_signed("Jefe", b"other", &format!("{method}={digits}")));
            assert!(!is_signed("Jefe", body, &format!("{method}={}", &digits[2..])), "cut");
            assert!(!is_signed("Jefe", body, &format!("sha224={digits}")));
        }
        assert_eq!(sign("Jefe", body), format!("{}={}", KNOWN[1].0, KNOWN[1].1));
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn no_guess_is_a_signature(header in "(sha1|sha256|)=?[0-9a-fA-F=é]{0,64}") {
            prop_assert!(!is_signed("secret", b"body", &header));
        }
    }
}
