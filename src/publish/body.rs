//! A story's text as an edition shows it: the lead's own, and the line that names the other outlets.

use super::clean::{clean, decode, is_blank, strict, strip_tags, to_html};
use super::values::{language, primary};
use crate::model::script::{Script, runs_right_to_left};
use crate::model::uri::as_uri;
use crate::model::{Carrier, ChannelView, Language, Person, ReportView, StoryView};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters of the plain description that stands beside a full text.
const EXCERPT: usize = 400;

/// Characters of a text by which its direction is told.
const LOOKED_AT: usize = 600;

/// The title as an edition shows it: behind the outlet's name, where the channel asks for it.
pub(super) fn title<'a>(view: &ChannelView, lead: &'a ReportView) -> Cow<'a, str> {
    let title = lead.title.as_str();
    if view.outlet_in_title && !title.starts_with(lead.outlet_name.as_str()) {
        Cow::Owned(format!("{}: {title}", lead.outlet_name))
    } else {
        Cow::Borrowed(title)
    }
}

/// The language of the title, where it is another than the one given.
pub(super) fn title_language<'a>(lead: &'a ReportView, around: Option<&str>) -> Option<&'a str> {
    let own = lead.title_language.as_deref().or(lead.language.as_deref());
    language(spoken(own, lead.title.as_str())).filter(|&own| Some(own) != around)
}

/// What a channel is about, for the line under its title: as configured, else what a merged feed is.
pub(super) fn subtitle(view: &ChannelView) -> &str {
    view.subtitle.as_deref().unwrap_or(match view.language.as_deref().map(primary) {
        Some("ar") => "كل خبر مرة واحدة، مع جميع المنابر التي نشرته",
        Some("fr") => "Chaque nouvelle une seule fois, avec tous les médias qui l'ont publiée",
        _ => "Each story once, with all outlets that carried it",
    })
}

/// Address of the icon that readers show beside a channel's name.
pub(super) fn icon(view: &ChannelView) -> String {
    format!("{}{}", view.public_url, super::ICON_PATH.trim_start_matches('/'))
}

/// Address of the story's page, where several outlets carried it.
pub(super) fn story_page(story: &StoryView, base: &url::Url) -> Option<String> {
    (!story.also.is_empty()).then(|| format!("{base}stories/{}", story.id))
}

/// How an author is named in a feed of many outlets: with the outlet, unless the name says it already.
pub(super) fn byline(person: &Person, lead: &ReportView) -> Option<String> {
    let name = signature(person)?;
    let outlet = clean(&lead.outlet_name);
    let names_it = name.to_lowercase().contains(&outlet.to_lowercase());
    Some(if names_it || is_blank(&outlet) { name } else { format!("{name}, {outlet}") })
}

/// HTML of the entry: full text, else summary, else a link to the article, which strict readers want where an outlet
/// sends nothing but a headline; then "also reported by". Never empty.
pub(super) fn html(story: &StoryView, base: &url::Url) -> String {
    let lead = &story.lead;
    let mut out = String::new();
    // The text decides, not the title: the two may be in different languages.
    let words = text(lead).map_or_else(|| lead.title.as_str().to_owned(), |html| decode(&strip_tags(html, LOOKED_AT)));
    let stated = lead.text_language.as_deref().or(lead.language.as_deref());
    let rtl = is_rtl(stated, &words);
    let is_apart = rtl || lead.text_language.is_some() || is_rtl(None, lead.title.as_str());
    if is_apart {
        out.push_str(if rtl { "<div dir=\"rtl\"" } else { "<div dir=\"ltr\"" });
        push_lang(&mut out, spoken(stated, &words));
        out.push('>');
    }
    match text(lead) {
        Some(text) => out.push_str(&strict(text)),
        None => push_link(&mut out, &lead.link, &lead.outlet_name, None),
    }
    push_also(&mut out, story, base, rtl);
    if is_apart {
        out.push_str("</div>");
    }
    out
}

/// The summary as HTML, where there is a full text beside it.
pub(super) fn summary(lead: &ReportView) -> Option<&str> {
    let summary = shown(lead.summary.as_ref()?.as_str())?;
    let content = shown(lead.content.as_ref()?.as_str())?;
    (summary != content).then_some(summary)
}

/// A plain beginning of the text, as HTML text (entities kept, no tags): RSS's `description`. Never empty; where there is no text
/// but the title, it is the outlet's name: readers show the title already.
pub(super) fn description(story: &StoryView) -> String {
    let lead = &story.lead;
    let text = summary(lead).or_else(|| text(lead)).map(|html| strip_tags(html, EXCERPT));
    let is_title = |text: &str| decode(text).trim() == lead.title.as_str().trim();
    text.filter(|t| !is_blank(t) && !is_title(t)).unwrap_or_else(|| to_html(&lead.outlet_name))
}

