//! Edits the text of a configuration: adds, removes, enables and disables outlets. Comments and order are kept. These are pure
//! functions: the caller reads and writes the file, and validates the result like any configuration.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// An outlet to add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOutlet {
    /// Slug of the outlet.
    pub slug: String,
    /// Name of the outlet.
    pub name: String,
    /// Language of entries that state none.
    pub language: Option<String>,
    /// Tags by which channels select it.
    pub tags: Vec<String>,
    /// Addresses of the feeds.
    pub feeds: Vec<String>,
}

/// Error of an edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// The outlets are a list of inline tables, or something else than `[[outlet]]` sections.
    #[error("its outlets are not written as [[outlet]] sections, so they cannot be edited here")]
    Form,
}

/// Adds outlets after the existing ones, and returns the new text.
///
/// # Errors
/// Fails if the text is not TOML, or if `outlet` is something else than repeated sections.
pub fn add(text: &str, outlets: &[NewOutlet]) -> Result<String, EditError> {
    let mut document = document(text)?;
    let is_blank =
        document.as_table().is_empty() && document.trailing().as_str().is_none_or(|text| text.trim().is_empty());
    let item = document.entry("outlet").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Item::ArrayOfTables(tables) = item else { return Err(EditError::Form) };
    for (n, outlet) in outlets.iter().enumerate() {
        let mut table = table(outlet);
        if !(is_blank && n == 0) {
            table.decor_mut().set_prefix("\n");
        }
        tables.push(table);
    }
    // Comments at the end of the file stay where they are: after the existing outlets and before the new ones.
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    Ok(if trailing.trim().is_empty() { document.to_string() } else { behind(&mut document, &trailing, outlets.len()) })
}

/// Moves the comments at the end of the document before the last `added` outlets, if no other section follows them.
fn behind(document: &mut DocumentMut, trailing: &str, added: usize) -> String {
    let last = position_of_last(document);
    let Some(Item::ArrayOfTables(tables)) = document.as_table_mut().get_mut("outlet") else {
        return document.to_string();
    };
    let first = tables.len() - added;
    let before = first.checked_sub(1).and_then(|n| tables.get(n)).and_then(Table::position);
    // If other sections follow the outlets, the comments at the end of the file belong to them.
    if first > 0 && before < last {
        return document.to_string();
    }
    if let Some(table) = tables.get_mut(first) {
        let gap = if trailing.ends_with('\n') { "\n" } else { "\n\n" };
        table.decor_mut().set_prefix(format!("{trailing}{gap}"));
    }
    document.set_trailing("");
    document.to_string()
}

/// Returns the position of the last section that was read from the text.
fn position_of_last(document: &DocumentMut) -> Option<isize> {
    let mut last = None;
    for (_, item) in document.iter() {
        match item {
            Item::Table(table) => last = last.max(table.position()),
            Item::ArrayOfTables(tables) => last = last.max(tables.iter().filter_map(Table::position).max()),
            _ => {}
        }
    }
    last
}

/// Removes an outlet, and returns the new text; `None` if there is no outlet with this slug. The comment directly above the
/// outlet is removed too. A comment that a blank line separates from it is kept.
///
/// # Errors
/// Same as [`add`].
pub fn remove(text: &str, slug: &str) -> Result<Option<String>, EditError> {
    let mut document = document(text)?;
    let Some((tables, at)) = outlet(&mut document, slug)? else { return Ok(None) };
    let removed = tables.remove(at);
    if tables.is_empty() {
        document.remove("outlet");
    }
    let prefix = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let kept = prefix.rfind("\n\n").map_or("", |end| &prefix[..=end]);
    if !kept.trim().is_empty() {
        keep(&mut document, kept, removed.position());
    }
    Ok(Some(document.to_string()))
}

