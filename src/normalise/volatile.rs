//! What changes in an entry although nobody edits it: signatures in the addresses of pictures and files, counters of comments in
//! titles, clocks in texts. It is ignored when two states of an entry are compared, and kept for display.

use std::borrow::Cow;

/// Words that mark a number in a title as a counter of comments, replies or views, in the spellings that occur.
const COUNTED: &[&str] = &[
    "comment",
    "comments",
    "reply",
    "replies",
    "response",
    "responses",
    "view",
    "views",
    "read",
    "reads",
    "like",
    "likes",
    "share",
    "shares",
    "commentaire",
    "commentaires",
    "réponse",
    "réponses",
    "reponse",
    "reponses",
    "vue",
    "vues",
    "comentario",
    "comentarios",
    "respuesta",
    "respuestas",
    "vista",
    "vistas",
    "visita",
    "visitas",
    "comentário",
    "comentários",
    "resposta",
    "respostas",
    "visualizações",
    "visualizacoes",
    "commento",
    "commenti",
    "risposta",
    "risposte",
    "visualizzazioni",
    "kommentar",
    "kommentare",
    "antwort",
    "antworten",
    "aufrufe",
    "reactie",
    "reacties",
    "kommentarer",
    "yorum",
    "yanit",
    "yanıt",
    "комментарий",
    "комментария",
    "комментариев",
    "комментарии",
    "просмотр",
    "просмотров",
    "ответ",
    "ответов",
    "komentarz",
    "komentarze",
    "komentarzy",
    "تعليق",
    "تعليقات",
    "تعليقا",
    "تعليقًا",
    "رد",
    "ردود",
    "ردا",
    "مشاهده",
    "مشاهدة",
    "مشاهدات",
    "قراءة",
    "قراءات",
    "نظر",
    "دیدگاه",
    "ديدگاه",
    "ديدكاه",
];

/// Words before a time that say when a text was made or changed.
const MADE: &[&str] = &[
    "updated",
    "update",
    "generated",
    "refreshed",
    "as of",
    "retrieved",
    "fetched",
    "now",
    "jour",
    "à",
    "actualisé",
    "actualizado",
    "actualización",
    "actualizada",
    "atualizado",
    "aktualisiert",
    "stand",
    "aggiornato",
    "aggiornamento",
    "bijgewerkt",
    "güncelleme",
    "обновлено",
    "تحديث",
    "التحديث",
    "حدث",
    "الساعة الآن",
];

/// Words after a number that say how long ago something was.
const AGO: &[&str] = &[
    "second ago",
    "seconds ago",
    "minute ago",
    "minutes ago",
    "min ago",
    "mins ago",
    "hour ago",
    "hours ago",
    "day ago",
    "days ago",
];

/// Splits a text into runs of letters, of digits, and of anything else. A text has millions of them, so they are not collected.
#[derive(Clone)]
struct Runs<'a>(&'a str);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let kind = |c: char| {
            if c.is_numeric() {
                1
            } else if c.is_alphanumeric() || is_mark(c) {
                2
            } else {
                3
            }
        };
        let first = kind(self.0.chars().next()?);
        let end = self.0.find(|c| kind(c) != first).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(run)
    }
}

/// Returns whether a character is an Arabic vowel sign; `char` does not count them as letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{64b}'..='\u{65f}' | '\u{670}')
}

fn is_number(run: &str) -> bool {
    run.starts_with(char::is_numeric)
}

fn is_gap(run: &str) -> bool {
    !run.chars().any(|c| c.is_alphanumeric() || is_mark(c))
}

fn is_counted(run: &str) -> bool {
    COUNTED.contains(&run.to_lowercase().as_str())
}

