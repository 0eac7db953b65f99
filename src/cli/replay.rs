//! `warraq replay`: recorded entries through the real normalising and the real decisions, to try the rules on one's own
//! record. Nothing of the house's own database is read or written.

use super::Failure;
use crate::dedup::replay::{Recorded, replay as decide};
use anyhow::Context as _;
use jiff::SignedDuration;
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    time::Duration,
};

/// Longest line, in bytes: an entry larger than any document may be is none.
const LINE_MAX: u64 = 16_000_000;
/// Entries between two words on progress.
const PROGRESS: usize = 1_000;

pub(super) fn replay(file: &Path, window: Duration) -> Result<(), Failure> {
    let recorded = read(file)?;
    let total = recorded.len();
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    let watched = io::stderr().is_terminal();
    let mut shown = 0;
    let told = decide(recorded, window, |done| {
        if watched && done >= shown + PROGRESS {
            shown = done;
            eprint!("\r{done} of {total}");
        }
    });
    if watched && total >= PROGRESS {
        eprintln!("\r{total} of {total}");
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for (id, story) in told {
        writeln!(out, "{}", json!({"id": id, "story": story}))?;
    }
    out.flush()?;
    Ok(())
}

/// Every line of the file; empty ones are passed over.
fn read(file: &Path) -> Result<Vec<Recorded>, Failure> {
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut reader = BufReader::new(opened);
    let (mut line, mut recorded) = (Vec::new(), Vec::new());
    for number in 1.. {
        line.clear();
        let read = io::Read::take(&mut reader, LINE_MAX).read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {}", file.display()))? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let item = serde_json::from_slice(&line).map_err(|why| {
            let place = format!("{}:{number}", file.display());
            Failure::with_hint(
                anyhow::Error::new(why).context(format!("{place}: no recorded entry")),
                "one JSON object a line: id, outlet, feed, lang, title, summary, content, url, guid, published",
            )
        })?;
        recorded.push(item);
    }
    Ok(recorded)
}
