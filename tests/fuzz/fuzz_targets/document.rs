//! A document to entries, as `warraq inspect` shows them: any bytes are read or refused, in proportion to their number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warraq::{cli::inspect::inspect_json, parse::{ParseContext, read}};

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses what the server says of the document.
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let types = ["text/html; charset=windows-1256", "application/rss+xml", "application/json", "text/xml; charset=utf-16"];
    let content_type = types.get(usize::from(*choice)).map(|name| (*name).to_owned());
    let base = "https://ville.example.ma/feed".parse().ok();
    let context = ParseContext { base, content_type, ..ParseContext::default() };
    if let Ok(feed) = read(bytes, &context, &|_| false) {
        let shown = inspect_json(&feed).to_string();
        assert!(shown.len() < 1_000_000 + 64 * bytes.len(), "{} bytes became {}", bytes.len(), shown.len());
    }
});
