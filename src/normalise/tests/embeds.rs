//! Elements of which scripts make players.

use super::*;

#[test]
fn what_a_script_makes_a_player_of_is_a_link() {
    let link = |url: &str, name: &str| format!("<a href=\"{url}\" rel=\"noopener noreferrer\">{name}</a>");
    for (text, url, name) in [
        (
            "<div class='fb-post' data-href='https://www.facebook.com/x/posts/1'></div>",
            "https://www.facebook.com/x/posts/1",
            "Facebook",
        ),
        (
            "<blockquote class='instagram-media' data-instgrm-permalink='https://www.instagram.com/p/C/'><div> </div></blockquote>",
            "https://www.instagram.com/p/C/",
            "Instagram",
        ),
        (
            "<blockquote class='tiktok-embed' cite='https://www.tiktok.com/@x/video/1' data-video-id='1'></blockquote>",
            "https://www.tiktok.com/@x/video/1",
            "TikTok",
        ),
        (
            "<script async src='https://telegram.org/w.js' data-telegram-post='durov/1'></script>",
            "https://t.me/durov/1",
            "Telegram",
        ),
        (
            "<script src='https://gist.github.com/u/abc.js'></script>",
            "https://gist.github.com/u/abc.js",
            "gist.github.com",
        ),
        ("<amp-twitter data-tweetid='12345'></amp-twitter>", "https://x.com/i/status/12345", "X"),
        (
            "<amp-facebook data-href='https://www.facebook.com/x/posts/1'></amp-facebook>",
            "https://www.facebook.com/x/posts/1",
            "Facebook",
        ),
    ] {
        let safe = safe(&format!("<p>a</p>{text}<p>b</p>"));
        assert!(safe.contains(&link(url, name)) && safe.contains("<p>b</p>"), "{text}: {safe}");
    }
    // One that shows something without its script stays as it is.
    let quoted = "<blockquote class=\"twitter-tweet\" data-instgrm-permalink='https://www.instagram.com/p/C/'><p>words</p></blockquote>";
    assert_eq!(safe(quoted), "<blockquote><p>words</p></blockquote>");
    for film in [
        "<div class='rll-youtube-player' data-src='https://www.youtube.com/embed/abcdefghijk' data-id='abcdefghijk'></div>",
        "<div class='youtube-player' data-id='abcdefghijk'></div>",
        "<youtube-embed video-id=abcdefghijk></youtube-embed>",
        "<lite-youtube video-id=abcdefghijk></lite-youtube>",
        "<oembed url='https://www.youtube.com/embed/abcdefghijk'></oembed>",
        "<iframe src='about:blank' srcdoc='&lt;a href=https://www.youtube.com/embed/abcdefghijk?autoplay=1&gt;x&lt;/a&gt;'></iframe>",
    ] {
        assert!(safe(film).contains("https://www.youtube.com/watch?v=abcdefghijk"), "{film}: {}", safe(film));
    }
}

