//! The search page, with or without results.

use super::super::channel_page::StoryItem;
use super::super::links::FeedLink;
use super::super::nouns::Noun;
use super::Frame;
use crate::model::search::{FoundPage, FoundStory, SearchCount, SearchNote, Segment};
use crate::publish::is_rtl;
use askama::Template;

/// A result.
pub(in super::super) struct ResultItem {
    story: StoryItem,
    title: Vec<Segment>,
    excerpt: Vec<Segment>,
    /// Direction of the excerpt.
    excerpt_dir: &'static str,
}

impl ResultItem {
    fn of(found: FoundStory) -> Self {
        let story = StoryItem::of(&found.story);
        let words: String = found.excerpt.iter().map(|segment| segment.text.as_str()).collect();
        let excerpt_dir = if is_rtl(story.excerpt.lang.as_deref(), &words) { "rtl" } else { "ltr" };
        Self { story, title: found.title, excerpt: found.excerpt, excerpt_dir }
    }
}

/// The search page.
#[derive(Template)]
#[template(path = "search.html", config = "src/serve/askama.toml")]
pub(in super::super) struct SearchTemplate {
    pub(in super::super) frame: Frame,
    results: Vec<ResultItem>,
    count: Option<SearchCount>,
    /// Feeds of this search; none before a search.
    pub(in super::super) feeds: Vec<FeedLink>,
    /// What was left out of the search, or read differently.
    pub(in super::super) notes: Vec<SearchNote>,
    /// What is wrong with the address, if anything.
    pub(in super::super) fault: Option<String>,
    /// Address of the first page, on the others.
    pub(in super::super) newest: Option<String>,
    /// Address of the next older page.
    pub(in super::super) older: Option<String>,
    /// Where the page's script asks for newer results, if it does.
    pub(in super::super) live: Option<String>,
}

impl SearchTemplate {
    /// Creates a page before a search.
    pub(in super::super) fn new(frame: Frame) -> Self {
        Self {
            frame,
            results: Vec::new(),
            count: None,
            feeds: Vec::new(),
            notes: Vec::new(),
            fault: None,
            newest: None,
            older: None,
            live: None,
        }
    }

    /// Adds what was found.
    pub(in super::super) fn take(&mut self, found: FoundPage) {
        self.count = found.count;
        self.results = found.stories.into_iter().map(ResultItem::of).collect();
    }

    /// Returns the number of results in words; empty if it is not known, or none.
    fn found(&self) -> String {
        match self.count {
            // Nothing in the period that was looked at; older results are linked.
            None | Some(SearchCount::Exactly(0) | SearchCount::MoreThan(0)) => String::new(),
            Some(SearchCount::Exactly(count)) => self.frame.ui_language.counted(Noun::Result, count.into()),
            Some(SearchCount::MoreThan(count)) => {
                let counted = self.frame.ui_language.counted(Noun::Result, count.into());
                format!("{} {counted}", self.frame.say("أكثر من", "Plus de", "More than"))
            }
        }
    }

    /// Returns what a page without results says.
    fn nothing(&self) -> &'static str {
        let frame = &self.frame;
        if self.older.is_some() {
            return frame.say(
                "لا نتائج في هذه الفترة. تابع إلى الأقدم.",
                "Aucun résultat dans cette période. Continuez avec les plus anciens.",
                "No results in this period. Continue with older results.",
            );
        }
        if self.newest.is_some() {
            return frame.say("لا نتائج أقدم.", "Pas de résultats plus anciens.", "There are no older results.");
        }
        frame.say(
            "لا نتيجة. جرّب كلمات أقل، أو بداية كلمة، أو كلمات بديلة:",
            "Aucun résultat. Essayez moins de mots, un début de mot ou des mots au choix :",
            "Nothing found. Try fewer words, the beginning of a word, or alternatives:",
        )
    }

    /// Returns whether the search has no word to find, which a note says.
    fn lacks_words(&self) -> bool {
        self.notes.contains(&SearchNote::OnlyWithout)
    }

    /// Returns whether the page explains how to search.
    fn explains(&self) -> bool {
        self.fault.is_none() && self.results.is_empty() && self.newest.is_none() && self.older.is_none()
    }

    /// Returns a note in the page's language, and the part of the search that it is about.
    fn note<'a>(&self, note: &'a SearchNote) -> (&'static str, &'a str) {
        let frame = &self.frame;
        match note {
            SearchNote::OpenQuote => (
                frame.say(
                    "لم تُغلق علامة الاقتباس، فقُرئت العبارة إلى آخر البحث.",
                    "Guillemets non fermés : l’expression va jusqu’à la fin.",
                    "A quotation mark is not closed; the phrase goes on to the end.",
                ),
                "",
            ),
            SearchNote::BadValue(part) => (
                frame.say(
                    "تُرك هذا الجزء لأنه غير مفهوم:",
                    "Cet élément, incompris, a été ignoré :",
                    "This part of the query was ignored:",
                ),
                part,
            ),
            SearchNote::ShortPrefix(word) => (
                frame.say(
                    "لا بد من ثلاثة حروف قبل النجمة، فقُرئت كلمةً كاملة:",
                    "Il faut au moins trois lettres avant l’astérisque ; lu comme un mot entier :",
                    "At least three letters must stand before an asterisk; this was read as a whole word:",
                ),
                word,
            ),
            SearchNote::OnlyWithout => (
                frame.say(
                    "اكتب كلمة واحدة على الأقل للبحث عنها.",
                    "Indiquez au moins un mot à trouver.",
                    "Enter at least one word to search for.",
                ),
                "",
            ),
            SearchNote::TooMany => (
                frame.say(
                    "البحث طويل، فقُرئ أوله فقط.",
                    "La recherche est trop longue ; seul le début a été lu.",
                    "The search is too long; only its beginning was read.",
                ),
                "",
            ),
        }
    }
}
