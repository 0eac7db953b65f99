//! What is wrong with a configuration: every fault with its place, in one error.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a faulty value stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigLocation {
    /// The file as a whole.
    File,
    /// This line of the file, counted from 1.
    Line(usize),
    /// This line of an included file.
    Included(Arc<Path>, usize),
    /// This environment variable.
    Variable(String),
}

impl ConfigLocation {
    /// `line 5`, or `line 5 of FILE`, or the variable's name.
    pub(super) fn words(&self) -> String {
        match self {
            Self::File => "the file".to_owned(),
            Self::Line(line) => format!("line {line}"),
            Self::Included(file, line) => format!("line {line} of {}", file.display()),
            Self::Variable(name) => name.clone(),
        }
    }
}

/// One faulty value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where it stands.
    pub place: ConfigLocation,
    /// The key, such as `server.listen`, `outlet.alalam.time_zone` or, where the slug is itself at fault, `outlet[2].slug`
    /// (the second `[[outlet]]`). `None` when the file as a whole is at fault.
    pub key: Option<String>,
    /// What is wrong, and what is allowed.
    pub what: String,
}

/// Everything that is wrong with a configuration, in the order of the file; never empty. Its text is one line a fault,
/// `error: FILE:LINE: KEY: what is wrong, what is allowed`, ready for standard error; programs end with exit code 78.
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

    /// The file as a whole is at fault.
    pub(super) fn whole(file: &Path, what: String, hint: Option<String>) -> Self {
        Self { hint, ..Self::new(file, vec![ConfigFault { place: ConfigLocation::File, key: None, what }]) }
    }

    /// The faults, in the order of the file, those of the environment last.
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

/// Longest word for which a near one is looked for, in bytes.
const WORD_MAX: usize = 64;

/// `; did you mean "…"?` for the word nearest to `word`, or nothing when none is near.
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

/// Levenshtein's distance, in characters.
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
