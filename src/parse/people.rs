//! Persons and categories, as text or as child elements.

use super::entities::{self, References};
use super::limits::LIST;
use super::names::Tag;
use super::text;
use super::tree::{NodeId, Tree};
use crate::model::{Category, Markup, Person, address};
use indexmap::IndexSet;

/// Scheme of the categories of iTunes.
const ITUNES: &str = "http://www.itunes.com/";

/// Default scheme of Media RSS (1.5.1, `media:category`).
const MEDIA: &str = "http://search.yahoo.com/mrss/category_schema";

/// Maximum size of one text that names persons, in bytes; the rest is ignored. As many persons as an entry may have, with five
/// hundred bytes each.
const TEXT: usize = 256 * 1024;

/// Adds a person once. One more than the limit is accepted, so that a longer list is noticed. The same name with more said of it is
/// the same person: feeds name a writer in two elements, with an address in one of them.
pub(super) fn add(people: &mut Vec<Person>, person: Option<Person>) {
    let Some(person) = person.filter(|p| people.len() <= LIST && !people.contains(p)) else { return };
    let agrees = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
    let same = people.iter_mut().find(|known| {
        !person.name.is_empty()
            && known.name == person.name
            && agrees(&known.email, &person.email)
            && agrees(&known.uri, &person.uri)
    });
    match same {
        Some(known) => {
            known.email = known.email.take().or(person.email);
            known.uri = known.uri.take().or(person.uri);
        }
        None => people.push(person),
    }
}

/// Adds the persons that an element names, by `name`, `email` and `uri` (RFC 4287 3.2) or in one text.
pub(super) fn add_stated(people: &mut Vec<Person>, tree: &Tree<'_>, id: NodeId) {
    let mut person = Person::default();
    let mut structured = false;
    for (tag, child) in tree.elements(id) {
        match tag {
            Tag::Name => {
                // A second name is a second person, although the element is for one.
                if !person.name.is_empty() {
                    add(people, Some(std::mem::take(&mut person)));
                }
                person.name = plain_markup(tree, child).unwrap_or_default();
            }
            Tag::Email => person.email = text::plain(tree, child).map(|text| bare_email(&text).to_owned()),
            Tag::Url => person.uri = text::plain(tree, child).and_then(|t| address::absolute(tree.base(child), &t)),
            _ => continue,
        }
        structured = true;
    }
    // Some writers put addresses, even several, into the name.
    if structured && person.email.is_none() && email_span(&person.name).is_some() {
        let mut uri = person.uri;
        for found in several(&person.name) {
            add(people, Some(Person { uri: uri.take(), ..found }));
        }
        return;
    }
    if structured {
        return add(people, Some(person).filter(|person| *person != Person::default()));
    }
    for person in text::all(tree, id).map(|text| several(&text)).unwrap_or_default() {
        add(people, Some(person));
    }
}

/// Words between two persons.
const AND: [&str; 20] = [
    "and", "et", "und", "y", "e", "og", "och", "en", "и", "та", "і", "و", "ve", "ja", "with", "avec", "mit", "con",
    "com", "مع",
];

/// Returns the persons of one text: more than one if a separator follows an e-mail address. They are separated by a separator, by
/// `and` or its like, or by nothing but white space after a bracket or between bare addresses. Only the first [`TEXT`] bytes are
/// read.
fn several(text: &str) -> Vec<Person> {
    let text = &text[..text.floor_char_boundary(TEXT)];
    // A reference ends in a separator and may stand for one.
    let decoded = if text.contains('&') { entities::decode(text, &References::default()) } else { text.into() };
    let text = &*decoded;
    let spans = email_spans(text);
    let people = split(text, &spans);
    match people.first() {
        // `ann@x.example, Ann`: the name follows its address.
        Some(first) if spans.len() == 1 && first.name.is_empty() => from_text(text).into_iter().collect(),
        _ => people,
    }
}

