use super::*;
use crate::parse::tree::TOP;
use crate::parse::{ParseContext, Repairs, limits::Limits};

fn read(element: &str) -> Option<Markup> {
    let tree = Tree::read(element, None, &Limits::of(&ParseContext::default()), &mut Repairs::default()).unwrap();
    let (_, id) = tree.elements(TOP).next().unwrap();
    markup(&tree, id, Else::Guess)
}

#[test]
fn texts_are_what_their_element_says() {
    let html = |s: &str| Some(Markup::Html(s.to_owned()));
    let text = |s: &str| Some(Markup::Text(s.to_owned()));
    for (element, want) in [
        ("<title>a &amp;lt; b</title>", html("a &lt; b")),
        ("<title> 1 &lt; 2 </title>", text("1 < 2")),
        ("<title type='text'>&lt;b&gt;x&lt;/b&gt;</title>", text("<b>x</b>")),
        ("<title>a <b>c</b> &lt; d</title>", html("a <b>c</b> &lt; d")),
        ("<content type='xhtml'> <div xmlns='x'>a<br/>b</div> </content>", html("a<br>b")),
        ("<content type='xhtml'><x:p title='\"'>a</x:p>b</content>", html("<p title=\"&quot;\">a</p>b")),
        ("<content mode='base64' type='text/html'>PGI+eDwvYj4=</content>", html("<b>x</b>")),
        ("<content type='image/png'>RXg=</content>", text("Ex")),
        ("<content type='image/png'>iVBORw0KGgo=</content>", None),
        ("<content type='image/png'>Picture</content>", text("Picture")),
        ("<content type='image/png'>The Picture No 1</content>", text("The Picture No 1")),
        ("<content type='xhtml'>&lt;p&gt;a &amp;amp; b&lt;/p&gt;</content>", html("<p>a &amp; b</p>")),
        ("<content type='xhtml'>the &lt;p&gt; &lt;/p&gt; tags</content>", text("the <p> </p> tags")),
        ("<title>fix: close &lt;/p&gt; tag</title>", text("fix: close </p> tag")),
        ("<title>fix &lt;b&gt; x &lt;/b&gt; tag</title>", html("fix <b> x </b> tag")),
        ("<title>Hello&lt;/b&gt; all</title>", html("Hello</b> all")),
        ("<title><![CDATA[a]]>&#146;b</title>", text("a’b")),
        ("<title>Ã‰ “a”</title>", text("Ã‰ “a”")),
        ("<title>Ã‰</title>", text("É")),
        ("<title>Ã\u{89}conomie</title>", text("Économie")),
        ("<title> </title>", None),
        ("<title>&lt;![CDATA[Hello]]&gt;</title>", text("Hello")),
        ("<title>How &lt;![CDATA[x]]&gt; works</title>", text("How <![CDATA[x]]> works")),
        ("<title>News: &lt;![CDATA[Hello]]&gt;</title>", text("News: Hello")),
        ("<title>&lt;![CDATA[One]]&gt; and &lt;![CDATA[Two]]&gt;</title>", text("One and Two")),
        ("<title>&lt; ![CDATA[Hello]]&gt;</title>", text("Hello")),
        ("<title>Hello]]></title>", text("Hello")),
        ("<title>Hello ]]&gt;</title>", text("Hello")),
        ("<title><![CDATA[close with ]]]]><![CDATA[>]]></title>", text("close with ]]>")),
        ("<title><![CDATA[close with ]]]><![CDATA[]> ]]></title>", text("close with ]]>")),
        ("<title><![CDATA[the ]]]]><![CDATA[> mark]]></title>", text("the ]]> mark")),
        ("<title><![CDATA[<![CDATA[Hello]]]]><![CDATA[>]]></title>", text("Hello")),
        ("<d><![CDATA[<p>a</p> ]]]]><![CDATA[>]]></d>", html("<p>a</p> ]]>")),
        ("<title>if (a[b[0]]&gt;</title>", text("if (a[b[0]]>")),
        ("<title>use arr[i]]&gt;</title>", text("use arr[i]]>")),
        ("<title>[Video] Hello]]&gt;</title>", text("[Video] Hello")),
        ("<d>&lt;p&gt;a&lt;/p&gt;]]&gt;</d>", html("<p>a</p>")),
        ("<d type='xhtml'><p>a</p>]]&gt;</d>", html("<p>a</p>")),
        ("<d type='xhtml'>&lt; ![CDATA[<p>a</p>]]&gt;</d>", html("<p>a</p>")),
        ("<title>Using &lt;![CDATA[ in XML</title>", text("Using <![CDATA[ in XML")),
        ("<d type='xhtml'><div>&lt;![CDATA[Hello <b>x</b>]]&gt; end</div></d>", html("Hello <b>x</b> end")),
        (
            "<d type='xhtml'><div>a <code>&lt;![CDATA[x]]&gt;</code></div></d>",
            html("a <code>&lt;![CDATA[x]]&gt;</code>"),
        ),
        ("<d type='html'>&amp;lt;![CDATA[&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;]]&amp;gt;</d>", html("<p>a</p>")),
        ("<title>&lt;!--:en--&gt;Hello&lt;!--:--&gt;</title>", html("<!--:en-->Hello<!--:-->")),
        ("<title>&lt;scp&gt;DNA&lt;/scp&gt; y</title>", html("<scp>DNA</scp> y")),
        ("<d><i/><![CDATA[<p>a</p>]]></d>", html("<i></i><p>a</p>")),
        ("<d>&lt;p&gt;a<br/>b&lt;/p&gt;</d>", html("<p>a<br>b</p>")),
        ("<d type='html'><div>a &lt;b&gt;c&lt;/b&gt;</div></d>", html("a <b>c</b>")),
        ("<d type='xhtml'><div>a &lt;b&gt;c&lt;/b&gt;</div></d>", html("a &lt;b&gt;c&lt;/b&gt;")),
    ] {
        assert_eq!(read(element), want, "{element}");
    }
}
