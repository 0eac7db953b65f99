use super::*;
use axum::http::HeaderValue;

fn ui_language(accept: &str) -> UiLanguage {
    UiLanguage::of(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap())]))
}

#[test]
fn sizes_have_units_that_fit() {
    for (bytes, ar, fr, en) in [
        (0, "0.0\u{a0}ك.ب", "0,0\u{a0}ko", "0.0\u{a0}kB"),
        (1_550, "1.5\u{a0}ك.ب", "1,5\u{a0}ko", "1.5\u{a0}kB"),
        (454_000, "454\u{a0}ك.ب", "454\u{a0}ko", "454\u{a0}kB"),
        (12_345_678, "12\u{a0}م.ب", "12\u{a0}Mo", "12\u{a0}MB"),
    ] {
        assert_eq!(UiLanguage::ALL.map(|language| language.size(bytes)), [ar, fr, en]);
    }
}

#[test]
fn the_reader_s_first_language_that_we_speak_is_chosen() {
    assert_eq!(ui_language("ar-MA,ar;q=0.9,fr;q=0.8"), UiLanguage::Ar);
    assert_eq!(ui_language("de, fr;q=0.5, en;q=0.4"), UiLanguage::Fr);
    assert_eq!(ui_language("en;q=0.1, AR;q=0.2"), UiLanguage::Ar);
    assert_eq!(ui_language("zgh, *"), UiLanguage::En);
    let chosen = |cookie: &'static str| {
        let both = [(ACCEPT_LANGUAGE, "ar"), (COOKIE, cookie)];
        UiLanguage::of(&both.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect())
    };
    assert_eq!(chosen("a=b; hl=fr"), UiLanguage::Fr);
    assert_eq!(chosen("hl=xx; hl2=fr"), UiLanguage::Ar);
    assert_eq!(UiLanguage::of(&HeaderMap::new()), UiLanguage::En);
}

#[test]
fn spans_are_counted_as_each_language_counts() {
    let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
    let at = |seconds| now - jiff::SignedDuration::from_secs(seconds);
    for (seconds, ar, fr, en) in [
        (-30, "الآن", "à l’instant", "just now"),
        (60, "قبل دقيقة", "il y a 1\u{a0}minute", "1 minute ago"),
        (150, "قبل دقيقتين", "il y a 2\u{a0}minutes", "2 minutes ago"),
        (3 * 3600, "قبل 3 ساعات", "il y a 3\u{a0}heures", "3 hours ago"),
        (11 * 3600, "قبل 11 ساعة", "il y a 11\u{a0}heures", "11 hours ago"),
        (2 * 86_400, "قبل يومين", "il y a 2\u{a0}jours", "2 days ago"),
        (30 * 86_400, "3 أكتوبر 2026", "3 octobre 2026", "3 October 2026"),
        (-7200, "2 نوفمبر 2026", "2 novembre 2026", "2 November 2026"),
    ] {
        assert_eq!(UiLanguage::Ar.ago(at(seconds), now, &TimeZone::UTC), ar);
        assert_eq!(UiLanguage::Fr.ago(at(seconds), now, &TimeZone::UTC), fr);
        assert_eq!(UiLanguage::En.ago(at(seconds), now, &TimeZone::UTC), en);
    }
    assert_eq!(UiLanguage::Ar.span(150), "3 دقائق");
    let days = [14, 100, 105, 111].map(|days| UiLanguage::Ar.span(days * 86_400));
    assert_eq!(days, ["14 يومًا", "100 يوم", "105 أيام", "111 يومًا"]);
    assert_eq!(UiLanguage::Fr.span(3 * 86_400), "3\u{a0}jours");
    assert_eq!((UiLanguage::En.span(5), UiLanguage::En.span(7_300)), ("1 minute".to_owned(), "2 hours".to_owned()));
    let first = jiff::civil::date(2026, 11, 1);
    assert_eq!(UiLanguage::Fr.short_date(first), "1er novembre");
    assert_eq!(UiLanguage::Fr.full_date(first), "dimanche 1er novembre 2026");
    assert_eq!(UiLanguage::Ar.full_date(first), "الأحد 1 نوفمبر 2026");
    assert_eq!(UiLanguage::En.full_date(first), "Sunday 1 November 2026");
    assert_eq!(UiLanguage::En.ahead(at(-7300), now), "in 2 hours");
    assert_eq!(UiLanguage::Ar.ahead(at(-130), now), "بعد دقيقتين");
}
