use super::*;

#[test]
fn a_number_that_is_not_known_is_rounded_down() {
    assert_eq!(count(0, false), SearchCount::Exactly(0));
    assert_eq!(count(1_000, false), SearchCount::Exactly(1_000));
    assert_eq!(count(7, true), SearchCount::MoreThan(7));
    assert_eq!(count(812, true), SearchCount::MoreThan(800));
    assert_eq!(count(1_000, true), SearchCount::MoreThan(1_000));
}
