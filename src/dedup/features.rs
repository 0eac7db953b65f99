//! The sets of words and word pairs by which texts are compared, computed once per text.

use super::article_number::ArticleNumber;
use super::rules;
use super::words::{WordId, WordTable, chain};
use crate::model::{FeedId, OutletId};
use std::cell::OnceCell;

/// An entry in the form in which it is compared, without its ids in the store.
#[derive(Debug)]
pub(super) struct ComparedText {
    pub outlet: OutletId,
    pub feed: FeedId,
    /// The credible date, else the time when it was first seen, in Unix seconds.
    pub at: i64,
    pub article: Option<ArticleNumber>,
    /// The stated date in Unix seconds, if it is credible.
    pub stated: Option<i64>,
    pub language: Option<Box<str>>,
    /// Script of most of its letters.
    pub script: u8,
    /// Whether its guid is ignored, because the guids of its feed are not trusted.
    pub guid_void: bool,
    /// Hash of the guid, if it is the outlet's own.
    pub guid: Option<u64>,
    /// Hash of the addresses of its files.
    pub files: u64,
    /// Hash of the whole folded title and body.
    pub text: u64,
    pub title: Box<[WordId]>,
    pub body: Box<[WordId]>,
    pub former: Box<[Box<[WordId]>]>,
}

/// One text and the sets derived from it, each computed on first use because most candidates already fail by their leads. Sets
/// are sorted vectors without duplicates.
#[derive(Debug)]
pub(super) struct TextFeatures<'a> {
    /// Words of the title, in order.
    pub title: &'a [WordId],
    /// Titles that it had before its outlet changed them.
    former: &'a [Box<[WordId]>],
    /// Words of the body, in order, at most [`rules::BODY`].
    pub body: &'a [WordId],
    table: &'a WordTable,
    lead: OnceCell<Vec<u32>>,
    head: OnceCell<Vec<u32>>,
    shingles: OnceCell<Vec<u32>>,
    words: OnceCell<Vec<WordId>>,
    skeletons: OnceCell<Vec<u32>>,
}

impl<'a> TextFeatures<'a> {
    /// Creates the features of a text; nothing is computed yet.
    pub fn new(title: &'a [WordId], body: &'a [WordId], former: &'a [Box<[WordId]>], table: &'a WordTable) -> Self {
        let (lead, head, shingles, words, skeletons) = Default::default();
        Self { title, former, body, table, lead, head, shingles, words, skeletons }
    }

    /// Returns its present and former titles.
    pub fn titles(&self) -> impl Iterator<Item = &[WordId]> {
        std::iter::once(self.title).chain(self.former.iter().map(|title| &**title))
    }

    /// Returns whether the text has too few words to be compared as text.
    pub fn is_short(&self) -> bool {
        self.body.len() < rules::SHORT
    }

    /// Returns the word pairs of the first `most` words.
    pub fn pairs(&self, most: usize) -> Vec<u32> {
        sequences(&self.body[..self.body.len().min(most)], 2, self.table)
    }

    /// Returns the word pairs of the lead.
    pub fn lead(&self) -> &[u32] {
        self.lead.get_or_init(|| self.pairs(rules::LEAD))
    }

    /// Returns the word pairs among which another text's lead is searched for.
    pub fn head(&self) -> &[u32] {
        self.head.get_or_init(|| self.pairs(rules::HEAD))
    }

    /// Returns the three-word shingles of the body.
    pub fn shingles(&self) -> &[u32] {
        self.shingles.get_or_init(|| sequences(self.body, 3, self.table))
    }

    /// Returns all words of title and body.
    pub fn words(&self) -> &[WordId] {
        self.words.get_or_init(|| set(self.title.iter().chain(self.body).copied()))
    }

    fn skeletons(&self) -> &[u32] {
        self.skeletons.get_or_init(|| set(self.words().iter().map(|id| self.table.get(*id).skeleton)))
    }

    /// Returns the numbers of title and lead.
    pub fn numbers(&self) -> impl Iterator<Item = WordId> {
        self.first_words().filter(|id| self.table.get(*id).is_number)
    }

    /// Returns the days of the week in title and lead.
    pub fn weekdays(&self) -> impl Iterator<Item = WordId> {
        self.first_words().filter(|id| self.table.get(*id).is_weekday)
    }

    fn first_words(&self) -> impl Iterator<Item = WordId> {
        self.title.iter().chain(self.body.iter().take(rules::LEAD)).copied()
    }

    /// Returns the words of the title that recur in the opening, which tell what the report is about: the rare ones, or all.
    pub fn names(&self, rare_only: bool) -> impl Iterator<Item = WordId> {
        let opening = &self.body[..self.body.len().min(rules::OPENING)];
        self.title.iter().copied().filter(move |id| {
            let word = self.table.get(*id);
            let is_name = word.letters >= 3 && !word.is_number && opening.contains(id);
            is_name && (!rare_only || self.table.is_rare(*id))
        })
    }

    /// Returns whether this text contains a counterpart of the word `id` of another text.
    pub fn has_counterpart(&self, id: WordId) -> bool {
        let word = self.table.get(id);
        self.words().binary_search(&id).is_ok()
            || self.skeletons().binary_search(&word.skeleton).is_ok()
            || (word.letters >= 5 && self.words().iter().any(|other| word.is_counterpart(self.table.get(*other))))
    }

    /// Returns the table of its words.
    pub fn table(&self) -> &'a WordTable {
        self.table
    }
}

/// Returns the hashes of all runs of `length` words, or of the whole text when it is shorter.
pub fn sequences(body: &[WordId], length: usize, words: &WordTable) -> Vec<u32> {
    if !body.is_empty() && body.len() < length {
        return vec![run_hash(body, words)];
    }
    set(body.windows(length).map(|run| run_hash(run, words)))
}

/// Returns the hash of a run of words.
pub fn run_hash(run: &[WordId], words: &WordTable) -> u32 {
    chain(run.iter().map(|id| words.get(*id).hash))
}

/// Returns the members as a sorted vector without duplicates.
pub fn set(members: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut members: Vec<u32> = members.collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// Returns the number of members that both sets have.
pub fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut found) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, found) = (i + 1, j + 1, found + 1),
        }
    }
    found
}
