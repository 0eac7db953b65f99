//! The invented outlets and their reports, read from `texts/`. A report is a block:
//!
//! ```text
//! == slug
//! at: -95                  minutes before the demo begins, or +12: the step
//! title: …
//! revised: +9 …            from this step on, this is the title
//! by: …                    author
//! topics: …, …
//! partner: waha/SLUG       a partner's copy: the text and the link of that report, under this title
//! wire: waha/SLUG          a wire copy: the text of that report at an own link, lightly edited: see `DemoScript::edit`
//!
//! Paragraphs, with blank lines between them.
//! ```

use super::{
    bulletin,
    report::{DemoFeed, DemoReport, Dialect, WINDOW, When},
};
use std::collections::HashMap;

/// All outlets and reports of the demo.
#[derive(Debug)]
pub struct DemoScript {
    /// The outlets.
    pub outlets: Vec<DemoOutlet>,
    /// The step of the last written report; bulletins follow after it.
    pub last_step: u64,
}

/// An invented publisher.
#[derive(Debug)]
pub struct DemoOutlet {
    /// Its slug.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its language.
    pub language: &'static str,
    /// Tags by which channels select it.
    pub tags: &'static [&'static str],
    /// Its feeds.
    pub feeds: Vec<DemoFeed>,
}

impl DemoFeed {
    fn new(path: &'static str, title: &'static str, language: &'static str, dialect: Dialect, text: &str) -> Self {
        let reports = text.split("\n== ").skip(1).filter_map(|block| report(path, block)).collect();
        Self { path, title, language, dialect, reports }
    }

    /// Where its document is, below the stage's base.
    #[must_use]
    pub fn address(&self) -> String {
        let name = if self.dialect == Dialect::Sitemap { "sitemap-news.xml" } else { "feed" };
        format!("{}/{name}", self.path)
    }

    /// Returns what the feed lists at a step, newest first.
    #[must_use]
    pub fn listed(&self, step: u64, last_step: u64) -> Vec<DemoReport> {
        let mut listed: Vec<_> = self.reports.iter().filter(|report| report.is_out(step)).cloned().collect();
        listed.extend(bulletin::of(self, step, last_step));
        listed.sort_by_key(|report| match report.when {
            When::Step(step) => (0, u64::MAX - step),
            When::Before(minutes) => (1, minutes),
        });
        listed.truncate(WINDOW);
        listed
    }
}

/// Parses one block of a text. The texts are part of the program, and a test makes sure that every block is valid.
fn report(path: &str, block: &str) -> Option<DemoReport> {
    let (head, text) = block.split_once("\n\n")?;
    let mut lines = head.lines();
    let id = format!("{path}/{}", lines.next()?.trim());
    let fields: HashMap<&str, &str> = lines.filter_map(|line| line.split_once(": ")).collect();
    let at = fields.get("at")?;
    let when = match at.strip_prefix('-') {
        Some(minutes) => When::Before(minutes.parse().ok()?),
        None => When::Step(at.strip_prefix('+')?.parse().ok()?),
    };
    let revised = fields.get("revised").and_then(|text| text.strip_prefix('+')?.split_once(' '));
    let revised = revised.and_then(|(step, title)| Some((step.parse().ok()?, title.to_owned())));
    let carried = fields.get("partner").or(fields.get("wire"));
    Some(DemoReport {
        link: (*carried.unwrap_or(&id.as_str())).to_owned(),
        when,
        title: (*fields.get("title")?).to_owned(),
        revised,
        author: fields.get("by").map(|by| (*by).to_owned()),
        topics: fields.get("topics").into_iter().flat_map(|topics| topics.split(", ")).map(str::to_owned).collect(),
        paragraphs: if fields.contains_key("partner") { Vec::new() } else { paragraphs(text) },
        id,
    })
}

fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n").map(|text| text.trim().replace('\n', " ")).filter(|text| !text.is_empty()).collect()
}

impl DemoScript {
    /// Reads the script from its texts.
    #[must_use]
    pub fn written() -> Self {
        let mut script = Self { outlets: outlets(), last_step: 0 };
        script.carry();
        let steps = script.outlets.iter().flat_map(|outlet| &outlet.feeds).flat_map(|feed| &feed.reports);
        script.last_step = steps
            .filter_map(|report| if let When::Step(step) = report.when { Some(step) } else { None })
            .max()
            .unwrap_or(0);
        script
    }

