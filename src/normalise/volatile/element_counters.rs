//! Counters that stand alone in an element of a text: of comments, views and votes. In an element of its own, a number beside such a
//! word counts what readers do, which is not sure in a title.

use super::{Runs, counters, is_mark, is_number};

/// Words for what readers do, in lower case and without the Arabic article; those of [`counters::is_counted`] count, too.
const DONE: &[&str] = &[
    "viewed",
    "reading",
    "readings",
    "visit",
    "visits",
    "hit",
    "hits",
    "download",
    "downloads",
    "downloaded",
    "upvotes",
    "retweets",
    "reposts",
    "boosts",
    "favorites",
    "favourites",
    "reactions",
    "claps",
    "seeders",
    "leechers",
    "seeds",
    "peers",
    "lu",
    "lue",
    "vu",
    "vues",
    "lecture",
    "lectures",
    "téléchargement",
    "téléchargements",
    "partage",
    "partages",
    "visite",
    "visites",
    "réaction",
    "réactions",
    "descargas",
    "lecturas",
    "letture",
    "gelesen",
    "مشاهدات",
    "مشاهدة",
    "مشاهده",
    "قراءات",
    "قراءة",
    "زيارات",
    "زيارة",
    "تعليقات",
    "ردود",
    "تحميلات",
    "تنزيلات",
    "إعجاب",
    "إعجابات",
    "اعجاب",
    "اعجابات",
    "بازدید",
];

/// Words that may count something else as well: results of matches and elections, parts of a list. They need another word of these
/// lists beside them, or a colon and one number behind them.
const VAGUE: &[&str] = &[
    "point",
    "points",
    "score",
    "vote",
    "votes",
    "post",
    "posts",
    "participant",
    "participants",
    "rating",
    "note",
    "avis",
    "star",
    "stars",
    "مشاركات",
    "تقييم",
    "تصويت",
    "أصوات",
    "نقاط",
];

/// Words beside a counter that count nothing.
const BESIDE: &[&str] = &[
    "number",
    "of",
    "total",
    "times",
    "and",
    "no",
    "statistics",
    "nombre",
    "de",
    "des",
    "fois",
    "et",
    "número",
    "anzahl",
    "mal",
    "عدد",
    "مرات",
    "مرة",
    "إجمالي",
];

/// Signs of what readers do.
const SIGNS: &str = "👍👎❤♥💙💬🗨🔁🔃👁👀🙏🔥😂😢😡🤣😮⬆⬇▲👏";

/// Returns whether the whole text of an element is a counter, or several.
pub(super) fn is_counter(text: &str) -> bool {
    if !text.contains(super::is_numeric) {
        return false;
    }
    if counters::is_counter(text) {
        return true;
    }
    let (mut numbers, mut done, mut vague) = (0, 0, 0);
    let mut before = "";
    for run in Runs(text) {
        if is_number(run) {
            numbers += usize::from(!matches!(before, "." | "," | "'" | "\u{66c}" | "\u{a0}" | "\u{202f}"));
        } else if run.chars().any(|c| c.is_alphabetic() || is_mark(c)) {
            let is_thousands = matches!(run, "k" | "K" | "M") && is_number(before);
            let lower = run.to_lowercase();
            let bare = lower.strip_prefix("ال").unwrap_or(&lower);
            if DONE.contains(&bare) || counters::is_counted(bare) {
                done += 1;
            } else if VAGUE.contains(&bare) {
                vague += 1;
            } else if !is_thousands && !BESIDE.contains(&bare) {
                return false;
            }
        } else if run.chars().any(|c| SIGNS.contains(c) && !matches!(c, '\u{200d}' | '\u{fe0f}')) {
            done += 1;
        } else if !run.chars().all(|c| counters::says_nothing(c) || "()[]{}|/-–—·•".contains(c))
            || is_result(before, run)
        {
            return false;
        }
        before = run;
    }
    let is_labelled = || vague == 1 && numbers == 1 && text.contains(':');
    done > 0 || vague > 1 || is_labelled()
}

/// Returns whether a sign behind a number makes it the result of a match (`3-1`, `3 - 1`).
fn is_result(before: &str, sign: &str) -> bool {
    is_number(before) && matches!(sign.trim(), "-" | "–" | ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_of_counters_is_told_from_other_figures() {
        for text in [
            "Points: 3",
            "# Comments: 4",
            "3 posts - 2 participants",
            "3 points, 4 comments",
            "Score: 3",
            "👍 3",
            "❤️ 3 🔁 3",
            "عدد المشاهدات: 300",
            "المشاهدات: ٣٠٠",
            "300 مشاهدة",
            "عدد التعليقات 3",
            "التعليقات (3)",
            "عدد القراءات : 3",
            "Lu 300 fois",
            "Lectures : 3",
            "Nombre de vues : 3",
            "Commentaires (3)",
            "Downloads: 3",
            "Seeders: 3 Leechers: 3",
            "Views: 3K",
            "👁 3.1K",
            "Rating: 4.2/5 (3 votes)",
            " — Replies 3 — Views 30",
            "3 Likes | 3 Shares",
        ] {
            assert!(is_counter(text), "{text}");
        }
        for text in [
            "3 points",
            "120 votes",
            "Score: 3-1",
            "Score: 3 : 1",
            "Reading time: 3 min",
            "⚽ 3",
            "2026",
            "Views",
            "Points: 3 dead",
            "☀ 25°",
            "Blast kills 3",
            "",
        ] {
            assert!(!is_counter(text), "{text}");
        }
    }
}