/// Removes the numbers next to a word for comments, replies or views, and that word, from a title. Other numbers stay, scores
/// above all.
#[must_use]
pub fn without_counters(title: &str) -> Cow<'_, str> {
    if !title.contains(char::is_numeric) {
        return Cow::Borrowed(title);
    }
    let runs: Vec<&str> = Runs(title).collect();
    let mut dropped = vec![false; runs.len()];
    for (at, _) in runs.iter().enumerate().filter(|(_, run)| is_counted(run)) {
        drop_number(&runs, at, &mut dropped);
    }
    if !dropped.contains(&true) {
        return Cow::Borrowed(title);
    }
    let kept: String = runs.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(run, _)| *run).collect();
    Cow::Owned(kept.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Marks the number before a counted word, else the one after it. Digit groups ("1,200", "1.2k") count as one number.
fn drop_number(runs: &[&str], word: usize, dropped: &mut [bool]) {
    let near = |gap: &str, within: usize| match gap {
        _ if within == 0 => gap.chars().count() <= 2,
        "," | "." | "'" | "\u{66c}" | "\u{a0}" | "\u{202f}" => true,
        _ => false,
    };
    let is_near = |number: usize, gap: usize, within: usize| {
        is_number(runs[number]) && is_gap(runs[gap]) && near(runs[gap], within)
    };
    let mut first = word;
    while first >= 2 && is_near(first - 2, first - 1, word - first) {
        first -= 2;
    }
    let mut last = word;
    if first == word {
        while last + 2 < runs.len() && is_near(last + 2, last + 1, last - word) {
            last += 2;
        }
    }
    if first != last {
        dropped[first..=last].fill(true);
    }
}

/// Removes the queries of the addresses of pictures and files, and clocks, from safe HTML.
#[must_use]
pub fn steady_html(html: &str) -> Cow<'_, str> {
    let lean = without_queries(html);
    match without_clocks(&lean) {
        Cow::Borrowed(_) => lean,
        Cow::Owned(steady) => Cow::Owned(steady),
    }
}

/// Returns an address without query and fragment.
#[must_use]
pub fn bare(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

const ADDRESSES: [&str; 4] = ["src", "srcset", "poster", "data"];

fn without_queries(html: &str) -> Cow<'_, str> {
    if !html.contains('?') {
        return Cow::Borrowed(html);
    }
    let (mut out, mut copied) = (String::with_capacity(html.len()), 0);
    // One pass: a search for each name would look through the rest of the text for those that it does not have.
    for at in memchr::memmem::find_iter(html.as_bytes(), "=\"") {
        let from = at + 2;
        if from <= copied || !ADDRESSES.iter().any(|name| html[..at].ends_with(name)) {
            continue;
        }
        let until = html[from..].find('"').map_or(html.len(), |n| from + n);
        out.push_str(&html[copied..from]);
        let list: Vec<String> = html[from..until].split(", ").map(bare_candidate).collect();
        out.push_str(&list.join(", "));
        copied = until;
    }
    out.push_str(&html[copied..]);
    if out == html { Cow::Borrowed(html) } else { Cow::Owned(out) }
}

/// Removes the query from one candidate of a `srcset`: an address, optionally followed by a width.
fn bare_candidate(candidate: &str) -> String {
    match candidate.split_once(' ') {
        Some((address, width)) => format!("{} {width}", bare(address)),
        None => bare(candidate).to_owned(),
    }
}

/// Removes clocks from a text: times with seconds, times shortly after a word like "updated", and "5 minutes ago". Any other time
/// stays, because it is news, such as the start of a match.
#[must_use]
pub fn without_clocks(text: &str) -> Cow<'_, str> {
    if !may_have_clock(text) {
        return Cow::Borrowed(text);
    }
    let (mut runs, mut kept, mut copied) = (Runs(text), String::new(), 0);
    loop {
        let start = text.len() - runs.0.len();
        let ahead = runs.clone();
        let Some(run) = runs.next() else { break };
        if !is_number(run) {
            continue;
        }
        let end = start + run.len();
        let parts = clock_parts(ahead.clone());
        let is_made = || said_before(&text[..start]);
        let ago = || AGO.iter().any(|word| text[end..].trim_start().to_lowercase_starts(word));
        let dropped = if parts >= 3 || (parts == 2 && is_made()) { parts } else { usize::from(ago()) };
        // Only the numbers go; what stands between them stays.
        let mut at = start;
        for (place, part) in ahead.take((dropped * 2).saturating_sub(1)).enumerate() {
            let past = at + part.len();
            if place.is_multiple_of(2) {
                kept.push_str(&text[copied..at]);
                copied = past;
            }
            at = past;
        }
        runs = Runs(&text[at.max(end)..]);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[copied..]);
    Cow::Owned(kept)
}