#[test]
fn an_element_without_text_is_a_link_to_what_it_shows() {
    let link = |url: &str, name: &str| format!("<a href=\"{url}\" rel=\"noopener noreferrer\">{name}</a>");
    for (text, url, name) in [
        (
            "<figure class=media><oembed url='https://www.x.example/v/1'></oembed></figure>",
            "https://www.x.example/v/1",
            "x.example",
        ),
        (
            "<amp-tiktok data-src='https://www.tiktok.com/@x/video/1'></amp-tiktok>",
            "https://www.tiktok.com/@x/video/1",
            "TikTok",
        ),
        (
            "<amp-pinterest data-url='https://www.pinterest.com/pin/1/'></amp-pinterest>",
            "https://www.pinterest.com/pin/1/",
            "Pinterest",
        ),
        ("<amp-gist data-gistid='abc'></amp-gist>", "https://gist.github.com/abc", "gist.github.com"),
        (
            "<amp-jwplayer data-player-id=p data-media-id=m></amp-jwplayer>",
            "https://content.jwplatform.com/players/m-p.html",
            "content.jwplatform.com",
        ),
        ("<vimeo-video src='https://vimeo.com/123'></vimeo-video>", "https://vimeo.com/123", "Vimeo"),
        ("<hls-video src='https://x.example/v.m3u8'/>", "https://x.example/v.m3u8", "x.example"),
        ("<div data-oembed-url='https://x.example/v/1'><div> </div></div>", "https://x.example/v/1", "x.example"),
        ("<div class=typeform-widget data-url='https://f.example/to/1'></div>", "https://f.example/to/1", "f.example"),
        ("<blockquote cite='https://x.example/v/1'></blockquote>", "https://x.example/v/1", "x.example"),
        (
            "<drupal-url data-embed-url='https://www.tiktok.com/@x/video/1' data-url-provider='tiktok'>\u{A0}</drupal-url>",
            "https://www.tiktok.com/@x/video/1",
            "TikTok",
        ),
        (
            "<drupal-url data-embed-url='https://x.example/v/1' data-url-provider=' X &amp; Co ' />",
            "https://x.example/v/1",
            "X &amp; Co",
        ),
        (
            "<amp-tiktok data-src='6718335390845095173'/>",
            "https://www.tiktok.com/embed/v2/6718335390845095173",
            "TikTok",
        ),
        (
            "<blockquote class='bluesky-embed' data-bluesky-uri='at://did:plc:a/app.bsky.feed.post/3k'></blockquote>",
            "https://bsky.app/profile/did:plc:a/post/3k",
            "Bluesky",
        ),
        ("<bsky-embed username='a.bsky.social'></bsky-embed>", "https://bsky.app/profile/a.bsky.social", "Bluesky"),
        (
            "<blockquote class='mastodon-embed' data-embed-url='https://m.example/@a/1/embed'></blockquote>",
            "https://m.example/@a/1/embed",
            "m.example",
        ),
        (
            "<blockquote class='text-post-media' data-text-post-permalink='https://www.threads.net/@a/post/1'></blockquote>",
            "https://www.threads.net/@a/post/1",
            "Threads",
        ),
        (
            "<blockquote class='twitter-tweet' lang=en><p><a class=x href='https://twitter.com/a/status/1?a&amp;b'></a></p></blockquote>",
            "https://twitter.com/a/status/1?a&amp;b",
            "Twitter",
        ),
        (
            "<div data-url='https://x.example/outer'>a<x-y src='https://x.example/v/1'></x-y></div>",
            "https://x.example/v/1",
            "x.example",
        ),
        (
            "<div data-url='https://x.example/v/1'><x-y src='https://x.example/v/1'></div>",
            "https://x.example/v/1",
            "x.example",
        ),
    ] {
        let safe = safe(&format!("<p>a</p>{text}<p>b</p>"));
        assert!(safe.contains(&link(url, name)) && safe.contains("<p>b</p>"), "{text}: {safe}");
        assert_eq!(safe.matches("<a ").count(), 1, "{text}: {safe}");
    }
}

#[test]
fn an_element_that_shows_nothing_or_something_itself_is_no_link() {
    for text in [
        "<amp-ad src='https://ads.example/'></amp-ad>",
        "<div class='share-bar' data-url='https://x.example/b'></div>",
        "<div data-url='https://x.example/a/1?utm_source=x'></div>",
        "<div data-src='https://x.example/background.jpg'></div>",
        "<fancy-box src='https://x.example/b'>words</fancy-box>",
        "<fancy-box src='https://x.example/b'><img src=/p.jpg></fancy-box>",
        "<amp-tiktok data-src='7'></amp-tiktok>",
        "<drupal-media data-entity-type=media data-entity-uuid=u></drupal-media>",
        "<drupal-media data-src='/p.jpg'></drupal-media>",
        "<blockquote class='bluesky-embed' data-bluesky-uri='at://x'></blockquote>",
    ] {
        assert!(!safe(text).contains("<a "), "{text}: {}", safe(text));
    }
    assert_eq!(safe("<fancy-box src='https://x.example/b'>words</fancy-box>"), "words");
    let picture = "<drupal-media data-entity-uuid=u data-src='https://x.example/p.jpg' alt='A'></drupal-media>b";
    assert_eq!(safe(picture), "<img src=\"https://x.example/p.jpg\" alt=\"A\">b");
    let post = "<blockquote class='twitter-tweet'><p>words</p><a href='https://x.com/a/status/1'></a></blockquote>";
    assert!(safe(post).starts_with("<blockquote><p>words</p><a href"), "{}", safe(post));
    assert_eq!(safe("a <iframe srcdoc='&lt;p&gt;hi &lt;b&gt;you&lt;/b&gt;'></iframe>"), "a hi you");
    let nested = "<x-y src='https://x.example/b'>".repeat(50_000);
    assert!(safe(&nested).len() < 100_000);
}
