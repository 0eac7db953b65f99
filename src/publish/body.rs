//! The text of a story in an edition: the lead's own text, and a line that names the other outlets.

use super::clean::{clean, decode, is_blank, strict, strip_tags};
use super::values::{language, primary};
use crate::model::escape::escaped;
use crate::model::script::{Script, runs_right_to_left};
use crate::model::uri::as_uri;
use crate::model::{Carrier, Language, Person, ReportView, StoryView};
use std::fmt::Write as _;

/// Longest plain description, in characters.
const EXCERPT: usize = 400;

/// Characters of a text that are read to determine its direction.
const LOOKED_AT: usize = 600;

/// Returns the HTML of the entry: its full text, else its summary, else a link to the article, which strict readers require
/// when an outlet sends only a headline. The line "also reported by" follows. Never empty.
pub(super) fn html(story: &StoryView) -> String {
    let lead = &story.lead;
    let mut out = String::new();
    // The text decides, not the title, because the two may be in different languages.
    let words = text(lead).map_or_else(|| lead.title.as_str().to_owned(), |html| decode(&strip_tags(html, LOOKED_AT)));
    let rtl = is_rtl(lead.language.as_deref(), &words);
    if rtl {
        out.push_str("<div dir=\"rtl\"");
        push_lang(&mut out, spoken(lead.language.as_deref(), &words));
        out.push('>');
    }
    match text(lead) {
        Some(text) => out.push_str(&strict(text)),
        None => push_link(&mut out, &lead.link, &lead.outlet_name, None),
    }
    push_also(&mut out, lead, &story.also, rtl);
    if rtl {
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

/// Returns the beginning of the text as HTML without tags (entities are kept), for RSS's `description`. Never empty.
pub(super) fn description(story: &StoryView) -> String {
    let text = summary(&story.lead).or_else(|| text(&story.lead)).map(|html| strip_tags(html, EXCERPT));
    text.filter(|t| !is_blank(t)).unwrap_or_else(|| escaped(story.lead.title.as_str()))
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
pub(super) fn spoken<'a>(stated: Option<&'a str>, text: &str) -> Option<&'a str> {
    stated.filter(|tag| Script::of(text).is_none_or(|script| script.fits(tag)))
}

/// Appends "also reported by" in the lead's language, with a link to each outlet's report.
fn push_also(out: &mut String, lead: &ReportView, also: &[Carrier], within_rtl: bool) {
    if also.is_empty() {
        return;
    }
    let words = Labels::of(lead);
    // The line may run in the opposite direction to the text before it.
    let rtl = is_rtl(None, words.also);
    out.push_str(match (rtl, within_rtl) {
        (true, false) => "<p dir=\"rtl\">",
        (false, true) => "<p dir=\"ltr\">",
        _ => "<p>",
    });
    out.push_str(words.also);
    for (at, carrier) in also.iter().enumerate() {
        out.push_str(if at == 0 { " " } else { words.comma });
        push_carrier(out, carrier);
    }
    out.push_str("</p>");
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
    rest: &'static str,
    comma: &'static str,
}

impl Labels {
    fn of(lead: &ReportView) -> Self {
        match lead.language.as_deref().map(primary) {
            Some("fr") => Self { also: "Également publié par\u{a0}:", rest: "Lire la suite", comma: ", " },
            Some("ar") => Self { also: "نشرته أيضًا:", rest: "تتمة المقال", comma: "، " },
            None if is_rtl(None, lead.title.as_str()) => {
                Self { also: "نشرته أيضًا:", rest: "تتمة المقال", comma: "، " }
            }
            _ => Self { also: "Also reported by:", rest: "Read the rest", comma: ", " },
        }
    }
}

/// Returns the name of a person without angle brackets, else the e-mail address; `None` if there is neither.
pub(super) fn signature(person: &Person) -> Option<String> {
    let name = clean(&person.name).replace(['<', '>'], " ");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { super::values::email(person.email.as_deref()).map(str::to_owned) } else { Some(name) }
}
