//! Reads Media RSS: files, pictures, and what is said of them.

use super::{Found, is_picture};
use crate::model::escape::escaped;
use crate::model::{Enclosure, Markup, address};
use crate::parse::draft::EntryDraft;
use crate::parse::limits::LIST;
use crate::parse::lines::with_lines;
use crate::parse::links::{absolute_text, first};
use crate::parse::names::Tag;
use crate::parse::text::{self, Else};
use crate::parse::tree::{NodeId, Tree};
use crate::parse::{duration, people};
use std::collections::HashMap;

/// Width in pixels up to which a picture is only a preview.
const PREVIEW: u32 = 200;

/// Width and height in pixels up to which a picture is a sign: GitHub's feeds of commits show their authors so.
const SIGN: u32 = 39;

/// What addresses of pictures say of their size, quality and cut. Two that differ only in these show the same picture.
const FORM_PARAMETERS: [&str; 18] = [
    "w",
    "width",
    "h",
    "height",
    "size",
    "resize",
    "fit",
    "crop",
    "dpr",
    "q",
    "quality",
    "auto",
    "format",
    "strip",
    "s",
    "sig",
    "signature",
    "ssl",
];

/// The pictures among the files of an entry: their addresses without a size, their place among the files, and their width.
pub(super) type PictureForms = HashMap<String, (usize, u32)>;

/// The size that a picture is said to have, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    width: u32,
    height: Option<u32>,
}

impl Size {
    fn of(tree: &Tree<'_>, id: NodeId) -> Option<Self> {
        let pixels = |name| {
            let stated = tree.attr(id, name)?;
            stated.trim().trim_end_matches("px").parse::<u32>().ok().filter(|pixels| *pixels > 0)
        };
        Some(Self { width: pixels("width")?, height: pixels("height") })
    }

    /// Returns whether a picture of this size is only a preview.
    pub(super) fn is_preview(self) -> bool {
        self.width <= PREVIEW
    }

    fn is_sign(self) -> bool {
        self.width <= SIGN && self.height.is_some_and(|height| height <= SIGN)
    }
}

/// What a text of Media RSS stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// No file, or sound or video.
    Other,
    /// A picture.
    Picture,
    /// The portrait of an author.
    Portrait,
}

/// Reads a `media:*` element and its contents: pictures, categories, texts.
pub(super) fn media(tree: &Tree<'_>, tag: Tag, id: NodeId, draft: &mut EntryDraft, found: &mut Found) {
    if found.files.len() > LIST {
        found.more = true;
    } else if tag == Tag::MediaGroup {
        group(tree, id, found);
    } else if tag == Tag::MediaContent {
        add_file(tree, id, found);
        // A list of files whose writer forgot the end tags.
        let inner = tree.descend(id, |tag| tag == Tag::MediaContent).into_iter();
        let files = inner.filter(|(tag, _)| *tag == Tag::MediaContent).take(LIST);
        files.for_each(|(_, file)| add_file(tree, file, found));
    }
    let mut all = vec![(tag, id)];
    all.extend(tree.descend(id, |tag| matches!(tag, Tag::MediaGroup | Tag::MediaContent)));
    // What the next element stands in, and where that ends.
    let (mut inside, mut end) = (Inside::Other, 0);
    for (tag, child) in all {
        let target = || tree.attr(child, "url").and_then(|url| address::absolute(tree.base(child), &url));
        let (start, child_end) = tree.node(child).span;
        if tag == Tag::MediaContent {
            let picture = target().filter(|url| shows_picture(tree, child, url));
            let is_portrait = picture.as_deref().is_some_and(is_portrait);
            (inside, end) = match picture {
                Some(_) if is_portrait => (Inside::Portrait, child_end),
                Some(url) => {
                    show(tree, child, 1, url, found);
                    (Inside::Picture, child_end)
                }
                None => (Inside::Other, child_end),
            };
            continue;
        }
        match (tag, if start < end { inside } else { Inside::Other }) {
            (_, Inside::Portrait) => {}
            (Tag::Thumbnail, _) => {
                if let Some(url) = target().or_else(|| absolute_text(tree, child)).filter(|url| !is_portrait(url)) {
                    show(tree, child, 2, url, found);
                }
            }
            (Tag::MediaPlayer, _) => first(&mut found.player, target),
            (Tag::MediaTitle, Inside::Picture) => first(&mut found.titles[3], || media_text(tree, child)),
            (Tag::MediaTitle, _) => first(&mut found.titles[2], || media_text(tree, child)),
            (Tag::MediaDescription, _) => first(&mut found.other_texts[0], || media_text(tree, child)),
            (Tag::MediaText, _) => first(&mut found.other_texts[1], || media_text(tree, child)),
            (Tag::MediaCategory | Tag::MediaKeywords, _) => {
                people::categories(tree, tag, child, &mut draft.categories);
            }
            _ => {}
        }
    }
}

