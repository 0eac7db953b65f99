//! Whose turn is next, when only some of many may be served at once.

/// Returns the items after the one that was served last, then those up to it. Otherwise the last ones would never be served while
/// the first ones always have something to do.
pub(super) fn in_turn<T>(items: &[T], was_last: impl FnMut(&T) -> bool) -> impl Iterator<Item = &T> {
    let next = items.iter().position(was_last).map_or(0, |last| last + 1);
    items[next..].iter().chain(&items[..next])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_after_the_last_one_come_first() {
        for (items, last, expected) in [
            (&[1, 2, 3][..], None, &[1, 2, 3][..]),
            (&[1, 2, 3], Some(2), &[3, 1, 2]),
            (&[1, 2, 3], Some(3), &[1, 2, 3]),
            (&[1, 2, 3], Some(9), &[1, 2, 3]),
            (&[], Some(1), &[]),
        ] {
            let found: Vec<i32> = in_turn(items, |item| Some(*item) == last).copied().collect();
            assert_eq!(found, expected, "{items:?} {last:?}");
        }
    }
}
