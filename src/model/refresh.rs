//! The address in a refresh directive: `<meta http-equiv=refresh>` (HTML 4.2.5.3) and the `Refresh` header, which servers send with
//! the same value and browsers follow (HTML 7.4.5).

/// Returns the address that a refresh directive such as `5; url='/feed'` names, as written. `None` if it only reloads the page.
#[must_use]
pub fn refresh_target(directive: &str) -> Option<&str> {
    let (_, target) = directive.split_once([';', ','])?;
    let target = target.trim();
    let named = target.get(..3).filter(|name| name.eq_ignore_ascii_case("url"));
    let target = named.and_then(|_| target[3..].trim_start().strip_prefix('=')).unwrap_or(target);
    Some(target.trim().trim_matches(['"', '\''])).filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::refresh_target;

    #[test]
    fn a_directive_names_an_address_with_or_without_its_word() {
        for (directive, want) in [
            ("0;url=/a", Some("/a")),
            ("5; URL = '/b'", Some("/b")),
            ("1, \"/c\"", Some("/c")),
            ("0;/url", Some("/url")),
            ("30", None),
            ("0;", None),
            ("0;url=", None),
            ("0;uré", Some("uré")),
        ] {
            assert_eq!(refresh_target(directive), want, "{directive}");
        }
    }
}
