//! Counters: of comments, replies and views, in titles and in elements of a text that hold nothing else.

use super::{Runs, is_gap, is_number};
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
