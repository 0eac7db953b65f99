//! Escapes text for the content of HTML elements.

use std::borrow::Cow;

/// Returns a text escaped for element content. Quotes are kept.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'<', b'>', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}
