//! HTML to safe HTML: nothing that runs is left, and cleaning again changes nothing that matters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warraq::{model::Markup, normalise};

fuzz_target!(|text: &str| {
    let base = Some("https://ville.example/1");
    let Some(safe) = normalise::html(&Markup::Html(text.to_owned()), base, base) else { return };
    let safe = safe.into_string();
    let lower = safe.to_ascii_lowercase();
    for forbidden in ["<script", "<iframe", "<object", "<embed", "<style", "href=\"javascript:", "src=\"javascript:"] {
        assert!(!lower.contains(forbidden), "{forbidden} in {safe:?}");
    }
    // What is safe stays safe.
    let again = normalise::html(&Markup::Html(safe), base, base).map(|html| html.into_string()).unwrap_or_default();
    assert!(!again.to_ascii_lowercase().contains("<script"), "{again:?}");
});
