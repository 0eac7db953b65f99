//! Mark-up that HTML, or the sanitiser, would read otherwise than its writer meant.

use super::*;

#[test]
fn elements_that_html_does_not_have_keep_their_contents() {
    for (text, want) in [
        ("<text>Whole story</text>", "Whole story"),
        ("<TEXT>a <b>b</b></TEXT>", "a <b>b</b>"),
        ("<list><list-item><p>a</p></list-item></list>b", "<p>a</p>b"),
        ("<sec><p>a</p></sec><g>b</g> <desc>c</desc> <metadata>d</metadata> <mn>1</mn>", "<p>a</p>b c d 1"),
        ("<p>Run cp <path> dest</p><p>a <set> b</p>", "<p>Run cp &lt;path&gt; dest</p><p>a &lt;set&gt; b</p>"),
        ("<custom>a</custom><o:p>b</o:p>", "ab"),
        ("<a-name-of-twenty-by\u{FFFE}>a</a-name-of-twenty-by\u{FFFE}>", "a"),
        ("a<svg><g><text>x</text><path d='M0'/></g></svg><text>b</text>", "ab"),
        ("a<svg width=1 /><text>b</text>", "ab"),
        ("a<svg><g><p>b</p><text>c</text>", "a<p>b</p>c"),
        ("a<svg><title>x</title></svg>b", "ab"),
        ("<image src='https://x.example/i.png'>", "<img src=\"https://x.example/i.png\">"),
        ("<text><script>alert(1)</script><a onclick=x>b</a></text>", "<a rel=\"noopener noreferrer\">b</a>"),
    ] {
        assert_eq!(safe(text), want, "{text}");
    }
}

#[test]
fn elements_without_contents_do_not_take_what_follows() {
    for name in ["script", "style", "title", "textarea", "noembed", "noframes", "xmp", "template", "select", "iframe"] {
        assert_eq!(safe(&format!("a<{name} x='y'/>b")), "ab", "{name}");
        assert_eq!(safe(&format!("a<{}/><p>b</p>", name.to_ascii_uppercase())), "a<p>b</p>", "{name}");
    }
    for (text, want) in [
        ("<video src='https://x.example/v'/>z", "<video src=\"https://x.example/v\"></video>z"),
        ("<audio src='https://x.example/v' />z", "<audio src=\"https://x.example/v\"></audio>z"),
        ("<noscript/>a &amp;lt; b", "a &amp;lt; b"),
        ("<script src=https://x.example/>a</script>b", "b"),
    ] {
        assert_eq!(safe(text), want, "{text}");
    }
    // Attributes behind one are as few as elsewhere.
    let many: Vec<String> = (0..500).map(|i| format!(" a{i}=1")).collect();
    let many = format!("<script/><div{}>a</div>", many.concat());
    let limits = TextLimits::default();
    let cleaned = html_within(&Markup::Html(many), TextPlace::default(), &limits).unwrap();
    assert_eq!((cleaned.as_str(), limits.cuts()), ("<div>a</div>", vec!["too-many-attributes"]));
}

#[test]
fn declarations_are_read_as_they_are_meant() {
    for (text, want) in [
        ("<p><![if !supportLists]>·<![endif]>Point</p>", "<p>·Point</p>"),
        ("<!--[if gte mso 9]><xml>x</xml><![endif]-->a<![if !vml]>b<![ENDIF]>", "ab"),
        ("<!--[if !mso]><!-->a<!--<![endif]-->b", "ab"),
        ("a <!-- b <i>c</i> d", "a c d"),
        ("a <!-- b", "a "),
        ("<!-- <![CDATA[ -->a", "a"),
        ("One <![CDATA[two]]> <![cdata[three]]>", "One two three"),
        ("Use <![CDATA[ here", "Use &lt;![CDATA[ here"),
        ("<![CDATA[a", "a"),
    ] {
        assert_eq!(safe(text).trim(), want.trim(), "{text}");
    }
}