/// Splits a text whose e-mail addresses stand at `spans`.
fn split(text: &str, spans: &[(usize, usize)]) -> Vec<Person> {
    if spans.is_empty() {
        return from_text(text).into_iter().collect();
    }
    let (mut people, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    // The first address that does not precede `from`.
    let mut next = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // `Bell, Ann <ann@x.example>`: a part without an address belongs to the next part.
        let Some((start, end)) = spans.get(next).copied().filter(|(_, end)| *end <= at && depth == 0) else { continue };
        let rest = &text[at + c.len_utf8()..];
        let resumes = match c {
            ',' | ';' | '،' | '؛' | '、' | '，' | '；' | '&' | '/' | '|' | '•' | '\n' => Some(rest),
            // These stand inside names, too.
            '-' | '–' | '—' | '·' | '+' if text[..at].ends_with(' ') && rest.starts_with(' ') => Some(rest),
            // Only the first of several: the others say the same, and each would look through all of them again.
            c if c.is_whitespace() && !text[..at].ends_with(char::is_whitespace) => after_and(rest).or_else(|| {
                let bare = at == end && text[from..start].trim().is_empty();
                let another = spans.get(next + 1)?;
                let after_bracket = text[..at].ends_with([')', '>', ']']) && begins_person(rest);
                (after_bracket || bare && text[at..another.0].trim().is_empty()).then_some(rest)
            }),
            _ => None,
        };
        if let Some(rest) = resumes {
            people.extend(from_text(&text[from..at]));
            from = text.len() - rest.len();
            next += spans[next..].iter().take_while(|(start, _)| *start < from).count();
        }
    }
    people.extend(from_text(&text[from..]));
    people
}

/// Returns whether a person may begin here: not more words on the one before, in brackets, and not a separator.
fn begins_person(rest: &str) -> bool {
    rest.trim_start().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '<' | '«'))
}

/// Returns what follows one of the words of [`AND`] at the beginning of `rest`.
fn after_and(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let (word, after) = rest.split_once(char::is_whitespace)?;
    AND.contains(&word).then_some(after)
}

/// Returns where the e-mail addresses of a text stand.
fn email_spans(text: &str) -> Vec<(usize, usize)> {
    let next = |from: usize| email_span(&text[from..]).map(|(start, end)| (from + start, from + end));
    std::iter::successors(next(0), |(_, end)| next(*end)).collect()
}

/// Removes tags from a text, for writers that escape HTML in names.
fn without_tags(text: &str) -> std::borrow::Cow<'_, str> {
    if !super::guess::looks_like_html(text) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        if ["br", "p>", "/p", "li", "div"].iter().any(|block| tag.starts_with(block)) {
            out.push(' ');
        }
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.into()
}

/// Returns the text of a name. It may contain a reference or a stray tag; it is cleaned later like every title.
fn plain_markup(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    text::markup(tree, id, text::Else::Plain).map(|m| match m {
        Markup::Text(text) | Markup::Html(text) => text,
    })
}

/// Parses `mail@host (Name)`, `Name <mail@host>`, `Name (mail@host)`, a name, or an address, in any script.
pub(super) fn from_text(text: &str) -> Option<Person> {
    let shown = without_tags(text);
    // Tags that were escaped twice.
    let shown = if shown.contains("&lt;") {
        without_tags(&entities::decode(&shown, &References::default())).into_owned()
    } else {
        shown.into_owned()
    };
    // `Ann <>` has an empty place for an address.
    let text = shown.trim();
    let text = text.strip_suffix("<>").map_or(text, str::trim_end);
    let Some((start, end)) = email_span(text) else {
        return (!text.is_empty()).then(|| Person { name: unbracketed(text).into_owned(), ..Person::default() });
    };
    let email = text[start..end].to_owned();
    let before = text[..start].strip_suffix("mailto:").unwrap_or(&text[..start]);
    let after = match text[end..].strip_prefix("?subject=") {
        Some(subject) => subject.find(char::is_whitespace).map_or("", |at| &subject[at..]),
        None => &text[end..],
    };
    Some(Person { name: around_email(before, after), email: Some(email), uri: None })
}

