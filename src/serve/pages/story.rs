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
    /// The share of text that it has in common with the story, in percent.
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

    /// What showed that a report belongs here.
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

    /// What an outlet changed; English has the words that were stored.
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

/// A share in whole percent.
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
            text: report.text.map(|html| lazy(html.as_str())),
            joined: report.joined,
            rule: report.rule,
            shared: report.shared.map(percent),
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
