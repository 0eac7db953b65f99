//! HTML to safe HTML: nothing that runs is left, and cleaning again changes nothing that matters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warraq::{model::Markup, normalise};

/// Returns what is inside of tags: a text may show anything, also source code.
fn tags(html: &str) -> String {
    let (mut tags, mut inside, mut quote) = (String::new(), false, None);
    for c in html.chars() {
        match (inside, quote, c) {
            (false, _, '<') => inside = true,
            (true, None, '>') => inside = false,
            (true, None, '"' | '\'') => quote = Some(c),
            (true, Some(open), _) if c == open => quote = None,
            _ => {}
        }
        if inside {
            tags.push(c.to_ascii_lowercase());
        }
    }
    tags
}

fuzz_target!(|text: &str| {
    let base = Some("https://ville.example/1");
    let Some(safe) = normalise::html(&Markup::Html(text.to_owned()), base, base) else { return };
    let safe = safe.into_string();
    let lower = tags(&safe);
    for forbidden in ["<script", "<iframe", "<object", "<embed", "<style", "href=\"javascript:", "src=\"javascript:"] {
        assert!(!lower.contains(forbidden), "{forbidden} in {safe:?}");
    }
    // What is safe stays safe.
    let again = normalise::html(&Markup::Html(safe), base, base).map(|html| html.into_string()).unwrap_or_default();
    assert!(!tags(&again).contains("<script"), "{again:?}");
});
