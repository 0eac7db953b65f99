//! Searches the window for an arrival that no name identifies: the same article of its outlet (level B, and equal text of level
//! A), or the same report by another outlet (level C).

use super::boilerplate;
use super::compare::{self, Overlap};
use super::features::{ComparedText, TextFeatures};
use super::held::WindowEntry;
use super::identity::Taken;
use super::pair_counts::PairCounts;
use super::rules;
use super::window::Window;
use super::{Arrival, likeness as like};
use crate::model::{EntryId, Evidence, Rule, STORY_MEMBERS_MAX, StoryId};
use jiff::SignedDuration;
use std::cell::RefCell;
use std::cmp::Reverse;

/// An arrival and the entries that begin similarly.
pub(super) struct CandidateSearch<'a> {
    window: &'a Window,
    draft: &'a ComparedText,
    shape: TextFeatures<'a>,
    /// Candidates of the arrival's outlet. They have places of their own: dozens of other outlets may have the same text.
    own: Vec<&'a WindowEntry>,
    /// Candidates of other outlets whose stories have room.
    others: Vec<&'a WindowEntry>,
    /// Candidates of other outlets whose stories have no room.
    crowded: Vec<&'a WindowEntry>,
    /// Whether most of the word pairs of the beginning are in so many entries that the index ignores them.
    is_common: bool,
    /// Entries whose texts were needed but are not held. While there are any, the results are not valid.
    missing: RefCell<Vec<EntryId>>,
}

impl<'a> CandidateSearch<'a> {
    /// Finds entries that share word pairs of the lead or an end of the title. `has_room` says whether a story takes another entry.
    pub fn new(
        window: &'a Window,
        draft: &'a ComparedText,
        scratch: &mut PairCounts,
        has_room: impl Fn(StoryId) -> bool,
    ) -> Self {
        let shape = window.shape(draft);
        // Pairs that the index ignores as too common may be shared by any entry.
        let mut unseen = 0_u32;
        for &pair in shape.head() {
            let mut found = false;
            for slot in window.slots(pair) {
                scratch.count(slot, 1);
                found = true;
            }
            unseen += u32::from(!found && window.is_crowded(pair));
        }
        for slot in window.title_keys(&draft.title).flat_map(|key| window.slots(key)) {
            scratch.count(slot, rules::SHARED_PAIRS_WHOLE);
        }
        let is_likely = |pairs: u32, held: &WindowEntry| {
            let whole = held.head().len() >= rules::LEAD;
            !whole || pairs + unseen >= rules::SHARED_PAIRS_WHOLE
        };
        let mut found: Vec<(u32, &WindowEntry)> = scratch
            .take(rules::SHARED_PAIRS)
            .into_iter()
            .filter_map(|(slot, pairs)| Some((pairs, window.get(slot)?)))
            .filter(|(pairs, held)| is_likely(*pairs, held))
            .collect();
        found.sort_by_key(|(pairs, held)| (Reverse(*pairs), held.id));
        let found = found.into_iter().map(|(_, held)| held);
        let (mut own, others): (Vec<_>, Vec<_>) = found.partition(|held| held.outlet == draft.outlet);
        let (mut others, mut crowded): (Vec<_>, Vec<_>) = others.into_iter().partition(|held| has_room(held.story));
        for list in [&mut own, &mut others, &mut crowded] {
            list.truncate(rules::CANDIDATES);
        }
        let is_common = usize::try_from(unseen).is_ok_and(|unseen| unseen * 2 > shape.head().len());
        Self { window, draft, shape, own, others, crowded, is_common, missing: RefCell::default() }
    }

    /// Returns the entries whose texts are needed. While there are any, the results of [`Self::article`] and [`Self::story`] are
    /// not valid.
    pub fn missing(&self) -> Vec<EntryId> {
        self.missing.take()
    }

