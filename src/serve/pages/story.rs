//! A story: its reports side by side, when each came, what was edited, why they stand together.

use super::super::channel_page::LocalisedText;
use super::super::diff::{DiffKind, diff};
use super::Frame;
use crate::model::pages::{RevisionView, StoryPage, StoryReport};
use crate::publish::plain_text;
use askama::Template;
use jiff::Timestamp;

/// Characters of a text that are compared and shown in a revision.
const COMPARED: usize = 3000;

/// The page.
#[derive(Template)]
#[template(path = "story.html", config = "src/serve/askama.toml")]
pub(in super::super) struct StoryTemplate {
    pub(in super::super) frame: Frame,
    title: LocalisedText,
    reports: Vec<ReportSection>,
}

/// A report, ready to be set.
struct ReportSection {
    title: LocalisedText,
    outlet: LocalisedText,
    link: Option<String>,
    author: Option<String>,
    published: Timestamp,
    first_seen: Timestamp,
    /// Safe HTML.
    text: Option<String>,
    joined: Timestamp,
    rule: String,
    /// Why it stands here, for all but the first.
    evidence: Option<String>,
    revisions: Vec<RevisionSection>,
}

/// A revision, with its differences.
struct RevisionSection {
    seen: Timestamp,
    what: String,
    title: Option<Vec<Piece>>,
    text: Option<Vec<Piece>>,
}

/// A run of words: kept, taken out, put in.
struct Piece {
    element: &'static str,
    words: String,
}

impl StoryTemplate {
    /// The page of `story`; `None` when it has no report left.
    pub(in super::super) fn new(frame: Frame, story: StoryPage) -> Option<Self> {
        let lead = story.reports.first()?;
        let title = LocalisedText::new(lead.title.as_str(), lead.language.as_deref());
        Some(Self { frame, title, reports: story.reports.into_iter().map(ReportSection::of).collect() })
    }

    /// What showed that a report belongs here, in the reader's language; the evidence says it in English.
    fn rule(&self, report: &ReportSection) -> &'static str {
        match report.rule.as_str() {
            "link" => self.frame.say("الرابط نفسه", "le même lien", ""),
            "text" => self.frame.say("النص نفسه", "le même texte", ""),
            "title" => self.frame.say("العنوان نفسه ونص قريب", "le même titre, un texte proche", ""),
            "title_only" => self.frame.say("العنوان نفسه", "le même titre", ""),
            _ => "",
        }
    }
}

impl ReportSection {
    fn of(report: StoryReport) -> Self {
        let first = report.rule == "first";
        Self {
            title: LocalisedText::new(report.title.as_str(), report.language.as_deref()),
            outlet: LocalisedText::new(&report.outlet_name, None),
            link: report.link,
            author: report.author.filter(|a| !a.is_empty()),
            published: report.published,
            first_seen: report.first_seen,
            text: report.text.map(|html| lazy(html.as_str())),
            joined: report.joined,
            rule: report.rule,
            evidence: (!first && !report.evidence.is_empty()).then_some(report.evidence),
            revisions: report.revisions.into_iter().map(RevisionSection::of).collect(),
        }
    }
}

/// Pictures in a text are loaded when they come into view, and tell nobody where they are shown. Without quotes: should the
/// words stand inside an attribute, they stay there.
fn lazy(html: &str) -> String {
    html.replace("<img ", "<img loading=lazy referrerpolicy=no-referrer ")
}

impl RevisionSection {
    fn of(revision: RevisionView) -> Self {
        let (old, new) = revision.title;
        let text = revision
            .text
            .map(|(old, new)| pieces(&plain_text(old.as_str(), COMPARED), &plain_text(new.as_str(), COMPARED)));
        Self {
            seen: revision.seen,
            what: revision.what,
            title: (old != new).then(|| pieces(&old, &new)),
            text: text.filter(|pieces| pieces.iter().any(|p| p.element != "span")),
        }
    }
}

fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let element = |change| match change {
        DiffKind::Kept => "span",
        DiffKind::Out => "del",
        DiffKind::In => "ins",
    };
    diff(old, new).into_iter().map(|(change, words)| Piece { element: element(change), words }).collect()
}
