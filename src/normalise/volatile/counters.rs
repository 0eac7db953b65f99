//! Counters: of comments, replies and views, in titles and in elements of a text that hold nothing else.

use super::{Runs, is_gap, is_mark, is_number, is_numeric};
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

/// Returns whether a word says that a number counts comments, replies or views.
pub(super) fn is_counted(run: &str) -> bool {
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
    // Only a number two runs away is dropped, so words without one are not compared with the list.
    let is_near_number = |at: usize| {
        let before = at.checked_sub(2).is_some_and(|before| is_number(runs[before]));
        before || runs.get(at + 2).is_some_and(|after| is_number(after))
    };
    for at in (0..runs.len()).filter(|at| is_near_number(*at) && is_counted(runs[*at])) {
        drop_number(&runs, at, &mut dropped);
    }
    if !dropped.contains(&true) {
        return Cow::Borrowed(title);
    }
    let kept: String = runs.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(run, _)| *run).collect();
    Cow::Owned(kept.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Brackets that may hold a counter at the beginning or the end of a title.
const BRACKETS: [(char, char); 6] = [('(', ')'), ('[', ']'), ('{', '}'), ('（', '）'), ('［', '］'), ('【', '】')];

/// Words beside a number in brackets that do not say what is counted.
const NEW: &[&str] = &[
    "new",
    "unread",
    "nouveau",
    "nouveaux",
    "neu",
    "neue",
    "nuevo",
    "nuevos",
    "novo",
    "novos",
    "nuovi",
    "جديد",
    "جديدة",
];

/// Removes brackets that hold one number and nothing that says otherwise (`(3)`, `[#3]`, `(3 new)`, `(comments: 3)`, `(1.3k)`) from the
/// beginning and the end of a title: forums and comics count comments so. Scores, parts of a series, years and prices stay, and so
/// does a title that is nothing else.
pub(super) fn without_brackets(title: &str) -> &str {
    let mut rest = title.trim();
    for (open, close) in BRACKETS {
        let at_end = rest.strip_suffix(close).and_then(|before| before.rsplit_once(open));
        if let Some((before, _)) =
            at_end.filter(|(before, inside)| !before.trim().is_empty() && is_plain_counter(inside))
        {
            rest = before.trim_end();
        }
        let at_start = rest.strip_prefix(open).and_then(|after| after.split_once(close));
        if let Some((_, after)) =
            at_start.filter(|(inside, after)| !after.trim().is_empty() && is_plain_counter(inside))
        {
            rest = after.trim_start();
        }
    }
    if rest.len() == title.trim().len() { title } else { rest }
}

/// Returns whether a text in brackets is one number, with words for what is counted and signs that say nothing.
fn is_plain_counter(inside: &str) -> bool {
    const LONGEST: usize = 40;
    if inside.len() > LONGEST || !inside.contains(is_numeric) {
        return false;
    }
    let inside = inside.trim().trim_start_matches('#');
    let (mut numbers, mut is_decimal) = (0, false);
    let mut before = "";
    for run in Runs(inside) {
        if is_number(run) {
            // Digit groups are one number.
            let is_group = numbers > 0 && matches!(before, "," | "." | "'" | "\u{66c}" | "\u{a0}" | "\u{202f}");
            // Nothing is counted in parts: the strength of an earthquake, a mark.
            is_decimal |= is_group && run.chars().count() != 3;
            numbers += usize::from(!is_group);
            let is_year = run.len() == 4 && (run.starts_with("19") || run.starts_with("20"));
            // A leading zero numbers the parts of something.
            let is_number_of_part = run.len() > 1 && run.starts_with('0') && before.is_empty();
            if is_year || is_number_of_part {
                return false;
            }
        } else if run.chars().any(|c| c.is_alphabetic() || is_mark(c)) {
            let is_thousands = matches!(run, "k" | "K" | "M") && is_number(before);
            if !is_thousands && !is_counted(run) && !NEW.contains(&run.to_lowercase().as_str()) {
                return false;
            }
            is_decimal &= !is_thousands;
        } else if !run.chars().all(says_nothing) {
            return false;
        }
        before = run;
    }
    numbers == 1 && !is_decimal
}

/// Returns whether a sign beside a counter does not change its meaning: punctuation of numbers, and pictograms except stars, which
/// rate.
pub(super) fn says_nothing(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | ',' | ':' | '\'' | '#' | '\u{66c}' | '\u{200d}' | '\u{fe0f}')
        || matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}') && !matches!(c, '★' | '☆' | '⭐' | '🌟')
}

/// Returns whether a text is nothing but a number and what it counts.
pub(super) fn is_counter(text: &str) -> bool {
    match without_counters(text) {
        Cow::Owned(rest) => !rest.contains(char::is_alphanumeric),
        Cow::Borrowed(_) => false,
    }
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
