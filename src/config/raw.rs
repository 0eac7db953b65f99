//! Sections, keys and values as written in the file or the environment, each with its location. A fault is recorded in the
//! [`ConfigSource`], and reading continues with a placeholder, so that all faults are found at once.

use super::{
    LIST_MAX,
    fault::{ConfigFault, ConfigLocation, did_you_mean},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::RangeInclusive,
    path::Path,
    sync::Arc,
};
use toml::de::{DeTable, DeValue};

/// What all sections share while a configuration is read: the positions of lines, the environment, and the faults found so far.
pub(super) struct ConfigSource<'a> {
    newlines: Vec<usize>,
    /// The file if it is an included one, else `None`.
    file: Option<Arc<Path>>,
    /// Offset at which the piece begins that is being read.
    piece: Cell<usize>,
    environment: &'a BTreeMap<String, String>,
    faults: RefCell<Vec<ConfigFault>>,
}

impl<'a> ConfigSource<'a> {
    pub(super) fn new(text: &str, file: Option<Arc<Path>>, environment: &'a BTreeMap<String, String>) -> Self {
        let newlines = text.bytes().enumerate().filter_map(|(at, b)| (b == b'\n').then_some(at)).collect();
        Self { newlines, file, piece: Cell::new(0), environment, faults: RefCell::default() }
    }

    /// Reads a piece of the file that begins at `start`.
    pub(super) fn in_piece<T>(&self, start: usize, read: impl FnOnce() -> T) -> T {
        let before = self.piece.replace(start);
        let done = read();
        self.piece.set(before);
        done
    }

    /// The line, counted from 1, that holds the byte at `offset` of the piece that is being read.
    pub(super) fn line(&self, offset: usize) -> ConfigLocation {
        let offset = self.piece.get() + offset;
        let line = self.newlines.partition_point(|newline| *newline < offset) + 1;
        self.file.as_ref().map_or(ConfigLocation::Line(line), |file| ConfigLocation::Included(Arc::clone(file), line))
    }

    pub(super) fn fault(&self, place: ConfigLocation, key: impl Into<String>, what: impl Into<String>) {
        self.faults.borrow_mut().push(ConfigFault { place, key: Some(key.into()), what: what.into() });
    }

    /// A variable's text.
    pub(super) fn variable(&self, name: &str) -> Option<&'a str> {
        self.environment.get(name).map(String::as_str)
    }

    pub(super) fn fault_without_key(&self, place: ConfigLocation, what: String) {
        self.faults.borrow_mut().push(ConfigFault { place, key: None, what });
    }

    pub(super) fn add_faults(&self, faults: Vec<ConfigFault>) {
        self.faults.borrow_mut().extend(faults);
    }

    pub(super) fn into_faults(self) -> Vec<ConfigFault> {
        self.faults.into_inner()
    }

    /// Reports every key of `table` that is not in `allowed`; in the fault, `prefix` precedes its name.
    pub(super) fn refuse_unknown_keys(&self, prefix: &str, table: &DeTable<'_>, allowed: &[&str]) {
        for key in table.keys() {
            let word: &str = key.get_ref();
            if !allowed.contains(&word) {
                let near = did_you_mean(word, allowed.iter().copied());
                let what = format!("unknown key{near}; allowed here: {}", allowed.join(", "));
                self.fault(self.line(key.span().start), format!("{prefix}{}", word.escape_debug()), what);
            }
        }
    }

    /// Reports every environment variable that begins like those of a section but names no key, so that typing errors are not
    /// ignored. `keys` are the sections that variables can override, with their keys; `closed` are those they cannot.
    pub(super) fn refuse_unknown_variables(&self, keys: &[(&str, &[&str])], closed: &[&str]) {
        for name in self.environment.keys() {
            let begins = |section: &str| name.starts_with(&variable(section, ""));
            if let Some((section, keys)) = keys.iter().find(|(section, _)| begins(section)) {
                let known: Vec<String> = keys.iter().map(|key| variable(section, key)).collect();
                if !known.contains(name) {
                    let near = did_you_mean(name, known.iter().map(String::as_str));
                    let what = format!("unknown variable{near}; allowed: {}", known.join(", "));
                    self.fault(ConfigLocation::Variable(name.clone()), *section, what);
                }
            } else if let Some(section) = closed.iter().find(|section| begins(section)) {
                let what = "cannot be set by an environment variable; set it in the file";
                self.fault(ConfigLocation::Variable(name.clone()), *section, what);
            }
        }
    }
}

