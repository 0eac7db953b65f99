//! How long sound or video takes, as podcasts and Media RSS state it: `1:02:03`, `62:03`, `3723`, `3723.5`.

/// Longest time that is believed, in seconds: a week.
const LONGEST: f64 = 604_800.0;

/// Reads a duration in seconds; `None` if the text is none, or it is zero or longer than a week.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    let mut sum = 0.0;
    for part in parts {
        let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        sum = sum * 60.0 + part.parse::<f64>().ok().filter(|_| is_number)?;
    }
    whole(sum)
}

/// Rounds a duration; `None` if it is zero or longer than a week.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a week")]
pub(super) fn whole(seconds: f64) -> Option<u32> {
    let rounded = seconds.round();
    (1.0..=LONGEST).contains(&rounded).then_some(rounded as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_clocks_or_seconds() {
        for (text, expected) in [
            ("1:02:03", Some(3_723)),
            (" 62:03 ", Some(3_723)),
            ("3723", Some(3_723)),
            ("3722.6", Some(3_723)),
            ("00:00:00", None),
            ("0", None),
            ("-5", None),
            ("1:2:3:4", None),
            ("1::2", None),
            ("an hour", None),
            ("1e9", None),
            ("inf", None),
            ("99999999", None),
            ("", None),
            ("١:٠٢", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn each_format_states_them_in_its_own_way() {
        let rss = r#"<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/">
            <channel><title>R</title><item><title>A</title><guid>1</guid><itunes:duration>1:02:03</itunes:duration>
            <enclosure url="https://r.example/p.jpg" type="image/jpeg" length="1"/>
            <enclosure url="https://r.example/a.mp3?x=1&amp;y=2" type="audio/mpeg" length="5"/>
            <media:content url="https://r.example/v.mp4" type="video/mp4" duration="65.4"/></item></channel></rss>"#;
        let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "title": "A",
            "attachments": [{"url": "https://r.example/a.mp3", "mime_type": "audio/mpeg", "duration_in_seconds": 61.5}]}]}"#;
        let durations = |text: &str| -> Vec<Option<u32>> {
            let feed = crate::parse::read(text.as_bytes(), &crate::parse::ParseContext::default(), &|_| false).unwrap();
            feed.listed[0].entry.as_ref().unwrap().enclosures.iter().map(|file| file.duration).collect()
        };
        assert_eq!(durations(rss), [None, Some(3_723), Some(65)]);
        assert_eq!(durations(json), [Some(62)]);
    }
}
