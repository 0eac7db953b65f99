//! Size limits of editions: one for the text of an entry, and one for the whole edition. Every story stays listed; if the texts
//! are too long together, those of the oldest stories are shortened.

use super::{DocumentLinks, Format, History, body, render};
use crate::model::{ChannelView, ReportView, StoryView};

/// The size limits of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Largest text of an entry including its summary, in bytes of HTML.
    pub entry_max: usize,
    /// Largest edition, in bytes; applies to each format. Only texts are shortened for it: the titles, addresses and names of very
    /// many stories can take more.
    pub edition_max: usize,
}

/// Bytes reserved for an edition's head, which belongs to no entry.
const HEAD: usize = 2_000;
/// Texts are not shortened below this many bytes, because less would say nothing.
const LEAST: usize = 500;
/// Most authors, categories and enclosures of an entry, each.
const LIST_MAX: usize = 100;

/// Shortens the texts of a view to fit the budget. Equal views give equal results.
#[must_use]
pub fn within(mut view: ChannelView, budget: Budget) -> ChannelView {
    for story in &mut view.stories {
        bound_lists(&mut story.lead);
        shorten(&mut story.lead, budget.entry_max);
    }
    let stories = std::mem::take(&mut view.stories);
    let shell = Shell::of(&view);
    view.stories = shell.fit(stories, budget.edition_max.saturating_sub(HEAD));
    view
}

fn bound_lists(lead: &mut ReportView) {
    lead.authors.truncate(LIST_MAX);
    lead.contributors.truncate(LIST_MAX);
    lead.categories.truncate(LIST_MAX);
    lead.enclosures.truncate(LIST_MAX);
}

/// Cuts summary and text to `max` bytes together. If there is a text, the summary may take a quarter.
fn shorten(lead: &mut ReportView, max: usize) {
    let is_beside = lead.content.is_some();
    let summary_max = if is_beside { max / 4 } else { max };
    let rest = body::link_to_rest(lead);
    let cut = |html: &crate::model::SafeHtml, max: usize| {
        if html.as_str().len() > max { html.shortened(max, &lead.link, rest) } else { html.clone() }
    };
    let summary = lead.summary.as_ref().map(|html| cut(html, summary_max));
    let left = max.saturating_sub(summary.as_ref().map_or(0, |html| html.as_str().len()));
    let content = lead.content.as_ref().map(|html| cut(html, left));
    (lead.summary, lead.content) = (summary, content);
}

/// A channel without stories. The size of a story is measured as what it adds to this.
struct Shell {
    view: ChannelView,
    place: DocumentLinks,
    empty: [usize; 3],
}

impl Shell {
    fn of(view: &ChannelView) -> Self {
        let url = view.public_url.clone();
        let place = DocumentLinks { id: url.clone(), this: url.clone(), page: url, history: History::None, hub: None };
        let empty = Format::ALL.map(|format| render(view, &place, format).len());
        Self { view: view.clone(), place, empty }
    }

    /// Shortens texts, beginning with the oldest story (the last), until all stories together fit into `max` bytes.
    fn fit(mut self, mut stories: Vec<StoryView>, max: usize) -> Vec<StoryView> {
        let weights: Vec<[usize; 3]> = stories.iter().map(|story| self.weigh(story)).collect();
        let mut total = weights.iter().fold([0; 3], |sum, weight| std::array::from_fn(|n| sum[n] + weight[n]));
        for (story, weight) in stories.iter_mut().zip(weights).rev() {
            let excess = total.iter().max().map_or(0, |largest| largest.saturating_sub(max));
            if excess == 0 {
                break;
            }
            let length = |html: &Option<crate::model::SafeHtml>| html.as_ref().map_or(0, |html| html.as_str().len());
            let text = length(&story.lead.summary) + length(&story.lead.content);
            shorten(&mut story.lead, text.saturating_sub(excess).max(LEAST));
            let lighter = self.weigh(story);
            for (sum, (before, now)) in total.iter_mut().zip(weight.into_iter().zip(lighter)) {
                *sum = (*sum + now).saturating_sub(before);
            }
        }
        stories
    }

    /// Returns the bytes that a story adds to each format.
    fn weigh(&mut self, story: &StoryView) -> [usize; 3] {
        self.view.stories = vec![story.clone()];
        let mut empty = self.empty.into_iter();
        Format::ALL.map(|format| {
            render(&self.view, &self.place, format).len().saturating_sub(empty.next().unwrap_or_default()) + 1
        })
    }
}