/// Inserts a comment before the section that follows `position`, or at the end.
fn keep(document: &mut DocumentMut, comment: &str, position: Option<isize>) {
    let tables = document.as_table_mut().iter_mut().flat_map(|(_, item)| match item {
        Item::Table(table) => vec![table],
        Item::ArrayOfTables(tables) => tables.iter_mut().collect(),
        _ => Vec::new(),
    });
    let next = tables.filter(|table| table.position() > position).min_by_key(|table| table.position());
    if let Some(next) = next {
        let prefix = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        next.decor_mut().set_prefix(format!("{comment}{prefix}"));
    } else {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(format!("{comment}{trailing}"));
    }
}

/// Enables or disables an outlet, and returns the new text; `None` if there is no outlet with this slug.
///
/// # Errors
/// Same as [`add`].
pub fn set_enabled(text: &str, slug: &str, enabled: bool) -> Result<Option<String>, EditError> {
    let mut document = document(text)?;
    let Some((tables, at)) = outlet(&mut document, slug)? else { return Ok(None) };
    let Some(table) = tables.get_mut(at) else { return Ok(None) };
    match table.get_mut("enabled").and_then(Item::as_value_mut) {
        Some(known) => {
            let decor = known.decor().clone();
            *known = enabled.into();
            *known.decor_mut() = decor;
        }
        // An outlet is enabled by default.
        None if enabled => {}
        None => {
            table.insert("enabled", value(false));
        }
    }
    Ok(Some(document.to_string()))
}

/// Returns the slugs of all outlets in the text.
///
/// # Errors
/// Same as [`add`].
pub fn slugs(text: &str) -> Result<Vec<String>, EditError> {
    let document = document(text)?;
    let Some(item) = document.get("outlet") else { return Ok(Vec::new()) };
    let tables = item.as_array_of_tables().ok_or(EditError::Form)?;
    Ok(tables.iter().filter_map(|table| Some(table.get("slug")?.as_str()?.to_owned())).collect())
}

fn document(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned()))
}

/// Returns the sections of all outlets, and the index of the one with this slug.
fn outlet<'a>(document: &'a mut DocumentMut, slug: &str) -> Result<Option<(&'a mut ArrayOfTables, usize)>, EditError> {
    let Some(item) = document.as_table_mut().get_mut("outlet") else { return Ok(None) };
    let Item::ArrayOfTables(tables) = item else { return Err(EditError::Form) };
    let is_it = |table: &Table| table.get("slug").and_then(Item::as_str) == Some(slug);
    let at = tables.iter().position(is_it);
    Ok(at.map(|at| (tables, at)))
}

