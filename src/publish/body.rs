//! A story's text as an edition shows it: the lead's own, and the line that names the other outlets.

use super::clean::{clean, decode, is_blank, strict, strip_tags, to_html};
use super::values::{language, primary};
use crate::model::script::{Script, runs_right_to_left};
use crate::model::uri::as_uri;
use crate::model::{Carrier, Language, Person, ReportView, StoryView};
use std::fmt::Write as _;

/// Characters of the plain description that stands beside a full text.
const EXCERPT: usize = 400;

/// Characters of a text by which its direction is told.
const LOOKED_AT: usize = 600;

/// HTML of the entry: full text, else summary, else a link to the article, which strict readers want where an outlet
/// sends nothing but a headline; then "also reported by". Never empty.
pub(super) fn html(story: &StoryView) -> String {
    let lead = &story.lead;
    let mut out = String::new();
    // The text decides, not the title: the two may be in different languages.
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

/// The summary as HTML, where there is a full text beside it.
pub(super) fn summary(lead: &ReportView) -> Option<&str> {
    let summary = shown(lead.summary.as_ref()?.as_str())?;
    let content = shown(lead.content.as_ref()?.as_str())?;
    (summary != content).then_some(summary)
}

/// A plain beginning of the text, as HTML text (entities kept, no tags): RSS's `description`. Never empty.
pub(super) fn description(story: &StoryView) -> String {
    let text = summary(&story.lead).or_else(|| text(&story.lead)).map(|html| strip_tags(html, EXCERPT));
    text.filter(|t| !is_blank(t)).unwrap_or_else(|| to_html(story.lead.title.as_str()))
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

/// "Also reported by", in the lead's language, each outlet linked to its own report.
fn push_also(out: &mut String, lead: &ReportView, also: &[Carrier], within_rtl: bool) {
    if also.is_empty() {
        return;
    }
    let words = Labels::of(lead);
    // The line may run the other way than the text it follows.
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

/// How a person is named: the name, else the address; angle brackets and what looks like `<a@b.example>` do not belong.
pub(super) fn signature(person: &Person) -> Option<String> {
    let name = clean(&person.name).replace(['<', '>'], " ");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { super::values::email(person.email.as_deref()).map(str::to_owned) } else { Some(name) }
}
