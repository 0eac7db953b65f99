//! Cleaned text. Only `normalise` creates these types from foreign input, and only `store` from its own rows;
//! `publish` and `serve` accept nothing else. A test in `tests/it/architecture.rs` checks which modules call `vouch`.

use super::escape::escaped;
use std::fmt;

macro_rules! cleaned {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps `text` without checking it. The caller vouches that it comes from the cleaner, or from the database, which
            /// contains only cleaned text.
            #[must_use]
            pub fn vouch(text: String) -> Self {
                Self(text)
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text by value.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

cleaned! {
    /// One line of plain text without markup, entities, control characters and bidi overrides, and with white space folded.
    PlainText,
    /// HTML that passed the sanitiser. It has no scripts, no styles, only absolute http(s) addresses and links to addresses of e-mail
    /// and telephones, and no character that XML 1.0 forbids; `dir` and `lang` are kept where the text does not contradict them.
    SafeHtml,
}

impl SafeHtml {
    /// Returns the beginning, cut after a paragraph if possible, and a link to the rest with `words` as its label: at most `max`
    /// bytes, or just the link if that is longer.
    #[must_use]
    pub fn shortened(&self, max: usize, link: &str, words: &str) -> Self {
        let link = escaped(&super::uri::as_uri(link));
        Self(super::shorten::shorten(&self.0, max, &format!("<p><a href=\"{link}\">{}</a></p>", escaped(words))))
    }
}
