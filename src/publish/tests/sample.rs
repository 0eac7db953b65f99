//! Invented stories: ordinary and awkward ones.

use crate::model::{
    Carrier, Category, ChannelView, Enclosure, EntryId, Person, PlainText, ReportView, SafeHtml, StoryId, StoryView,
};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn text(s: &str) -> PlainText {
    PlainText::vouch(s.to_owned())
}

fn html(s: &str) -> SafeHtml {
    SafeHtml::vouch(s.to_owned())
}

/// Returns a channel with these stories.
pub(in super::super) fn view(stories: Vec<StoryView>) -> ChannelView {
    ChannelView {
        slug: "all".to_owned(),
        title: "كل الأخبار".to_owned(),
        subtitle: None,
        outlet_in_title: false,
        public_url: "http://127.0.0.1:8080/".parse().unwrap(),
        language: None,
        updated: stories.iter().map(|s| s.updated).max(),
        stories,
    }
}

/// Returns a complete, ordinary story.
pub(in super::super) fn story(id: i64, language: Option<&str>, title: &str) -> StoryView {
    StoryView {
        id: StoryId(id),
        iri: format!("https://alalam.example/node/{id}"),
        order_at: at("2026-11-02T09:31:00Z"),
        updated: at("2026-11-02T09:31:00Z"),
        lead: ReportView {
            entry: EntryId(id),
            title: text(title),
            link: format!("https://alalam.example/node/{id}"),
            source_id: None,
            published: at("2026-11-02T09:30:00Z"),
            language: language.map(str::to_owned),
            title_language: None,
            text_language: None,
            summary: Some(html("<p>Résumé &amp; suite</p>")),
            content: Some(html("<p>Texte <b>entier</b> &amp; complet.</p>")),
            authors: vec![Person { name: "س. علوي".to_owned(), email: None, uri: None }],
            contributors: Vec::new(),
            categories: vec![Category { term: "maroc".to_owned(), scheme: None, label: None }],
            enclosures: Vec::new(),
            rights: None,
            image: None,
            comments: None,
            outlet: "alalam".to_owned(),
            outlet_name: "العلم".to_owned(),
            feed_url: "https://alalam.example/rss.xml".to_owned(),
            feed_link: Some("https://alalam.example/".to_owned()),
            feed_updated: at("2026-11-02T09:30:30Z"),
        },
        also: Vec::new(),
    }
}

fn carrier(name: &str, title: &str, link: &str, language: Option<&str>) -> Carrier {
    Carrier {
        outlet_name: name.to_owned(),
        title: text(title),
        link: link.to_owned(),
        language: language.map(str::to_owned),
    }
}

/// Returns ordinary stories in three languages, each also reported by other outlets.
pub(in super::super) fn plain() -> ChannelView {
    let mut ar = story(3, Some("ar"), "أمطار غزيرة في الرباط");
    (ar.lead.summary, ar.lead.content) =
        (Some(html("<p>ملخص وتتمة</p>")), Some(html("<p>النص <b>كامل</b> &amp; تام.</p>")));
    ar.also = vec![carrier("Le Journal", "Pluie \"forte\"", "https://fr.example/a?b=1&c=2", Some("fr"))];
    let mut fr = story(2, Some("fr-MA"), "Pluies à Rabat");
    fr.also = vec![carrier("العلم", "أمطار", "https://ar.example/خبر", Some("ar"))];
    let mut en = story(1, Some("en"), "Heavy rain");
    en.also = vec![
        carrier("A <b>bold</b> paper", "</b> & co", "https://en.example/[1]", Some("zzz")),
        carrier("Other", "Rain", "https://other.example/", None),
    ];
    view(vec![ar, fr, en])
}

