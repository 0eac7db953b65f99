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
    for kept in ["Raja 2 - 0 Wydad", "Final (2-0)", "10 best tools", "Comments"] {
        assert_eq!(without_counters(kept), kept);
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
    let one_word = format!("1h{}", "1a".repeat(50_000));
    assert_eq!(without_clocks(&one_word), one_word);
}

#[test]
fn a_clock_that_says_when_a_text_was_made_goes() {
    for (one, other) in [
        ("Page generated at 12:01:44", "Page generated at 13:07:02"),
        ("Last updated: 9:05", "Last updated: 10:15"),
        ("Dernière mise à jour : 14h05", "Dernière mise à jour : 14h35"),
        ("آخر تحديث 10:15", "آخر تحديث 11:40"),
        ("seen 5 minutes ago", "seen 9 minutes ago"),
        ("نُشر منذ 3 ساعات", "نُشر منذ 4 ساعات"),
        ("Publié il y a 3 heures.", "Publié il y a 5 heures."),
        ("vor 3 Stunden", "vor 4 Stunden"),
        ("Hace 3 horas", "Hace 5 horas"),
        ("3 часа назад", "4 часа назад"),
        ("3 ore fa", "4 ore fa"),
        ("12 dakika önce", "14 dakika önce"),
    ] {
        assert_eq!(without_clocks(one), without_clocks(other));
    }
    assert_ne!(without_clocks("Il y a 3 blessés"), without_clocks("Il y a 4 blessés"));
    assert_ne!(without_clocks("Davor 3 Stunden Fahrt"), without_clocks("Davor 4 Stunden Fahrt"));
    assert_ne!(without_clocks("The match begins 20:00 today"), without_clocks("The match begins 21:00 today"));
    assert_eq!(without_clocks("no numbers"), "no numbers");
    assert_eq!(without_clocks("12:01:44:10, 3 days ago, 2026"), ":::10,  days ago, 2026");
}

#[test]
fn figures_are_known_without_tables() {
    for c in '\0'..=char::MAX {
        assert_eq!(is_numeric(c), c.is_numeric(), "{c:?}");
    }
}
