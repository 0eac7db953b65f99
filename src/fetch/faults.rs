//! Describes failures in words for people: short, and without secrets in addresses, whatever the other side sent.

use super::guard::RefusedAddress;
use crate::model::{Fault, FeedUrl, uri::shown_within};
use rustls::{CertificateError, Error as TlsError};
use std::{error::Error, fs::File, io};

/// Maximum length of a foreign text that a fault repeats, in characters.
const MAX_WORDS: usize = 160;

/// Errors of this machine (Linux errno): ENOMEM, ENFILE, EMFILE, ENOBUFS. Not EADDRNOTAVAIL, which a machine without IPv6 also
/// reports for an IPv6 address.
const LACKS: [i32; 4] = [12, 23, 24, 105];

/// Returns at most [`MAX_WORDS`] characters of `text`, without control characters and without secrets in addresses.
pub(super) fn clip(text: &str) -> String {
    let text = shown_within(text);
    let mut words: String = text.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect();
    if text.chars().nth(MAX_WORDS).is_some() {
        words.push('…');
    }
    words
}

/// Returns the fault for an error of the client during a request to `url`.
pub(super) fn fault(error: &reqwest::Error, url: &FeedUrl) -> Fault {
    if find(error, |cause| cause.is::<RefusedAddress>().then_some(())).is_some() {
        return Fault::Address(clip(url.host()));
    }
    if let Some(words) = local(error) {
        return Fault::Local(words);
    }
    if error.is_dns() {
        return Fault::Dns(clip(url.host()));
    }
    if let Some(words) = find(error, |cause| cause.downcast_ref().map(tls_words)) {
        return Fault::Tls(words);
    }
    if error.is_connect() {
        return Fault::Connect(connect_words(error));
    }
    Fault::Broken(clip(&root(error).to_string()))
}

/// Returns what this process or machine lacked, if that is the cause. The resolver hides such a cause behind its own message (it
/// could not open `/etc/hosts`, or a socket), so a failed resolution counts as local while no file can be opened.
fn local(error: &reqwest::Error) -> Option<String> {
    let lacks =
        |cause: &io::Error| cause.raw_os_error().filter(|code| LACKS.contains(code)).map(io::Error::from_raw_os_error);
    let found = find(error, |cause| cause.downcast_ref().and_then(lacks));
    let probed = || File::open("/dev/null").err().as_ref().and_then(lacks);
    let why = found.or_else(|| error.is_dns().then(probed).flatten())?;
    Some(clip(&why.to_string()))
}

fn connect_words(error: &reqwest::Error) -> String {
    // `Other` is only a wrapper; the error inside has the kind.
    let telling = |kind: &io::ErrorKind| *kind != io::ErrorKind::Other;
    let kind = find(error, |cause| cause.downcast_ref().map(io::Error::kind).filter(telling));
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof) => {
            "the server closed the connection".to_owned()
        }
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => "unreachable".to_owned(),
        _ if error.is_timeout() => "no response in time".to_owned(),
        _ => clip(&root(error).to_string()),
    }
}

fn tls_words(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name".to_owned()
            }
            CertificateError::UnknownIssuer => "its certificate has an unknown issuer".to_owned(),
            CertificateError::Revoked => "its certificate was revoked".to_owned(),
            // The verifier's own message without the wrapper: a self-signed certificate is CaUsedAsEndEntity.
            CertificateError::Other(why) => clip(&format!("its certificate is invalid: {}", why.0)),
            other => clip(&format!("its certificate is invalid: {other}")),
        },
        TlsError::AlertReceived(alert) => format!("the server refused the TLS connection: {alert:?}"),
        TlsError::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        other => clip(&other.to_string()),
    }
}

/// Searches an error and its causes. An `io::Error` does not return its inner error from `source`, so it is unwrapped.
fn find<T>(error: &reqwest::Error, look: impl Fn(&(dyn Error + 'static)) -> Option<T>) -> Option<T> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(found) = look(cause) {
            return Some(found);
        }
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    None
}

/// Returns the last cause: what happened, without the layers that reported it.
fn root(error: &reqwest::Error) -> &(dyn Error + 'static) {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn certificates_are_faulted_in_words() {
        let words = |why| tls_words(&TlsError::InvalidCertificate(why));
        assert_eq!(words(CertificateError::Expired), "its certificate has expired");
        assert_eq!(words(CertificateError::NotValidForName), "its certificate is for another name");
        assert_eq!(words(CertificateError::UnknownIssuer), "its certificate has an unknown issuer");
        assert!(words(CertificateError::BadEncoding).starts_with("its certificate is invalid: "));
        let long = rustls::OtherError(Arc::new(io::Error::other("x".repeat(1000))));
        assert!(words(CertificateError::Other(long)).chars().count() <= MAX_WORDS + 1);
    }

    #[test]
    fn foreign_words_are_cut_between_characters_and_hold_no_controls() {
        assert_eq!(clip("a\r\nb\u{1b}[31m"), "ab[31m");
        assert_eq!(clip("error for url (https://a.example/?key=7)"), "error for url (https://a.example/)");
        let cut = clip(&"خ".repeat(MAX_WORDS + 1));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (MAX_WORDS + 1, true));
        assert!(!clip(&"خ".repeat(MAX_WORDS)).ends_with('…'));
    }
}