    /// Copies the agency's text into the reports that carry it.
    fn carry(&mut self) {
        let reports = self.outlets.iter().flat_map(|outlet| &outlet.feeds).flat_map(|feed| &feed.reports);
        let texts: HashMap<String, Vec<String>> =
            reports.map(|report| (report.id.clone(), report.paragraphs.clone())).collect();
        for report in self.outlets.iter_mut().flat_map(|outlet| &mut outlet.feeds).flat_map(|feed| &mut feed.reports) {
            let Some(original) = texts.get(&report.link).filter(|_| report.link != report.id) else { continue };
            if report.paragraphs.is_empty() {
                report.paragraphs.clone_from(original);
            } else {
                report.paragraphs = Self::edit(original, &report.paragraphs);
                report.link.clone_from(&report.id);
            }
        }
    }

    /// Edits a wire copy as an editor would: the agency's dateline is removed, and its last paragraph is replaced by the paper's
    /// own.
    fn edit(original: &[String], own: &[String]) -> Vec<String> {
        let kept = original.len().saturating_sub(1).max(1);
        let mut copy: Vec<String> = original.iter().take(kept).cloned().collect();
        if let Some(lead) = copy.first_mut()
            && let Some((_, text)) = lead.split_once(" – ")
        {
            *lead = text.to_owned();
        }
        copy.extend_from_slice(own);
        copy
    }

    /// Returns the feed at this path.
    #[must_use]
    pub fn feed(&self, path: &str) -> Option<&DemoFeed> {
        self.outlets.iter().flat_map(|outlet| &outlet.feeds).find(|feed| feed.path == path)
    }
}

fn outlets() -> Vec<DemoOutlet> {
    use Dialect::{Atom, Rss, Sitemap};
    vec![
        DemoOutlet {
            slug: "almarfa",
            name: "المرفأ",
            language: "ar",
            tags: &["newspaper", "morocco"],
            feeds: vec![DemoFeed::new("almarfa", "جريدة المرفأ", "ar", Rss, include_str!("texts/almarfa.txt"))],
        },
        DemoOutlet {
            slug: "waha",
            name: "وكالة واحة للأنباء",
            language: "ar",
            tags: &["agency"],
            feeds: vec![
                DemoFeed::new("waha", "وكالة واحة للأنباء", "ar", Atom, include_str!("texts/waha.txt")),
                DemoFeed::new("waha-fr", "Agence Waha", "fr", Atom, include_str!("texts/waha-fr.txt")),
                DemoFeed::new("waha-en", "Waha News Agency", "en", Atom, include_str!("texts/waha-en.txt")),
            ],
        },
        DemoOutlet {
            slug: "courrier",
            name: "Le Courrier du Cap",
            language: "fr",
            tags: &["newspaper", "morocco"],
            feeds: vec![DemoFeed::new("courrier", "Le Courrier du Cap", "fr", Rss, include_str!("texts/courrier.txt"))],
        },
        DemoOutlet {
            slug: "lantern",
            name: "The Harbour Lantern",
            language: "en",
            tags: &["newspaper"],
            feeds: vec![DemoFeed::new("lantern", "The Harbour Lantern", "en", Atom, include_str!("texts/lantern.txt"))],
        },
        DemoOutlet {
            slug: "mijhar",
            name: "مجهر",
            language: "ar",
            tags: &["science"],
            feeds: vec![DemoFeed::new("mijhar", "مجهر: مدونة علمية", "ar", Atom, include_str!("texts/mijhar.txt"))],
        },
        DemoOutlet {
            slug: "nouvelle",
            name: "Nouvelle Digue",
            language: "fr",
            tags: &["newspaper"],
            feeds: vec![DemoFeed::new("nouvelle", "Nouvelle Digue", "fr", Sitemap, include_str!("texts/nouvelle.txt"))],
        },
        DemoOutlet {
            slug: "nakhil",
            name: "إذاعة النخيل",
            language: "ar",
            tags: &["radio", "morocco"],
            feeds: vec![DemoFeed::new("nakhil", "إذاعة النخيل", "ar", Rss, include_str!("texts/nakhil.txt"))],
        },
    ]
}
