//! Sections, keys and values as written in the file or the environment, each with its location. A fault is recorded in the
//! [`ConfigSource`], and reading continues with a placeholder, so that all faults are found at once.

mod lists;
mod source;

pub(super) use lists::listed;
pub(super) use source::ConfigSource;

use super::fault::ConfigLocation;
use std::ops::RangeInclusive;
use toml::de::{DeTable, DeValue};

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

    /// Returns whether the key is set by an environment variable.
    pub(super) fn is_variable(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|raw| matches!(raw.value, RawValue::Variable(_)))
    }

    fn raw(&self, key: &str) -> Option<Located<RawValue<'a>>> {
        if self.open {
            let name = variable(&self.name, key);
            if let Some(text) = self.source.variable(&name) {
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
}
