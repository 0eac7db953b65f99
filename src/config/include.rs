//! `include = ["outlets.d/*.toml"]`: additional files with `[[outlet]]` and `[[channel]]` sections.

use super::{
    FILE_MAX, LIST_MAX,
    environment::OUTLETS,
    fault::ConfigLocation,
    raw::{ConfigSource, Section, listed},
    reading_now, values,
};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::de::DeTable;

/// Most files of all patterns together.
const FILES_MAX: usize = 10_000;

/// An included file.
pub(super) struct IncludedFile {
    pub(super) path: Arc<Path>,
    pub(super) text: String,
}

/// The result of `include`.
#[derive(Default)]
pub(super) struct Included {
    /// The files, each once.
    pub(super) files: Vec<IncludedFile>,
    /// The patterns that no file matches: allowed, but perhaps a typing error.
    pub(super) unmatched: Vec<PathBuf>,
}

/// Reads the files that match the patterns of `include`, each once, in the order of the patterns and of the file names.
/// Relative patterns are relative to `directory`. `outlets_file` is one more file, from the environment. Files that cannot be read
/// are reported in `source`. `replaced` is a file and the text to use instead of its content.
pub(super) fn read(
    source: &ConfigSource<'_>,
    root: &DeTable<'_>,
    directory: &Path,
    outlets_file: Option<&str>,
    replaced: Option<(&Path, &str)>,
) -> Included {
    let section = Section::top(source, root);
    let place = section.place_of("include");
    let Included { mut files, mut unmatched } = Included::default();
    let mut found: Vec<(PathBuf, ConfigLocation)> = Vec::new();
    for pattern in listed(&section, "include", values::path) {
        let matched = matching(source, &place, &directory.join(&pattern));
        if matched.is_empty() {
            unmatched.push(pattern);
        }
        found.extend(matched.into_iter().map(|path| (path, place.clone())));
    }
    // A variable names one file, so it has no wildcards.
    found.extend(outlets_file.map(|path| (directory.join(path), ConfigLocation::Variable(OUTLETS.to_owned()))));
    for (path, place) in found {
        if files.iter().any(|known| *known.path == *path) {
            continue;
        }
        if files.len() == FILES_MAX {
            source.fault(place, "include", format!("names too many files; allowed: {FILES_MAX}"));
            return Included { files, unmatched };
        }
        let other = replaced.filter(|(replaced, _)| *replaced == path).map(|(_, text)| text.to_owned());
        match other.map_or_else(|| text(&path), Ok) {
            Ok(text) => files.push(IncludedFile { path: path.into(), text }),
            Err(why) => source.fault(place, "include", format!("{} {why}", path.display())),
        }
    }
    Included { files, unmatched }
}

/// Returns the files that match one pattern. A pattern without wildcards names a file that must exist.
fn matching(source: &ConfigSource<'_>, place: &ConfigLocation, pattern: &Path) -> Vec<PathBuf> {
    let text = pattern.to_string_lossy();
    if !text.contains(['*', '?', '[']) {
        return vec![pattern.to_owned()];
    }
    reading_now::begins(pattern);
    let found = match glob::glob(&text) {
        Ok(found) => found,
        Err(why) => {
            let what = format!("is not a pattern ({}); allowed: a path, with * and ? for parts of names", why.msg);
            source.fault(place.clone(), "include", what);
            return Vec::new();
        }
    };
    let readable = |path: Result<PathBuf, glob::GlobError>| match path {
        Ok(path) => Some(path),
        Err(why) => {
            let what = format!("{} cannot be read: {}", why.path().display(), why.error());
            source.fault(place.clone(), "include", what);
            None
        }
    };
    found.filter_map(readable).filter(|path| is_meant(path)).take(FILES_MAX + LIST_MAX).collect()
}

/// Returns whether a matching path is that of a file. A symbolic link that leads nowhere counts, so that it is reported; but not a
/// hidden one, because editors make such links beside a file that is being edited.
fn is_meant(path: &Path) -> bool {
    let is_hidden = || path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    path.is_file() || path.is_symlink() && !path.exists() && !is_hidden()
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    reading_now::begins(path);
    // Opening a pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err("is not a file".to_owned());
    }
    let read = fs::File::open(path).and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|why| format!("cannot be read: {why}"))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("is too large; allowed: {FILE_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8; allowed: TOML, which is always UTF-8".to_owned())
}