/// A file of the configuration and its tables.
pub(super) type Source<'a, 'b> = (&'b ConfigSource<'a>, &'a DeTable<'a>);

/// Returns the name of the environment variable that overrides a key.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!("WARRAQ_{section}_{key}").to_ascii_uppercase()
}

/// A value with its location.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) place: ConfigLocation,
}

/// A value as written.
enum RawValue<'a> {
    Toml(&'a DeValue<'a>),
    /// A value from the environment, where everything is text and the elements of lists are separated by commas.
    Variable(&'a str),
}

impl RawValue<'_> {
    /// Returns the type of the value, in words.
    fn kind(&self) -> &'static str {
        match self {
            Self::Variable(_) | RawValue::Toml(DeValue::String(_)) => "a string",
            Self::Toml(DeValue::Integer(_)) => "a number",
            Self::Toml(DeValue::Float(_)) => "a floating-point number",
            Self::Toml(DeValue::Boolean(_)) => "true or false",
            Self::Toml(DeValue::Datetime(_)) => "a date",
            Self::Toml(DeValue::Array(_)) => "a list",
            Self::Toml(DeValue::Table(_)) => "a table",
        }
    }
}

/// A table of the file, with the environment variables that override it.
pub(super) struct Section<'a, 'b> {
    source: &'b ConfigSource<'a>,
    name: String,
    place: ConfigLocation,
    table: Option<&'a DeTable<'a>>,
    /// Whether variables can override its keys. This is false for outlets and channels, which are repeated sections.
    open: bool,
}

impl<'a, 'b> Section<'a, 'b> {
    /// Returns the keys above all tables. Environment variables cannot override them.
    pub(super) fn top(source: &'b ConfigSource<'a>, root: &'a DeTable<'a>) -> Self {
        Self { source, name: String::new(), place: source.line(0), table: Some(root), open: false }
    }

    /// Returns the table `name` of `root`, which may be absent. `keys` are all the keys that it may have.
    pub(super) fn of(source: &'b ConfigSource<'a>, root: &'a DeTable<'a>, name: &str, keys: &[&str]) -> Self {
        let section = |place, table| Self { source, name: name.to_owned(), place, table, open: true };
        let Some((key, value)) = root.get_key_value(name) else { return section(ConfigLocation::Line(1), None) };
        let place = source.line(key.span().start);
        let Some(table) = value.get_ref().as_table() else {
            let kind = RawValue::Toml(value.get_ref()).kind();
            source.fault(place.clone(), name, format!("is {kind}; allowed: a section, [{name}]"));
            return section(place, None);
        };
        source.refuse_unknown_keys(&format!("{name}."), table, keys);
        section(place, Some(table))
    }

    /// Every table of the array `[[name]]` of `root`, in order. Those with a good `slug` are called by it in faults, others by
    /// their number; `before` came in earlier pieces.
    pub(super) fn all(
        source: &'b ConfigSource<'a>,
        root: &'a DeTable<'a>,
        (name, before): (&str, usize),
        keys: &[&str],
    ) -> Vec<Self> {
        let Some((key, value)) = root.get_key_value(name) else { return Vec::new() };
        let at = source.line(key.span().start);
        let wrong = |place, raw| {
            source.fault(
                place,
                name,
                format!("is {}; allowed: repeated sections, [[{name}]]", RawValue::Toml(raw).kind()),
            );
        };
        let Some(array) = value.get_ref().as_array() else {
            wrong(at, value.get_ref());
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(array.len());
        for (n, value) in array.iter().enumerate() {
            let place = source.line(value.span().start);
            let Some(table) = value.get_ref().as_table() else {
                wrong(place, value.get_ref());
                continue;
            };
            let slug = table.get("slug").and_then(|slug| slug.get_ref().as_str());
            let name = match slug.filter(|slug| crate::model::Slug::parse(slug).is_ok()) {
                Some(slug) => format!("{name}.{slug}"),
                None => format!("{name}[{}]", before + n + 1),
            };
            source.refuse_unknown_keys(&format!("{name}."), table, keys);
            sections.push(Self { source, name, place, table: Some(table), open: false });
        }
        sections
    }

    /// The key's table, which may hold `keys` only, or anything; `None` when it is not set or no table.
    pub(super) fn table(&self, key: &str, keys: Option<&[&str]>) -> Option<Self> {
        if let Some(Located { value: RawValue::Variable(_), place }) = self.raw(key) {
            self.fault_at(place, key, "cannot be set by an environment variable; set it in the file");
        }
        let value = self.table?.get(key)?;
        let (source, place, name) = (self.source, self.source.line(value.span().start), format!("{}.{key}", self.name));
        let Some(table) = value.get_ref().as_table() else {
            let kind = RawValue::Toml(value.get_ref()).kind();
            self.fault_at(place, key, format!("is {kind}; allowed: a table, {{ … }}"));
            return None;
        };
        if let Some(keys) = keys {
            source.refuse_unknown_keys(&format!("{name}."), table, keys);
        }
        Some(Self { source, name, place, table: Some(table), open: false })
    }

    /// Whether the key's value is a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.table.and_then(|table| table.get(key)).is_some_and(|value| value.get_ref().as_table().is_some())
    }