/// Reads the files of a group. Its parts are the same object in several forms (Media RSS, `media:group`): the default is taken, else the
/// first.
fn group(tree: &Tree<'_>, id: NodeId, found: &mut Found) {
    let forms = || tree.elements(id).filter(|(tag, _)| *tag == Tag::MediaContent).map(|(_, form)| form);
    let is_default =
        |form: &NodeId| tree.attr(*form, "isDefault").is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
    let form = forms().find(is_default).or_else(|| forms().next());
    let file = form.and_then(|form| media_file(tree, form));
    found.files.extend(file.map(|file| Enclosure { text: file.text.or_else(|| caption(tree, id)), ..file }));
    // Some writers put all files of a post into one group. Different objects are those of another kind and those with texts of
    // their own; where none has a text, pictures that are not said to be another size.
    let have_texts = forms().any(|form| caption(tree, form).is_some());
    let mut kinds: Vec<String> = form.into_iter().map(|form| media_kind(tree, form)).collect();
    let others = forms().filter(|other| Some(*other) != form);
    for (other, file) in others.take(LIST).filter_map(|other| Some((other, media_file(tree, other)?))) {
        let kind = media_kind(tree, other);
        let is_form =
            have_texts || ["width", "height", "isDefault"].iter().any(|name| tree.attr(other, name).is_some());
        let is_new = !kinds.contains(&kind)
            || kind == "image" && !is_form && found.files.iter().all(|known| known.url != file.url)
            || file.text.is_some() && found.files.iter().all(|known| known.text != file.text);
        kinds.push(kind);
        found.files.extend(Some(file).filter(|_| is_new));
    }
}

/// Adds the file of a `media:content`. Of a picture in several sizes (The Guardian states two), only the largest is kept.
fn add_file(tree: &Tree<'_>, id: NodeId, found: &mut Found) {
    let Some(file) = media_file(tree, id) else { return };
    if shows_picture(tree, id, &file.url)
        && let Some(size) = Size::of(tree, id)
    {
        let place = (found.files.len(), size.width);
        let (at, width) = found.forms.entry(without_size(&file.url, size)).or_insert(place);
        if let Some(known) = found.files.get_mut(*at)
            && *width != size.width
            && (known.text.is_none() || file.text.is_none() || known.text == file.text)
        {
            let text = known.text.take().or_else(|| file.text.clone());
            if size.width > *width {
                *width = size.width;
                *known = file;
            }
            known.text = text;
            return;
        }
    }
    found.files.push(file);
}

/// Makes a picture the one of its kind that the entry may show: the first, or the same in a larger size, or one in place of a mere
/// preview.
fn show(tree: &Tree<'_>, id: NodeId, kind: usize, url: String, found: &mut Found) {
    let size = Size::of(tree, id);
    if size.is_some_and(Size::is_sign) {
        return;
    }
    let replaces = match (&found.images[kind], found.sizes[kind], size) {
        (None, ..) => true,
        (Some(shown), Some(old), Some(new)) => {
            let is_same = || without_size(shown, old) == without_size(&url, new);
            new.width > old.width && (old.is_preview() || is_same())
        }
        _ => false,
    };
    if replaces {
        found.images[kind] = Some(url);
        found.sizes[kind] = size;
    }
}

/// Returns the address of a picture without its size.
fn without_size(url: &str, size: Size) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let height = size.height.map(|height| height.to_string()).unwrap_or_default();
    let width = size.width.to_string();
    let path = path.replace(&format!("-{width}x{height}."), ".");
    let mut out = String::with_capacity(url.len());
    let mut rest = path.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |length| at + length);
        let number = &rest[at..end];
        out.push_str(&rest[..at]);
        out.push_str(if number == width || number == height { "*" } else { number });
        rest = &rest[end..];
    }
    out.push_str(rest);
    let names_form = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        FORM_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    for parameter in query.split('&').filter(|parameter| !names_form(parameter)) {
        out.push('?');
        out.push_str(parameter);
    }
    out
}

