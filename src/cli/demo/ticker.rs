//! The output of the demo on a terminal: new stories as they arrive, and entries that join them.

use crate::{
    cli::{
        CliError,
        out::{counted, say},
    },
    store::{ArrivedEntry, Reader, StoreError},
};
use std::{fmt, time::Duration};

/// Time between two queries of the database.
const EVERY: Duration = Duration::from_millis(500);
/// Maximum number of characters of a title that are printed.
const TITLE: usize = 70;

/// The entries that arrived so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DemoCounts {
    last: i64,
    stories: u64,
    joined: u64,
}

impl DemoCounts {
    /// Counts an arrival.
    fn count(&mut self, arrival: &ArrivedEntry) {
        self.last = self.last.max(arrival.entry);
        if arrival.joined.is_some() {
            self.joined += 1;
        } else {
            self.stories += 1;
        }
    }
}

impl fmt::Display for DemoCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = counted(self.stories + self.joined, "entry", "entries");
        write!(f, "{entries}, {}", counted(self.stories, "story", "stories"))
    }
}

/// Prints arriving entries until the future is dropped. Entries that were stored before are only counted.
///
/// # Errors
/// Fails if the database cannot be read or the terminal cannot be written.
pub(super) async fn follow(reader: &Reader, seen: &mut DemoCounts) -> Result<(), CliError> {
    let mut ticks = tokio::time::interval(EVERY);
    while seen.last == 0 {
        ticks.tick().await;
        take(reader, seen).await?;
    }
    say(format_args!("\nAll outlets were polled once: {seen}. New entries now arrive every few seconds.\n"))?;
    loop {
        ticks.tick().await;
        for arrival in take(reader, seen).await? {
            say(line(&arrival))?;
            if (seen.stories + seen.joined).is_multiple_of(20) {
                say(format_args!("          so far: {seen}"))?;
            }
        }
    }
}

/// Reads and counts the entries that have arrived.
async fn take(reader: &Reader, seen: &mut DemoCounts) -> Result<Vec<ArrivedEntry>, StoreError> {
    let arrivals = reader.arrivals(seen.last).await?;
    for arrival in &arrivals {
        seen.count(arrival);
    }
    Ok(arrivals)
}

/// Formats an arrival as one line.
fn line(arrival: &ArrivedEntry) -> String {
    let ArrivedEntry { outlet, story, outlets, .. } = arrival;
    let title = shortened(&arrival.title);
    match &arrival.joined {
        None => format!("  new     {outlet}: {title}"),
        Some(first) => format!(
            "  joined  {outlet}: {title}\n          the same report as {first}'s; {}, /stories/{story}",
            counted(*outlets, "outlet has it now", "outlets have it now")
        ),
    }
}

/// Returns the beginning of a title, without control characters.
fn shortened(title: &str) -> String {
    let plain = title.replace(char::is_control, " ");
    match plain.char_indices().nth(TITLE) {
        Some((at, _)) => format!("{}…", &plain[..at]),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(entry: i64, joined: Option<&str>) -> ArrivedEntry {
        ArrivedEntry {
            entry,
            outlet: "Al Waha".to_owned(),
            title: "A \u{1b}[31mdam".to_owned(),
            story: 7,
            joined: joined.map(str::to_owned),
            outlets: 2,
        }
    }

    #[test]
    fn an_arrival_is_a_line_that_says_what_happened() {
        assert_eq!(line(&arrival(1, None)), "  new     Al Waha: A  [31mdam");
        let joined = line(&arrival(2, Some("Courrier")));
        assert!(joined.contains("the same report as Courrier's; 2 outlets have it now, /stories/7"), "{joined}");
    }

    #[test]
    fn entries_are_counted_and_stories_once() {
        let mut seen = DemoCounts::default();
        for arrival in [arrival(4, None), arrival(5, Some("x")), arrival(6, Some("x"))] {
            seen.count(&arrival);
        }
        assert_eq!((seen.last, seen.to_string().as_str()), (6, "3 entries, 1 story"));
    }
}
