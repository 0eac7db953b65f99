//! The names of formats, encodings and repairs for people.

use crate::model::{DocumentFormat, EncodingFrom, LargerThanMaxBody};

/// Returns the name of a format for display.
pub(in crate::cli) fn format_words(format: DocumentFormat) -> &'static str {
    match format {
        DocumentFormat::Rss20 => "RSS 2.0",
        DocumentFormat::Rss09 => "RSS 0.9x",
        DocumentFormat::Rss10 => "RSS 1.0",
        DocumentFormat::Atom10 => "Atom 1.0",
        DocumentFormat::Atom03 => "Atom 0.3",
        DocumentFormat::Json => "JSON Feed",
        DocumentFormat::Cdf => "CDF",
        DocumentFormat::NewsSitemap => "news sitemap",
    }
}

pub(super) fn encoding_words(from: EncodingFrom) -> &'static str {
    match from {
        EncodingFrom::Bom => "by its byte order mark",
        EncodingFrom::Utf8 => "because the bytes are valid",
        EncodingFrom::Http => "by the Content-Type",
        EncodingFrom::Declaration => "by the XML declaration",
        EncodingFrom::Guess => "guessed from the bytes",
    }
}

/// Returns the meaning of a repair's name.
#[must_use]
pub fn repair_words(name: &str) -> &str {
    match name {
        "bad-bytes" => "bytes that are invalid in its encoding",
        "bad-item" => "an item with broken JSON was skipped",
        "bare-ampersand" => "& that should be written &amp;",
        "bare-less-than" => "< that should be written &lt;",
        "broken-json" => "invalid JSON",
        "control-characters" => "characters that XML forbids were removed",
        "cut-off" => "the document is truncated; unclosed items were skipped",
        "encoded-twice" => "texts that were encoded twice",
        "escaped-document" => "the feed is the text of another document",
        "guessed-encoding" => "the document does not state its encoding",
        "junk-before" => "there is other text before the feed",
        "mended-json" => "mistakes in JSON that do not hide what was meant",
        "mismatched-tags" => "end tags without a start tag",
        "foreign-entries" => "entries in elements of other vocabularies; they are not the feed's and were left out",
        "foreign-entries-read" => "the only entries are in elements of other vocabularies; they were read",
        "repeated-entries" => "entries that are listed twice; the copies were left out",
        "repeated-guids" => "different entries with the same guid",
        "entity-expansion" => {
            "entities that expand beyond the size limit of a document; entries from there on were left out"
        }
        "entries-too-large" => {
            "entries that take more than twice the size limit of a document; those from there on were left out"
        }
        "long-lists" => {
            "lists of more than 500 authors, categories or files, or too many texts or dates in one entry; the rest was left out"
        }
        "long-addresses" => "relative addresses that grow beyond 1 MiB in one text; the rest was dropped",
        "misnested-formatting" => {
            "formatting that is left open or crosses other elements too often; from there on it was dropped"
        }
        "too-many-attributes" => {
            "a tag with more than 100 attributes, or a text with more than 100,000; the rest was left out"
        }
        "too-many-marks" => {
            "a text with more than 50,000 & or 400,000 of <, >, \" or no-break spaces, which was cut there"
        }
        "too-many-tags" => "a text with more than 30,000 tags; the rest lost its mark-up",
        "long-texts" => "texts of more than 5 MiB, which were cut",
        "too-many-namespaces" => "more than 256 namespace prefixes at once; the others were ignored",
        "too-many-values" => "JSON objects of more than 5,000 values; the rest was left out",
        "too-deep" => "elements nested deeper than 200 (256 in a text, 16 of formatting)",
        "too-many-entities" => "more than 10,000 declared entities; the rest was ignored",
        "too-many-elements" => "more than 500,000 elements and texts; the rest was left out",
        LargerThanMaxBody::REPAIR => "longer than max_body; the rest was not read",
        "too-many-entries" => "more than 10,000 entries; the rest was left out",
        "two-encodings" => "some of its texts are in another encoding than the rest",
        "unclosed-cdata" => "a CDATA section without an end",
        "unclosed-comments" => "a comment without an end",
        "unclosed-tags" => "elements without an end tag",
        "undeclared-prefixes" => "prefixes that are not declared",
        "undefined-entities" => "names such as &nbsp; that are not declared",
        "unknown-namespace" => "an unknown namespace",
        "wrong-encoding-label" => "the document names the wrong encoding",
        other => other,
    }
}
