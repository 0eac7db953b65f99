//! The page of a story: its reports, when each arrived, what was edited, and why they belong together.

use super::super::channel_page::LocalisedText;
use super::super::diff::{DiffKind, diff};
use super::Frame;
use crate::model::pages::{RevisionView, StoryPage, StoryReport};
use crate::publish::plain_text;
use askama::Template;
use jiff::Timestamp;

/// Characters of a text that are compared and shown for a revision.
const COMPARED: usize = 3000;

/// The story page.
#[derive(Template)]
#[template(path = "story.html", config = "src/serve/askama.toml")]
pub(in super::super) struct StoryTemplate {
    pub(in super::super) frame: Frame,
    title: LocalisedText,
    reports: Vec<ReportSection>,
}

/// A report, prepared for the template.
struct ReportSection {
    title: LocalisedText,
    outlet: LocalisedText,
    link: Option<String>,
    author: Option<String>,
    published: Timestamp,
    first_seen: Timestamp,
    /// Full text or summary, as safe HTML.
    text: Option<String>,
    /// Whether the text is that of the article's page.
    is_page_text: bool,
    joined: Timestamp,
    rule: String,
    /// Why the report belongs to this story; `None` for the first report.
    evidence: Option<String>,
    /// The share of the text that it has in common with the story, in percent.
    shared: Option<u8>,
    revisions: Vec<RevisionSection>,
}

/// A revision, with its differences.
struct RevisionSection {
    seen: Timestamp,
    what: String,
    title: Option<Vec<Piece>>,
    text: Option<Vec<Piece>>,
}

/// A run of words that was kept, removed or added.
struct Piece {
    element: &'static str,
    words: String,
}

impl StoryTemplate {
    /// Builds the page of `story`; `None` if it has no report left.
    pub(in super::super) fn new(frame: Frame, story: StoryPage) -> Option<Self> {
        let lead = story.reports.first()?;
        let title = LocalisedText::new(lead.title.as_str(), lead.language.as_deref());
        Some(Self { frame, title, reports: story.reports.into_iter().map(ReportSection::of).collect() })
    }

    /// Returns the rule by which a report joined the story, in the page's language.
    fn rule(&self, report: &ReportSection) -> String {
        let rule = match report.rule.as_str() {
            "link" => self.frame.say("الرابط نفسه", "même lien", "same link"),
            "title" => self.frame.say("العنوان نفسه ونص قريب", "même titre, texte proche", "same title, similar text"),
            "title_only" => self.frame.say("العنوان نفسه", "même titre", "same title"),
            _ => self.frame.say("النص نفسه", "même texte", "same text"),
        };
        match report.shared {
            Some(percent) => {
                let in_common = self.frame.say("من النص مشترك", "du texte en commun", "of the text in common");
                format!("{rule}, {percent}\u{a0}% {in_common}").replace(", ", self.frame.say("، ", ", ", ", "))
            }
            None => rule.to_owned(),
        }
    }

    /// Returns what an outlet changed, in the page's language. English uses the stored text.
    fn what(&self, revision: &RevisionSection) -> String {
        let title = revision.title.as_ref().map(|_| self.frame.say("عنوان جديد", "nouveau titre", ""));
        let text = revision.text.as_ref().map(|_| self.frame.say("نص معدل", "texte modifié", ""));
        let parts: Vec<&str> = [title, text].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return self.frame.say("تعديل", "modification", &revision.what).to_owned();
        }
        parts.join(self.frame.say("، ", ", ", ", "))
    }
}

/// Converts a share (0 to 1) to whole percent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100 first")]
fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 100.0) as u8
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
            is_page_text: report.is_page_text,
            text: report.text.map(|html| lazy(html.as_str())),
            joined: report.joined,
            rule: report.rule,
            shared: report.shared.map(percent),
            evidence: (!first && !report.evidence.is_empty()).then_some(report.evidence),
            revisions: report.revisions.into_iter().map(RevisionSection::of).collect(),
        }
    }
}

/// Makes the pictures of a text load only when they come into view, and without a referrer. The attributes have no quotes, so
/// that a match inside an attribute value cannot break out of it.
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