/// Returns the name that stands before or after an e-mail address. A remark in brackets behind both, such as a desk, stays with the
/// name.
fn around_email(before: &str, after: &str) -> String {
    // The brackets of the address itself.
    let pairs = [("(", ")"), ("<", ">"), ("&lt;", "&gt;"), ("[", "]")];
    let enclosed = pairs.into_iter().find_map(|(open, close)| {
        Some((before.trim_end().strip_suffix(open)?, after.trim_start().strip_prefix(close)?))
    });
    let (before, after) = enclosed.unwrap_or((before, after));
    let is_around = |c: char| c.is_whitespace() || ",،;؛:«»<>-–—|/·•".contains(c);
    let [before, after] = [before, after].map(|part| part.trim_matches(is_around));
    // An address inside the brackets of the name: `(Ann, ann@x.example)`.
    let (before, after) = match (before.strip_prefix('('), after.strip_suffix(')')) {
        (Some(inside), Some(rest)) if !inside.contains(')') && !rest.contains('(') => (inside, rest),
        _ => (before, after),
    };
    let [first, second] = [before, after].map(|part| {
        let part = unbracketed(part);
        // RFC 5322 3.2.4: a name with a comma stands in quotation marks.
        let part = part.trim_matches(is_around);
        part.strip_prefix('"').and_then(|part| part.strip_suffix('"')).unwrap_or(part).to_owned()
    });
    if first.is_empty() || first == second {
        second
    } else if second.is_empty() {
        first
    } else {
        format!("{first} {after}")
    }
}

/// Returns a name without the brackets around all of it. Of several groups (`(Ann)(Bob)`), the first loses them. Brackets without their
/// other half go too, except those of a smiley.
fn unbracketed(name: &str) -> std::borrow::Cow<'_, str> {
    let name = name.trim();
    let is_mouth = |eyes: Option<char>| matches!(eyes, Some(':' | ';' | '=' | '-' | '^'));
    let [open, close] = match name.chars().next() {
        Some('[') => ['[', ']'],
        _ => ['(', ')'],
    };
    let Some(inside) = name.strip_prefix(open) else {
        let lone = name.strip_suffix(close).filter(|rest| !rest.contains(open) && !is_mouth(rest.chars().next_back()));
        return lone.unwrap_or(name).trim_end().into();
    };
    let mut depth = 1_usize;
    let end = inside.char_indices().find_map(|(at, c)| {
        depth = if c == open { depth + 1 } else { depth - usize::from(c == close) };
        (depth == 0).then_some(at)
    });
    match end.map(|end| (inside[..end].trim(), inside[end + close.len_utf8()..].trim())) {
        None if is_mouth(inside.chars().next()) => name.into(),
        None => inside.trim().into(),
        Some((first, "")) => first.into(),
        Some((first, rest)) if rest.starts_with(['(', '[']) => format!("{first} {rest}").into(),
        Some(_) => name.into(),
    }
}

/// Returns the address of `mailto:mail@host` or `Name <mail@host>`; a text without an address as it is.
fn bare_email(text: &str) -> &str {
    let text = text.trim().strip_prefix("mailto:").unwrap_or(text.trim());
    email_span(text).map_or(text, |(start, end)| &text[start..end])
}

/// Returns where an e-mail address stands in a text. The address is ASCII only, so both ends are character boundaries.
fn email_span(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'@', bytes).find_map(|at| {
        let local = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-');
        let host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let start = at - bytes[..at].iter().rev().take_while(|b| local(b)).count();
        let after = bytes[at + 1..].iter().take_while(|b| host(b)).count();
        let end = at + 1 + text[at + 1..at + 1 + after].trim_end_matches(['.', '-']).len();
        let dotted = text[at + 1..end].rsplit_once('.').is_some_and(|(host, top)| !host.is_empty() && top.len() >= 2);
        // `@user@host` names an account of the Fediverse.
        let is_account = start > 0 && bytes[start - 1] == b'@';
        (start < at && dotted && !is_account).then_some((start, end))
    })
}

/// Adds the categories that one element states.
pub(super) fn categories(tree: &Tree<'_>, tag: Tag, id: NodeId, into: &mut IndexSet<Category>) {
    if into.len() > LIST {
        return;
    }
    match tag {
        Tag::ItunesKeywords => keywords(tree, id, Some(ITUNES), into),
        Tag::MediaKeywords | Tag::Tags => keywords(tree, id, None, into),
        _ => one(tree, tag, id, into),
    }
}

