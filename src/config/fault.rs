//! Faults of a configuration: each with its location, all in one error.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Location of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigLocation {
    /// The whole file.
    File,
    /// A line of the file, counted from 1.
    Line(usize),
    /// A line of an included file.
    Included(Arc<Path>, usize),
    /// An environment variable.
    Variable(String),
}

impl ConfigLocation {
    /// Returns `the file`, `line 5`, `line 5 of FILE`, or the name of the variable.
    pub(super) fn words(&self) -> String {
        match self {
            Self::File => "the file".to_owned(),
            Self::Line(line) => format!("line {line}"),
            Self::Included(file, line) => format!("line {line} of {}", file.display()),
            Self::Variable(name) => name.clone(),
        }
    }
}

/// A faulty value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Location of the value.
    pub place: ConfigLocation,
    /// The key, such as `server.listen`, `outlet.alalam.time_zone` or, if the slug itself is faulty, `outlet[2].slug` (the second
    /// `[[outlet]]`). `None` if the whole file is at fault.
    pub key: Option<String>,
    /// What is wrong, and what is allowed.
    pub what: String,
}

/// All faults of a configuration, in the order of the file; never empty. Its text has one line per fault,
/// `error: FILE:LINE: KEY: what is wrong, what is allowed`, and can be written to standard error as it is. Programs then end with
/// exit code 78.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults {
    file: PathBuf,
    faults: Vec<ConfigFault>,
    hint: Option<String>,
}

impl ConfigFaults {
    pub(super) fn new(file: &Path, mut faults: Vec<ConfigFault>) -> Self {
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        Self { file: file.to_owned(), faults, hint: None }
    }

    /// Creates a fault of the whole file.
    pub fn whole(file: &Path, what: String, hint: Option<String>) -> Self {
        Self { hint, ..Self::new(file, vec![ConfigFault { place: ConfigLocation::File, key: None, what }]) }
    }

    /// Returns the faults in the order of the file; those of environment variables are last.
    #[must_use]
    pub fn faults(&self) -> &[ConfigFault] {
        &self.faults
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            f.write_str(if n == 0 { "error: " } else { "\nerror: " })?;
            match &fault.place {
                ConfigLocation::File => write!(f, "{}: ", self.file.display())?,
                ConfigLocation::Line(line) => write!(f, "{}:{line}: ", self.file.display())?,
                ConfigLocation::Included(file, line) => write!(f, "{}:{line}: ", file.display())?,
                ConfigLocation::Variable(name) => write!(f, "{name}: ")?,
            }
            if let Some(key) = &fault.key {
                write!(f, "{key}: ")?;
            }
            f.write_str(&fault.what)?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for ConfigFaults {}

/// Longest word for which a similar one is suggested, in bytes.
const WORD_MAX: usize = 64;

/// Returns `; did you mean "…"?` with the word most similar to `word`, or an empty string if none is similar.
pub(super) fn did_you_mean<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    if word.len() > WORD_MAX {
        return String::new();
    }
    let near = words.into_iter().map(|w| (distance(word, w), w)).min();
    match near {
        Some((steps, w)) if steps <= 2 && steps < word.chars().count() => format!("; did you mean \"{w}\"?"),
        _ => String::new(),
    }
}

/// Returns the Levenshtein distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, cb) in b.chars().enumerate() {
            let step = (corner + usize::from(ca != cb)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], step);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, steps) in
            [("", "abc", 3), ("kitten", "sitting", 3), ("timezone", "time_zone", 1), ("العلم", "العالم", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (steps, steps), "{a} {b}");
        }
    }

    #[test]
    fn only_near_words_are_proposed() {
        assert_eq!(did_you_mean("timezone", ["tags", "time_zone"]), "; did you mean \"time_zone\"?");
        assert_eq!(did_you_mean("colour", ["tags", "time_zone"]), "");
        assert_eq!(did_you_mean("x", ["y"]), "");
    }
}
