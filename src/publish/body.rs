//! The text of a story in an edition: the lead's own text, and a line that names the other outlets.

use super::clean::{clean, decode, is_blank, strict, strip_tags};
use super::values::{language, primary};
use crate::model::escape::escaped;
use crate::model::script::{Script, runs_right_to_left};
use crate::model::uri::as_uri;
use crate::model::{Carrier, ChannelView, Language, Person, ReportView, StoryView};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest plain description, in characters.
const EXCERPT: usize = 400;

/// Characters of a text that are read to determine its direction.
const LOOKED_AT: usize = 600;

/// Returns the title as an edition shows it: after the outlet's name, if the channel asks for it.
pub(super) fn title<'a>(view: &ChannelView, lead: &'a ReportView) -> Cow<'a, str> {
    let title = lead.title.as_str();
    if view.outlet_in_title && !title.starts_with(lead.outlet_name.as_str()) {
        Cow::Owned(format!("{}: {title}", lead.outlet_name))
    } else {
        Cow::Borrowed(title)
    }
}

/// Returns the language of the title if it differs from `around`.
pub(super) fn title_language<'a>(lead: &'a ReportView, around: Option<&str>) -> Option<&'a str> {
    let own = lead.title_language.as_deref().or(lead.language.as_deref());
    language(language_of_text(own, lead.title.as_str())).filter(|&own| Some(own) != around)
}

/// Returns the line under the channel's title: as configured, else what a merged feed is.
pub(super) fn subtitle(view: &ChannelView) -> &str {
    view.subtitle.as_deref().unwrap_or(match view.language.as_deref().map(primary) {
        Some("ar") => "كل خبر مرة واحدة، مع جميع المصادر التي نشرته",
        Some("fr") => "Chaque sujet une seule fois, avec toutes les sources qui l’ont publié",
        _ => "Each story once, with all outlets that carried it",
    })
}

/// Returns the address of the icon that readers show beside the channel's title.
pub(super) fn icon(view: &ChannelView) -> String {
    format!("{}{}", view.public_url, super::ICON_PATH.trim_start_matches('/'))
}

/// Returns the address of the story's page if several outlets reported it.
pub(super) fn story_page(story: &StoryView, base: &url::Url) -> Option<String> {
    (!story.also.is_empty()).then(|| format!("{base}stories/{}", story.id))
}

/// Returns the name of an author in a merged feed: with the outlet, unless the name contains it already.
pub(super) fn byline(person: &Person, lead: &ReportView) -> Option<String> {
    let (name, outlet) = (signature(person)?, plain_name(&lead.outlet_name));
    let names_it = has_words(&name.to_lowercase(), &outlet.to_lowercase());
    Some(if names_it || is_blank(&outlet) { name } else { format!("{name}, {outlet}") })
}

