//! A word-by-word comparison of two texts, with a limit on the number of words.

/// Most words that are compared; a longer text is shown as replaced entirely.
const WORDS: usize = 600;

/// What happened to a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiffKind {
    Kept,
    Out,
    In,
}

/// Returns the differences between `old` and `new` as runs of words in reading order; removed words precede added ones.
pub(super) fn diff(old: &str, new: &str) -> Vec<(DiffKind, String)> {
    let a: Vec<&str> = old.split_whitespace().collect();
    let b: Vec<&str> = new.split_whitespace().collect();
    let mut runs = Runs(Vec::new());
    if a.len() > WORDS || b.len() > WORDS {
        for (change, words) in [(DiffKind::Out, &a), (DiffKind::In, &b)] {
            for word in words {
                runs.push(change, word);
            }
        }
        return runs.0;
    }
    // Longest common subsequence: `common[i][j]` is its length for `a[i..]` and `b[j..]`.
    let mut common = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            runs.push(DiffKind::Kept, a[i]);
            (i, j) = (i + 1, j + 1);
        } else if j >= b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            runs.push(DiffKind::Out, a[i]);
            i += 1;
        } else {
            runs.push(DiffKind::In, b[j]);
            j += 1;
        }
    }
    runs.0
}

/// Words of an unchanged run that stay before and after a change.
const CONTEXT: usize = 5;

/// Shortens long unchanged runs of a comparison to the words next to changes.
pub(super) fn only_differences(runs: Vec<(DiffKind, String)>) -> Vec<(DiffKind, String)> {
    let last = runs.len().saturating_sub(1);
    let shorten = |(at, (kind, words)): (usize, (DiffKind, String))| {
        let all: Vec<&str> = words.split(' ').collect();
        if kind != DiffKind::Kept || all.len() <= 2 * CONTEXT + 2 {
            return (kind, words);
        }
        let (head, tail) = (all[..CONTEXT].join(" "), all[all.len() - CONTEXT..].join(" "));
        let short = match at {
            0 => format!("… {tail}"),
            _ if at == last => format!("{head} …"),
            _ => format!("{head} … {tail}"),
        };
        (kind, short)
    };
    runs.into_iter().enumerate().map(shorten).collect()
}

struct Runs(Vec<(DiffKind, String)>);

impl Runs {
    fn push(&mut self, change: DiffKind, word: &str) {
        match self.0.last_mut() {
            Some((last, run)) if *last == change => {
                run.push(' ');
                run.push_str(word);
            }
            _ => self.0.push((change, word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_corrected_number_is_the_only_change() {
        let runs = diff("Séisme : 12 morts à Rabat", "Séisme : 14 morts à Rabat");
        let expected = [
            (DiffKind::Kept, "Séisme :"),
            (DiffKind::Out, "12"),
            (DiffKind::In, "14"),
            (DiffKind::Kept, "morts à Rabat"),
        ];
        assert_eq!(runs, expected.map(|(c, w)| (c, w.to_owned())));
        assert_eq!(diff("", ""), []);
    }

    #[test]
    fn what_is_the_same_in_both_is_shortened_to_what_stands_next_to_changes() {
        let kept = "a b c d e f g h i j k l m";
        let runs = only_differences(diff(&format!("{kept} x {kept} y {kept}"), &format!("{kept} x2 {kept} y2 {kept}")));
        let words: Vec<&str> = runs.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(words, ["… i j k l m", "x", "x2", "a b c d e … i j k l m", "y", "y2", "a b c d e …"]);
        assert_eq!(only_differences(diff("a b", "a b")), [(DiffKind::Kept, "a b".to_owned())]);
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn both_sides_can_be_read_off(old in "([ab] ){0,9}", new in "([abc] ){0,9}") {
            let runs = diff(&old, &new);
            let side = |gone: DiffKind| {
                let words: Vec<_> = runs.iter().filter(|(c, _)| *c != gone).map(|(_, w)| w.as_str()).collect();
                words.join(" ")
            };
            prop_assert_eq!(side(DiffKind::In), old.trim());
            prop_assert_eq!(side(DiffKind::Out), new.trim());
        }
    }
}
