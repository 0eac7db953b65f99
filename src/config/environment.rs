//! Variables that name files, for containers and their secrets: `WARRAQ_SECTION_KEY_FILE` holds the path of a file with the value
//! of `WARRAQ_SECTION_KEY`, and [`OUTLETS`] that of a file with outlets and channels.

use super::{
    fault::{ConfigFault, ConfigLocation},
    raw, reading_now,
    sections::SECTIONS,
};
use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

/// Names an additional file with `[[outlet]]` and `[[channel]]` sections.
pub(super) const OUTLETS: &str = "WARRAQ_OUTLETS_FILE";
const FILE: &str = "_FILE";
/// Largest value in a file, in bytes.
const VALUE_MAX: u64 = 65_536;

/// Replaces each `WARRAQ_SECTION_KEY_FILE` by `WARRAQ_SECTION_KEY` with the content of the file, without the line end that editors
/// add. Keys that end in `_file` themselves are left as they are. Returns the variables and the faults.
pub(super) fn with_values_of_files(
    environment: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<ConfigFault>) {
    let known: Vec<String> =
        SECTIONS.iter().flat_map(|(section, keys)| keys.iter().map(|key| raw::variable(section, key))).collect();
    let (mut variables, mut faults) = (environment.clone(), Vec::new());
    if environment.get(OUTLETS).is_some_and(String::is_empty) {
        let what = "is empty; allowed: the path of a file with [[outlet]] sections".to_owned();
        faults.push(ConfigFault { place: ConfigLocation::Variable(OUTLETS.to_owned()), key: None, what });
    }
    for (name, path) in environment {
        let Some(key) = name.strip_suffix(FILE).filter(|key| known.iter().any(|known| known == key)) else { continue };
        if known.contains(name) {
            continue;
        }
        variables.remove(name);
        let value = if environment.contains_key(key) {
            Err(format!("is set together with {key}; allowed: one of them"))
        } else {
            content(path)
        };
        match value {
            Ok(value) => drop(variables.insert(key.to_owned(), value)),
            Err(what) => faults.push(ConfigFault { place: ConfigLocation::Variable(name.clone()), key: None, what }),
        }
    }
    (variables, faults)
}

/// Returns the path of the additional file.
pub(super) fn outlets_file(environment: &BTreeMap<String, String>) -> Option<&str> {
    environment.get(OUTLETS).map(String::as_str).filter(|path| !path.is_empty())
}

fn content(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Err("is empty; allowed: the path of a file with the value".to_owned());
    }
    let mut bytes = Vec::new();
    reading_now::begins(Path::new(path));
    let read = File::open(path).and_then(|file| file.take(VALUE_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|why| format!("{path} cannot be read: {why}; allowed: the path of a file with the value"))?;
    if bytes.len() as u64 > VALUE_MAX {
        return Err(format!("{path} is too large; allowed: {VALUE_MAX} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8; allowed: the value as UTF-8"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
