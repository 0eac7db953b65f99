//! Players and other frames, and what is known about their providers.

use super::attributes::attribute;
use super::lazy;
use crate::model::escape::push_escaped;
use html5ever::tokenizer::Tag;
use url::Url;

/// A player, shown as a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Embed {
    /// Address of the page that shows it.
    pub link: String,
    name: String,
    /// Whether its provider is not known.
    is_named_by_host: bool,
    picture: Option<String>,
}

/// Hosts and the names of their providers.
const PROVIDERS: [(&str, &str); 27] = [
    ("youtube.com", "YouTube"),
    ("youtube-nocookie.com", "YouTube"),
    ("youtu.be", "YouTube"),
    ("vimeo.com", "Vimeo"),
    ("dailymotion.com", "Dailymotion"),
    ("soundcloud.com", "SoundCloud"),
    ("spotify.com", "Spotify"),
    ("facebook.com", "Facebook"),
    ("instagram.com", "Instagram"),
    ("twitter.com", "Twitter"),
    ("x.com", "X"),
    ("tiktok.com", "TikTok"),
    ("twitch.tv", "Twitch"),
    ("t.me", "Telegram"),
    ("apple.com", "Apple"),
    ("deezer.com", "Deezer"),
    ("bandcamp.com", "Bandcamp"),
    ("google.com", "Google"),
    ("datawrapper.de", "Datawrapper"),
    ("dwcdn.net", "Datawrapper"),
    ("flourish.studio", "Flourish"),
    ("rumble.com", "Rumble"),
    ("reddit.com", "Reddit"),
    ("pinterest.com", "Pinterest"),
    ("bsky.app", "Bluesky"),
    ("threads.net", "Threads"),
    ("threads.com", "Threads"),
];

/// Hosts whose frames only count visits and show nothing.
const COUNTERS: [&str; 5] = [
    "googletagmanager.com",
    "doubleclick.net",
    "google-analytics.com",
    "googlesyndication.com",
    "scorecardresearch.com",
];

/// Returns the player that a tag embeds: an `iframe`, `object`, `embed`, the `param` that names the video of an object, or an element
/// that a script turns into a player. Relative addresses are relative to `page`.
pub(super) fn of(tag: &Tag, page: Option<&str>) -> Option<Embed> {
    let names: &[&str] = match &*tag.name {
        "param" => {
            let film = attribute(tag, "name")
                .is_some_and(|name| matches!(name.to_ascii_lowercase().as_str(), "movie" | "src" | "url" | "filename"));
            if film { &["value"] } else { &[] }
        }
        "object" => &["data"],
        _ => &["src", "data-src", "data-lazy-src", "data-original", "data-url", "data-cookieblock-src"],
    };
    if is_hidden(tag) {
        return None;
    }
    let stated = || names.iter().filter_map(|name| attribute(tag, name)).find_map(|value| address(&value, page));
    let url = by_id(tag).or_else(stated).or_else(|| {
        let other = lazy::file(tag).filter(|_| !matches!(&*tag.name, "object" | "param"))?;
        address(&other, page)
    });
    shown(&url.or_else(|| linked_in(&attribute(tag, "srcdoc")?))?)
}

/// Returns the player that a script makes of an ordinary element, such as a post of a social network. It is shown only if the
/// element has no text of its own.
pub(super) fn of_script(tag: &Tag) -> Option<Embed> {
    let class = attribute(tag, "class").unwrap_or_default();
    let has_class = |beginning: &str| class.split_ascii_whitespace().any(|name| name.starts_with(beginning));
    let stated = |name| attribute(tag, name).map(|value| value.trim().to_owned());
    let url = if let Some(post) = stated("data-telegram-post") {
        format!("https://t.me/{post}")
    } else if let Some(post) = stated("data-instgrm-permalink") {
        post
    } else if let Some(post) = stated("data-text-post-permalink") {
        post
    } else if let Some(post) = stated("data-bluesky-uri") {
        let (author, post) = post.strip_prefix("at://")?.split_once("/app.bsky.feed.post/")?;
        format!("https://bsky.app/profile/{author}/post/{post}")
    } else if has_class("fb-") {
        stated("data-href")?
    } else if has_class("tiktok-embed") {
        stated("cite")?
    } else if class.contains("youtube") || has_class("lite-yt") {
        let of_id =
            || Some(format!("https://www.youtube.com/embed/{}", stated("data-id").filter(|id| id.len() == 11)?));
        stated("data-src").or_else(|| stated("data-video")).or_else(of_id)?
    } else {
        stated("src").filter(|src| src.starts_with("https://gist.github.com/") && &*tag.name == "script")?
    };
    shown(&address(&url, None)?)
}