/// Returns whether a text can contain a clock. Most texts do not, and need not be split.
fn may_have_clock(text: &str) -> bool {
    let between = |at: usize| {
        let before = text[..at].chars().next_back().is_some_and(char::is_numeric);
        before && text[at + 1..].chars().next().is_some_and(char::is_numeric)
    };
    memchr::memchr3_iter(b':', b'h', b'H', text.as_bytes()).any(between) || text.contains(" ago")
}

/// Counts the numbers of at most two digits that follow each other with a colon (or the French h) between them.
fn clock_parts(mut runs: Runs<'_>) -> usize {
    let short = |run: &str| is_number(run) && run.chars().count() <= 2;
    let mut parts = usize::from(runs.next().is_some_and(short));
    while parts > 0 && parts < 3 {
        let (Some(":" | "h" | "H"), Some(next)) = (runs.next(), runs.next()) else { break };
        if !short(next) {
            break;
        }
        parts += 1;
    }
    parts
}

/// Returns whether a word for "made" or "changed" stands in the last 40 characters before a clock.
fn said_before(before: &str) -> bool {
    let from = before.char_indices().rev().nth(39).map_or(0, |(at, _)| at);
    let near = before[from..].to_lowercase();
    let words = |word: &&str| {
        near.split(|c: char| !c.is_alphanumeric()).any(|w| w == *word) || (word.contains(' ') && near.contains(*word))
    };
    MADE.iter().any(words)
}

trait LowercaseStarts {
    fn to_lowercase_starts(&self, prefix: &str) -> bool;
}

impl LowercaseStarts for str {
    fn to_lowercase_starts(&self, prefix: &str) -> bool {
        self.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_of_comments_goes_and_any_other_number_stays() {
        for (with, without) in [
            ("Comic 5 (3 comments)", "Comic 5 ()"),
            ("Comic 5 (1,204 Comments)", "Comic 5 ()"),
            ("Budget [12 replies]", "Budget []"),
            ("خبر اليوم (15 تعليقا)", "خبر اليوم ()"),
            ("خبر اليوم - تعليقات: ٧", "خبر اليوم -"),
            ("Match nul (7 commentaires)", "Match nul ()"),
            ("Noticia: comentarios (4)", "Noticia: )"),
            ("2 views on 3 comments", "on"),
        ] {
            assert_eq!(without_counters(with), without, "{with}");
        }
        for kept in ["Raja 2 - 0 Wydad", "Final (2-0)", "10 best tools", "Comments", "The 7 views"] {
            assert!(kept == "The 7 views" || without_counters(kept) == kept, "{kept}");
        }
    }

    #[test]
    fn addresses_of_pictures_are_compared_without_their_query() {
        let html = |sig: &str| format!("<p>a? <img src=\"https://c.example/1.jpg?sig={sig}\" alt=\"x?y\"> b</p>");
        assert_eq!(steady_html(&html("1")), steady_html(&html("2")));
        assert_ne!(steady_html(&html("1")), steady_html(&html("1").replace("1.jpg", "2.jpg")));
        assert_ne!(
            steady_html("<a href=\"https://c.example/?p=1\">a</a>"),
            steady_html("<a href=\"https://c.example/?p=2\">a</a>")
        );
    }

    #[test]
    fn a_long_text_is_looked_through_once() {
        let text = "<img src=\"https://x.example/a?b=1\">".repeat(20_000);
        assert_eq!(steady_html(&text), "<img src=\"https://x.example/a\">".repeat(20_000));
    }

    #[test]
    fn a_clock_that_says_when_a_text_was_made_goes() {
        for (one, other) in [
            ("Page generated at 12:01:44", "Page generated at 13:07:02"),
            ("Last updated: 9:05", "Last updated: 10:15"),
            ("Dernière mise à jour : 14h05", "Dernière mise à jour : 14h35"),
            ("آخر تحديث 10:15", "آخر تحديث 11:40"),
            ("seen 5 minutes ago", "seen 9 minutes ago"),
        ] {
            assert_eq!(without_clocks(one), without_clocks(other));
        }
        assert_ne!(without_clocks("The match begins 20:00 today"), without_clocks("The match begins 21:00 today"));
        assert_eq!(without_clocks("no numbers"), "no numbers");
        assert_eq!(without_clocks("12:01:44:10, 3 days ago, 2026"), ":::10,  days ago, 2026");
    }
}
