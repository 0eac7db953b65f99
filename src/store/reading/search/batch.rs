//! The matching entries that a page of results is chosen from.
//!
//! A search for words that stand in many entries could read the whole index before it has found enough. So a batch ends where
//! enough entries with its words were looked at; the next older page continues there.

use super::{HITS, Question};
use crate::{
    model::search::{SearchQuery, Term},
    normalise::fold::fold,
    store::{
        driver::ErrorContext,
        error::StoreError,
        reading::{Reader, ask, statements::ListSql as _},
        row,
    },
};

/// Number of entries that every batch reaches back, whatever it finds: the whole file of most sites.
const REACH: i64 = 200_000;
/// Number of entries with the rarest of the words that a batch reaches back if they are further apart.
const WITH_RAREST: i64 = 2_000;
/// Number of groups of words of which the rarest is looked for.
const GROUPS: usize = 4;
/// Number of entries later than a batch among which reports of its stories are looked for: most reports join a story within the hour.
const LATER: i64 = 3_000;

/// The latest matching entries.
#[derive(Debug, Default)]
pub(in crate::store::reading) struct Batch {
    /// Their ids as a JSON array, the latest first.
    pub(in crate::store::reading) ids: String,
    /// Matching entries that are a little later than the batch.
    pub(super) later: Vec<i64>,
    /// Number of entries in the batch.
    len: usize,
    /// The last of them.
    last: Option<i64>,
    /// The entry before which nothing was looked at; 0 = everything was.
    end: i64,
}

/// The entries among which a batch is looked for: those after `end` and up to `newest`.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// The latest entry of the batch; `None` = the latest that there is.
    newest: Option<i64>,
    end: i64,
    /// The latest entry that there is.
    latest: i64,
}

impl Batch {
    /// Creates a batch of these entries, the latest first.
    fn of(matches: Vec<i64>, span: Span) -> Self {
        let (later, mut batch): (Vec<i64>, Vec<i64>) =
            matches.into_iter().partition(|id| span.newest.is_some_and(|newest| *id > newest));
        batch.truncate(usize::try_from(HITS).unwrap_or(usize::MAX));
        Self { ids: row::rows(&batch), later, len: batch.len(), last: batch.last().copied(), end: span.end }
    }

    /// Returns the latest entry that the next batch may hold; `None` if there is no other batch.
    pub(super) fn next(&self) -> Option<i64> {
        match self.last {
            Some(last) if self.is_full() => Some(last - 1),
            _ => (self.end > 0).then_some(self.end),
        }
    }

    /// Returns whether it has as many entries as are looked at at once.
    pub(super) fn is_full(&self) -> bool {
        i64::try_from(self.len).is_ok_and(|len| len >= HITS)
    }
}

impl Span {
    fn top(self) -> i64 {
        self.newest.map_or(self.latest, |newest| newest.min(self.latest))
    }

    /// Returns the latest entry that is looked at: reports of the same stories may be later than the batch.
    fn to(self) -> i64 {
        self.newest.map_or(i64::MAX, |newest| newest.saturating_add(LATER))
    }

    /// Returns how many entries are looked at, one after the other, until a batch is full, if it is looked for upwards. A search that
    /// finds little costs in proportion to them, and then to the entries that are later; downwards it would cost in proportion
    /// to all that are earlier.
    fn steps(self, query: &SearchQuery, steps: &[i64]) -> Vec<i64> {
        let terms = || query.groups.iter().flatten();
        let has_phrase = terms().any(|term| fold(&term.text).contains(' '));
        let has_prefix = terms().any(|term| term.is_prefix);
        let (top, all) = (self.top(), self.top() - self.end);
        // Excluded words are compared from the beginning of the index in any case.
        let is_cheap = query.without.is_empty() && (has_phrase || !has_prefix);
        if self.end <= 0 || steps.is_empty() || self.latest - top > top || !is_cheap {
            return Vec::new();
        }
        // All words with the beginning of a word are read at each step.
        let first = steps.iter().copied().filter(|step| *step < all && !has_prefix);
        first.chain([all]).collect()
    }
}

impl Reader {
    /// Returns the latest entries with the words of a question, up to entry `newest`.
    pub(in crate::store::reading) async fn batch(
        &self,
        question: &Question,
        newest: Option<i64>,
    ) -> Result<Batch, StoreError> {
        let span = self.span(&question.query, newest).await?;
        for step in span.steps(&question.query, self.pool.search_steps()) {
            let from = span.top() - step;
            let ids: String = ask!(self.pool, Db: fetch_one(query_scalar(Db::MATCHES_UP), Db::words(&question.query), from, span.to()))
                .while_doing("finding words")?;
            let batch = Batch::of(ids_of(&ids, Order::Up), span);
            if batch.is_full() || from <= span.end {
                return Ok(batch);
            }
        }
        let limit = HITS + newest.map_or(0, |_| LATER);
        let ids: String = ask!(self.pool, Db: fetch_one(query_scalar(Db::MATCHES), Db::words(&question.query), span.to(), span.end, limit))
            .while_doing("finding words")?;
        Ok(Batch::of(ids_of(&ids, Order::Down), span))
    }

    /// Returns among which entries a batch is looked for.
    async fn span(&self, query: &SearchQuery, newest: Option<i64>) -> Result<Span, StoreError> {
        let mut span = self.span_of_words(query, newest).await?;
        if !self.pool.bounds_beginnings() || !has_beginning(query) {
            return Ok(span);
        }
        if span.latest == i64::MAX {
            span.latest = ask!(self.pool, Db: fetch_one(query_scalar(Db::LATEST_ENTRY)))
                .while_doing("reading which entry is the latest")?;
        }
        Ok(Span { end: span.end.max(span.top() - REACH), ..span })
    }

