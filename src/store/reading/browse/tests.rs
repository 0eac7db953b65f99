use super::*;

fn row(n: i64, passes: bool) -> Looked {
    let at = format!("2026-11-02T09:{n:02}:00Z");
    Looked { story: n, place: n, order_at: at.clone(), published_at: at, entry: passes.then_some(n) }
}

fn wanted(position: Position) -> Browse {
    Browse { position, ..Browse::newest(Scope::Channel("all".to_owned()), 2) }
}

fn stories(shown: &[ShownReport]) -> Vec<i64> {
    shown.iter().map(|s| s.story).collect()
}

#[test]
fn a_page_ends_where_the_next_one_begins() {
    let (shown, newer, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, true), row(7, true)], true);
    assert_eq!((stories(&shown), newer, older), (vec![9, 8], None, Some(row(8, true).key())));
    let (shown, _, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, true)], false);
    assert_eq!((stories(&shown), older), (vec![9, 8], None), "there is nothing older");
    // A filter passed over most of what was looked at: the next page begins where looking ended.
    let (shown, _, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, false), row(7, false)], true);
    assert_eq!((stories(&shown), older), (vec![9], Some(row(7, true).key())));
}

#[test]
fn the_way_back_leads_over_every_story() {
    let from = row(5, true).key();
    let (shown, newer, older) = cut(&wanted(Position::Before(from.clone())), &[row(4, true)], false);
    let newer = newer.unwrap();
    assert!(stories(&shown) == [4] && newer < from && newer > row(4, true).key(), "5 is on the newer page");
    assert_eq!(older, None);
    let rows = [row(6, true), row(7, true), row(8, true)];
    let (shown, newer, older) = cut(&wanted(Position::After(from.clone())), &rows, true);
    assert_eq!((stories(&shown), newer), (vec![7, 6], Some(row(7, true).key())));
    let older = older.unwrap();
    assert!(older > from && older < row(6, true).key(), "5 is on the older page");
}
