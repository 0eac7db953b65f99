//! Long files, and the limits of sizes.

use super::*;

/// So many outlets; where asked, one in two hundred has a fault.
fn long(outlets: usize, faulty: bool) -> String {
    let mut text = "[server]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for n in 0..outlets {
        let key = if faulty && n % 200 == 7 { "nmae" } else { "name" };
        let feed = format!("https://o{n}.example/feed");
        let outlet =
            ["[[outlet]]\nslug = \"o", &n.to_string(), "\"\n", key, " = \"Outlet\"\nfeeds = [\"", &feed, "\"]\n"];
        text.push_str(&outlet.concat());
    }
    text + "[[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"o1\"]\n"
}

#[test]
fn a_file_may_have_forty_thousand_outlets() {
    let config = Config::parse(&long(40_000, false), Path::new("c.toml"), &BTreeMap::new()).unwrap();
    assert_eq!((config.outlets.len(), config.channels.len()), (40_000, 2));
    assert_eq!(config.outlets[39_999].slug.as_str(), "o39999");
}

#[test]
fn a_long_file_is_read_in_pieces_with_the_faults_and_places_of_a_whole_one() {
    let text = long(3_000, true);
    assert!(pieces::pieces(&text).is_some_and(|(pieces, _)| pieces.len() > 1));
    // A comment behind the header keeps the file whole.
    let whole = |text: &str| text.replace("[[outlet]]\n", "[[outlet]] #\n");
    assert!(pieces::pieces(&whole(&text)).is_none());
    let (found, expected) = (faults(&text), faults(&whole(&text)));
    assert!(found.len() >= 30 && found.iter().any(|fault| fault.starts_with("33:")), "{:?}", &found[..3]);
    assert_eq!(found, expected);
    let plain = |text: &str| Config::parse(text, Path::new("c.toml"), &BTreeMap::new()).unwrap();
    let text = long(3_000, false);
    assert_eq!(plain(&text), plain(&whole(&text)));
}

#[test]
fn a_header_within_a_long_string_begins_no_piece() {
    let lines = "[[outlet]]\na line of a long text, which says nothing of outlets\n".repeat(3_000);
    let text = format!("{OUTLET}language = '''\n{lines}'''\n");
    assert!(pieces::pieces(&text).is_none());
    assert_eq!(faults(&text).len(), 1);
}

#[test]
fn limits_hold() {
    let many = |most: usize, line: fn(usize) -> String| (0..=most).map(line).collect::<Vec<_>>().concat();
    let tags = many(LIST_MAX, |n| format!("\"{n}\","));
    let channels = many(CHANNELS_MAX, |n| format!("[[channel]]\nslug = \"{n}\"\ntitle = \"T\"\n"));
    for (text, fault) in [
        (format!("{OUTLET}tags = [{tags}]"), "5: outlet.a.tags: has more than 1000 values"),
        (channels, "3001: channel: there are more than 1000 channels"),
    ] {
        assert_eq!(faults(&text), [fault]);
    }
}