/// Attributes that hold the address of what an element would show; `data-embed-url` is that of Drupal's `drupal-url` and of Mastodon.
const ADDRESSES: [&str; 8] =
    ["src", "data-src", "data-url", "data-href", "data-oembed-url", "data-embed-url", "url", "cite"];

/// Parts of the names of elements and classes that show nothing of their own: advertisements, counters, buttons for sharing.
const NO_PLAYERS: [&str; 22] = [
    "ad",
    "ads",
    "advert",
    "analytics",
    "pixel",
    "tracking",
    "consent",
    "share",
    "sharing",
    "social",
    "addthis",
    "addtoany",
    "button",
    "like",
    "comments",
    "disqus",
    "icon",
    "script",
    "state",
    "list",
    "geo",
    "form",
];

/// Returns whether a script may make a player of elements of this name.
pub(super) fn may_be_player(name: &str) -> bool {
    matches!(name, "div" | "blockquote" | "oembed") || name.contains('-')
}

/// Returns what an element of [`may_be_player`] would show if it has no text of its own: a custom element (HTML 4.13.3), CKEditor's
/// `oembed`, a `div` of any provider. One that leads to the entry's own page shares it.
pub(super) fn of_address(tag: &Tag, page: Option<&str>) -> Option<Embed> {
    let class = attribute(tag, "class").unwrap_or_default().to_ascii_lowercase();
    let named = class.split_ascii_whitespace().chain([&*tag.name]);
    let mut parts = named.flat_map(|name| name.split(['-', '_']));
    if !may_be_player(&tag.name) || parts.any(|part| NO_PLAYERS.contains(&part)) || is_hidden(tag) {
        return None;
    }
    let stated = ADDRESSES.iter().filter_map(|name| attribute(tag, name)).find_map(|value| address(&value, None));
    let url = stated.or_else(|| by_id(tag))?;
    let bare = |address: &str| address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    let is_own = page.is_some_and(|page| bare(page) == bare(url.as_str()));
    // A picture of a `div` is its background.
    let mut embed = (!is_own && !lazy::ends_like_picture(url.path())).then(|| shown(&url)).flatten()?;
    let provider = attribute(tag, "data-url-provider").map(|name| name.trim().to_owned());
    if let Some(provider) = provider.filter(|name| !name.is_empty() && embed.is_named_by_host) {
        embed.name = provider;
    }
    Some(embed)
}

/// Returns whether this is an element of Drupal's editor (`drupal-media`, `drupal-entity`) that states the address of a picture.
pub(super) fn is_picture(tag: &Tag) -> bool {
    let stated = || ["src", "data-src", "data-url"].iter().find_map(|name| attribute(tag, name));
    tag.name.starts_with("drupal-") && stated().is_some_and(|address| lazy::ends_like_picture(&address))
}

/// Returns whether this is the quotation that a script makes a post of, given the post's address in a link inside
/// (`twitter-tweet`, `bluesky-embed`).
pub(super) fn is_post(tag: &Tag) -> bool {
    let class = attribute(tag, "class").unwrap_or_default();
    let mut names = class.split_ascii_whitespace();
    &*tag.name == "blockquote"
        && names.any(|name| ["-tweet", "-media", "-embed", "-embed-bq"].iter().any(|end| name.ends_with(end)))
}

/// Returns what the last link of a text shows, whose tags are written as [`super::recover::write`] writes them.
pub(super) fn of_links(html: &str) -> Option<Embed> {
    let (_, link) = html.rsplit_once(" href=\"")?;
    let (link, _) = link.split_once('"')?;
    shown(&address(&super::strip::text(link), None)?)
}

/// Returns the text of the document that a frame has in its tag.
pub(super) fn document_text(tag: &Tag) -> Option<String> {
    let text = super::strip::text(&attribute(tag, "srcdoc").filter(|_| !is_hidden(tag))?);
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}

