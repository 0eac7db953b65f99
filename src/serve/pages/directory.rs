//! The pages of all outlets, tags and languages.

use super::super::channel_page::LocalisedText;
use super::super::links::Chip;
use super::Frame;
use super::list::{language_name, tag_chip};
use crate::model::browse::OutletSummary;
use askama::Template;
use std::collections::BTreeMap;

/// All outlets, tags or languages, with the articles of seven days.
#[derive(Template)]
#[template(path = "directory.html", config = "src/serve/askama.toml")]
pub(in super::super) struct DirectoryTemplate {
    frame: Frame,
    title: &'static str,
    chips: Vec<Chip>,
}

impl DirectoryTemplate {
    /// Creates the page with this path.
    pub(in super::super) fn new(frame: Frame, path: &str, outlets: &[OutletSummary]) -> Self {
        let number = |count| Some(frame.ui_language.number(count));
        let (title, chips) = match path {
            "/tags" => {
                let tags =
                    outlets.iter().flat_map(|outlet| outlet.tags.iter().map(|tag| (tag.clone(), outlet.entries)));
                let chips = most_first(tags).into_iter().map(|(tag, count)| tag_chip(&tag, number(count)));
                (frame.say("الوسوم", "Étiquettes", "Tags"), chips.collect())
            }
            "/languages" => {
                let primary = |tag: &String| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
                let languages = outlets.iter().filter_map(|o| o.language.as_ref().map(|tag| (primary(tag), o.entries)));
                let chip = |(tag, count): (String, u64)| Chip {
                    href: format!("/languages/{tag}"),
                    text: LocalisedText::new(&language_name(&tag), Some(&tag)),
                    count: number(count),
                    is_current: false,
                };
                let chips = most_first(languages).into_iter().map(chip);
                (frame.say("اللغات", "Langues", "Languages"), chips.collect())
            }
            _ => {
                let chip = |outlet: &OutletSummary| Chip {
                    href: format!("/outlets/{}", outlet.slug),
                    text: LocalisedText::new(&outlet.name, None),
                    count: number(outlet.entries),
                    is_current: false,
                };
                (frame.say("المصادر", "Sources", "Outlets"), outlets.iter().map(chip).collect())
            }
        };
        Self { frame, title, chips }
    }
}

/// Adds up the numbers of equal names; the largest sum comes first.
fn most_first(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (name, count) in counts {
        *sums.entry(name).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sums
}