#[test]
fn formulas_can_be_read() {
    for (text, want) in [
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "1/2"),
        ("<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>", "(a+b)/c"),
        ("<math><msqrt><mi>x</mi></msqrt><mo>=</mo><msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt></math>", "√x=√(x+1)"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup></math>", "x<sup>2</sup>"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x<sub>1</sub><sup>2</sup>"),
        ("<math><mfrac><mrow><mi>a</mi><mspace/><mi>b</mi></mfrac></math>c", "(ab)c"),
        (
            "k <span class=\"katex\"><span class=\"katex-mathml\"><math><mi>E</mi><annotation>E</annotation></math></span>\
            <span class=\"katex-html\" aria-hidden=\"true\"><span>E</span></span></span> z",
            "k <span><span>E</span></span> z",
        ),
        ("<span class='katex-html' aria-hidden='true'>E</span>", "<span>E</span>"),
        ("<math>E</math><span class='katex-html' aria-hidden='true'>E", "E<span>E</span>"),
        ("a <script type=\"math/tex\">z^2 < y</script> b", "a z^2 &lt; y b"),
        ("<script type='math/tex; mode=display'>% <![CDATA[\na & b %]]></script>", "a &amp; b"),
        ("a<script type='math/mml'><math><mi>x</mi></math></script>", "a"),
        ("a<script type=text/javascript>math/tex</script>", "a"),
        (
            "<math>a</math><span class=katex-html aria-hidden=true><math><mfrac><mrow><mi>a</mi><span></span></span>b</math>c",
            "a(b)c",
        ),
    ] {
        assert_eq!(safe(text), want, "{text}");
    }
}

#[test]
fn pictures_that_are_repeated_on_purpose_stay() {
    let picture = |name: &str| format!("<img src=\"https://x.example/{name}\">");
    let twice = picture("p.jpg").repeat(2);
    for (text, want) in [
        ("<img src=/p.jpg><img src=/p.jpg>".to_owned(), twice.clone()),
        ("<noscript><img src=/p.jpg></noscript><img src=/p.jpg>".to_owned(), twice.clone()),
        ("<noscript><img src=/p.jpg></noscript><img data-src=/p.jpg>".repeat(2), twice),
        (
            "<img src=/p.jpg?id=1><noscript><img src=/p.jpg?id=2></noscript>".to_owned(),
            picture("p.jpg?id=1") + &picture("p.jpg?id=2"),
        ),
        (
            "<img src=data:x data-src=/p.jpg><noscript><img src=/q.jpg></noscript>".to_owned(),
            picture("p.jpg") + &picture("q.jpg"),
        ),
    ] {
        assert_eq!(safe(&text), want, "{text}");
    }
}

#[test]
fn the_largest_of_the_same_picture_is_shown() {
    let next = |width: u32| format!("/_next/image?url=https%3A%2F%2Fc.example%2Fa.jpg&amp;w={width}&amp;q=75");
    let set = |widths: &[u32]| {
        let each: Vec<_> = widths.iter().map(|width| format!("{} {width}w", next(*width))).collect();
        each.join(", ")
    };
    let shown = |width: u32| format!("<img src=\"https://x.example{}\">", next(width));
    for (text, want) in [
        (format!("<img src='{}' srcset='{}'>", next(64), set(&[640, 1_920])), shown(1_920)),
        (format!("<img src='{}' srcset='{}'>", next(64), set(&[640, 1_920, 3_840])), shown(1_920)),
        (format!("<img src='{}' srcset='{}'>", next(64), set(&[3_840])), shown(3_840)),
        (format!("<img src='{}' srcset='{}'>", next(3_840), set(&[640, 1_920, 3_840])), shown(3_840)),
        (format!("<img src='{}' data-srcset='{} 1x, {} 2x'>", next(64), next(96), next(256)), shown(256)),
        (format!("<img src='{}'>", next(64)), shown(64)),
        (format!("<img src='{}' srcset='/b.jpg?w=640 640w'>", next(64)), shown(64)),
        (
            "<img src='/a.jpg?w=300&amp;s=1' srcset='/a.jpg?w=300 300w, /a.jpg?w=1200 1200w'>".to_owned(),
            "<img src=\"https://x.example/a.jpg?w=1200\">".to_owned(),
        ),
        (
            "<img src='/a.jpg' srcset='/a.jpg?w=300 300w'>".to_owned(),
            "<img src=\"https://x.example/a.jpg\">".to_owned(),
        ),
    ] {
        assert_eq!(safe(&text), want, "{text}");
    }
}
