//! The files of a report: players for sound and video, a gallery of pictures, and links to all of them. Pure.

use super::super::channel_page::LocalisedText;
use super::Frame;
use crate::model::Enclosure;

/// Most files of a kind that are shown.
const FILES: usize = 40;

/// The files of a report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Media {
    pub(super) players: Vec<MediaFile>,
    pub(super) pictures: Vec<MediaFile>,
    pub(super) others: Vec<MediaFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaFile {
    pub(super) url: String,
    /// Whether it is a video, and not sound.
    pub(super) is_video: bool,
    /// Its name: the last part of its address.
    pub(super) name: String,
    /// What the outlet says about it.
    pub(super) caption: Option<LocalisedText>,
    /// Size and kind, in words.
    pub(super) facts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaKind {
    Sound,
    Video,
    Picture,
    Other,
}

impl Media {
    /// Sorts the files of a report. Pictures that its text shows already are left out; `image` is the report's own picture.
    pub(super) fn of(
        frame: &Frame,
        enclosures: &[Enclosure],
        image: Option<&str>,
        text: &str,
        language: Option<&str>,
    ) -> Self {
        let mut media = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for file in enclosures {
            if seen.contains(&same_file(&file.url)) {
                continue;
            }
            seen.push(same_file(&file.url));
            let kind = kind(file);
            let list = match kind {
                MediaKind::Sound | MediaKind::Video => &mut media.players,
                MediaKind::Picture if text.contains(same_file(&file.url)) => continue,
                MediaKind::Picture => &mut media.pictures,
                MediaKind::Other => &mut media.others,
            };
            if list.len() < FILES {
                list.push(MediaFile::new(frame, file, kind, language));
            }
        }
        if let Some(image) = image.filter(|image| !text.contains(same_file(image)) && !seen.contains(&same_file(image)))
        {
            let file = Enclosure { url: image.to_owned(), media_type: None, length: None, text: None, duration: None };
            media.pictures.insert(0, MediaFile::new(frame, &file, MediaKind::Picture, language));
        }
        media
    }

    pub(super) fn is_empty(&self) -> bool {
        self.players.is_empty() && self.pictures.is_empty() && self.others.is_empty()
    }
}

impl MediaFile {
    fn new(frame: &Frame, file: &Enclosure, kind: MediaKind, language: Option<&str>) -> Self {
        let name = file.url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let caption = file.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let mut facts = vec![
            match kind {
                MediaKind::Sound => frame.say("صوت", "son", "audio"),
                MediaKind::Video => frame.say("فيديو", "vidéo", "video"),
                MediaKind::Picture => frame.say("صورة", "image", "picture"),
                MediaKind::Other => frame.say("ملف", "fichier", "file"),
            }
            .to_owned(),
        ];
        facts.extend(file.duration.filter(|_| kind != MediaKind::Picture).map(clock));
        // Feeds that do not know the length write 0 or 1.
        facts.extend(file.length.filter(|length| *length > 1).map(|length| frame.ui_language.size(length)));
        Self {
            url: file.url.clone(),
            is_video: kind == MediaKind::Video,
            name: if name.is_empty() { file.url.clone() } else { name.to_owned() },
            caption: caption.map(|text| LocalisedText::new(text, language)),
            facts,
        }
    }
}

/// Formats a duration as players do: `1:02:03`, `4:05`.
fn clock(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let time = if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") };
    format!("\u{2066}{time}\u{2069}")
}

/// Returns an address without its query, which often only says the size of a picture.
fn same_file(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

/// Returns the kind of a file by its media type, else by the extension in its address.
fn kind(file: &Enclosure) -> MediaKind {
    let of_type = |media_type: &str| match media_type.split('/').next().unwrap_or_default() {
        "audio" => Some(MediaKind::Sound),
        "video" => Some(MediaKind::Video),
        "image" => Some(MediaKind::Picture),
        _ => None,
    };
    let extension = same_file(&file.url).rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    let of_extension = || match extension?.1.to_ascii_lowercase().as_str() {
        "mp3" | "m4a" | "aac" | "oga" | "ogg" | "opus" | "wav" | "flac" => Some(MediaKind::Sound),
        "mp4" | "m4v" | "webm" | "ogv" | "mov" => Some(MediaKind::Video),
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "avif" => Some(MediaKind::Picture),
        _ => None,
    };
    file.media_type.as_deref().and_then(of_type).or_else(of_extension).unwrap_or(MediaKind::Other)
}

#[cfg(test)]
mod tests {
    use super::super::super::i18n::UiLanguage;
    use super::*;

    fn file(url: &str, media_type: Option<&str>) -> Enclosure {
        let (url, media_type) = (url.to_owned(), media_type.map(str::to_owned));
        Enclosure {
            url, media_type, length: Some(12_345_678), text: Some(" حديث  ".to_owned()), duration: Some(3_723)
        }
    }

    fn names(files: &[MediaFile]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn each_file_goes_where_people_look_for_it() {
        let zone = jiff::tz::TimeZone::UTC;
        let frame = Frame::new(UiLanguage::Fr, jiff::Timestamp::UNIX_EPOCH, &[], "/", true, zone);
        let files = [
            file("https://a.example/talk.MP3", None),
            file("https://a.example/talk.mp3?x=1", Some("audio/mpeg")),
            file("https://a.example/talk.MP3", Some("audio/mpeg")),
            file("https://a.example/film", Some("video/mp4")),
            file("https://a.example/in-text.jpg?w=300", Some("image/jpeg")),
            file("https://a.example/2.jpg", None),
            file("https://a.example/report.pdf", Some("application/pdf")),
            file("https://a.example/", None),
        ];
        let text = "<img src=\"https://a.example/in-text.jpg?w=900\">";
        let media = Media::of(&frame, &files, Some("https://a.example/1.jpg"), text, Some("ar"));
        assert_eq!(names(&media.players), ["talk.MP3", "talk.mp3", "film"]);
        assert_eq!(media.players.iter().map(|f| f.is_video).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(names(&media.pictures), ["1.jpg", "2.jpg"]);
        assert_eq!(names(&media.others), ["report.pdf", "https://a.example/"]);
        assert_eq!(media.players[0].facts, ["son", "\u{2066}1:02:03\u{2069}", "12\u{a0}Mo"]);
        let caption = media.players[0].caption.as_ref().unwrap();
        assert_eq!((caption.words.as_str(), caption.dir), ("حديث", "rtl"));
        let again = Media::of(&frame, &files[4..5], Some("https://a.example/in-text.jpg"), text, None);
        assert!(again.is_empty(), "the text shows it");
    }
}
