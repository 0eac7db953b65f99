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
    },
};

/// Number of entries that every batch reaches back, whatever it finds: the whole file of most sites.
const REACH: i64 = 200_000;
/// Number of entries with the rarest of the words that a batch reaches back if they are further apart.
const WITH_RAREST: i64 = 2_000;
/// Number of groups of words of which the rarest is looked for.
const GROUPS: usize = 4;

/// The latest matching entries.
#[derive(Debug, Default)]
pub(in crate::store::reading) struct Batch {
    /// Their ids as a JSON array, the latest first.
    pub(in crate::store::reading) ids: String,
    /// Number of these entries.
    len: usize,
    /// The last of these entries.
    last: Option<i64>,
    /// The entry before which nothing was looked at; 0 = everything was.
    end: i64,
}

impl Batch {
    /// Returns the latest entry that the next batch may hold; `None` if there is no other batch.
    pub(super) fn next(&self) -> Option<i64> {
        match self.last {
            Some(last) if i64::try_from(self.len).is_ok_and(|len| len >= HITS) => Some(last - 1),
            _ => (self.end > 0).then_some(self.end),
        }
    }
}

impl Reader {
    /// Returns the latest entries with the words of a question, up to entry `newest`.
    pub(in crate::store::reading) async fn batch(
        &self,
        question: &Question,
        newest: Option<i64>,
    ) -> Result<Batch, StoreError> {
        let newest = newest.unwrap_or(i64::MAX);
        let end = self.end(&question.query, newest).await?;
        let ids: String =
            ask!(self.pool, Db: fetch_one(query_scalar(Db::MATCHES), Db::words(&question.query), newest, end, HITS))
                .while_doing("finding words")?;
        let matches: Vec<i64> = serde_json::from_str(&ids).unwrap_or_default();
        Ok(Batch { ids, len: matches.len(), last: matches.last().copied(), end })
    }

    /// Returns the entry before which a batch need not look.
    async fn end(&self, query: &SearchQuery, newest: i64) -> Result<i64, StoreError> {
        let mut end: Option<i64> = None;
        for group in query.groups.iter().filter_map(|group| words(group)).take(GROUPS) {
            let group = SearchQuery { groups: vec![group], ..SearchQuery::default() };
            let (latest, nth): (i64, Option<i64>) =
                ask!(self.pool, Db: fetch_one(query_as(Db::NTH_MATCH), Db::words(&group), newest, REACH, WITH_RAREST))
                    .while_doing("reading how frequent a word is")?;
            // The file is small, or the word is rare: nothing needs to be left for another batch.
            let Some(nth) = nth else { return Ok(0) };
            let reached = nth.min(latest - REACH) - 1;
            end = Some(end.map_or(reached, |end| end.min(reached)).max(0));
        }
        Ok(end.unwrap_or(0))
    }
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
