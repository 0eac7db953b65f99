//! The structures: what comes before, what is repeated or nested, and what comes after.

/// A way of building a document of any size.
pub struct Structure {
    /// Name in the table.
    pub name: &'static str,
    head: String,
    /// Written repeatedly; `{i}` is replaced by the number of the repetition.
    open: &'static str,
    /// Written after all of them, as often as they were, to close nested structures.
    close: &'static str,
    foot: String,
}

impl Structure {
    /// Returns a document of about `size` bytes.
    pub fn document(&self, size: usize) -> String {
        let mut out = String::with_capacity(size + 1_000);
        out.push_str(&self.head);
        let mut opened = 0_usize;
        while out.len() + opened * self.close.len() + self.foot.len() < size {
            let mut rest = self.open;
            while let Some(at) = rest.find("{i}") {
                out.push_str(&rest[..at]);
                out.push_str(&opened.to_string());
                rest = &rest[at + 3..];
            }
            out.push_str(rest);
            opened += 1;
        }
        for _ in 0..opened {
            out.push_str(self.close);
        }
        out.push_str(&self.foot);
        out
    }
}

/// The place of a structure in a document: what comes before and after it.
type Place = (&'static str, &'static str);

const WHOLE: Place = ("", "");
const CHANNEL: Place =
    ("<rss version=\"2.0\"><channel><title>t</title>", "<item><title>a</title></item></channel></rss>");
const ITEM: Place = ("<rss version=\"2.0\"><channel><title>t</title><item><title>a</title>", "</item></channel></rss>");
const TITLE: Place = ("<rss version=\"2.0\"><channel><title>t</title><item><title>", "</title></item></channel></rss>");
const HTML: Place = (
    "<rss version=\"2.0\"><channel><title>t</title><item><title>a</title><description><![CDATA[",
    "]]></description></item></channel></rss>",
);
const ESCAPED: Place = (
    "<rss version=\"2.0\"><channel><title>t</title><item><title>a</title><description>",
    "</description></item></channel></rss>",
);
const XHTML: Place = (
    "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><entry><id>a</id><content type=\"xhtml\"><div>",
    "</div></content></entry></feed>",
);
const ENTRY: Place =
    ("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><entry><id>a</id>", "</entry></feed>");
const JSON: Place =
    ("{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",", "\"items\":[{\"id\":\"1\"}]}");
const JSON_ITEMS: Place = ("{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[", "{\"id\":\"last\"}]}");
const JSON_ITEM: Place =
    ("{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":\"1\",", "\"title\":\"a\"}]}");

/// Returns all structures.
pub fn structures() -> Vec<Structure> {
    let mut all = Vec::new();
    for (name, place, open, close) in XML.iter().chain(&HTML_TEXTS).chain(&JSON_FEEDS) {
        all.push(Structure { name, head: place.0.to_owned(), open, close, foot: place.1.to_owned() });
    }
    all.extend([with_heads(), json_with_heads(), entities(), whole_documents()].into_iter().flatten());
    all
}

/// Returns a structure whose beginning and end have an additional part.
fn made(
    name: &'static str,
    place: Place,
    before: &str,
    open: &'static str,
    close: &'static str,
    after: &str,
) -> Structure {
    Structure { name, head: format!("{}{before}", place.0), open, close, foot: format!("{after}{}", place.1) }
}

