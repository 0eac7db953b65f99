//! The page of a story: a timeline of the reports, the reports with their files and edits, and the evidence that they belong
//! together.

use super::super::channel_page::LocalisedText;
use super::super::diff::{DiffKind, diff, only_differences};
use super::Frame;
use super::media::Media;
use crate::model::escape::escaped;
use crate::model::pages::{RevisionView, StoryPage, StoryReport};
use crate::publish::plain_text;
use askama::Template;
use jiff::Timestamp;

/// Characters of a text that are compared and shown for a revision.
const COMPARED: usize = 3000;
/// Maximum number of characters of a report that are compared, and maximum number of compared reports.
const COMPARED_REPORT: usize = 2000;
const COMPARED_REPORTS: usize = 12;
/// The share of a text, in percent, from which a repeated text is collapsed.
const REPEATED: u8 = 50;

/// The story page.
#[derive(Template)]
#[template(path = "story.html", config = "src/serve/askama.toml")]
pub(in super::super) struct StoryTemplate {
    pub(in super::super) frame: Frame,
    title: LocalisedText,
    /// The reports in the order of their publication.
    timeline: Vec<TimelineItem>,
    /// The outlets that carry the story: path and name.
    carriers: Vec<(String, LocalisedText)>,
    reports: Vec<ReportSection>,
}

/// A report in the timeline.
struct TimelineItem {
    id: i64,
    outlet: LocalisedText,
    published: Timestamp,
    /// How long after the first; `None` for the first.
    later: Option<String>,
    /// Why it belongs to the story, as HTML.
    evidence: Option<String>,
}

/// A report, prepared for the template.
struct ReportSection {
    id: i64,
    title: LocalisedText,
    /// The beginning of the text, for its language and direction: they may differ from the title's.
    opening: LocalisedText,
    outlet: LocalisedText,
    outlet_path: String,
    link: Option<String>,
    author: Option<String>,
    published: Timestamp,
    first_seen: Timestamp,
    /// Full text or summary, as safe HTML.
    text: Option<String>,
    /// Whether the text is that of the article's page.
    is_page_text: bool,
    /// Whether another report on the page has nearly the same text.
    is_repeated: bool,
    joined: Timestamp,
    /// Why the report belongs to this story, in English; `None` for the first report.
    evidence: Option<String>,
    /// The same in the page's language, as HTML.
    why: Option<String>,
    /// The outlet of the report with which it is compared, and the differences.
    differences: Option<(LocalisedText, Vec<Piece>)>,
    media: Media,
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
    pub(in super::super) fn new(frame: Frame, story: &StoryPage) -> Option<Self> {
        let lead = story.reports.first()?;
        let title = title(lead);
        let differences = differences(&story.reports);
        let mut reports: Vec<ReportSection> =
            story.reports.iter().map(|report| ReportSection::of(&frame, report, &story.reports)).collect();
        for (report, found) in reports.iter_mut().zip(differences) {
            report.differences = found;
        }
        let timeline = timeline(&frame, &reports);
        let mut carriers: Vec<(String, LocalisedText)> = Vec::new();
        for report in &reports {
            if !carriers.iter().any(|(path, _)| *path == report.outlet_path) {
                carriers.push((report.outlet_path.clone(), report.outlet.clone()));
            }
        }
        Some(Self { frame, title, timeline, carriers, reports })
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

    fn is_alike(pieces: &[Piece]) -> bool {
        pieces.iter().all(|piece| piece.element == "span")
    }
}

/// Returns the reports by the time of publication.
fn timeline(frame: &Frame, reports: &[ReportSection]) -> Vec<TimelineItem> {
    let mut sorted: Vec<&ReportSection> = reports.iter().collect();
    sorted.sort_by_key(|report| (report.published, report.first_seen, report.id));
    let first = sorted.first().map_or(frame.now, |report| report.published);
    let item = |(at, report): (usize, &&ReportSection)| {
        let seconds = report.published.duration_since(first).as_secs();
        TimelineItem {
            id: report.id,
            outlet: report.outlet.clone(),
            published: report.published,
            later: (at > 0).then(|| frame.later(u64::try_from(seconds).unwrap_or(0))),
            evidence: report.why.clone(),
        }
    };
    sorted.iter().enumerate().map(item).collect()
}

/// Returns the differences of each report from the one with which it was compared, if both are in the same script.
fn differences(reports: &[StoryReport]) -> Vec<Option<(LocalisedText, Vec<Piece>)>> {
    let mut left = COMPARED_REPORTS;
    let of = |report: &StoryReport| {
        let other = partner(report, reports)?;
        let (old, new) = (other.text.as_ref()?, report.text.as_ref()?);
        let dir = |report: &StoryReport| LocalisedText::new(report.title.as_str(), report.language.as_deref()).dir;
        let is_alike = report.shared.is_none_or(|share| share >= 0.2) && report.rule != "title_only";
        if !is_alike || dir(other) != dir(report) || left == 0 {
            return None;
        }
        left -= 1;
        let (old, new) = (plain_text(old.as_str(), COMPARED_REPORT), plain_text(new.as_str(), COMPARED_REPORT));
        let runs = only_differences(diff(&old, &new));
        Some((LocalisedText::new(&other.outlet_name, None), runs.into_iter().map(Piece::of).collect()))
    };
    reports.iter().map(of).collect()
}

/// Returns the report with which a report was compared, if the page shows it; the first for reports without evidence.
fn partner<'a>(report: &StoryReport, reports: &'a [StoryReport]) -> Option<&'a StoryReport> {
    let first = reports.first().filter(|first| first.entry != report.entry && report.rule != "first");
    match report.matched {
        Some(entry) => reports.iter().find(|other| other.entry == entry && other.entry != report.entry),
        None => first,
    }
}

