//! `warraq replay`: runs recorded entries through the real normalisation and decisions, to try the rules on one's own recordings.
//! The database is neither read nor written.

use super::{CliError, out::written, progress::ProgressLine};
use crate::{
    dedup::replay::{RecordedEntry, replay as decide},
    store::{Progress, ProgressUnit},
};
use anyhow::Context as _;
use jiff::SignedDuration;
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
    time::Duration,
};

/// Maximum length of a line, in bytes. No entry is larger than the largest document.
const LINE_MAX: u64 = 16_000_000;

pub(super) fn replay(file: &Path, window: Duration) -> Result<(), CliError> {
    let recorded = read(file)?;
    let total = recorded.len() as u64;
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    let mut line = ProgressLine::new();
    let told = decide(recorded, window, |done| {
        line.show(Progress { doing: "deciding", done: done as u64, total, unit: ProgressUnit::Entries });
    });
    line.wipe();
    let mut out = BufWriter::new(io::stdout().lock());
    for (id, story) in told {
        written(writeln!(out, "{}", json!({"id": id, "story": story})))?;
    }
    written(out.flush())
}

/// Reads every line of the file; empty lines are skipped.
fn read(file: &Path) -> Result<Vec<RecordedEntry>, CliError> {
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
            CliError::with_hint(
                anyhow::Error::new(why).context(format!("{place}: not a recorded entry")),
                "one JSON object per line: id, outlet, feed, lang, title, summary, content, url, guid, published",
            )
        })?;
        recorded.push(item);
    }
    Ok(recorded)
}