    /// Returns the whole text of an entry. If it is not held, the entry is recorded as missing.
    fn text(&self, held: &WindowEntry) -> Option<&'a ComparedText> {
        let text = self.window.text(held.id);
        if text.is_none() {
            self.missing.borrow_mut().push(held.id);
        }
        text
    }

    /// Returns the outlet's own entry that is this article.
    pub fn article(&self, arrival: &Arrival, taken: &Taken) -> Option<(EntryId, Evidence)> {
        // Two items listed in one document are never the same entry.
        let is_free = |held: &WindowEntry| !taken.contains(&(arrival.poll, held.id));
        self.by_number(arrival, &is_free).or_else(|| {
            let own = self.own.iter().filter(|held| is_free(held));
            own.clone()
                .find_map(|held| self.same_text(held))
                .or_else(|| own.clone().find_map(|held| self.near_text(held)))
        })
    }

    fn by_number(&self, arrival: &Arrival, is_free: &impl Fn(&WindowEntry) -> bool) -> Option<(EntryId, Evidence)> {
        let article = self.draft.article?;
        let id = super::article_number::PathId::of(arrival.entry.link.as_deref()?)?;
        if arrival.listing.id_repeats(&id) {
            return None;
        }
        let entries = self.window.slots(article.key()).filter_map(|slot| self.window.get(slot));
        let mut same = entries.filter(|held| {
            let is_same = held.article.is_some_and(|other| other.is_same(article));
            held.outlet == self.draft.outlet && is_same && is_free(held)
        });
        let held = same.next().filter(|_| same.next().is_none())?;
        if !self.is_one_article(self.text(held)?, article.is_last) {
            return None;
        }
        let words = format!("same number in the address and same minute of publication as {}", self.window.name(held));
        Some((held.id, Evidence::plain(Rule::Number, words)))
    }

    /// Returns whether entries with the same id are one article. An id may also be that of a section or of a page in two
    /// languages: titles or texts must be similar unless the id ends the path, and script and language must be the same.
    fn is_one_article(&self, other: &ComparedText, is_last: bool) -> bool {
        let one = self.draft;
        let share = |a, b| like::overlap_of(a, b).is_some_and(|share| share >= rules::SECTION_LIKENESS);
        (is_last || share(&one.title, &other.title) || share(&one.body, &other.body))
            && like::same_language([one.script, other.script], [one.language.as_deref(), other.language.as_deref()])
    }

    /// Matches equal text, unless another second, other files or a different guid of the outlet's own contradicts it.
    fn same_text(&self, held: &WindowEntry) -> Option<(EntryId, Evidence)> {
        let begins = held.feed == self.draft.feed && !self.shape.is_short();
        let begins = begins && held.title() == &*self.draft.title && held.head() == self.draft.head();
        let other = begins.then(|| self.text(held))??;
        (other.text == self.draft.text && self.nothing_differs(other)).then(|| {
            let words = format!("same title and text as {}", self.window.name(held));
            (held.id, Evidence::plain(Rule::SameText, words))
        })
    }

    fn nothing_differs(&self, other: &ComparedText) -> bool {
        self.draft.stated == other.stated && self.no_name_differs(other)
    }

    /// Returns whether the files are the same and the guids of the outlet's own, if both have one, do not differ.
    fn no_name_differs(&self, other: &ComparedText) -> bool {
        let apart = self.draft.guid.is_some() && other.guid.is_some() && self.draft.guid != other.guid;
        self.draft.files == other.files && !apart
    }

    fn near_text(&self, held: &WindowEntry) -> Option<(EntryId, Evidence)> {
        if !compare::may_be_same_article(&self.shape, &self.window.beginning(held)) {
            return None;
        }
        let (own, its) = (self.draft, self.text(held)?);
        let other = self.window.shape(its);
        // In one feed an edit keeps its second (169 of 169 real ones did), and equal words under another headline may be the
        // introduction of a series, so both entries are kept. A longer report that is published again with a few words changed is
        // the same article.
        let again = || {
            let is_long = own.body.len() >= rules::LEAD && its.body.len() >= rules::LEAD;
            let is_dated = own.stated.is_some() && its.stated.is_some();
            is_long && is_dated && own.body != its.body && self.no_name_differs(its)
        };
        let edited = || self.nothing_differs(its) && (own.stated.is_some() || own.title == its.title);
        let may_be = own.feed != its.feed || edited() || again();
        let measured = may_be.then(|| compare::same_article(&self.shape, &other))??;
        Some((held.id, self.evidence(Rule::NearText, measured, held)))
    }

    /// Returns the story that this report belongs to: that of the best candidate, if the arrival also agrees with the first or
    /// the latest member of the story in the window. Otherwise a chain of similar reports could lead away from the original one.
    pub fn story(&self) -> Option<(StoryId, Evidence)> {
        let others = self.others.iter();
        let mut agreed: Vec<(Rule, Overlap, &WindowEntry)> = others
            .filter_map(|held| self.agrees(held).map(|(rule, measured)| (rule, measured, *held)))
            .take(rules::AGREEING)
            .collect();
        agreed.sort_by(|(_, a, x), (_, b, y)| b.strength().total_cmp(&a.strength()).then(x.id.cmp(&y.id)));
        let (rule, measured, held) = agreed.into_iter().find_map(|(rule, measured, held)| {
            let fits = self.window.ends(held.story).any(|end| end.id == held.id || self.agrees(end).is_some());
            let (rule, measured) = fits.then(|| self.beyond_boilerplate(held, (rule, measured)))??;
            Some((rule, measured, held))
        })?;
        Some((held.story, self.evidence(rule, measured, held)))
    }

    /// Returns in words why a report starts a story although others resemble it, if they do.
    pub fn why_first(&self) -> Option<String> {
        match self.crowded.iter().find(|held| self.agrees(held).is_some()) {
            Some(held) => Some(no_room(held.id)),
            None => self.is_common.then(|| {
                format!("first report: more than {} recent entries begin with the same words", rules::POSTINGS)
            }),
        }
    }

    fn agrees(&self, held: &WindowEntry) -> Option<(Rule, Overlap)> {
        let apart = self.apart(held)?;
        if !compare::may_be_same_report(&self.shape, &self.window.beginning(held), apart) {
            return None;
        }
        let other = self.window.shape(self.text(held)?);
        let (rule, measured) = compare::same_report(&self.shape, &other, apart)?;
        let is_heading =
            || [&*self.draft.title, held.title()].iter().any(|title| self.window.is_heading(title, self.draft.outlet));
        (rule != Rule::TitleOnly || !is_heading()).then_some((rule, measured))
    }

    /// Returns the time between the two publications, if it is within the span of the window.
    fn apart(&self, held: &WindowEntry) -> Option<SignedDuration> {
        let apart = SignedDuration::from_secs((held.at - self.draft.at).abs());
        (apart <= self.window.span()).then_some(apart)
    }

    fn beyond_boilerplate(&self, held: &WindowEntry, agreed: (Rule, Overlap)) -> Option<(Rule, Overlap)> {
        let apart = self.apart(held)?;
        let compare = |a: &TextFeatures<'_>, b: &TextFeatures<'_>| compare::same_report(a, b, apart);
        match agreed.0 {
            Rule::TitleOnly => Some(agreed),
            _ => boilerplate::agrees_beyond(self.window, self.draft, (held.story, self.text(held)?), agreed, compare),
        }
    }

    /// Describes in a sentence what was compared and found.
    fn evidence(&self, rule: Rule, measured: Overlap, held: &WindowEntry) -> Evidence {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let name = self.window.name(held);
        let (lead, text) = (percent(measured.lmin), percent(measured.containment));
        let words = match rule {
            Rule::NearText => format!("same article: {lead} of the lead and {text} of the text of {name}"),
            Rule::Title => format!("same title as {name}, with {lead} of its lead and {text} of its text"),
            Rule::TitleOnly => format!("same title as {name}, and too little text to compare"),
            _ => format!("same report: {lead} of the lead and {text} of the text of {name}"),
        };
        Evidence {
            rule,
            lmin: Some(measured.lmin),
            containment: Some(measured.containment),
            start: Some(measured.start),
            words,
        }
    }
}

/// Returns in words that an entry starts a story because that of a matching entry has no room.
pub(super) fn no_room(entry: EntryId) -> String {
    format!("first report: the story of the matching entry {entry} has all {STORY_MEMBERS_MAX} entries it may have")
}