impl Frame {
    /// Formats how long after the first a report came.
    fn later(&self, seconds: u64) -> String {
        if seconds < 60 {
            return self.say("في الدقيقة نفسها", "dans la même minute", "within a minute").to_owned();
        }
        let span = self.ui_language.span(seconds);
        format!("{} {span}", self.say("بعد", "après", "after"))
    }

    /// Returns the rule by which a report joined the story and the report that it is like, as HTML.
    fn why_joined(&self, report: &StoryReport, reports: &[StoryReport]) -> Option<String> {
        if report.rule == "first" {
            return None;
        }
        let other = report.matched.and(partner(report, reports));
        let rule = match (report.rule.as_str(), other.is_some()) {
            ("link", true) => self.say("الرابط نفسه في", "même lien que", "same link as"),
            ("link", false) => self.say("الرابط نفسه", "même lien", "same link"),
            ("title", true) => {
                self.say("العنوان نفسه ونص قريب من", "même titre et texte proche de", "same title and similar text as")
            }
            ("title", false) => {
                self.say("العنوان نفسه ونص قريب", "même titre, texte proche", "same title, similar text")
            }
            ("title_only", true) => self.say("العنوان نفسه في", "même titre que", "same title as"),
            ("title_only", false) => self.say("العنوان نفسه", "même titre", "same title"),
            (_, true) => self.say("النص نفسه في", "même texte que", "same text as"),
            (_, false) => self.say("النص نفسه", "même texte", "same text"),
        };
        let mut words = rule.to_owned();
        if let Some(other) = other {
            let name = format!("<bdi>{}</bdi>", escaped(&other.outlet_name));
            let link = match self.ui_language.tag() {
                "ar" => format!("مقال {name}"),
                "fr" => format!("l’article de {name}"),
                _ => format!("{name}’s report"),
            };
            words = format!("{words} <a href=\"#report-{}\">{link}</a>", other.entry.0);
        }
        if let Some(share) = report.shared {
            let comma = self.say("، ", ", ", ", ");
            words = format!("{words}{comma}<bdi dir=\"ltr\">{}\u{a0}%</bdi>", percent(share));
        }
        Some(words)
    }
}

/// Converts a share (0 to 1) to whole percent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100 first")]
fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 100.0) as u8
}

impl ReportSection {
    fn of(frame: &Frame, report: &StoryReport, reports: &[StoryReport]) -> Self {
        let first = report.rule == "first";
        let shared = report.shared.map(percent);
        let text = report.text.as_ref().map_or("", |text| text.as_str());
        let is_repeated = report.rule == "link" || shared.is_some_and(|percent| percent >= REPEATED);
        let title = title(report);
        let files = (&report.enclosures[..], report.image.as_deref(), report.language.as_deref());
        Self {
            id: report.entry.0,
            opening: opening(report, text).unwrap_or_else(|| title.clone()),
            title,
            outlet: LocalisedText::new(&report.outlet_name, None),
            outlet_path: format!("/outlets/{}", report.outlet),
            link: report.link.clone(),
            author: report.author.clone().filter(|a| !a.is_empty()),
            published: report.published,
            first_seen: report.first_seen,
            is_page_text: report.is_page_text,
            media: Media::of(frame, files.0, files.1, text, files.2),
            text: report.text.as_ref().map(|html| lazy(html.as_str())),
            is_repeated: is_repeated && !first && partner(report, reports).is_some(),
            joined: report.joined,
            evidence: (!first && !report.evidence.is_empty()).then(|| report.evidence.clone()),
            why: frame.why_joined(report, reports),
            differences: None,
            revisions: report.revisions.iter().map(RevisionSection::of).collect(),
        }
    }
}

/// Returns a report's title in its language.
fn title(report: &StoryReport) -> LocalisedText {
    let language = report.title_language.as_deref().or(report.language.as_deref());
    LocalisedText::new(report.title.as_str(), language)
}

/// Number of characters that decide the direction of a text.
const OPENING: usize = 300;

/// Returns the beginning of a report's text in its language, or `None` if it has no words.
fn opening(report: &StoryReport, html: &str) -> Option<LocalisedText> {
    let words = plain_text(html, OPENING);
    let language = report.text_language.as_deref().or(report.language.as_deref());
    (!words.is_empty()).then(|| LocalisedText::new(&words, language))
}

/// Makes the pictures of a text load only when they come into view, and without a referrer. The attributes have no quotes, so
/// that a match inside an attribute value cannot break out of it.
fn lazy(html: &str) -> String {
    html.replace("<img ", "<img loading=lazy referrerpolicy=no-referrer ")
}

impl RevisionSection {
    fn of(revision: &RevisionView) -> Self {
        let (old, new) = &revision.title;
        let text = revision
            .text
            .as_ref()
            .map(|(old, new)| pieces(&plain_text(old.as_str(), COMPARED), &plain_text(new.as_str(), COMPARED)));
        Self {
            seen: revision.seen,
            what: revision.what.clone(),
            title: (old != new).then(|| pieces(old, new)),
            text: text.filter(|pieces| pieces.iter().any(|p| p.element != "span")),
        }
    }
}

impl Piece {
    fn of((kind, words): (DiffKind, String)) -> Self {
        let element = match kind {
            DiffKind::Kept => "span",
            DiffKind::Out => "del",
            DiffKind::In => "ins",
        };
        Self { element, words }
    }
}

fn pieces(old: &str, new: &str) -> Vec<Piece> {
    diff(old, new).into_iter().map(Piece::of).collect()
}
