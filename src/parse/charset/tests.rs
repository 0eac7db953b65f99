use super::*;

fn read(bytes: &[u8], http: Option<&str>) -> (String, &'static str, EncodingFrom) {
    let decoded = decode(bytes, http, None, &mut Repairs::default());
    (decoded.text.into_owned(), decoded.encoding, decoded.from)
}

#[test]
fn bytes_are_believed_over_labels() {
    let labelled = "<?xml version='1.0' encoding='windows-1256'?><a>خبر</a>";
    assert_eq!(read(labelled.as_bytes(), None).1, "UTF-8");
    let wide = "<?xml version='1.0' encoding='UTF-16'?><a>x</a>";
    assert_eq!(read(wide.as_bytes(), None), (wide.to_owned(), "UTF-8", EncodingFrom::Utf8));
}

#[test]
fn http_precedes_the_declaration() {
    let bytes = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xCE\xC8\xD1</a>";
    let (text, encoding, from) = read(bytes, Some("windows-1256"));
    assert!(text.contains("<a>خبر</a>"));
    assert_eq!((encoding, from), ("windows-1256", EncodingFrom::Http));
    assert_eq!(read(bytes, None).1, "windows-1252");
}

#[test]
fn stray_bytes_do_not_change_the_encoding() {
    let mut bytes = "<a>مجلس الحكومة</a><b>caf".as_bytes().to_vec();
    bytes.extend_from_slice(b"\xE9</b><c>");
    bytes.extend_from_slice("خبر".as_bytes());
    bytes.extend_from_slice(b"\xFF</c>");
    assert_eq!(read(&bytes, None).0, "<a>مجلس الحكومة</a><b>café</b><c>خبر\u{FFFD}</c>");
}

#[test]
fn two_encodings_in_one_document_are_told_apart_by_text() {
    let text = |encoding: &'static Encoding, text: &str| encoding.encode(text).0.into_owned();
    let join = |head: &str, title: &[u8], body: &str| {
        [head.as_bytes(), b"<t>", title, b"</t><d>", body.as_bytes(), b"</d>"].concat()
    };
    let arabic = text(encoding_rs::WINDOWS_1256, "خبر عاجل من الرباط");
    let russian = text(encoding_rs::KOI8_R, "Новости дня из Москвы");
    let declared = join("<?xml version='1.0' encoding='windows-1256'?>", &arabic, "تفاصيل الخبر");
    assert!(read(&declared, None).0.ends_with("<t>خبر عاجل من الرباط</t><d>تفاصيل الخبر</d>"));
    let header = join("", &russian, "Подробности дня");
    assert_eq!(read(&header, Some("koi8-r")).0, "<t>Новости дня из Москвы</t><d>Подробности дня</d>");
    let long = join("", &russian, &"Подробности дня. ".repeat(40));
    assert!(read(&long, Some("koi8-r")).0.starts_with("<t>Новости дня из Москвы</t><d>Подробности"));
    assert!(read(&long, None).0.starts_with("<t>Новости дня из Москвы</t><d>Подробности"));
}

#[test]
fn two_encodings_may_both_have_characters_of_several_bytes() {
    for (encoding, title, body) in [
        (encoding_rs::GBK, "今天的中国新闻", "详细内容如下"),
        (encoding_rs::BIG5, "今天的台灣新聞", "詳細內容如下"),
        (encoding_rs::EUC_JP, "日本のニュース速報", "詳細はこちらです"),
        (encoding_rs::SHIFT_JIS, "日本のニュース速報", "詳細はこちらです"),
        (encoding_rs::EUC_KR, "오늘의 한국 뉴스", "자세한 내용은 다음과 같습니다"),
    ] {
        let want = format!("<t>{title}</t><d>{body}</d>");
        let bytes = [b"<t>", &*encoding.encode(title).0, b"</t><d>", body.as_bytes(), b"</d>"].concat();
        assert_eq!(read(&bytes, Some(encoding.name())).0, want, "{}", encoding.name());
        let all = encoding.encode(&want).0;
        assert_eq!(read(&all, Some(encoding.name())).0, want, "{}", encoding.name());
    }
}

#[test]
fn surrogates_encoded_one_by_one_are_one_character() {
    assert_eq!(read(b"<a>\xED\xA0\xBD\xED\xB8\x8A ok</a>", None).0, "<a>😊 ok</a>");
    let cut = ["<a>خبر ".as_bytes(), b"\xED\xA0\xBD</a>"].concat();
    assert_eq!(read(&cut, None).0, "<a>خبر \u{FFFD}</a>");
}

#[test]
fn forbidden_characters_go() {
    assert_eq!(read("a\u{8}b\u{FFFE}c\tد".as_bytes(), None).0, "abc\tد");
}

#[test]
fn wide_encodings_without_a_mark() {
    let wide = "<a>é</a>".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    assert_eq!(read(&wide, None).0, "<a>é</a>");
    let wider = "<a>é</a>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<_>>();
    assert_eq!(read(&wider, None).0, "<a>é</a>");
}

#[test]
fn a_few_bytes_of_an_old_encoding_are_read_by_the_script_of_the_other_texts() {
    for (encoding, title, body) in [
        (encoding_rs::WINDOWS_1256, "خبر عاجل", "تفاصيل الخبر: صادق مجلس الحكومة"),
        (encoding_rs::WINDOWS_1251, "Новости", "Подробности дня из Москвы"),
        (encoding_rs::KOI8_R, "Новости", "Подробности дня из Москвы"),
        (encoding_rs::WINDOWS_1253, "Αθήνα", "Η κυβέρνηση ανακοίνωσε μέτρα"),
        (encoding_rs::WINDOWS_1255, "שלום", "פרטים נוספים על החדשות"),
    ] {
        let body = body.repeat(10);
        let old = encoding.encode(title).0;
        let xml = [b"<t>", &*old, b"</t><d>", body.as_bytes(), b"</d>"].concat();
        assert_eq!(read(&xml, None).0, format!("<t>{title}</t><d>{body}</d>"), "{}", encoding.name());
        let json = [b"{\"a\": \"", &*old, b"\", \"b\": \"", body.as_bytes(), b"\"}"].concat();
        assert_eq!(read(&json, None).0, format!("{{\"a\": \"{title}\", \"b\": \"{body}\"}}"), "{}", encoding.name());
    }
}

#[test]
fn latin_letters_of_one_byte_are_kept_within_a_text_of_utf8() {
    let good = "Été à Fès, où la forêt brûle déjà. ".repeat(10);
    for (bad, want) in [
        (&b"d\xe9j\xe0 \xc3\xa9t\xc3\xa9"[..], "déjà été"),
        (b"L\x92\xc3\xa9t\xc3\xa9 \x85", "L’été …"),
        (b"\xe2ge d'\xc3\xa9t\xc3\xa9", "âge d'été"),
        // The first byte of a letter or of a quotation mark that was cut off.
        (b"\xc3\xa9t\xc3", "ét\u{FFFD}"),
        (b"\xc3\xa9t\xc3\xa9 \xe2", "été \u{FFFD}"),
        (b"\xc3\xa9t\xc3\xa9 \xe2\x80", "été \u{FFFD}"),
    ] {
        let bytes = [b"<d>", good.as_bytes(), b"</d><t>", bad, b"</t>"].concat();
        assert_eq!(read(&bytes, None).0, format!("<d>{good}</d><t>{want}</t>"));
    }
}
