//! Tests with the kinds of pages that outlets send.

use super::*;
use crate::model::Deadline;

fn context(content_type: &str) -> ParseContext {
    ParseContext {
        base: url::Url::parse("https://news.example/2026/harbour").ok(),
        content_type: Some(content_type.to_owned()),
        ..ParseContext::default()
    }
}

fn page(head: &str, paragraphs: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>t</title>{head}</head><body><nav><ul><li><a href='/a'>Home</a><li><a href='/b'>Sport\
         </a></ul></nav><main><article><h1>The new harbour</h1>{paragraphs}</article></main><aside><a href='/c'>Most read</a>\
         </aside><footer>All rights reserved</footer></body></html>"
    )
}

const PARAGRAPHS: &str = "<p>The new harbour of the northern town was opened on Monday, after four years of work, by the minister \
    of transport. Ships of up to three hundred metres can now land there.</p><p onclick='x()'>The first of them, which came \
    from <a href='/lisbon'>Lisbon</a>, brought grain and machines; the harbour's director expects forty a month, he said, and \
    hundreds of new places of work in the region.</p><script>bad()</script>";

fn expected() -> Expected {
    Expected { title: "new harbour opens".to_owned(), words: 10 }
}

#[test]
fn the_article_is_found_cleaned_and_resolved() {
    let article = read(page("", PARAGRAPHS).as_bytes(), &context("text/html"), &expected()).unwrap();
    let html = article.html.as_str();
    assert!(html.contains("Ships of up to") && html.contains("https://news.example/lisbon"), "{html}");
    assert!(!html.contains("onclick") && !html.contains("bad()") && !html.contains("Most read"), "{html}");
    assert!(article.folded.contains("forty a month"));
}

#[test]
fn a_page_in_an_old_arabic_encoding() {
    let arabic = "<p>افتتح وزير النقل يوم الاثنين ميناء الشمال الجديد بعد أربع سنوات من الأشغال التي شملت توسيع الأرصفة وتعميق \
        الحوض. ويمكن للسفن الكبيرة أن ترسو فيه ابتداء من هذا الأسبوع.</p><p>وقال مدير الميناء إن أول سفينة وصلت من لشبونة \
        محملة بالحبوب والآلات، وإن الميناء سيستقبل أربعين سفينة في الشهر.</p>";
    let title = Expected { title: normalise::fold::fold("افتتاح ميناء الشمال"), words: 0 };
    for (head, content_type) in [
        ("<meta charset=windows-1256>", "text/html"),
        ("<META http-equiv='Content-Type' content='text/html; charset=\"windows-1256\"'>", "text/html"),
        ("", "text/html; charset=windows-1256"),
        ("", "text/html"),
    ] {
        let text = page(head, arabic);
        let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(&text);
        let article = read(&bytes, &context(content_type), &title).unwrap();
        assert!(article.html.as_str().contains("ميناء الشمال الجديد"), "{head} {content_type}: {}", article.html);
    }
}

#[test]
fn reasons_for_no_article() {
    let why =
        |text: &str, kind: &str, expected: &Expected| read(text.as_bytes(), &context(kind), expected).unwrap_err().why;
    let whole = page("", PARAGRAPHS);
    assert_eq!(why(&whole, "application/pdf", &expected()), NoArticle::NotAPage);
    assert_eq!(why("", "text/html", &expected()), NoArticle::TooShort);
    assert_eq!(why(&page("", "<p>Soon.</p>"), "text/html", &expected()), NoArticle::TooShort);
    assert_eq!(why(&whole, "text/html", &Expected { words: 500, ..expected() }), NoArticle::TooShort);
    let other = Expected { title: "election results delayed".to_owned(), words: 0 };
    assert_eq!(why(&whole, "text/html", &other), NoArticle::TooShort);
    let over = ParseContext { deadline: Deadline::when(|| true), ..context("text/html") };
    assert_eq!(read(whole.as_bytes(), &over, &expected()).unwrap_err().why, NoArticle::Unreadable);
}

#[test]
fn hostile_pages_neither_overflow_the_stack_nor_abort() {
    for piece in [
        "<div>",
        "<div><p>some words, here, long enough to be text.",
        "<table><tr><td>word, word",
        "<ul><li>word ",
        "<span>a ",
        "<b><i><div>",
        "<a href=x><div></a>",
        "<br>",
        "<svg><math>",
        "&a",
        "<noscript><img src=x></noscript>",
        "<font>w</font>",
        "<template>",
        "<select><option>",
        "<!--",
        "<script>",
        "<article><section><p>w, w, w</p>",
    ] {
        let text = page("", &piece.repeat(3_000));
        // Any result is correct, as long as the call returns.
        let _ = read(text.as_bytes(), &context("text/html"), &expected());
    }
}

/// Each `<` may become a node of the extractor's tree, which its limit of elements does not count.
#[test]
fn a_page_of_bare_marks_and_comments_is_cut_behind_its_article() {
    for mark in ["<", "<!--", "<!-- -->"] {
        let page = page("", PARAGRAPHS) + &mark.repeat(300_000);
        let text = normalise::within_limits(&page, &TextLimits::default()).unwrap();
        assert!(text.matches('<').count() <= 100_000, "{mark}");
        assert!(text.contains("forty a month"));
    }
}
