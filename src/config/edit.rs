//! Changes to a configuration's text: outlets come, go, and are switched on and off. Comments and order stay. Pure: the caller
//! reads and writes the file, and checks the result as any configuration.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// An outlet to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOutlet {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Language of entries that state none.
    pub language: Option<String>,
    /// What channels select it by.
    pub tags: Vec<String>,
    /// Addresses of its feeds.
    pub feeds: Vec<String>,
}

/// Why a text was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is no TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// Its outlets are a list of inline tables, or something else.
    #[error("its outlets are not written as [[outlet]] sections, so they cannot be edited here")]
    Form,
}

/// The text with outlets added behind those that it has.
///
/// # Errors
/// When it is no TOML, or `outlet` is something else than repeated sections.
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
    // Comments at the end of the file stay before what is added, as they stood behind what was there.
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    Ok(if trailing.trim().is_empty() { document.to_string() } else { behind(&mut document, &trailing, outlets.len()) })
}

/// The document with the comments of its end before the last `added` tables, where these are its last.
fn behind(document: &mut DocumentMut, trailing: &str, added: usize) -> String {
    let last = position_of_last(document);
    let Some(Item::ArrayOfTables(tables)) = document.as_table_mut().get_mut("outlet") else {
        return document.to_string();
    };
    let first = tables.len() - added;
    let before = first.checked_sub(1).and_then(|n| tables.get(n)).and_then(Table::position);
    // Where other sections follow the outlets, the end of the file is theirs.
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

/// The position of the last section that was read.
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

/// The text without an outlet; `None` when it has none of this slug. The comment right above the outlet goes with it, one that a
/// blank line separates from it stays.
///
/// # Errors
/// As [`add`].
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

/// Puts a comment before the section that follows `position`, or at the end.
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

/// The text with an outlet switched on or off; `None` when it has none of this slug.
///
/// # Errors
/// As [`add`].
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
        // On is what an outlet is where nothing is said.
        None if enabled => {}
        None => {
            table.insert("enabled", value(false));
        }
    }
    Ok(Some(document.to_string()))
}

/// The slugs of the outlets that a text has.
///
/// # Errors
/// As [`add`].
pub fn slugs(text: &str) -> Result<Vec<String>, EditError> {
    let document = document(text)?;
    let Some(item) = document.get("outlet") else { return Ok(Vec::new()) };
    let tables = item.as_array_of_tables().ok_or(EditError::Form)?;
    Ok(tables.iter().filter_map(|table| Some(table.get("slug")?.as_str()?.to_owned())).collect())
}

fn document(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned()))
}

/// The outlets' sections and the place of one among them.
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
