//! An entry as rules see it. Each form of a text is computed once, when a rule first needs it.

use crate::model::{Category, Entry, Extras, Person, PlainText, RuleField, SafeHtml};
use crate::normalise::{
    FOLDED,
    fold::{fold, fold_letters},
    text,
};
use percent_encoding::percent_decode_str;
use std::cell::OnceCell;

/// An entry as rules see it.
#[derive(Debug)]
pub struct RuleSubject<'a> {
    /// The title, else the first characters of the text.
    pub title: Option<&'a str>,
    /// Summary and content as safe HTML.
    pub html: [Option<&'a str>; 2],
    /// The folded form of the longer of summary and content.
    pub folded_body: &'a str,
    /// The authors.
    pub authors: &'a [Person],
    /// The categories.
    pub categories: &'a [Category],
    /// The address of the article.
    pub link: Option<&'a str>,
    /// The language tag.
    pub language: Option<&'a str>,
    /// The forms of title, text, authors, categories and link.
    forms: [Forms; 5],
}

/// The values of a field in three forms.
#[derive(Debug, Default)]
struct Forms {
    written: OnceCell<Vec<String>>,
    letters: OnceCell<Vec<String>>,
    folded: OnceCell<Vec<String>>,
}

impl<'a> RuleSubject<'a> {
    /// Creates the subject from an entry that is not stored yet.
    #[must_use]
    pub fn of(entry: &'a Entry) -> Self {
        let title = entry.title.as_ref().or(entry.excerpt.as_ref()).map(PlainText::as_str);
        let html = [&entry.summary, &entry.content].map(|html| html.as_ref().map(SafeHtml::as_str));
        let names = (entry.link.as_deref(), entry.language.as_deref());
        Self::new(title, html, &entry.folded.body, &entry.extras, names)
    }

    /// Creates the subject from the parts of an entry: title, summary and content, folded body, other data, link and language.
    #[must_use]
    pub fn new(
        title: Option<&'a str>,
        html: [Option<&'a str>; 2],
        folded_body: &'a str,
        extras: &'a Extras,
        (link, language): (Option<&'a str>, Option<&'a str>),
    ) -> Self {
        let (authors, categories) = (&extras.authors, &extras.categories);
        Self { title, html, folded_body, authors, categories, link, language, forms: Default::default() }
    }

    /// Returns the values of a field as written.
    pub(super) fn written(&self, field: RuleField) -> &[String] {
        let Some(forms) = self.forms(field) else { return &[] };
        forms.written.get_or_init(|| self.values(field))
    }

    /// Returns the values of a field with folded letters.
    pub(super) fn letters(&self, field: RuleField) -> &[String] {
        let Some(forms) = self.forms(field) else { return &[] };
        forms.letters.get_or_init(|| self.written(field).iter().map(|value| fold_letters(value)).collect())
    }

    /// Returns the values of a field as folded words.
    pub(super) fn folded(&self, field: RuleField) -> &[String] {
        let Some(forms) = self.forms(field) else { return &[] };
        forms.folded.get_or_init(|| match field {
            RuleField::Text => self.folded_texts(),
            _ => self.written(field).iter().map(|value| fold(value)).collect(),
        })
    }

    fn forms(&self, field: RuleField) -> Option<&Forms> {
        let at = match field {
            RuleField::Title => 0,
            RuleField::Text => 1,
            RuleField::Author => 2,
            RuleField::Category => 3,
            RuleField::Link => 4,
            RuleField::TitleOrText | RuleField::Language => return None,
        };
        self.forms.get(at)
    }

    fn values(&self, field: RuleField) -> Vec<String> {
        let owned = |text: &str| text.to_owned();
        match field {
            RuleField::Title => self.title.map(owned).into_iter().collect(),
            RuleField::Text => self.html.into_iter().flatten().map(plain).collect(),
            RuleField::Author => {
                let names = self.authors.iter().flat_map(|person| [Some(&person.name), person.email.as_ref()]);
                names.flatten().cloned().collect()
            }
            RuleField::Category => {
                let terms = self.categories.iter().flat_map(|one| [Some(&one.term), one.label.as_ref()]);
                terms.flatten().cloned().collect()
            }
            RuleField::Link => self.link.into_iter().flat_map(addresses).collect(),
            RuleField::TitleOrText | RuleField::Language => Vec::new(),
        }
    }

    /// Returns summary and content as folded words. The longer of them was folded when the entry was read.
    fn folded_texts(&self) -> Vec<String> {
        let [summary, content] = self.html.map(Option::unwrap_or_default);
        let shorter = if summary.len() > content.len() { content } else { summary };
        let mut folded = vec![self.folded_body.to_owned()];
        if !shorter.is_empty() {
            folded.push(fold(&plain(shorter)));
        }
        folded
    }
}

/// Returns the plain text of HTML, up to [`FOLDED`] bytes.
fn plain(html: &str) -> String {
    let mut plain = text(&html[..html.floor_char_boundary(FOLDED * 2)]);
    plain.truncate(plain.floor_char_boundary(FOLDED));
    plain
}

/// Returns an address as written and, if it differs, with its percent-encoding decoded.
fn addresses(link: &str) -> Vec<String> {
    let decoded = percent_decode_str(link).decode_utf8_lossy().into_owned();
    if decoded == link { vec![decoded] } else { vec![link.to_owned(), decoded] }
}
