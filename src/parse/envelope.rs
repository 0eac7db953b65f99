//! Feeds that are the text of another document: the answer of an ASP.NET web service (`<string>&lt;rss…`), a page that a browser made
//! of a text and somebody saved (`<pre>&lt;rss…`), or a JSON string.

use super::Repairs;
use super::text;
use super::tree::{NodeId, TOP, Tree, local};

/// Name of the repair.
pub(super) const REPAIR: &str = "escaped-document";

/// Elements of an envelope. A page with others, such as one that explains RSS, is no envelope.
const ELEMENTS: [&str; 8] = ["string", "html", "head", "body", "pre", "meta", "title", "link"];

/// Maximum number of elements of an envelope.
const MOST: usize = 12;

/// Beginnings of feeds.
const ROOTS: [&str; 5] = ["<?xml", "<rss", "<feed", "<rdf:rdf", "<urlset"];

/// Returns the feed that is the text of a document without a feed.
pub(super) fn escaped(tree: &Tree<'_>) -> Option<String> {
    let mut elements = tree.descend_by(TOP, |_, _| true).map(|(_, id)| id);
    let few: Vec<NodeId> = elements.by_ref().take(MOST).collect();
    let is_known = |id: &NodeId| ELEMENTS.iter().any(|known| local(tree.node(*id).text).eq_ignore_ascii_case(known));
    if elements.next().is_some() || !few.iter().all(is_known) {
        return None;
    }
    few.into_iter().find_map(|id| text::plain(tree, id).filter(|text| begins_feed(text))).map(Into::into)
}

/// Returns the feed in a JSON string.
pub(super) fn quoted(text: &str, repairs: &mut Repairs) -> Option<String> {
    let inside: String = text.starts_with('"').then(|| serde_json::from_str(text.trim_end()).ok()).flatten()?;
    let inside = inside.trim_start();
    (begins_feed(inside) || inside.starts_with('{')).then(|| {
        repairs.note(REPAIR);
        inside.to_owned()
    })
}

fn begins_feed(text: &str) -> bool {
    ROOTS.iter().any(|root| text.get(..root.len()).is_some_and(|start| start.eq_ignore_ascii_case(root)))
}

#[cfg(test)]
mod tests {
    use crate::model::escape::escaped;
    use crate::parse::{ParseContext, read};

    const RSS: &str = "<rss version=\"2.0\"><channel><title>F</title><item><title>A &amp; B</title><guid>a</guid>\
        <description>&lt;p&gt;x&lt;/p&gt;</description></item></channel></rss>";

    #[test]
    fn a_feed_inside_another_document_is_read_once() {
        let once = escaped(RSS);
        let string =
            |inside: &str| format!("<?xml version=\"1.0\"?>\n<string xmlns=\"http://tempuri.org/\">{inside}</string>");
        for text in [
            string(&once),
            string(&format!("<![CDATA[{RSS}]]>")),
            string(&format!("\n &lt;?xml version=\"1.0\"?&gt;{once}")),
            format!("<html><head></head><body><pre style=\"word-wrap: break-word;\">{once}</pre></body></html>"),
            serde_json::to_string(RSS).unwrap(),
        ] {
            let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false)
                .unwrap_or_else(|why| panic!("{why}: {text}"));
            let entry = feed.listed[0].entry.as_ref().unwrap();
            assert_eq!(entry.title.as_ref().unwrap().as_str(), "A & B", "{text}");
            assert_eq!(entry.summary.as_ref().unwrap().as_str(), "<p>x</p>", "{text}");
            assert!(feed.repairs.contains(&super::REPAIR), "{text}");
        }
        for text in [
            string(&escaped(&string(&once))),
            string("&lt;b&gt;no feed&lt;/b&gt;"),
            format!("<html><body><p>How to write RSS:</p><pre>{once}</pre></body></html>"),
            "\"<rss".to_owned(),
        ] {
            assert!(read(text.as_bytes(), &ParseContext::default(), &|_| false).is_err(), "{text}");
        }
    }
}
