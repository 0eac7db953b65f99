//! A text as it is compared: what is read off its words once, before it meets others.

use super::rules;
use super::window::Draft;
use super::words::{WordId, Words, chain};

/// Hashes and words of one text. Sets are sorted and hold each member once.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    /// Words of the title, in order.
    pub title: &'a [WordId],
    /// Titles that it had before its outlet changed them.
    former: &'a [Box<[WordId]>],
    /// Words of the body, in order, at most [`rules::BODY`].
    pub body: &'a [WordId],
    /// Word pairs of the lead.
    pub lead: Vec<u32>,
    /// Word pairs among which another lead is looked for.
    pub head: Vec<u32>,
    /// Word pairs of the start.
    pub start: Vec<u32>,
    /// Word pairs among which another start is looked for.
    pub start_within: Vec<u32>,
    /// Three-word shingles of the body.
    pub shingles: Vec<u32>,
    /// All words of title and body.
    pub words: Vec<WordId>,
    /// Their skeletons.
    pub skeletons: Vec<u32>,
    /// Numbers of title and lead.
    pub numbers: Vec<WordId>,
    /// Rare words of the title that recur in the opening: what the report is about.
    pub names: Vec<WordId>,
}

impl<'a> Shape<'a> {
    /// Reads a text.
    pub fn of(draft: &'a Draft, words: &Words) -> Self {
        let Draft { title, body, former, .. } = draft;
        let pairs = |most: usize| sequences(&body[..body.len().min(most)], 2, words);
        let all = set(title.iter().chain(body).copied());
        let opening = set(body.iter().take(rules::OPENING).copied());
        let is_name = |id: &WordId| {
            let word = words.get(*id);
            word.letters >= 3 && !word.is_number && opening.binary_search(id).is_ok() && words.is_rare(*id)
        };
        Self {
            title,
            former,
            body,
            lead: pairs(rules::LEAD),
            head: pairs(rules::HEAD),
            start: pairs(rules::START),
            start_within: pairs(rules::START_WITHIN),
            shingles: sequences(body, 3, words),
            skeletons: set(all.iter().map(|id| words.get(*id).skeleton)),
            numbers: set(title
                .iter()
                .chain(body.iter().take(rules::LEAD))
                .copied()
                .filter(|id| words.get(*id).is_number)),
            names: set(title.iter().copied().filter(is_name)),
            words: all,
        }
    }

    /// All titles that it has or had.
    pub fn titles(&self) -> impl Iterator<Item = &[WordId]> {
        std::iter::once(self.title).chain(self.former.iter().map(|title| &**title))
    }

    /// Whether the text has too few words to be compared as text.
    pub fn is_short(&self) -> bool {
        self.body.len() < rules::SHORT
    }

    /// Whether some word of this text is what `id` of another text means.
    pub fn has_counterpart(&self, id: WordId, words: &Words) -> bool {
        let word = words.get(id);
        self.words.binary_search(&id).is_ok()
            || self.skeletons.binary_search(&word.skeleton).is_ok()
            || (word.letters >= 5 && self.words.iter().any(|other| word.is_counterpart(words.get(*other))))
    }
}

/// Hashes of all runs of `length` words; of the whole when it is shorter.
pub fn sequences(body: &[WordId], length: usize, words: &Words) -> Vec<u32> {
    if !body.is_empty() && body.len() < length {
        return vec![run_hash(body, words)];
    }
    set(body.windows(length).map(|run| run_hash(run, words)))
}

/// Hash of a run of words.
pub fn run_hash(run: &[WordId], words: &Words) -> u32 {
    chain(run.iter().map(|id| words.get(*id).hash))
}

/// Sorted, each member once.
pub fn set(members: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut members: Vec<u32> = members.collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// Members that both sets have.
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
