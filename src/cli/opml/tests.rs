use super::*;
use crate::cli::opml::read::{ListedFeed, one_line};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn parse(tables: &str) -> Config {
    Config::parse(tables, Path::new("w.toml"), &BTreeMap::new()).unwrap()
}

#[test]
fn real_exports_are_read_whatever_they_lack() {
    let list = "\u{feff}<?xml version=\"1.0\"?>\n<opml><body>\
        <outline text='Presse &amp; radio'>\
          <outline title=\"العلم\" XMLURL='https://www.alalam.ma/rss?a=1&b=2' htmlUrl='https://www.alalam.ma/' language='ar-MA'/>\
          <outline text=\"L&rsquo;&Eacute;conomiste &OElig; &scaron; &x;\" type=rss xmlUrl=feed://leco.example/feed></outline>\
          <outline type='link' url='https://page.example/'/>\
        </outline>\
        <outline text='Le \"Monde\" \\ 2' xmlUrl='https://lemonde.example/rss' category='/Boston/Weather,news'/>\
        <outline type='rss' text='' url='https://only.example/rss.xml'>\
        <OUTLINE TEXT='Twice' XMLURL='https://lemonde.example/rss'/>\
        <outline text='Bad' xmlUrl='ftp://x.example/'/>\
        </body></opml>";
    let (listed, fault) = read(&text(list.as_bytes()));
    assert_eq!(fault, None);
    let titles: Vec<_> = listed.iter().map(|l| l.title.as_str()).collect();
    assert_eq!(titles, ["العلم", "L’Économiste Œ š &x;", "Le \"Monde\" \\ 2", "", "Twice", "Bad"]);
    assert_eq!(listed[0].feed, "https://www.alalam.ma/rss?a=1&b=2");
    assert_eq!(listed[0].tags, ["Presse & radio"]);
    assert_eq!(listed[2].tags, ["Boston/Weather", "news"]);
    let (outlets, refused) = outlets(&listed, HashSet::new(), &HashSet::new());
    assert_eq!(refused.len(), 2, "{refused:?}");
    let config = parse(&edit::add("", &outlets).unwrap());
    let slugs: Vec<_> = config.outlets.iter().map(|o| o.slug.as_str()).collect();
    assert_eq!(slugs, ["alalam", "leconomiste-x", "le-monde-2", "only"]);
    assert_eq!(config.outlets[0].language.as_ref().unwrap().as_str(), "ar-ma");
    assert_eq!(config.outlets[2].name, "Le \"Monde\" \\ 2");
    assert_eq!(config.outlets[1].feeds[0].as_str(), "http://leco.example/feed");
}

#[test]
fn every_outlet_is_imported_or_named() {
    let list = "<opml><body><outline text=\"Ann \"/> Bell\" xmlUrl=\"https://a.example/f\"/>\
        <outline text=\"A \"B\">C\" xmlUrl=\"https://b.example/f\"/>\
        <outline text='C' xmlUrl='www.c.example/f'/><outline text='D' xmlUrl='//d.example/f'/>\
        <outline text='E' url='https://e.example/f'/><outline text='G' htmlUrl='https://g.example/'/>\
        <outline text='H' xmlUrl='h/feed'/><outline text='Folder' url='https://i.example/'>\
        <outline text='J' xmlUrl='https://j.example/f'/></outline></body></opml>";
    let (outlets, refused) = outlets(&read(list).0, HashSet::new(), &HashSet::new());
    let feeds: Vec<_> = outlets.iter().map(|outlet| outlet.feeds[0].as_str()).collect();
    let hosts = ["a.example/f", "b.example/f", "www.c.example/f", "d.example/f", "j.example/f"];
    assert_eq!(feeds, hosts.map(|rest| format!("https://{rest}")));
    let tags: Vec<_> = outlets.iter().flat_map(|outlet| &outlet.tags).collect();
    assert_eq!(tags, ["Folder"]);
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].starts_with("skipped: E has no xmlUrl; `warraq add https://e.example/f`"), "{refused:?}");
}

#[test]
fn a_cut_list_gives_what_stands_before_the_cut() {
    let (listed, fault) = read("<opml><outline xmlUrl='https://a.example/'/><outline xmlUrl='https://b");
    assert_eq!(listed.len(), 1);
    assert!(fault.is_some());
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("<outline xmlUrl='https://a/'/>".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(read(&text(&utf16)).0.len(), 1);
    assert_eq!(read(&text(b"<outline text='\xe9t\xe9' xmlUrl='https://a/'/>")).0[0].title, "été");
}

#[test]
fn what_is_exported_can_be_imported() {
    let toml = "[[outlet]]\nslug = \"a\"\nname = \"Ä & <b>\"\ntags = [\"x\"]\nfeeds = [\"https://a.example/1\", \"https://a.example/2\"]\n";
    let config = parse(toml);
    let feeds: Vec<_> = config.outlets.iter().flat_map(Subscription::of).collect();
    let opml = String::from_utf8(render("t", &feeds)).unwrap();
    let (listed, fault) = read(&opml);
    assert_eq!(fault, None);
    assert_eq!(listed.len(), 2);
    assert_eq!((listed[0].title.as_str(), listed[1].feed.as_str()), ("Ä & <b>", "https://a.example/2"));
    assert_eq!(listed[0].tags, ["x"]);
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn any_titles_give_a_configuration_that_is_accepted(titles in prop::collection::vec("\\PC{0,40}|[\"\\\\\\x00-\\x{1f}a]{0,9}", 1..6)) {
        let listed: Vec<_> = titles
            .iter()
            .enumerate()
            .map(|(n, title)| ListedFeed {
                title: one_line(title),
                feed: format!("https://h{n}.example/{title}"),
                tags: vec![one_line(title)].into_iter().filter(|t| !t.is_empty()).collect(),
                ..ListedFeed::default()
            })
            .collect();
        let (outlets, refused) = outlets(&listed, HashSet::new(), &HashSet::new());
        prop_assert_eq!(parse(&edit::add("", &outlets).unwrap()).outlets.len() + refused.len(), listed.len());
    }

    #[test]
    fn reading_never_panics(text in "(<outline|>|/>|</outline>|\"|'|=|&|xmlUrl|;| |\\PC){0,40}") {
        let _ = read(&text);
    }
}