/// Returns the first link, else the first file, of the document that a frame has in its tag.
fn linked_in(document: &str) -> Option<Url> {
    let found = ["href=", "src="].iter().find_map(|name| Some(document.split_once(name)?.1))?;
    let value = found.trim_start_matches(['"', '\'']);
    address(value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>')).next()?, None)
}

/// Returns how a player at this address is shown; `None` if it shows nothing.
fn shown(url: &Url) -> Option<Embed> {
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let is = |known: &str| host == known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
    if COUNTERS.into_iter().any(is) {
        return None;
    }
    let known = PROVIDERS.iter().find(|(known, _)| is(known)).map(|(_, name)| (*name).to_owned());
    let is_named_by_host = known.is_none();
    let name = known.unwrap_or_else(|| host.to_owned());
    let (link, picture) = page_of(url, &name).unwrap_or_else(|| (url.to_string(), None));
    Some(Embed { link, name, is_named_by_host, picture })
}

/// Returns the player of an element of AMP or another component that states the video's id alone.
fn by_id(tag: &Tag) -> Option<Url> {
    let stated = |name| attribute(tag, name).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    let id = || {
        let names =
            ["data-videoid", "videoid", "video-id", "data-video-id", "data-tweetid", "data-shortcode", "data-href"];
        names.into_iter().find_map(stated)
    };
    let address = match &*tag.name {
        "amp-twitter" => format!("https://x.com/i/status/{}", id()?),
        "amp-instagram" => format!("https://www.instagram.com/p/{}", id()?),
        "amp-facebook" => id()?,
        "amp-gist" => format!("https://gist.github.com/{}", stated("data-gistid")?),
        "amp-soundcloud" => format!(
            "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2F{}",
            stated("data-trackid")
                .map(|id| format!("tracks%2F{id}"))
                .or_else(|| Some(format!("playlists%2F{}", stated("data-playlistid")?)))?
        ),
        "amp-brightcove" => format!(
            "https://players.brightcove.net/{}/{}_{}/index.html?videoId={}",
            stated("data-account")?,
            stated("data-player").or_else(|| stated("data-player-id")).as_deref().unwrap_or("default"),
            stated("data-embed").as_deref().unwrap_or("default"),
            id()?
        ),
        "amp-jwplayer" => format!(
            "https://content.jwplatform.com/players/{}-{}.html",
            stated("data-media-id").or_else(|| stated("data-playlist-id"))?,
            stated("data-player-id")?
        ),
        "amp-tiktok" => {
            // TikTok's ids are times with 19 digits.
            let is_id = |id: &String| id.len() == 19 && id.bytes().all(|b| b.is_ascii_digit());
            format!("https://www.tiktok.com/embed/v2/{}", stated("data-src").filter(is_id)?)
        }
        "bsky-embed" => format!("https://bsky.app/profile/{}", stated("username")?),
        name if !name.contains('-') => return None,
        name if name.contains("youtube") => format!("https://www.youtube.com/embed/{}", id()?),
        name if name.contains("vimeo") => format!("https://player.vimeo.com/video/{}", id()?),
        name if name.contains("dailymotion") => format!("https://www.dailymotion.com/embed/video/{}", id()?),
        _ => return None,
    };
    Url::parse(&address).ok()
}

fn address(value: &str, page: Option<&str>) -> Option<Url> {
    let value = value.trim();
    let url = match Url::parse(value) {
        _ if value.starts_with("//") => Url::parse(&format!("https:{value}")).ok(),
        // A bare name may be anything.
        Err(url::ParseError::RelativeUrlWithoutBase) if value.contains('/') => Url::parse(page?).ok()?.join(value).ok(),
        url => url.ok(),
    };
    url.filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Returns whether a frame is invisible. Frames of one pixel count visits.
fn is_hidden(tag: &Tag) -> bool {
    let tiny = |name| attribute(tag, name).is_some_and(|size| matches!(size.trim().trim_end_matches("px"), "0" | "1"));
    let style = attribute(tag, "style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
    tiny("width") && tiny("height") || style.contains("display:none") || style.contains("visibility:hidden")
}

/// Returns the page of a video and its picture, if the provider is known to derive both from the video's id.
fn page_of(url: &Url, name: &str) -> Option<(String, Option<String>)> {
    let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    let plain = |id: &&str| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match name {
        "YouTube" => {
            let id = second.filter(|_| matches!(first, "embed" | "v" | "shorts" | "live" | "e"));
            let id = id.or_else(|| (url.host_str() == Some("youtu.be")).then_some(first));
            // `videoseries` stands for a playlist, not for a video.
            let id = id
                .map(|id| id.split('&').next().unwrap_or(id))
                .filter(plain)
                .filter(|id| id.len() == 11 && *id != "videoseries")?;
            Some((
                format!("https://www.youtube.com/watch?v={id}"),
                Some(format!("https://i.ytimg.com/vi/{id}/hqdefault.jpg")),
            ))
        }
        "Vimeo" => {
            let id = second.filter(|_| first == "video").filter(plain)?;
            Some((format!("https://vimeo.com/{id}"), None))
        }
        "Dailymotion" => {
            let id = third.filter(|_| first == "embed" && second == Some("video")).filter(plain)?;
            let picture = format!("https://www.dailymotion.com/thumbnail/video/{id}");
            Some((format!("https://www.dailymotion.com/video/{id}"), Some(picture)))
        }
        _ => None,
    }
}

impl Embed {
    /// Writes the link as HTML.
    pub fn write(&self, out: &mut String) {
        out.push_str("<a href=\"");
        push_escaped(out, &self.link);
        out.push_str("\">");
        if let Some(picture) = &self.picture {
            out.push_str("<img src=\"");
            push_escaped(out, picture);
            out.push_str("\" alt=\"\"><br>");
        }
        push_escaped(out, &self.name);
        out.push_str("</a>");
    }
}