    /// Returns among which entries a batch is looked for, by how frequent its whole words are.
    async fn span_of_words(&self, query: &SearchQuery, newest: Option<i64>) -> Result<Span, StoreError> {
        let mut span = Span { newest, end: 0, latest: i64::MAX };
        let up_to = newest.unwrap_or(i64::MAX);
        let mut end: Option<i64> = None;
        for group in query.groups.iter().filter_map(|group| words(group)).take(GROUPS) {
            let group = SearchQuery { groups: vec![group], ..SearchQuery::default() };
            let (latest, nth): (i64, Option<i64>) =
                ask!(self.pool, Db: fetch_one(query_as(Db::NTH_MATCH), Db::words(&group), up_to, REACH, WITH_RAREST))
                    .while_doing("reading how frequent a word is")?;
            span.latest = latest;
            // The file is small, or the word is rare: nothing needs to be left for another batch.
            let Some(nth) = nth else { return Ok(span) };
            let reached = nth.min(span.top() - REACH) - 1;
            end = Some(end.map_or(reached, |end| end.min(reached)).max(0));
        }
        Ok(Span { end: end.unwrap_or(0), ..span })
    }
}

/// The order of ids as they were read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Up,
    Down,
}

/// Returns the ids of a JSON array, the latest first.
fn ids_of(json: &str, order: Order) -> Vec<i64> {
    let mut ids: Vec<i64> = serde_json::from_str(json).unwrap_or_default();
    if order == Order::Up {
        ids.reverse();
    }
    ids
}

/// Returns whether a search has the beginning of a word, wanted or excluded.
fn has_beginning(query: &SearchQuery) -> bool {
    query.groups.iter().flatten().chain(&query.without).any(|term| term.is_prefix)
}

/// Returns words of which every match of these alternatives has at least one: of a phrase, its longest word. `None` if one
/// of them is not a whole word, because reading the beginnings of words costs as much as the search.
fn words(group: &[Term]) -> Option<Vec<Term>> {
    let word = |term: &Term| {
        let folded = fold(&term.text);
        let longest = folded.split(' ').max_by_key(|word| word.len())?;
        Some(Term { text: longest.to_owned(), is_prefix: false })
    };
    if group.iter().any(|term| term.is_prefix) {
        return None;
    }
    let words: Vec<Term> = group.iter().filter_map(word).collect();
    words.iter().any(|word| !word.text.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_is_full_or_ends_early_is_followed_by_another() {
        let batch =
            |len: i64, end| Batch { len: usize::try_from(len).unwrap(), last: Some(7), end, ..Batch::default() };
        assert_eq!(batch(HITS, 0).next(), Some(6));
        assert_eq!(batch(HITS - 1, 0).next(), None, "everything was looked at");
        assert_eq!(batch(HITS - 1, 5).next(), Some(5));
        assert_eq!(Batch { end: 5, ..Batch::default() }.next(), Some(5), "nothing was found so far");
    }

    #[test]
    fn what_is_later_than_a_batch_is_set_aside() {
        let span = Span { newest: Some(7), end: 0, latest: 9 };
        let batch = Batch::of(vec![9, 8, 7, 5], span);
        assert_eq!((batch.ids.as_str(), batch.later, batch.len, batch.last), ("[7,5]", vec![9, 8], 2, Some(5)));
        let newest = Batch::of(ids_of("[5,9]", Order::Up), Span { newest: None, ..span });
        assert_eq!((newest.ids.as_str(), newest.later), ("[9,5]", Vec::new()));
    }

    #[test]
    fn a_search_that_may_find_little_goes_upwards_in_growing_steps() {
        let span = Span { newest: None, end: 800_000, latest: 1_000_000 };
        let steps = |typed: &str, span: Span| span.steps(&SearchQuery::parse(typed), &[15_000, 60_000]);
        assert_eq!(steps("rain snow", span), [15_000, 60_000, 200_000]);
        assert_eq!(steps("rain snow", Span { end: 950_000, ..span }), [15_000, 50_000]);
        assert_eq!(steps("\"heavy rain\" sno*", span), [200_000], "the words with a beginning are read once");
        for (typed, span) in [
            ("rain sno*", span),
            ("\"heavy rain\" -snow", span),
            ("rain", Span { end: 0, ..span }),
            ("rain", Span { newest: Some(300_000), end: 100_000, ..span }),
        ] {
            assert_eq!(steps(typed, span), [0; 0], "{typed} {span:?}");
        }
    }

    #[test]
    fn a_phrase_is_as_rare_as_its_longest_word() {
        let asked = |typed: &str| -> Vec<Option<String>> {
            let text = |terms: Vec<Term>| terms.into_iter().map(|term| term.text).collect::<Vec<_>>().join("|");
            SearchQuery::parse(typed).groups.iter().map(|group| words(group).map(text)).collect()
        };
        assert_eq!(asked("\"les Étés chauds\" -pont"), [Some("chauds".to_owned())]);
        assert_eq!(asked("rain OR \"heavy snow\" word"), [Some("rain|heavy".to_owned()), Some("word".to_owned())]);
        assert_eq!(asked("rain OR sno* word"), [None, Some("word".to_owned())]);
    }
}