    /// The keys that are set in the file.
    pub(super) fn keys(&self) -> Vec<String> {
        self.table.iter().flat_map(|table| table.keys()).map(|key| key.get_ref().to_string()).collect()
    }

    /// What it is called in faults.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reports a fault of the whole section.
    pub(super) fn fault_here(&self, what: impl Into<String>) {
        let name = self.name.split(['.', '[']).next().unwrap_or_default();
        self.source.fault(self.place.clone(), name, what);
    }

    /// Returns whether the key is set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    fn raw(&self, key: &str) -> Option<Located<RawValue<'a>>> {
        if self.open {
            let name = variable(&self.name, key);
            if let Some(text) = self.source.environment.get(&name) {
                return Some(Located { value: RawValue::Variable(text), place: ConfigLocation::Variable(name) });
            }
        }
        let value = self.table?.get(key)?;
        Some(Located { value: RawValue::Toml(value.get_ref()), place: self.source.line(value.span().start) })
    }

    /// Returns the location of the key's value; if it is not set, where the section begins.
    pub(super) fn place_of(&self, key: &str) -> ConfigLocation {
        self.raw(key).map_or_else(|| self.place.clone(), |raw| raw.place)
    }

    /// Reports a fault of a key, at [`Section::place_of`].
    pub(super) fn fault(&self, key: &str, what: impl Into<String>) {
        self.fault_at(self.place_of(key), key, what);
    }

    /// Reports a fault of a key at a given location, such as that of an element of a list.
    pub(super) fn fault_at(&self, place: ConfigLocation, key: &str, what: impl Into<String>) {
        let key = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        self.source.fault(place, key, what);
    }

    /// Returns the key's text parsed by `parse`, whose error says what is wrong and what is allowed. Returns `None` if the key is
    /// not set or faulty.
    pub(super) fn text<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let raw = self.raw(key)?;
        let taken = match &raw.value {
            RawValue::Toml(DeValue::String(text)) => parse(text),
            RawValue::Variable(text) => parse(text),
            other @ RawValue::Toml(_) => Err(format!("is {}; allowed: a string in quotes", other.kind())),
        };
        taken.map_err(|what| self.fault_at(raw.place, key, what)).ok()
    }

    /// Same as [`Section::text`], for a required key.
    pub(super) fn required<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if !self.has(key) {
            self.fault(key, "is missing; it is required");
        }
        self.text(key, parse)
    }

    /// Returns the key's value as a whole number; `None` if it is not set or faulty.
    pub(super) fn number(&self, key: &str, allowed: RangeInclusive<u32>) -> Option<u32> {
        let raw = self.raw(key)?;
        let number = match &raw.value {
            RawValue::Toml(DeValue::Integer(n)) => u32::from_str_radix(n.as_str(), n.radix()).ok(),
            RawValue::Variable(text) => text.trim().parse().ok(),
            RawValue::Toml(_) => None,
        };
        let number = number.filter(|n| allowed.contains(n));
        if number.is_none() {
            let wrong = match &raw.value {
                RawValue::Toml(DeValue::Integer(n)) => n.to_string(),
                RawValue::Variable(text) => format!("{text:?}"),
                other @ RawValue::Toml(_) => other.kind().to_owned(),
            };
            let (least, most) = allowed.into_inner();
            self.fault_at(raw.place, key, format!("is {wrong}; allowed: a whole number from {least} to {most}"));
        }
        number
    }

    /// Returns the key's value as a boolean; `None` if it is not set or faulty.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let raw = self.raw(key)?;
        let flag = match &raw.value {
            RawValue::Toml(DeValue::Boolean(flag)) => Some(*flag),
            RawValue::Variable(text) => text.trim().parse().ok(),
            RawValue::Toml(_) => None,
        };
        if flag.is_none() {
            self.fault_at(raw.place, key, format!("is {}; allowed: true or false", raw.value.kind()));
        }
        flag
    }

    /// Returns the elements of the key's list, of which texts are parsed by `text` and tables by `table`. Each element is a list
    /// of alternatives; a list inside the list gives several. Faulty elements are left out. Returns `None` if the key is not set
    /// or not a list. A table may have only the keys in `keys`.
    pub(super) fn mixed<T>(
        &self,
        key: &str,
        keys: &[&str],
        text: impl Fn(&str) -> Result<T, String>,
        table: impl Fn(&Section<'_, '_>) -> Option<T>,
    ) -> Option<Vec<Vec<Located<T>>>> {
        let raw = self.raw(key)?;
        let RawValue::Toml(DeValue::Array(array)) = &raw.value else {
            return self.list(key, text).map(|list| list.into_iter().map(|one| vec![one]).collect());
        };
        let one = |element: &toml::Spanned<DeValue<'_>>| self.text_or_table(key, keys, element, &text, &table);
        let group = |element: &toml::Spanned<DeValue<'_>>| match element.get_ref() {
            DeValue::Array(alternatives) => {
                if alternatives.is_empty() {
                    self.fault_at(
                        self.source.line(element.span().start),
                        key,
                        "holds an empty list; allowed: addresses",
                    );
                }
                alternatives.iter().filter_map(one).collect::<Vec<_>>()
            }
            _ => one(element).into_iter().collect(),
        };
        Some(array.iter().map(group).filter(|group| !group.is_empty()).collect())
    }

    /// Parses one element of a list of texts and tables.
    fn text_or_table<T>(
        &self,
        key: &str,
        keys: &[&str],
        element: &toml::Spanned<DeValue<'_>>,
        text: &impl Fn(&str) -> Result<T, String>,
        table: &impl Fn(&Section<'_, '_>) -> Option<T>,
    ) -> Option<Located<T>> {
        let place = self.source.line(element.span().start);
        let value = match element.get_ref() {
            DeValue::String(given) => text(given).map_err(|what| self.fault_at(place.clone(), key, what)).ok(),
            DeValue::Table(inner) => {
                let name = format!("{}.{key}", self.name);
                self.source.refuse_unknown_keys(&format!("{name}."), inner, keys);
                let (source, place) = (self.source, place.clone());
                table(&Section { source, name, place, table: Some(inner), open: false })
            }
            other => {
                let kind = RawValue::Toml(other).kind();
                self.fault_at(place.clone(), key, format!("holds {kind}; allowed: strings in quotes, or tables"));
                None
            }
        };
        value.map(|value| Located { value, place })
    }

    /// Returns the elements of the key's list, each parsed by `parse`. Faulty elements are left out. Returns `None` if the key is
    /// not set or not a list.
    pub(super) fn list<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<Located<T>>> {
        let raw = self.raw(key)?;
        let taken = |place: ConfigLocation, text: &str| match parse(text) {
            Ok(value) => Some(Located { value, place }),
            Err(what) => {
                self.fault_at(place, key, what);
                None
            }
        };
        match &raw.value {
            RawValue::Variable(text) => {
                let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
                Some(texts.filter_map(|text| taken(raw.place.clone(), text)).collect())
            }
            RawValue::Toml(DeValue::Array(array)) => Some(
                array
                    .iter()
                    .filter_map(|element| {
                        let place = self.source.line(element.span().start);
                        if let Some(text) = element.get_ref().as_str() {
                            return taken(place, text);
                        }
                        let kind = RawValue::Toml(element.get_ref()).kind();
                        self.fault_at(place, key, format!("holds {kind}; allowed: strings in quotes"));
                        None
                    })
                    .collect(),
            ),
            other @ RawValue::Toml(_) => {
                let what = format!("is {}; allowed: a list of strings, [\"…\", \"…\"]", other.kind());
                self.fault_at(raw.place, key, what);
                None
            }
        }
    }
}

/// Returns the elements of a list without their locations, each once and at most [`LIST_MAX`].
pub(super) fn listed<T: PartialEq>(
    section: &Section<'_, '_>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let given = section.list(key, parse).unwrap_or_default();
    if let Some(first) = given.get(LIST_MAX) {
        section.fault_at(first.place.clone(), key, format!("is one too many; allowed: {LIST_MAX}"));
    }
    let mut values = Vec::new();
    for value in given.into_iter().take(LIST_MAX).map(|given| given.value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}