fn table(outlet: &NewOutlet) -> Table {
    let list = |texts: &[String]| value(texts.iter().map(String::as_str).collect::<Array>());
    let mut table = Table::new();
    table.insert("slug", value(&outlet.slug));
    table.insert("name", value(&outlet.name));
    if let Some(language) = &outlet.language {
        table.insert("language", value(language));
    }
    if !outlet.tags.is_empty() {
        table.insert("tags", list(&outlet.tags));
    }
    table.insert("feeds", list(&outlet.feeds));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(slug: &str) -> NewOutlet {
        NewOutlet {
            slug: slug.to_owned(),
            name: "L'« Écho » \"du\" \\ soir".to_owned(),
            language: Some("fr".to_owned()),
            tags: vec!["morocco".to_owned()],
            feeds: vec![format!("https://{slug}.example/feed")],
        }
    }

    const FILE: &str = "# Top\n[server]\nlisten = \"127.0.0.1:0\" # here\n\n# What an outlet is.\n\n# The first one.\n[[outlet]]\nslug = \
        \"a\"\nname = \"A\"   # A's name\nfeeds = [\n  \"https://a.example/1\", # one\n]\n\n# The second one.\n[[outlet]]\nslug = \
        \"b\"\nname = \"B\"\nfeeds = [\"https://b.example/\"]\n\n# What a channel is.\n\n[[channel]]\nslug = \"all\"\n\
        title = \"T\"\n# end\n";

    #[test]
    fn an_outlet_comes_behind_the_others_and_nothing_else_changes() {
        let edited = add(FILE, &[new("c"), new("d")]).unwrap();
        let at = FILE.find("\n# What a channel is.").unwrap();
        let (before, after) = FILE.split_at(at);
        assert!(edited.starts_with(before), "{edited}");
        assert!(edited.ends_with(after), "{edited}");
        let added = &edited[before.len()..edited.len() - after.len()];
        assert_eq!(added.matches("\n[[outlet]]\nslug = ").count(), 2, "{added}");
        assert_eq!(slugs(&edited).unwrap(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_file_without_outlets_takes_one() {
        for text in
            ["", "\n", "# only a comment\n", "# a comment without end", "[server]\nlisten = \"127.0.0.1:0\"\n# end\n"]
        {
            let edited = add(text, &[new("a")]).unwrap();
            assert!(edited.starts_with(text.trim_end()), "{text:?}: {edited}");
            assert_eq!(slugs(&edited).unwrap(), ["a"], "{text:?}: {edited}");
            assert_eq!(add(text, &[new("a")]), add(&edited, &[]), "{edited}");
        }
        assert!(add("", &[new("a")]).unwrap().starts_with("[[outlet]]\nslug = \"a\"\n"));
        let config = format!("{}\n", add("", &[new("a")]).unwrap());
        let config =
            crate::config::Config::parse(&config, "w.toml".as_ref(), &std::collections::BTreeMap::new()).unwrap();
        assert_eq!(config.outlets[0].name, new("a").name);
    }

    #[test]
    fn an_outlet_goes_with_its_own_comment() {
        let without_b = remove(FILE, "b").unwrap().unwrap();
        let gone = "\n# The second one.\n[[outlet]]\nslug = \"b\"\nname = \"B\"\nfeeds = [\"https://b.example/\"]\n";
        assert_eq!(without_b, FILE.replace(gone, ""));
        let without_a = remove(FILE, "a").unwrap().unwrap();
        assert!(without_a.contains("# What an outlet is.\n") && !without_a.contains("The first one"), "{without_a}");
        let without_both = remove(&without_a, "b").unwrap().unwrap();
        assert!(without_both.contains("# What an outlet is.\n") && without_both.ends_with("# end\n"), "{without_both}");
        assert_eq!(slugs(&without_both).unwrap(), Vec::<String>::new());
        assert_eq!(remove(FILE, "nobody").unwrap(), None);
        let last = remove("[[outlet]]\nslug = \"a\"\n[outlet.auth]\nuser = \"u\"\n# end\n", "a").unwrap().unwrap();
        assert_eq!(last, "# end\n");
    }

    #[test]
    fn an_outlet_is_switched_off_and_on() {
        let off = set_enabled(FILE, "a", false).unwrap().unwrap();
        assert_eq!(off.replace("enabled = false\n", ""), FILE);
        assert_eq!(set_enabled(&off, "a", false).unwrap().unwrap(), off);
        assert_eq!(set_enabled(&off, "a", true).unwrap().unwrap(), off.replace("false", "true"));
        assert_eq!(set_enabled(FILE, "a", true).unwrap().unwrap(), FILE);
        assert_eq!(set_enabled(FILE, "nobody", true).unwrap(), None);
        let said = FILE.replace("\"B\"\n", "\"B\"\nenabled = true # since May\n");
        assert!(set_enabled(&said, "b", false).unwrap().unwrap().contains("enabled = false # since May\n"));
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(add("outlet = [{ slug = \"a\" }]", &[new("b")]), Err(EditError::Form));
        assert_eq!(remove("outlet = 1", "a"), Err(EditError::Form));
        assert!(matches!(add("[[outlet]", &[new("b")]), Err(EditError::Syntax(_))));
    }
}
