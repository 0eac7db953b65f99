//! Chooses what leads the front page: the stories that several outlets carry now. Pure.

use super::super::channel_page::StoryItem;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// Age up to which a story may lead.
pub(in super::super) const RECENT: SignedDuration = SignedDuration::from_hours(36);
/// Hours in which a story loses half its weight. In the evening, a story of the morning needs four times as many outlets to stay
/// first.
const HALF_LIFE_HOURS: f64 = 6.0;
/// Number of stories beside the first one.
const BESIDE: usize = 4;

/// The leading stories.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Leads {
    /// The story that leads.
    pub(in super::super) first: StoryItem,
    /// The next ones.
    pub(in super::super) beside: Vec<StoryItem>,
}

/// Returns the weight of a story by its number of outlets and its age: 0 for one outlet, growing less with each further outlet,
/// and halved every six hours.
fn weight(outlets: usize, age: SignedDuration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a story has 64 reports at most")]
    let outlets = outlets as f64;
    let hours = age.as_secs_f64().max(0.0) / 3_600.0;
    outlets.max(1.0).ln() * 0.5_f64.powf(hours / HALF_LIFE_HOURS)
}

/// Chooses the leads among `shared`. If no story is shared, the newest of `list` leads alone. Leading stories are removed from
/// `list`.
pub(in super::super) fn choose(shared: Vec<StoryItem>, list: &mut Vec<StoryItem>, now: Timestamp) -> Option<Leads> {
    let mut seen = HashSet::new();
    let mut candidates: Vec<(f64, StoryItem)> = shared
        .into_iter()
        .filter(|story| now.duration_since(story.order_at) <= RECENT && seen.insert(story.id))
        .map(|story| (weight(story.also.len() + 1, now.duration_since(story.order_at)), story))
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    candidates.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(y.place.cmp(&x.place)));
    let mut chosen = candidates.into_iter().map(|(_, story)| story).take(1 + BESIDE);
    let leads = match chosen.next() {
        Some(first) => Leads { first, beside: chosen.collect() },
        None => Leads { first: list.first()?.clone(), beside: Vec::new() },
    };
    list.retain(|story| story.id != leads.first.id && leads.beside.iter().all(|beside| beside.id != story.id));
    Some(leads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::browse::PlaceKey;
    use crate::serve::channel_page::{LocalisedText, OtherReport};

    fn story(id: i64, outlets: usize, hours: i64) -> StoryItem {
        let at: Timestamp = now() - SignedDuration::from_hours(hours);
        let text = |words: &str| LocalisedText::new(words, None);
        StoryItem {
            id,
            title: text("Rain"),
            link: "https://a.example/1".to_owned(),
            excerpt: text(""),
            outlet: text("A"),
            published: at,
            image: None,
            also: (1..outlets)
                .map(|n| OtherReport { outlet: text("B"), link: format!("https://b.example/{n}"), title: text("Rain") })
                .collect(),
            outlet_slug: "a".to_owned(),
            order_at: at,
            place: PlaceKey::at(&format!("{at:.0}")),
            author: String::new(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    fn ids(leads: &Leads) -> Vec<i64> {
        [leads.first.id].into_iter().chain(leads.beside.iter().map(|s| s.id)).collect()
    }

    #[test]
    fn more_outlets_and_less_age_weigh_more() {
        let hours = SignedDuration::from_hours;
        assert!(weight(3, hours(0)) > weight(2, hours(0)));
        assert!(weight(3, hours(1)) > weight(3, hours(2)));
        assert!(weight(9, hours(6)) > weight(2, hours(0)), "a great story of the morning leads at noon");
        assert!(weight(2, hours(0)) > weight(3, hours(12)), "but not for ever");
        assert_eq!(weight(1, hours(0)).to_bits(), 0.0_f64.to_bits());
        assert!(weight(2, hours(-1)) <= weight(2, hours(0)), "what is dated ahead gains nothing");
    }

    #[test]
    fn what_leads_is_not_repeated_below() {
        let mut list: Vec<_> = (1..=9).map(|id| story(id, 1 + usize::from(id % 2 == 0), id)).collect();
        let shared = vec![story(20, 5, 2), story(4, 2, 4), story(2, 2, 2), story(20, 5, 2), story(30, 9, 37)];
        let leads = choose(shared, &mut list, now()).unwrap();
        assert_eq!(ids(&leads), [20, 2, 4]);
        assert_eq!(list.iter().map(|s| s.id).collect::<Vec<_>>(), [1, 3, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_newest_leads_where_nothing_is_shared() {
        let mut list = vec![story(3, 1, 1), story(2, 1, 2), story(1, 1, 90)];
        let leads = choose(Vec::new(), &mut list, now()).unwrap();
        assert_eq!((ids(&leads), list.len()), (vec![3], 2));
        assert_eq!(choose(Vec::new(), &mut Vec::new(), now()), None);
    }
}
