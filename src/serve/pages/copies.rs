//! The page that shows which outlets copy each other: a chart, a table, and the shared stories.

use super::super::channel_page::LocalisedText;
use super::super::lanes::{Lane, lanes};
use super::Frame;
use crate::model::copies::{COPIES_DAYS, CopiesPage, OtherOutlet, SharedStory, median};
use askama::Template;

/// Maximum number of other outlets in the picture, and in the table.
const LANES: usize = 12;
const OTHERS: usize = 60;
/// Maximum number of stories that are listed.
const STORIES: usize = 30;

#[derive(Template)]
#[template(path = "copies.html", config = "src/serve/askama.toml")]
pub(in super::super) struct CopiesTemplate {
    pub(in super::super) frame: Frame,
    page: CopiesPage,
    name: LocalisedText,
    picture: String,
}

impl CopiesTemplate {
    pub(in super::super) fn new(frame: Frame, mut page: CopiesPage) -> Self {
        let picture = picture(&frame, &page);
        page.others.truncate(OTHERS);
        page.stories.truncate(STORIES);
        Self { name: LocalisedText::new(&page.name, None), frame, page, picture }
    }

    /// Returns whether the length of time follows the outlet's name, as in Arabic.
    fn is_arabic(&self) -> bool {
        self.frame.ui_language.tag() == "ar"
    }

    fn days(&self) -> String {
        self.frame.ui_language.span(u64::from(COPIES_DAYS) * 86_400)
    }

    fn title(story: &SharedStory) -> LocalisedText {
        LocalisedText::new(&story.title, story.language.as_deref())
    }

    fn is_first(&self, story: &SharedStory) -> bool {
        story.first.0 == self.page.outlet
    }

    fn span(&self, seconds: &(impl Copy + Into<u64>)) -> String {
        self.frame.ui_language.span((*seconds).into())
    }

    /// Returns the number of stories and the median delay, such as `12 · 40 minutes`.
    fn side(&self, delays: &[(i64, u64)]) -> String {
        match median(delays) {
            Some(seconds) => format!("{} · {}", delays.len(), self.frame.ui_language.span(seconds)),
            None => "–".to_owned(),
        }
    }

    fn outlets(&self, story: &SharedStory) -> String {
        self.frame.counted(super::super::nouns::Noun::Outlet, story.outlets)
    }
}

/// Draws when the other outlets reported, before and after the outlet.
fn picture(frame: &Frame, page: &CopiesPage) -> String {
    let titles = |(_, seconds): &(i64, u64)| (*seconds, frame.ui_language.span(*seconds));
    let lane = |other: &OtherOutlet| Lane {
        name: other.name.clone(),
        before: other.before.iter().map(titles).collect(),
        after: other.after.iter().map(titles).collect(),
    };
    let name = frame.say(
        "متى نشرت المصادر الأخرى قبله وبعده",
        "Quand les autres sources ont publié, avant et après",
        "When the other outlets reported, before and after",
    );
    let sides = [
        frame.say("نشروا قبله", "publient avant", "report before it"),
        frame.say("نشروا بعده", "publient après", "report after it"),
    ];
    let others: Vec<Lane> = page.others.iter().take(LANES).map(lane).collect();
    let is_rtl = frame.ui_language.dir() == "rtl";
    lanes(name, sides, &others, is_rtl, frame.colon(), |seconds| frame.ui_language.short_span(seconds))
}
