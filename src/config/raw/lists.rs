//! Values that are lists.

use super::{Located, RawValue, Section};
use crate::config::{LIST_MAX, fault::ConfigLocation};
use toml::de::DeValue;

impl Section<'_, '_> {
    /// Returns the elements of the key's list, of which texts are parsed by `text` and tables by `table`. Each element is a list
    /// of alternatives; a list inside the list gives several. Faulty elements are left out. Returns `None` if the key is not set
    /// or not a list. A table may have only the keys in `keys`.
    pub(in crate::config) fn mixed<T>(
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
    pub(in crate::config) fn list<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<Located<T>>> {
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
pub(in crate::config) fn listed<T: PartialEq>(
    section: &Section<'_, '_>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let given = section.list(key, parse).unwrap_or_default();
    if let Some(first) = given.get(LIST_MAX) {
        section.fault_at(first.place.clone(), key, format!("has more than {LIST_MAX} values"));
    }
    let mut values = Vec::new();
    for value in given.into_iter().take(LIST_MAX).map(|given| given.value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}
