//! Who copied whom: the stories that an outlet shares with others, and who reported each first. Pure.

use jiff::Timestamp;
use std::collections::BTreeMap;

/// Days of reports that are compared.
pub const COPIES_DAYS: u32 = 7;

/// A report of a story that several outlets carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedReport {
    /// Story number.
    pub story: i64,
    /// Row id of the entry.
    pub entry: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub name: String,
    /// The stated publication date, or when the entry was first seen, whichever is earlier.
    pub published: Timestamp,
    /// The title; empty for reports of outlets other than the requested one.
    pub title: String,
    /// Language tag.
    pub language: Option<String>,
}

/// What an outlet shares with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiesPage {
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub name: String,
    /// Number of stories that it reported first and other outlets reported later.
    pub first: usize,
    /// Number of stories that it reported after another outlet.
    pub later: usize,
    /// The other outlets, those with most shared stories first.
    pub others: Vec<OtherOutlet>,
    /// The shared stories, newest first.
    pub stories: Vec<SharedStory>,
}

/// What two outlets share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherOutlet {
    /// The other outlet's slug.
    pub outlet: String,
    /// Its name.
    pub name: String,
    /// Stories that it was the first to report: story number and seconds until the outlet followed.
    pub before: Vec<(i64, u64)>,
    /// Stories that the outlet was the first to report: story number and seconds until the other followed.
    pub after: Vec<(i64, u64)>,
}

/// A story that the outlet shares with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStory {
    /// Story number.
    pub id: i64,
    /// The outlet's own title.
    pub title: String,
    /// Language tag of the title.
    pub language: Option<String>,
    /// When the first report was published.
    pub at: Timestamp,
    /// Slug and name of the outlet that was first.
    pub first: (String, String),
    /// Seconds from the first report to the outlet's; 0 if it was first.
    pub later: u64,
    /// Outlets that carry the story.
    pub outlets: usize,
}

impl OtherOutlet {
    /// Returns the number of shared stories.
    #[must_use]
    pub fn shared(&self) -> usize {
        self.before.len() + self.after.len()
    }
}

/// Returns the median of some delays.
#[must_use]
pub fn median(delays: &[(i64, u64)]) -> Option<u64> {
    let mut seconds: Vec<u64> = delays.iter().map(|(_, seconds)| *seconds).collect();
    seconds.sort_unstable();
    seconds.get(seconds.len() / 2).copied()
}

impl CopiesPage {
    /// Compares the reports of stories that the outlet with this slug carries too. In each story, the first report of each outlet
    /// counts, and it is compared with the first of all.
    #[must_use]
    pub fn of(outlet: String, name: String, reports: Vec<CarriedReport>) -> Self {
        let mut stories: BTreeMap<i64, Vec<CarriedReport>> = BTreeMap::new();
        for report in reports {
            stories.entry(report.story).or_default().push(report);
        }
        let mut page = Self { outlet, name, first: 0, later: 0, others: Vec::new(), stories: Vec::new() };
        let mut others: BTreeMap<String, OtherOutlet> = BTreeMap::new();
        for (id, mut reports) in stories {
            reports.sort_by_key(|report| (report.published, report.entry));
            let mut seen = Vec::new();
            reports.retain(|report| {
                let is_new = !seen.contains(&report.outlet);
                if is_new {
                    seen.push(report.outlet.clone());
                }
                is_new
            });
            page.add(id, &reports, &mut others);
        }
        page.others = others.into_values().collect();
        page.others.sort_by(|a, b| b.shared().cmp(&a.shared()).then_with(|| a.name.cmp(&b.name)));
        page.stories.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.id.cmp(&a.id)));
        page
    }

    /// Adds a story, of which `reports` has the first report of each outlet in order.
    fn add(&mut self, id: i64, reports: &[CarriedReport], others: &mut BTreeMap<String, OtherOutlet>) {
        let Some(first) = reports.first().filter(|_| reports.len() > 1) else { return };
        let Some(own) = reports.iter().find(|report| report.outlet == self.outlet) else { return };
        let seconds = |report: &CarriedReport| {
            u64::try_from(report.published.duration_since(first.published).as_secs()).unwrap_or(0)
        };
        let entry =
            |others: &mut BTreeMap<String, OtherOutlet>, report: &CarriedReport, is_before: bool, delay: u64| {
                let found = others.entry(report.outlet.clone()).or_insert_with(|| OtherOutlet {
                    outlet: report.outlet.clone(),
                    name: report.name.clone(),
                    before: Vec::new(),
                    after: Vec::new(),
                });
                if is_before { found.before.push((id, delay)) } else { found.after.push((id, delay)) }
            };
        if first.outlet == self.outlet {
            self.first += 1;
            for report in &reports[1..] {
                entry(others, report, false, seconds(report));
            }
        } else {
            self.later += 1;
            entry(others, first, true, seconds(own));
        }
        self.stories.push(SharedStory {
            id,
            title: own.title.clone(),
            language: own.language.clone(),
            at: first.published,
            first: (first.outlet.clone(), first.name.clone()),
            later: seconds(own),
            outlets: reports.len(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(story: i64, entry: i64, outlet: &str, minute: i64) -> CarriedReport {
        CarriedReport {
            story,
            entry,
            outlet: outlet.to_owned(),
            name: outlet.to_uppercase(),
            published: Timestamp::from_second(60 * minute).unwrap(),
            title: format!("{outlet} {story}"),
            language: None,
        }
    }

    #[test]
    fn each_report_is_compared_with_the_first_of_its_story() {
        let page = CopiesPage::of(
            "a".to_owned(),
            "A".to_owned(),
            vec![
                report(1, 1, "a", 0),
                report(1, 2, "b", 10),
                report(1, 3, "b", 5),
                report(1, 4, "c", 30),
                report(2, 5, "a", 100),
                report(2, 6, "b", 40),
                report(2, 7, "c", 50),
                report(3, 8, "a", 7),
                report(3, 9, "a", 9),
                report(4, 10, "b", 7),
                report(4, 11, "c", 9),
            ],
        );
        assert_eq!((page.first, page.later, page.stories.len()), (1, 1, 2));
        let b = OtherOutlet {
            outlet: "b".to_owned(),
            name: "B".to_owned(),
            before: vec![(2, 3_600)],
            after: vec![(1, 300)],
        };
        assert_eq!(page.others[0], b);
        assert_eq!((page.others[1].outlet.as_str(), page.others[1].after.as_slice()), ("c", &[(1, 1_800)][..]));
        assert_eq!(page.stories[0].first, ("b".to_owned(), "B".to_owned()));
        assert_eq!((page.stories[0].later, page.stories[1].later, page.stories[1].outlets), (3_600, 0, 3));
    }

    #[test]
    fn the_median_is_the_middle_delay() {
        assert_eq!(median(&[(1, 9), (2, 1), (3, 5)]), Some(5));
        assert_eq!(median(&[]), None);
    }
}