/// Returns structures whose beginning or end has an additional part.
fn with_heads() -> Vec<Structure> {
    vec![
        made("one tag, attributes, HTML", HTML, "<div", " a{i}=1", "", ">text</div>"),
        made("one tag, quoted attributes, HTML", HTML, "<p", " a{i}=\"1\"", "", ">text</p>"),
        made("one tag, attributes, frame", HTML, "<iframe", " a{i}=1", "", "></iframe>"),
        made("one tag, attributes, picture", HTML, "<img data-a srcset=/a", " a{i}=1", "", ">"),
        made("one picture, addresses", HTML, "<img srcset='/a.jpg 1w", ", /{i}.jpg {i}w", "", "'>"),
        made("one style", HTML, "<p style='a:b", ";color{i}:red", "", "'>text</p>"),
        made("one address, long, HTML", HTML, "<a href='/", "../a{i}/%41é", "", "'>text</a>"),
        made("items, categories", CHANNEL, "", categories(), "", ""),
        made(
            "HTML links behind a long base",
            (ENTRY.0, ENTRY.1),
            &format!("<content type='html' xml:base='https://a.example/{}/'><![CDATA[", "x".repeat(900)),
            "<a href=b><i>a</i></a>",
            "",
            "]]></content>",
        ),
        made(
            "enclosures behind a long base",
            (ENTRY.0, ENTRY.1),
            &format!("<source xml:base='https://a.example/{}/'/>", "x".repeat(900)),
            "<link rel='enclosure' href='{i}'/>",
            "",
            "",
        ),
        made("one tag, attributes, XHTML", XHTML, "<p", " a{i}=\"1\"", "", ">text</p>"),
        made("one tag, attributes, XML", ITEM, "<enclosure", " a{i}=\"1\"", "", " url=\"/a\"/>"),
        made("one tag, namespaces", ITEM, "<a", " xmlns:n{i}=\"urn:{i}\"", "", "/>"),
        made("one tag, one attribute again", HTML, "<div", " a=1", "", ">text</div>"),
        made("one tag, quotes", ITEM, "<a", " \"", "", "/>"),
        made("one tag, blanks and quotes", ITEM, "<a b", "              \"", "", "/>"),
        made("one tag, slashes", HTML, "<div ", "/ ", "", ">text</div>"),
        made("one address, long", ITEM, "<link>https://a.example/", "a/../%41é", "", "</link>"),
        made("one attribute, references", ITEM, "<enclosure url=\"/", "&amp;", "", "\"/>"),
        made("one value, never closed", ITEM, "<a b='", "<c>d</c>", "", ""),
        made("quotes in tags, never closed", ITEM, "", "<a b='>x", "", ""),
        made("one guid, long", ITEM, "<guid>", "guid{i} ", "", "</guid>"),
        made("one date, long", ITEM, "<pubDate>", "1 Jan 2026 ", "", "</pubDate>"),
        made("one author, addresses", ITEM, "<author>", "a@a ", "", "</author>"),
        made("one author, brackets", ITEM, "<author>", "()<>a@", "", "</author>"),
        made("one author, blanks", ITEM, "<author>a@x.example w", "\t", "", ", b@x.example</author>"),
        made("one author, words", ITEM, "<author>a@x.example ", "w  ", "", ", b@x.example</author>"),
        made("one author, letters and @", ITEM, "<author>", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@a.", "", "</author>"),
        made("one keywords list", ITEM, "<itunes:keywords>", "k{i},", "", "</itunes:keywords>"),
        made("one base64", ENTRY, "<content type=\"image/png\">", "QUFB", "", "</content>"),
        made("one CDATA title", ITEM, "<title><![CDATA[", "a<b>c &amp; d</b>", "", "]]></title>"),
    ]
}

/// Returns JSON Feeds whose beginning or end has an additional part.
fn json_with_heads() -> Vec<Structure> {
    vec![
        made("JSON tags", JSON_ITEM, "\"tags\":[\"a\"", ",\"\u{62a}\"", "", "],"),
        made("JSON different tags", JSON_ITEM, "\"tags\":[\"a\"", ",\"{i}\"", "", "],"),
        made("JSON authors", JSON_ITEM, "\"authors\":[{}", ",{\"name\":\"{i}\"}", "", "],"),
        made("JSON attachments", JSON_ITEM, "\"attachments\":[{}", ",{\"url\":\"/{i}\"}", "", "],"),
        made("JSON hubs", JSON, "\"hubs\":[{}", ",{\"url\":\"/{i}\"}", "", "],"),
        made("JSON numbers", JSON_ITEM, "\"x\":[0", ",1", "", "],"),
        made("JSON lists in lists", JSON_ITEM, "\"x\":[0", ",[[[0]],[]]", "", "],"),
        made("JSON deep in an item", JSON_ITEM, "\"x\":", "[", "]", ","),
        made("JSON deep in the head", JSON, "\"x\":", "{\"a\":", "}", "0,"),
        made("JSON escapes", JSON_ITEM, "\"content_html\":\"", "\\u0623\\n\\\"", "", "\","),
        made("JSON HTML", JSON_ITEM, "\"content_html\":\"", "<p class='a'>b<br>&nbsp;c</p>", "", "\","),
    ]
}

/// Returns documents that declare one entity and refer to it often.
fn entities() -> Vec<Structure> {
    let big = "x".repeat(60_000);
    let entity = |value: &str, rest: &str| format!("<!DOCTYPE rss [<!ENTITY e \"{value}\">{rest}]>");
    let with_entity = |name, place: Place, before: String, open| Structure {
        name,
        head: format!("{before}{}", place.0),
        open,
        close: "",
        foot: place.1.to_owned(),
    };
    let nested = "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">";
    vec![
        with_entity("entity, one long, in a text", ESCAPED, entity(&big, ""), "&e;"),
        with_entity("entity, one long, in titles", CHANNEL, entity(&big, ""), "<item><title>&e;</title></item>"),
        with_entity("entity, one long, in attributes", ITEM, entity(&big, ""), "<enclosure url=\"/&e;\"/>"),
        with_entity("entity, one long, in XHTML", XHTML, entity(&big, ""), "<p title='&e;'>&e;</p>"),
        with_entity("entity, one long, in categories", ITEM, entity(&big, ""), "<category>&e;{i}</category>"),
        with_entity(
            "entity, one long, in bases",
            CHANNEL,
            entity(&big, ""),
            "<item xml:base='/&e;'><title>a</title></item>",
        ),
        with_entity(
            "entity, one long, in languages",
            CHANNEL,
            entity(&big, ""),
            "<item xml:lang='&e;'><title>a</title></item>",
        ),
        with_entity("entity, nested", ESCAPED, entity("aaaaaaaaaa", nested), "&g;"),
        with_entity("entity, of references", ESCAPED, entity(&"&lt;b>&#33;".repeat(2_000), ""), "&e;"),
    ]
}

/// Returns structures of whole documents.
fn whole_documents() -> Vec<Structure> {
    vec![
        made(
            "entities declared",
            WHOLE,
            "<!DOCTYPE rss [",
            "<!ENTITY e{i} \"x\">",
            "",
            "]><rss><channel><item><title>&e1;</title></item></channel></rss>",
        ),
        made("entities declared, never closed", WHOLE, "<!DOCTYPE rss [", "<!ENTITY e{i} \"x", "", "]><rss/>"),
        made(
            "web page, links",
            WHOLE,
            "<html><head>",
            "<link rel=alternate type=application/rss+xml href=/{i}>",
            "",
            "</head></html>",
        ),
        made("web page, anchors", WHOLE, "<html><body>", "<a href=/{i}/feed>x</a>", "", "</body></html>"),
        made("web page, one anchor again", WHOLE, "<html><body>", "<a href=/feed>x</a>", "", "</body></html>"),
        made("web page, bases", WHOLE, "<html><body>", "<base href='http://'>", "", "</body></html>"),
        made("control characters", ESCAPED, "", "a\u{1}", "", ""),
        made("UTF-16 that is none", WHOLE, "<\0r\0s\0s\0>\0", "a\0<\0b\0>\0", "", ""),
    ]
}

/// Returns an entry with nearly as many categories as are kept.
fn categories() -> &'static str {
    let all = (0..490).map(|i| format!("<category>c{i}</category>")).collect::<Vec<_>>().concat();
    format!("<item><title>{{i}}</title>{all}</item>").leak()
}