/// Returns the HTML of the entry: its full text, else its summary, else a link to the article, which strict readers require
/// when an outlet sends only a headline. The line "also reported by" follows. Never empty.
pub(super) fn html(story: &StoryView, base: &url::Url) -> String {
    let lead = &story.lead;
    let mut out = String::new();
    // The text decides, not the title, because the two may be in different languages.
    let words = text(lead).map_or_else(|| lead.title.as_str().to_owned(), |html| decode(&strip_tags(html, LOOKED_AT)));
    let stated = lead.text_language.as_deref().or(lead.language.as_deref());
    let rtl = is_rtl(stated, &words);
    let is_apart = rtl || lead.text_language.is_some() || is_rtl(None, lead.title.as_str());
    if is_apart {
        out.push_str(if rtl { "<div dir=\"rtl\"" } else { "<div dir=\"ltr\"" });
        push_lang(&mut out, language_of_text(stated, &words));
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

/// Returns the summary as HTML, if there is also a full text that differs from it.
pub(super) fn summary(lead: &ReportView) -> Option<&str> {
    let summary = shown(lead.summary.as_ref()?.as_str())?;
    let content = shown(lead.content.as_ref()?.as_str())?;
    (summary != content).then_some(summary)
}

/// Returns the beginning of the text as HTML without tags (entities are kept), for RSS's `description`. Never empty: if there is no
/// text besides the title, it is the outlet's name, because readers show the title already.
pub(super) fn description(story: &StoryView) -> String {
    let lead = &story.lead;
    let text = summary(lead).or_else(|| text(lead)).map(|html| strip_tags(html, EXCERPT));
    let is_title = |text: &str| decode(text).trim() == lead.title.as_str().trim();
    text.filter(|t| !is_blank(t) && !is_title(t)).unwrap_or_else(|| escaped(&lead.outlet_name))
}

/// Returns the summary as plain text, if there is also a full text that differs from it.
pub(super) fn plain_summary(lead: &ReportView) -> Option<String> {
    summary(lead).map(|html| decode(&strip_tags(html, EXCERPT))).filter(|t| !t.is_empty())
}

/// Returns the full text, else the summary.
fn text(lead: &ReportView) -> Option<&str> {
    [&lead.content, &lead.summary].into_iter().flatten().find_map(|html| shown(html.as_str()))
}

fn shown(html: &str) -> Option<&str> {
    (!is_blank(html)).then_some(html)
}

/// Returns whether a text runs from right to left, judged by most of its letters; without letters, by its language.
pub(super) fn is_rtl(language: Option<&str>, text: &str) -> bool {
    let by_language = || language.and_then(|tag| Language::parse(tag).ok()).is_some_and(|language| language.is_rtl());
    runs_right_to_left(text).unwrap_or_else(by_language)
}

/// Returns the language stated for an entry, unless the script of `text` rules that language out.
pub(super) fn language_of_text<'a>(stated: Option<&'a str>, text: &str) -> Option<&'a str> {
    stated.filter(|tag| Script::of(text).is_none_or(|script| script.fits(tag)))
}

/// Appends "also reported by" in the lead's language, with links to each outlet's report and to the story's page.
fn push_also(out: &mut String, story: &StoryView, base: &url::Url, within_rtl: bool) {
    let Some(page) = story_page(story, base) else { return };
    let words = Labels::of(&story.lead);
    // The line may run in the opposite direction to the text before it.
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

/// Appends a link to an outlet's report. Its name may run in the opposite direction to the line, so `bdi` isolates it.
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
    let _ = write!(out, "<a href=\"{}\"", escaped(&as_uri(link)));
    if let Some(carrier) = carrier {
        let _ = write!(out, " title=\"{}\"", escaped(carrier.title.as_str()));
        if let Some(tag) = language(carrier.language.as_deref()) {
            let _ = write!(out, " hreflang=\"{tag}\"");
        }
    }
    let _ = write!(out, ">{}</a>", escaped(name));
}

fn push_lang(out: &mut String, tag: Option<&str>) {
    if let Some(tag) = language(tag) {
        let _ = write!(out, " lang=\"{tag}\"");
    }
}

/// Returns the label of the link to the rest of a text, in the text's language.
pub(super) fn link_to_rest(lead: &ReportView) -> &'static str {
    Labels::of(lead).rest
}

/// The few words that Warraq adds to an edition.
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
                also: "نشره أيضًا:", all: "كل المقالات", rest: "تتمة المقال", comma: "، "
            },
            None if is_rtl(None, lead.title.as_str()) => {
                Self {
                    also: "نشره أيضًا:", all: "كل المقالات", rest: "تتمة المقال", comma: "، "
                }
            }
            _ => Self { also: "Also reported by:", all: "all reports", rest: "Read the rest", comma: ", " },
        }
    }
}

/// Returns the name of a person without angle brackets, else the e-mail address; `None` if there is neither.
pub(super) fn signature(person: &Person) -> Option<String> {
    let name = plain_name(&person.name);
    if name.is_empty() { super::values::email(person.email.as_deref()).map(str::to_owned) } else { Some(name) }
}

/// Returns whether these words occur in the text, not only as parts of other words.
fn has_words(text: &str, words: &str) -> bool {
    let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    text.match_indices(words)
        .any(|(at, _)| is_edge(text[..at].chars().next_back()) && is_edge(text[at + words.len()..].chars().next()))
}

/// Returns a name on one line, without characters that readers would take for mark-up.
fn plain_name(name: &str) -> String {
    let name = clean(name).replace(['<', '>'], " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
