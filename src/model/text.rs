//! Text that has been cleaned. Only `normalise` makes these from foreign input, and only `store` takes them back from
//! the database; `publish` and `serve` accept nothing else (a test in `tests/it/architecture.rs` holds who may call `vouch`).

use std::fmt;

macro_rules! cleaned {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Vouches that `text` came out of the cleaner (or of the database, where only cleaned text is kept).
            #[must_use]
            pub fn vouch(text: String) -> Self {
                Self(text)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, by value.
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
    /// One line of plain text: no markup, no entities, no control characters, no bidi overrides, white space folded.
    PlainText,
    /// HTML that passed the sanitiser: no scripts, no styles, http(s) addresses only and absolute, `dir` and `lang` kept.
    /// Holds no character that XML 1.0 forbids.
    SafeHtml,
}

impl SafeHtml {
    /// Its beginning, cut behind a paragraph, and a link to the rest: at most `max` bytes, but for the link.
    #[must_use]
    pub fn shortened(&self, max: usize, link: &str, words: &str) -> Self {
        let link = escaped(&super::uri::as_uri(link));
        Self(super::shorten::shorten(&self.0, max, &format!("<p><a href=\"{link}\">{}</a></p>", escaped(words))))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