fn one(tree: &Tree<'_>, tag: Tag, id: NodeId, into: &mut IndexSet<Category>) {
    let attr = |name| tree.attr(id, name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let scheme = attr("scheme").or_else(|| attr("domain")).or_else(|| match tag {
        Tag::ItunesCategory => Some(ITUNES.to_owned()),
        Tag::MediaCategory => Some(MEDIA.to_owned()),
        _ => None,
    });
    let label = attr("label");
    // `<categories><category>` is a list.
    let list = tree.elements(id).filter(|(inner, _)| *inner == Tag::Category && tag == Tag::Category);
    let list: Vec<NodeId> = list.map(|(_, child)| child).collect();
    if !list.is_empty() {
        return list.into_iter().for_each(|child| one_of_list(tree, child, into));
    }
    let named = if tag == Tag::ItunesCategory { attr("text") } else { attr("term") };
    let term = named.or_else(|| text::plain(tree, id).map(std::borrow::Cow::into_owned)).or_else(|| label.clone());
    if let Some(term) = term {
        push(into, Category { term, scheme, label });
    }
    if tag == Tag::ItunesCategory {
        for (_, child) in tree.elements(id).filter(|(tag, _)| *tag == Tag::ItunesCategory) {
            if let Some(term) = tree.attr(child, "text").map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) {
                push(into, Category { term, scheme: Some(ITUNES.to_owned()), label: None });
            }
        }
    }
}

