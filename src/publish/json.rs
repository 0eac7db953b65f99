//! JSON Feed 1.1.

use super::body;
use super::clean::clean;
use super::values::{language, media_type_or_guess, plausible_date, rfc3339, rfc3339_distinct};
use super::{ChannelView, DocumentLinks};
use crate::model::uri::{as_uri, is_http};
use crate::model::{Carrier, Enclosure, Person, ReportView, StoryView};
use serde::Serialize;

/// Renders the document.
pub(super) fn render(view: &ChannelView, place: &DocumentLinks) -> Vec<u8> {
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: cleaned(&view.title),
        description: cleaned(body::subtitle(view)),
        icon: body::icon(view),
        home_page_url: place.page.as_str(),
        this: place.this.as_str(),
        hubs: place.hub.iter().map(|hub| HubEndpoint { kind: "WebSub", url: hub.as_str() }).collect(),
        language: language(view.language.as_deref()),
        items: view.stories.iter().map(|story| item(story, view)).collect(),
    };
    let mut out = Vec::with_capacity(super::capacity(view));
    // Serialising strings and numbers into a Vec cannot fail.
    let _ = serde_json::to_writer(&mut out, &feed);
    out.push(b'\n');
    out
}

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: String,
    description: String,
    icon: String,
    home_page_url: &'a str,
    #[serde(rename = "feed_url")]
    this: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<HubEndpoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    items: Vec<Item>,
}

/// An endpoint that delivers changes.
#[derive(Serialize)]
struct HubEndpoint<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item {
    id: String,
    url: String,
    title: String,
    content_html: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(rename = "_warraq")]
    own: Own,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// Extension fields that JSON Feed does not define. Readers ignore keys that begin with an underscore.
#[derive(Serialize)]
struct Own {
    /// The story's page.
    story: String,
    outlet: String,
    /// Language and direction of the title, where they are not the item's.
    #[serde(skip_serializing_if = "Option::is_none")]
    title_language: Option<String>,
    feed_url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also>,
}

#[derive(Serialize)]
struct Also {
    outlet: String,
    title: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

fn item(story: &StoryView, view: &ChannelView) -> Item {
    let lead = &story.lead;
    Item {
        id: cleaned(&story.iri),
        url: as_uri(&lead.link).into_owned(),
        title: cleaned(&body::title(view, lead)),
        content_html: cleaned(&body::html(story, &view.public_url)),
        summary: body::plain_summary(lead).as_deref().map(cleaned),
        image: http(lead.image.as_deref()),
        date_published: plausible_date(lead.published).map(rfc3339),
        date_modified: plausible_date(story.updated).map(|at| rfc3339_distinct(at, lead.entry.0)),
        authors: authors(lead),
        tags: tags(lead),
        language: language(lead.language.as_deref()).map(str::to_owned),
        attachments: lead.enclosures.iter().filter_map(attachment).collect(),
        own: Own {
            story: format!("{}stories/{}", view.public_url, story.id),
            outlet: lead.outlet.clone(),
            title_language: body::title_language(lead, language(lead.language.as_deref())).map(str::to_owned),
            feed_url: as_uri(&lead.feed_url).into_owned(),
            also: story.also.iter().map(also).collect(),
        },
    }
}

fn authors(lead: &ReportView) -> Vec<Author> {
    let signed: Vec<Author> = lead.authors.iter().filter_map(|person| author(person, lead)).collect();
    if !signed.is_empty() {
        return signed;
    }
    vec![Author { name: cleaned(&lead.outlet_name), url: http(lead.feed_link.as_deref()) }]
}

fn author(person: &Person, lead: &ReportView) -> Option<Author> {
    Some(Author { name: cleaned(&body::byline(person, lead)?), url: http(person.uri.as_deref()) })
}

fn tags(lead: &ReportView) -> Vec<String> {
    let mut tags = Vec::new();
    for category in &lead.categories {
        let tag = cleaned(category.label.as_deref().unwrap_or(&category.term)).trim().to_owned();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

fn attachment(file: &Enclosure) -> Option<Attachment> {
    let url = http(Some(&file.url))?;
    let mime_type = media_type_or_guess(file.media_type.as_deref(), &url).to_owned();
    Some(Attachment { url, mime_type, title: file.text.as_deref().map(cleaned), size_in_bytes: file.length })
}

fn also(carrier: &Carrier) -> Also {
    Also {
        outlet: cleaned(&carrier.outlet_name),
        title: cleaned(carrier.title.as_str()),
        url: as_uri(&carrier.link).into_owned(),
        language: language(carrier.language.as_deref()).map(str::to_owned),
    }
}

fn http(address: Option<&str>) -> Option<String> {
    address.map(as_uri).filter(|url| is_http(url)).map(std::borrow::Cow::into_owned)
}

fn cleaned(text: &str) -> String {
    clean(text).into_owned()
}