/// The summary as plain text.
pub(super) fn plain_summary(lead: &ReportView) -> Option<String> {
    summary(lead).map(|html| decode(&strip_tags(html, EXCERPT))).filter(|t| !t.is_empty())
}

/// The text shown: full text, else summary.
fn text(lead: &ReportView) -> Option<&str> {
    [&lead.content, &lead.summary].into_iter().flatten().find_map(|html| shown(html.as_str()))
}

fn shown(html: &str) -> Option<&str> {
    (!is_blank(html)).then_some(html)
}

/// Whether a text runs from right to left: as most of its letters do, else as its language does.
pub(super) fn is_rtl(language: Option<&str>, text: &str) -> bool {
    let by_language = || language.and_then(|tag| Language::parse(tag).ok()).is_some_and(|language| language.is_rtl());
    runs_right_to_left(text).unwrap_or_else(by_language)
}

/// The language of a text, where its script can be the one stated for its entry.
pub(super) fn spoken<'a>(stated: Option<&'a str>, text: &str) -> Option<&'a str> {
    stated.filter(|tag| Script::of(text).is_none_or(|script| script.fits(tag)))
}

/// "Also reported by", in the lead's language, each outlet linked to its own report; then the story's own page.
fn push_also(out: &mut String, story: &StoryView, base: &url::Url, within_rtl: bool) {
    let Some(page) = story_page(story, base) else { return };
    let words = Labels::of(&story.lead);
    // The line may run the other way than the text it follows.
    let rtl = is_rtl(None, words.also);
    out.push_str(match (rtl, within_rtl) {
        (true, false) => "<p dir=\"rtl\">",
        (false, true) => "<p dir=\"ltr\">",
        _ => "<p>",
    });
    out.push_str(words.also);
    for (at, carrier) in story.also.iter().enumerate() {
        out.push_str(if at == 0 { " " } else { words.comma });
        push_carrier(out, carrier);
    }
    out.push_str(" (");
    push_anchor(out, &page, words.all, None);
    out.push_str(")</p>");
}

/// A name may run the other way than the line it stands in: `bdi` keeps the two apart.
fn push_carrier(out: &mut String, carrier: &Carrier) {
    out.push_str("<bdi>");
    push_anchor(out, &carrier.link, &carrier.outlet_name, Some(carrier));
    out.push_str("</bdi>");
}

fn push_link(out: &mut String, link: &str, name: &str, carrier: Option<&Carrier>) {
    out.push_str("<p>");
    push_anchor(out, link, name, carrier);
    out.push_str("</p>");
}

fn push_anchor(out: &mut String, link: &str, name: &str, carrier: Option<&Carrier>) {
    // Writing to a String cannot fail.
    let _ = write!(out, "<a href=\"{}\"", to_html(&as_uri(link)));
    if let Some(carrier) = carrier {
        let _ = write!(out, " title=\"{}\"", to_html(carrier.title.as_str()));
        if let Some(tag) = language(carrier.language.as_deref()) {
            let _ = write!(out, " hreflang=\"{tag}\"");
        }
    }
    let _ = write!(out, ">{}</a>", to_html(name));
}

fn push_lang(out: &mut String, tag: Option<&str>) {
    if let Some(tag) = language(tag) {
        let _ = write!(out, " lang=\"{tag}\"");
    }
}

/// What the link to the rest of a text says, in the text's language.
pub(super) fn link_to_rest(lead: &ReportView) -> &'static str {
    Labels::of(lead).rest
}

/// The few words that an edition adds itself.
struct Labels {
    also: &'static str,
    all: &'static str,
    rest: &'static str,
    comma: &'static str,
}

impl Labels {
    fn of(lead: &ReportView) -> Self {
        match lead.language.as_deref().map(primary) {
            Some("fr") => Self {
                also: "Également publié par\u{a0}:",
                all: "tous les articles",
                rest: "Lire la suite",
                comma: ", ",
            },
            Some("ar") => Self {
                also: "نشرته أيضًا:", all: "كل المقالات", rest: "تتمة المقال", comma: "، "
            },
            None if is_rtl(None, lead.title.as_str()) => {
                Self {
                    also: "نشرته أيضًا:", all: "كل المقالات", rest: "تتمة المقال", comma: "، "
                }
            }
            _ => Self { also: "Also reported by:", all: "all reports", rest: "Read the rest", comma: ", " },
        }
    }
}

/// How a person is named: the name, else the address; angle brackets and what looks like `<a@b.example>` do not belong.
pub(super) fn signature(person: &Person) -> Option<String> {
    let name = clean(&person.name).replace(['<', '>'], " ");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { super::values::email(person.email.as_deref()).map(str::to_owned) } else { Some(name) }
}