type Line = (&'static str, Place, &'static str, &'static str);

/// Structures of elements.
const XML: [Line; 71] = [
    ("deep, roots", WHOLE, "<a>", "</a>"),
    ("deep, in an item", ITEM, "<a>", "</a>"),
    ("deep, never closed", ITEM, "<a>", ""),
    ("deep, in a content", XHTML, "<b>", "</b>"),
    ("flat, empty elements", ITEM, "<a/>", ""),
    ("flat, in a channel", CHANNEL, "<a/>", ""),
    ("flat, texts", ITEM, "<a>b</a>", ""),
    ("flat, XHTML", XHTML, "<p>b</p>", ""),
    ("flat, XHTML line ends", XHTML, "a<br/>", ""),
    ("end tags of nothing", ITEM, "</a>", ""),
    ("end tags of others", ITEM, "<a></b>", ""),
    ("items, empty", CHANNEL, "<item/>", ""),
    ("items, small", CHANNEL, "<item><title>{i}</title></item>", ""),
    ("items, alike", CHANNEL, "<item><title>a</title></item>", ""),
    ("items, one link", CHANNEL, "<item><link>https://a.example/</link><title>{i}</title></item>", ""),
    ("items, one guid and link", CHANNEL, "<item><guid>a</guid><link>/a</link></item>", ""),
    ("items, one guid", CHANNEL, "<item><guid>a</guid><link>https://a.example/{i}</link></item>", ""),
    ("items, never closed", CHANNEL, "<item><title>{i}</title>", ""),
    ("items, in items' contents", CHANNEL, "<item><content><item>", ""),
    ("items, deep", CHANNEL, "<item><a><a><a><a><a><a><a><a>", ""),
    ("items, dates", CHANNEL, "<item><pubDate>Mon, 02 Nov 2026 09:00:00 +0100</pubDate></item>", ""),
    ("items, bad dates", CHANNEL, "<item><pubDate>Monx, 02 Nov 202{i} 09:00</pubDate></item>", ""),
    ("items, bases", CHANNEL, "<item xml:base='/{i}/'><link>a</link></item>", ""),
    ("items, languages", CHANNEL, "<item xml:lang='ar-{i}'><link>a</link></item>", ""),
    (
        "items, HTML",
        CHANNEL,
        "<item><guid>{i}</guid><description><![CDATA[<P>a &nbsp;<B>b</b>]]></description></item>",
        "",
    ),
    ("titles", ITEM, "<title>a{i}</title>", ""),
    ("descriptions", ITEM, "<description>a{i}</description>", ""),
    ("descriptions, alike", ITEM, "<description>a</description>", ""),
    ("dates", ITEM, "<pubDate>a{i}</pubDate>", ""),
    ("dates that can be read", ITEM, "<dc:date>2026-01-01</dc:date>", ""),
    ("authors", ITEM, "<author>a{i}</author>", ""),
    ("authors, in one", ENTRY, "<author><name>a{i}</name><uri>/{i}</uri></author>", ""),
    ("authors, names of one", ENTRY, "<author><name>a{i}</name>", ""),
    ("authors, of the channel", CHANNEL, "<managingEditor>a{i}</managingEditor>", ""),
    ("contributors", ENTRY, "<contributor><name>a{i}</name></contributor>", ""),
    ("categories", ITEM, "<category>a{i}</category>", ""),
    ("categories, of the channel", CHANNEL, "<category>a{i}</category>", ""),
    ("categories, in categories", ITEM, "<itunes:category text='a{i}'>", "</itunes:category>"),
    ("enclosures", ITEM, "<enclosure url='/{i}'/>", ""),
    ("links", ENTRY, "<link href='/{i}'/>", ""),
    ("links, enclosures", ENTRY, "<link rel='enclosure' href='/{i}'/>", ""),
    ("links, texts", ITEM, "<link>/{i}</link>", ""),
    ("guids", ITEM, "<guid>a{i}</guid>", ""),
    ("sources", ENTRY, "<source><title>a{i}</title></source>", ""),
    ("sources, authors", ENTRY, "<source><author><name>a{i}</name></author></source>", ""),
    ("media", ITEM, "<media:content url='/{i}'/>", ""),
    ("media, in media", ITEM, "<media:group>", "</media:group>"),
    ("media, groups of titles", ITEM, "<media:group><media:title>a{i}</media:title></media:group>", ""),
    ("images", CHANNEL, "<image><url>/{i}</url></image>", ""),
    ("hours that are skipped", CHANNEL, "<skipHours><hour>{i}</hour></skipHours>", ""),
    ("texts and comments", TITLE, "a<!-- b -->", ""),
    ("texts and sections", TITLE, "<![CDATA[a]]>", ""),
    ("texts and elements", TITLE, "a<b/>", ""),
    ("sections, never closed", ITEM, "<a><![CDATA[", ""),
    ("sections, never closed, behind end tags", ITEM, "<a><![CDATA[b</a>", ""),
    ("sections, taking others", ITEM, "<a><![CDATA[b</a><c>", ""),
    ("comments, never closed, behind end tags", ITEM, "<a><!-- b</a>", ""),
    ("comments, never closed, around items", CHANNEL, "<!-- a <item>", ""),
    ("scripts, unescaped", ESCAPED, "<script>a<b", ""),
    ("scripts, unescaped, with sections", ESCAPED, "<script><![CDATA[a<]]>", ""),
    ("descriptions, never closed", ITEM, "<description><guid>", ""),
    ("comments", CHANNEL, "<!-- a -->", ""),
    ("comments, never closed", CHANNEL, "<!--", ""),
    ("instructions", CHANNEL, "<?a?>", ""),
    ("document types", CHANNEL, "<!DOCTYPE a>", ""),
    ("document types, never closed", CHANNEL, "<!DOCTYPE a [", ""),
    ("less-than signs", TITLE, "< ", ""),
    ("ampersands", TITLE, "&", ""),
    ("references, numeric", ESCAPED, "&#1582;", ""),
    ("namespaces, nested", ITEM, "<n{i}:a xmlns:n{i}='urn:a'>", ""),
    ("prefixes, unknown", ITEM, "<n{i}:a/>", ""),
];

/// Structures of HTML texts.
const HTML_TEXTS: [Line; 74] = [
    ("HTML deep, div", HTML, "<div>", "</div>"),
    ("HTML deep, div, never closed", HTML, "<div>", ""),
    ("HTML deep, DIV", HTML, "<DIV>", "</DIV>"),
    ("HTML deep, lists", HTML, "<ul><li>", "</li></ul>"),
    ("HTML deep, blockquote p", HTML, "<blockquote><p>", ""),
    ("HTML deep, unknown", HTML, "<x{i}>", ""),
    ("HTML formatting, never closed", HTML, "<b>", ""),
    ("HTML formatting, different", HTML, "<b x{i}=1>", ""),
    ("HTML formatting, in paragraphs", HTML, "<p><b x{i}=1><i>a", ""),
    ("HTML formatting, adoption", HTML, "<b x{i}=1><p></b>a", ""),
    ("HTML formatting, adoption, div", HTML, "<a><div></a>a", ""),
    ("HTML formatting, misnested", HTML, "<b><i></b></i>", ""),
    ("HTML formatting, nobr", HTML, "<nobr>a", ""),
    ("HTML links, never closed", HTML, "<a href=/{i}>a", ""),
    ("HTML links", HTML, "<a href='/{i}'>a</a> ", ""),
    ("HTML links, absolute", HTML, "<a href='https://a.example/{i}'>a</a> ", ""),
    ("HTML fonts", HTML, "<font color={i}>a", ""),
    ("HTML tables in tables", HTML, "<table>", ""),
    ("HTML tables in cells", HTML, "<table><tr><td>", ""),
    ("HTML tables, foster parents", HTML, "<table>a<b>", ""),
    ("HTML tables, foster texts", HTML, "<table><tr>a<td>", ""),
    ("HTML table, rows", HTML, "<table><tr><td>a</table>", ""),
    ("HTML table, open rows", HTML, "<tr><td>a", ""),
    ("HTML selects", HTML, "<select><option>a", ""),
    ("HTML forms", HTML, "<form><input name={i}>", ""),
    ("HTML buttons", HTML, "<button>a", ""),
    ("HTML headings", HTML, "<h1>a<h2>", ""),
    ("HTML definition lists", HTML, "<dl><dt>a<dd>", ""),
    ("HTML rubies", HTML, "<ruby>a<rt>", ""),
    ("HTML svg", HTML, "<svg><g>", ""),
    ("HTML math", HTML, "<math><mi>a<mglyph>", ""),
    ("HTML math, fractions", HTML, "<math><mfrac><mrow><mi>a</mi><mi>", ""),
    ("HTML math, copies", HTML, "<math></math><i class=katex-html aria-hidden=true>", ""),
    ("HTML unknown, closed", HTML, "<text>a</text>", ""),
    ("HTML stray tags", HTML, "a<b and ", ""),
    ("HTML stray tags, different", HTML, "a<b{i} ", ""),
    ("HTML quotes, missing", HTML, "<a b=\">c", ""),
    ("HTML quotes, missing, of both kinds", HTML, "<a b='c>d</a><a b=\"c>", ""),
    ("HTML scripts, closed in the start tag", HTML, "<script/>", ""),
    ("HTML conditions", HTML, "<![if a]>b", ""),
    ("HTML templates", HTML, "<template>a", ""),
    ("HTML scripts", HTML, "<script>a</script>", ""),
    ("HTML comments", HTML, "<!-- a -->", ""),
    ("HTML comments, never closed", HTML, "<!--", ""),
    ("HTML declarations", HTML, "<!a", ""),
    ("HTML ampersands", HTML, "&a", ""),
    ("HTML references", HTML, "&eacute;&#39;", ""),
    ("HTML less-than signs", HTML, "<", ""),
    ("HTML end tags", HTML, "</p>", ""),
    ("HTML end tags of others", HTML, "<div></span>", ""),
    ("HTML line ends", HTML, "a<br>\r\n", ""),
    ("HTML images", HTML, "<img src=/{i}.jpg alt=a>", ""),
    ("HTML attributes, many tags", HTML, "<p a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=1 k=2>", ""),
    ("HTML ids", HTML, "<p id=a{i}>", ""),
    ("HTML formatting, closed paragraphs", HTML, "<p><b x{i}=1>a</p>", ""),
    ("HTML formatting, cells", HTML, "<table><tr><td><b x{i}=1>a", ""),
    ("HTML formatting, rows", HTML, "<tr><td><b x{i}=1><i>a", ""),
    ("HTML formatting, in tables", HTML, "<table><b x{i}=1><tr>", ""),
    ("HTML formatting, in divs", HTML, "<b x{i}=1><div>a</b></div>", ""),
    ("HTML formatting, links in divs", HTML, "<a href=/{i}><div>", ""),
    ("HTML formatting, marquees", HTML, "<marquee><b x{i}=1>", "</marquee>"),
    ("HTML formatting, headings", HTML, "<b x{i}=1><h1>a</b></h1>", ""),
    ("HTML svg, broken out of", HTML, "<svg><p>", ""),
    ("HTML svg, formatting", HTML, "<svg><b x{i}=1>a", ""),
    ("HTML selected contents", HTML, "<select><selectedcontent>", ""),
    ("HTML pictures, sources", HTML, "<picture><source srcset=/{i}.jpg>", ""),
    ("HTML pictures, sets", HTML, "<img srcset='/{i}.jpg 1w, /a.jpg 2w'>", ""),
    ("HTML pictures, noscript", HTML, "<noscript><img src=/{i}.jpg></noscript>", ""),
    ("HTML frames", HTML, "<iframe src=https://www.youtube.com/embed/{i}></iframe>", ""),
    ("HTML links to parts", HTML, "<a href='#a{i}'>a</a>", ""),
    ("HTML styles", HTML, "<p style='color:red;a:{i}'>a</p>", ""),
    ("HTML queries", HTML, "<img src='https://a.example/a.jpg?b={i}'>", ""),
    ("HTML clocks", HTML, "<p>12:{i} 3 min ago (4) ", ""),
    ("HTML numbers", HTML, "<p>1,2.{i} ", ""),
];

/// Structures of JSON Feeds, texts and others.
const JSON_FEEDS: [Line; 19] = [
    ("JSON items, empty", JSON_ITEMS, "{},", ""),
    ("JSON items, small", JSON_ITEMS, "{\"id\":{i}},", ""),
    ("JSON items, one link", JSON_ITEMS, "{\"url\":\"/\",\"title\":\"{i}\"},", ""),
    ("JSON items, bad", JSON_ITEMS, "{a},", ""),
    ("JSON items, brackets", JSON_ITEMS, "[],", ""),
    ("JSON items, deep", JSON_ITEMS, "[", ""),
    ("JSON members", JSON_ITEM, "\"{i}\":1,", ""),
    ("JSON members, one again", JSON_ITEM, "\"a\":1,", ""),
    ("JSON members, of the head", JSON, "\"{i}\":1,", ""),
    ("JSON brackets only", WHOLE, "[", ""),
    ("JSON strings only", WHOLE, "[\"a\"", ""),
    ("one word", ESCAPED, "x", ""),
    ("one word, Arabic", ESCAPED, "خبر", ""),
    ("words, mended", ESCAPED, "Ã© ", ""),
    ("words, mended in part", ESCAPED, "é \u{85}", ""),
    ("words, in sections", ESCAPED, "<![CDATA[a]]> b", ""),
    ("blanks", ESCAPED, "   \n", ""),
    ("section ends in sections", ESCAPED, "]]&gt;", ""),
    ("blanks before", WHOLE, " \n", ""),
];