/// Returns stories with texts such as outlets and attackers really send.
pub(in super::super) fn awkward() -> ChannelView {
    let mut stories = Vec::new();
    let mut add = |story: StoryView| stories.push(story);

    let mut s = story(101, Some("en"), "1&1 &amp; AT&T &copy; \"quoted\" < 2 > 1 ]]> end");
    s.iri = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned();
    s.lead.content = Some(html("<p>a ]]> b ]]]]>> <a href=\"https://x.example/?a=1&amp;b=2\">l</a></p>"));
    add(s);

    let mut s = story(102, Some("ar"), "\u{202b}عنوان\u{202c} with \u{200f}marks\u{200e}");
    s.lead.content = Some(html("<p dir=\"rtl\">نص\0 مع \u{1} محارف\u{fffe} \u{ffff} \u{85} \u{fffd}</p>"));
    s.lead.authors = vec![Person {
        name: "Bad <a@b.example>".to_owned(),
        email: Some("not an address".to_owned()),
        uri: Some("javascript:alert(1)".to_owned()),
    }];
    add(s);

    let mut s = story(103, None, "headline \u{b}only\u{1b}");
    (s.lead.summary, s.lead.content) = (None, None);
    s.lead.authors = Vec::new();
    s.lead.feed_link = None;
    s.lead.link = "https://alalam.example/خبر جديد|1".to_owned();
    s.lead.published = at("1970-01-01T00:00:00Z");
    s.lead.feed_updated = at("0001-01-01T00:00:00Z");
    s.updated = at("1970-01-01T00:00:00Z");
    add(s);

    let mut s = story(104, Some("x-klingon"), "عنوان بلا لغة");
    s.lead.content = None;
    s.lead.summary = Some(html(&format!("<p>{}</p>", "كلمة ".repeat(2_000))));
    s.lead.categories = vec![
        Category { term: " ".to_owned(), scheme: None, label: None },
        Category { term: "a&b".to_owned(), scheme: Some("not a uri".to_owned()), label: Some("A </b> B".to_owned()) },
        Category { term: "t".to_owned(), scheme: Some("https://s.example/".to_owned()), label: None },
    ];
    s.also = (0..3).map(|n| carrier("م", "ع", &format!("https://c{n}.example/"), None)).collect();
    add(s);

    let mut s = story(105, Some("fr"), "Plusieurs fichiers");
    let file = |url: &str, media_type: Option<&str>, length| Enclosure {
        url: url.to_owned(),
        media_type: media_type.map(str::to_owned),
        length,
        text: None,
        duration: None,
    };
    s.lead.enclosures = vec![
        file("ftp://a.example/x", None, None),
        file("http://localhost/x.mp3", Some("mp3"), None),
        file("https://cdn.example/y z.mp3", None, Some(7)),
        file("https://cdn.example/v.mp4", Some("video/mp4; codecs=\"x\""), None),
    ];
    s.lead.image = Some("https://cdn.example/صورة.jpg".to_owned());
    s.lead.comments = Some("https://alalam.example/c#1".to_owned());
    s.lead.rights = Some("© 2026 <Le Journal>".to_owned());
    s.lead.contributors = vec![Person {
        name: String::new(),
        email: Some("x@y.example".to_owned()),
        uri: Some("https://y.example/é".to_owned()),
    }];
    s.lead.feed_url = "https://alalam.example/%d8%a8?x=%7e".to_owned();
    add(s);

    view(stories)
}

/// Returns a story whose title looks like HTML.
pub(in super::super) fn markup_title() -> ChannelView {
    view(vec![story(1, Some("en"), "How to use </b> & <br>")])
}

/// Returns a story made of the given texts. Titles, names and ids are never empty, as their types guarantee.
pub(in super::super) fn made_of(texts: &[String]) -> ChannelView {
    let given = |n: usize| texts[n].clone();
    let named = |n: usize| format!("x{}", given(n));
    let address = |n: usize| format!("https://a.example/{}", given(n).replace(char::is_whitespace, ""));
    let mut s = story(1, Some(&given(0)), &named(1));
    s.lead.link = address(2);
    s.lead.summary = Some(html(&format!("<p>{}</p>", given(3).replace(['<', '&'], ""))));
    s.lead.authors = vec![Person { name: given(4), email: Some(given(5)), uri: Some(given(6)) }];
    s.lead.categories = vec![Category { term: given(7), scheme: Some(given(8)), label: Some(given(9)) }];
    s.lead.enclosures = vec![Enclosure {
        url: address(10),
        media_type: Some(given(11)),
        length: None,
        text: Some(given(1)),
        duration: None,
    }];
    s.lead.rights = Some(given(9));
    (s.lead.image, s.lead.comments, s.lead.feed_link) = (Some(given(6)), Some(given(8)), Some(given(2)));
    (s.lead.outlet_name, s.lead.feed_url) = (named(5), address(3));
    s.also = vec![carrier(&named(7), &given(8), &address(9), Some(&given(10)))];
    let mut view = view(vec![s, story(2, Some("fr"), &named(11))]);
    (view.title, view.language) = (named(0), Some(given(0)));
    view
}