/// Returns whether an address is that of an author's portrait. WordPress.com states it among the pictures of a post, with the author's
/// name as its title.
fn is_portrait(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_gravatar = (host == "gravatar.com" || host.ends_with(".gravatar.com")) && path.starts_with("avatar");
    is_gravatar || host.starts_with("avatars") && host.ends_with(".githubusercontent.com")
}

/// Returns the kind of a `media:content`: `image`, `audio`, `video` or another word; empty if it does not say.
fn media_kind(tree: &Tree<'_>, id: NodeId) -> String {
    let stated = tree.attr(id, "medium").or_else(|| tree.attr(id, "type")).unwrap_or_default();
    stated.split('/').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the file of a `media:content`. The page of a player is not a file, and an author's portrait is not one of the entry.
fn media_file(tree: &Tree<'_>, id: NodeId) -> Option<Enclosure> {
    let attr = |name| tree.attr(id, name).map(|v| v.trim().to_ascii_lowercase()).filter(|v| !v.is_empty());
    let url = address::absolute(tree.base(id), &tree.attr(id, "url")?)?;
    if is_portrait(&url) {
        return None;
    }
    let is_picture = || attr("medium").as_deref() == Some("image");
    let media_type = attr("type").or_else(|| is_picture().then(|| type_of_picture(&url)).flatten().map(str::to_owned));
    let is_page = matches!(media_type.as_deref(), Some("application/x-shockwave-flash" | "text/html"));
    let length = attr("filesize").and_then(|length| length.parse().ok());
    let duration = attr("duration").and_then(|text| duration::seconds(&text));
    (!is_page).then(|| Enclosure { url, media_type, length, text: caption(tree, id), duration })
}

/// Returns the media type of a picture that is only said to be one; `None` if the ending of its address tells everyone. Most pictures
/// without an ending are JPEG, and whoever shows one looks at its bytes; as a file of no type, it would not be shown.
fn type_of_picture(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    Some(match ending.as_str() {
        "jpg" | "jpeg" | "png" | "webp" | "gif" => return None,
        "svg" => "image/svg+xml",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "heic" => "image/heic",
        _ => "image/jpeg",
    })
}

/// Returns what a `media:content` or its group says about the file, as HTML: its description, else its title.
fn caption(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    let texts = [Tag::MediaDescription, Tag::MediaTitle].into_iter().filter_map(|tag| tree.child(id, tag));
    texts.filter_map(|text| media_text(tree, text)).map(html).find(|text| !text.trim().is_empty())
}

/// Reads a text of Media RSS. Its type is `plain` or `html`; `plain` is the default and often wrong.
pub(super) fn media_text(tree: &Tree<'_>, child: NodeId) -> Option<Markup> {
    let plain = tree.attr(child, "type").is_none_or(|t| !t.eq_ignore_ascii_case("html"));
    text::markup(tree, child, if plain { Else::Guess } else { Else::Html }).map(with_lines)
}

/// Returns a text as HTML.
fn html(markup: Markup) -> String {
    match markup {
        Markup::Html(html) => html,
        Markup::Text(text) => escaped(&text),
    }
}

fn shows_picture(tree: &Tree<'_>, id: NodeId, url: &str) -> bool {
    match tree.attr(id, "medium") {
        Some(medium) => medium.trim().eq_ignore_ascii_case("image"),
        None => is_picture(tree.attr(id, "type").as_deref(), url),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Markup, ParsedEntry};
    use crate::parse::{ParseContext, read};

    fn entry(inside: &str) -> ParsedEntry {
        let text = format!("<rss><channel><item><guid>1</guid>{inside}</item></channel></rss>");
        let mut feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        *feed.listed.remove(0).entry.unwrap()
    }

    #[test]
    fn a_portrait_of_the_author_is_no_picture_of_the_entry() {
        let portrait = "<media:content url='https://0.gravatar.com/avatar/a?s=96' medium='image'>\
                        <media:title type='html'>jl</media:title><media:description>d</media:description></media:content>";
        let story = "<media:content url='https://x.example/p.jpg' medium='image'><media:title>p.jpg</media:title></media:content>";
        let text = "<description>Text</description>";
        for (inside, image, files) in [
            (format!("{portrait}{text}"), None, 0),
            (format!("{portrait}{story}{text}"), Some("https://x.example/p.jpg"), 1),
            (format!("{story}{portrait}{text}"), Some("https://x.example/p.jpg"), 1),
            (format!("{text}{}{story}", portrait.replace("</media:content>", "")), Some("https://x.example/p.jpg"), 1),
            (format!("<media:thumbnail url='https://avatars.githubusercontent.com/u/1'/>{text}"), None, 0),
            (format!("<media:thumbnail url='https://x.example/1.png' width='30' height='30'/>{text}"), None, 0),
            // A page about the service.
            (story.replace("x.example/p", "gravatar.com/news/p") + text, Some("https://gravatar.com/news/p.jpg"), 1),
        ] {
            let entry = entry(&inside);
            assert_eq!((entry.image.as_deref(), entry.enclosures.len()), (image, files), "{inside}");
            assert_eq!(entry.title, None, "{inside}");
        }
    }

    #[test]
    fn the_title_of_a_video_is_that_of_its_entry() {
        let video = "<media:content url='https://x.example/v.mp4' type='video/mp4'><media:title>T</media:title></media:content>";
        for inside in [
            video.to_owned(),
            format!("{video}<description>d</description>"),
            "<media:group><media:title>T</media:title><media:content url='https://x.example/v.mp4' type='video/mp4'/>\
             </media:group><description>d</description>"
                .to_owned(),
            "<media:content url='https://x.example/p.jpg' medium='image'/><media:title>T</media:title>".to_owned(),
            "<media:content url='https://x.example/p.jpg' medium='image'><media:title>T</media:title>\
             <media:description>d</media:description></media:content>"
                .to_owned(),
        ] {
            assert_eq!(entry(&inside).title.as_ref().map(Markup::as_str), Some("T"), "{inside}");
        }
    }

    #[test]
    fn of_several_sizes_the_largest_is_taken() {
        let content = |url: &str, size: &str| format!("<media:content url='https://x.example/{url}' {size}/>");
        let both = |one: (&str, &str), other: (&str, &str)| content(one.0, one.1) + &content(other.0, other.1);
        for (inside, image, files) in [
            (
                both(("5.jpg?width=140&amp;s=a", "width='140'"), ("5.jpg?width=460&amp;s=b", "width='460'")),
                "5.jpg?width=460&s=b",
                1,
            ),
            (
                both(("5.jpg?width=460&amp;s=b", "width='460'"), ("5.jpg?width=140&amp;s=a", "width='140'")),
                "5.jpg?width=460&s=b",
                1,
            ),
            (both(("p-300x200.jpg", "width='300' height='200'"), ("p.jpg", "width='900' height='600'")), "p.jpg", 1),
            (both(("m/140.jpg", "width='140'"), ("m/460.jpg", "width='460'")), "m/460.jpg", 1),
            // A preview beside another picture, and two pictures.
            (both(("a.jpg", "width='140'"), ("b.jpg", "width='700'")), "b.jpg", 2),
            (both(("a.jpg", "width='640'"), ("b.jpg", "width='700'")), "a.jpg", 2),
            (both(("i.jpg?id=1", "width='640'"), ("i.jpg?id=2", "width='700'")), "i.jpg?id=1", 2),
            (both(("i.jpg", "width='640'"), ("i.jpg?x=2", "")), "i.jpg", 2),
        ] {
            let entry = entry(&inside);
            let want = format!("https://x.example/{image}");
            assert_eq!((entry.image.as_deref(), entry.enclosures.len()), (Some(&*want), files), "{inside}");
            assert!(entry.enclosures.iter().any(|file| file.url == want), "{inside}");
        }
        let thumbnails = "<media:thumbnail url='https://x.example/s.jpg' width='66'/>\
                          <media:thumbnail url='https://x.example/l.jpg' width='144'/>";
        assert_eq!(entry(thumbnails).image.as_deref(), Some("https://x.example/l.jpg"));
        for (width, want) in [(75, "a"), (640, "t")] {
            let inside = format!(
                "<media:thumbnail url='https://x.example/t.jpg' width='{width}'/>\
                 <enclosure url='https://x.example/a.jpg' type='image/jpeg' length='1'/>"
            );
            assert_eq!(entry(&inside).image, Some(format!("https://x.example/{want}.jpg")), "{inside}");
        }
    }

    #[test]
    fn a_picture_without_type_and_ending_has_one() {
        let kind = |inside: &str| entry(inside).enclosures.remove(0).media_type;
        assert_eq!(kind("<media:content url='https://x.example/p' medium='image'/>").as_deref(), Some("image/jpeg"));
        assert_eq!(kind("<media:content url='https://x.example/p.png' medium='image'/>"), None);
        assert_eq!(
            kind("<media:content url='https://x.example/p.svg' medium='image'/>").as_deref(),
            Some("image/svg+xml")
        );
        assert_eq!(kind("<media:content url='https://x.example/p' medium='video'/>"), None);
    }
}