fn one_of_list(tree: &Tree<'_>, id: NodeId, into: &mut IndexSet<Category>) {
    let attr = |name| tree.attr(id, name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let scheme = attr("scheme").or_else(|| attr("domain"));
    let term = attr("term").or_else(|| text::plain(tree, id).map(std::borrow::Cow::into_owned));
    if let Some(term) = term {
        push(into, Category { term, scheme, label: attr("label") });
    }
}

/// Adds the categories of a list separated by commas.
pub(super) fn keywords(tree: &Tree<'_>, id: NodeId, scheme: Option<&str>, into: &mut IndexSet<Category>) {
    let Some(text) = text::plain(tree, id) else { return };
    for term in text.split([',', '،']).map(str::trim).filter(|term| !term.is_empty()) {
        if into.len() > LIST {
            return;
        }
        push(into, Category { term: term.to_owned(), scheme: scheme.map(str::to_owned), label: None });
    }
}

fn push(into: &mut IndexSet<Category>, category: Category) {
    if into.len() <= LIST {
        into.insert(category);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_in_one_text() {
        for (text, name, email) in [
            ("a.b@x.example (Amina B.)", "Amina B.", Some("a.b@x.example")),
            ("Amina B. <a@x.example>", "Amina B.", Some("a@x.example")),
            ("mailto:a@x.example", "", Some("a@x.example")),
            ("أمينة،a@x.example", "أمينة", Some("a@x.example")),
            ("«a@x.example»", "", Some("a@x.example")),
            ("أمينة العلوي", "أمينة العلوي", None),
            ("Ann Bell - ann@x.example", "Ann Bell", Some("ann@x.example")),
            ("Ann Bell: ann@x.example", "Ann Bell", Some("ann@x.example")),
            ("ann@x.example | Ann Bell-Fox", "Ann Bell-Fox", Some("ann@x.example")),
            ("Ann Bell – (ann@x.example)", "Ann Bell", Some("ann@x.example")),
            ("Ann, ann@x.example (Ann)", "Ann", Some("ann@x.example")),
            ("Ann Bell, ann@x.example (Reuters)", "Ann Bell (Reuters)", Some("ann@x.example")),
            ("Ann Bell <ann@x.example> (Reuters)", "Ann Bell (Reuters)", Some("ann@x.example")),
            ("ann@x.example (Ann)(Bob)", "Ann (Bob)", Some("ann@x.example")),
            ("ann@x.example (Ann (Reuters))", "Ann (Reuters)", Some("ann@x.example")),
            ("ann@x.example Ann (Reuters)", "Ann (Reuters)", Some("ann@x.example")),
            ("ann@x.example [Ann]", "Ann", Some("ann@x.example")),
            ("[ann@x.example] Ann", "Ann", Some("ann@x.example")),
            ("(Ann, ann@x.example)", "Ann", Some("ann@x.example")),
            ("ann@x.example (Ann", "Ann", Some("ann@x.example")),
            ("(Cliff M)", "Cliff M", None),
            ("(((A)))", "((A))", None),
            ("Cliff (M)", "Cliff (M)", None),
            ("(A) and (B)", "(A) and (B)", None),
            ("()", "", None),
            ("@alalam", "@alalam", None),
            ("Ann <>", "Ann", None),
            ("@ann@social.example", "@ann@social.example", None),
            ("Ann (@ann@social.example)", "Ann (@ann@social.example)", None),
            ("a@b", "a@b", None),
        ] {
            let person = from_text(text).unwrap();
            assert_eq!((person.name.as_str(), person.email.as_deref()), (name, email), "{text}");
        }
        assert_eq!(from_text("  "), None);
    }

    #[test]
    fn several_persons_in_one_text() {
        let names = |text: &str| several(text).into_iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(names("ann@x.example (Ann), bob@x.example (Bob)"), ["Ann", "Bob"]);
        assert_eq!(names("Bell, Ann <ann@x.example>; Bob <bob@x.example>; Cleo"), ["Bell, Ann", "Bob", "Cleo"]);
        assert_eq!(names("ann@x.example، bob@x.example"), ["", ""]);
        assert_eq!(names("Bell, Ann"), ["Bell, Ann"]);
        assert_eq!(names("ann@x.example (Ann) and bob@x.example (Bob)"), ["Ann", "Bob"]);
        assert_eq!(names("آن <ann@x.example> و بوب <bob@x.example>"), ["آن", "بوب"]);
        assert_eq!(names("ann@x.example  bob@x.example\nc@x.example"), ["", "", ""]);
        assert_eq!(names("ann@x.example (Bell, Ann), bob@x.example (Bob)"), ["Bell, Ann", "Bob"]);
        assert_eq!(names("\"Bell, Ann\" <ann@x.example>, \"Fox, Bob\" <b@x.example>"), ["Bell, Ann", "Fox, Bob"]);
        assert_eq!(names("ann@x.example (Ann) &amp; bob@x.example (Bob)"), ["Ann", "Bob"]);
        assert_eq!(names("Ann &lt;ann@x.example&gt;; Bob &lt;bob@x.example&gt;"), ["Ann", "Bob"]);
        assert_eq!(names("أحمد ahmad@x.example،سعيد"), ["أحمد", "سعيد"]);
        assert_eq!(names("أحمد ahmad@x.example؛ سعيد"), ["أحمد", "سعيد"]);
        assert_eq!(names("Ann <ann@x.example> and Bob"), ["Ann", "Bob"]);
        assert_eq!(names("Bell, Ann <ann@x.example>"), ["Bell, Ann"]);
        assert_eq!(names("ann@x.example, Bell"), ["Bell"]);
        assert_eq!(names("ann@x.example (Bell, Ann)"), ["Bell, Ann"]);
        for between in [" ", "\n", "、", " · ", " • ", " + ", " - ", " mit ", ", "] {
            let text = format!("ann@x.example (Ann){between}bob@x.example (Bob)");
            assert_eq!(names(&text), ["Ann", "Bob"], "{text}");
            let text = format!("Ann <ann@x.example>{between}Bob-Ray <bob@x.example>");
            assert_eq!(names(&text), ["Ann", "Bob-Ray"], "{text}");
        }
        assert_eq!(names("Ann <ann@x.example> (desk), Bob <bob@x.example>")[1], "Bob");
        let mut people = Vec::new();
        for text in ["ann@x.example (Ann)", "Ann", "bob@y.example (Ann)"] {
            add(&mut people, from_text(text));
        }
        let emails: Vec<_> = people.iter().map(|person| person.email.as_deref()).collect();
        assert_eq!(emails, [Some("ann@x.example"), Some("bob@y.example")]);
        for name in ["Ann :)", "Ann ;-)", "(: Ann", "Ann (desk) :)"] {
            assert_eq!(names(name), [name]);
        }
        assert_eq!(names("Ann)"), ["Ann"]);
        assert_eq!(names("(Ann"), ["Ann"]);
        assert_eq!(names("Ann :) <ann@x.example>"), ["Ann :)"]);
        assert_eq!(names("&lt;b&gt;Ann&lt;/b&gt;"), ["Ann"]);
        assert_eq!(names("Ann<br>Bob"), ["Ann Bob"]);
        assert_eq!(names("<a href=\"mailto:ann@x.example\">Ann</a>"), ["Ann"]);
    }
}
