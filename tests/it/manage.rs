//! `warraq add`, `remove`, `enable`, `disable` and `import-opml --write` through the binary: their effect on the file and the
//! daemon, and what newcomers see.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
};

const DATE: &str = "2026-11-02T09:30:00Z";

/// Returns a site whose page announces its feed.
async fn site(title: &str) -> FakeOutlet {
    let outlet = FakeOutlet::start().await;
    outlet.set(
        "/",
        Reply::page("<!doctype html><title>x</title><link rel=alternate type='application/rss+xml' href='/feed'>"),
    );
    outlet.set("/feed", Reply::feed(FeedDoc::rss(title).entry("1", "Un", "https://ville.invalid/1", "Texte", DATE)));
    outlet
}

/// A configuration that allows loopback to be polled.
const LOOPBACK: &str = "# Mine.\n[server]\nlisten = \"127.0.0.1:0\" # any port\n\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \
    \"0s\"\n[schedule]\ndefault = \"every 1s\"\n";

#[tokio::test]
async fn a_stranger_adds_an_outlet_to_an_empty_file_and_polls_it() {
    let outlet = site("La Ville & \"co\"").await;
    let folder = Folder::new("", &[]);
    for before in [LOOPBACK, &format!("{LOOPBACK}# The end.\n")] {
        folder.configure(before);
        let said = folder.says(&["add", outlet.url("/").as_str(), "--tag", "city", "--tag", "coast"]).await;
        assert!(
            said.contains(&format!("{}: RSS 2.0 \"La Ville & \\\"co\\\"\", 1 entry", outlet.url("/feed"))),
            "{said}"
        );
        assert!(
            said.contains("newest 2026-11-02T09:30:00Z") && said.contains("added outlet \"la-ville-co\""),
            "{said}"
        );
        assert!(said.contains("no daemon is running"), "{said}");
        let text = fs::read_to_string(folder.path("config.toml")).unwrap();
        assert!(text.starts_with(before), "{text}");
        assert!(text.contains("tags = [\"city\", \"coast\"]") && text.contains("/feed\"]"), "{text}");
    }
    assert!(folder.says(&["poll"]).await.contains("1 new"));
    let (code, said) = folder.fails(&["add", outlet.url("/").as_str()]).await;
    assert!(code == 1 && said.contains("is already a feed of outlet \"la-ville-co\""), "{said}");
}

#[tokio::test]
async fn a_missing_file_is_made_and_a_dry_run_writes_nothing() {
    let outlet = site("La Ville").await;
    let folder = Folder::new("", &[]);
    fs::remove_file(folder.path("config.toml")).unwrap();
    let (code, said) = folder.fails(&["check"]).await;
    assert!(code == 78 && said.contains("warraq add URL"), "{said}");
    let url = outlet.url("/feed");
    let add = |more: &'static [&'static str]| {
        let mut command = folder.command(&[&["add", url.as_str()], more].concat());
        command.env("WARRAQ_FETCH_ALLOW_NETWORKS", "127.0.0.0/8");
        async move { command.output().await.unwrap() }
    };
    let said = String::from_utf8(add(&["--dry-run"]).await.stdout).unwrap();
    assert!(said.contains("[[outlet]]\nslug = \"la-ville\"\n") && said.contains("nothing was written"), "{said}");
    assert!(!folder.path("config.toml").exists());
    let added = add(&["--slug", "ville", "--name", "Ville"]).await;
    let said = String::from_utf8(added.stdout).unwrap();
    assert!(added.status.success() && said.contains("config.toml: a new configuration file\n"), "{said}");
    let modes = [folder.path("config.toml"), folder.path("by umask")];
    fs::write(&modes[1], "").unwrap();
    let modes = modes.map(|path| fs::metadata(path).unwrap().permissions().mode());
    assert_eq!(modes[0], modes[1], "a new file has the mode that the umask gives it");
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    assert!(text.starts_with("[[outlet]]\nslug = \"ville\"\nname = \"Ville\"\n"), "{text}");
    let refused = add(&["--slug", "Not A Slug"]).await;
    assert!(!refused.status.success());
    assert_eq!(fs::read_to_string(folder.path("config.toml")).unwrap(), text);
    for (path, status, hint) in [
        ("/401", 401, "with `auth`"),
        ("/403", 403, "ask its operator"),
        ("/404", 404, "check the spelling"),
        ("/429", 429, "the server asked for a pause"),
        ("/500", 500, "try again later"),
    ] {
        outlet.set(path, Reply::status(status));
        let mut command = folder.command(&["add", outlet.url(path).as_str()]);
        let said = command.env("WARRAQ_FETCH_ALLOW_NETWORKS", "127.0.0.0/8").output().await.unwrap().stderr;
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(hint), "{status}: {said}");
    }
    let plain = outlet.url("/feed").as_str().trim_start_matches("http://").to_owned();
    let mut command = folder.command(&["add", &plain]);
    let said = command.env("WARRAQ_FETCH_ALLOW_NETWORKS", "127.0.0.0/8").output().await.unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&format!("https:// was assumed; for a server without TLS write http://{plain}")), "{said}");
    // Without the permission to poll loopback the address is refused, with a hint.
    let (code, said) = folder.fails(&["add", outlet.url("/").as_str()]).await;
    assert!(code == 1 && said.contains("\nhint: put its network under [fetch] in config.toml, such as "), "{said}");
}

#[tokio::test]
async fn an_error_after_a_redirect_names_the_address_that_failed() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/old", Reply::redirect("/gone?token=secret", 302));
    outlet.set("/gone?token=secret", Reply::status(404));
    outlet.set("/news", Reply::redirect("/table.csv", 301));
    outlet.set("/table.csv", Reply::labelled("text/csv", b"a;b;c".to_vec()));
    let folder = Folder::new("", &[]);
    let before = fs::read_to_string(folder.path("config.toml")).unwrap();
    for (given, moved, why) in
        [("/old", "/gone", "the server answered 404"), ("/news", "/table.csv", "not a feed: neither XML nor JSON")]
    {
        let (given, words) = (outlet.url(given), format!("after a redirect to {}: {why}", outlet.url(moved)));
        for verb in ["add", "inspect"] {
            let (code, said) = folder.fails(&[verb, given.as_str()]).await;
            assert!(code == 1 && said.contains(&words) && !said.contains("secret"), "{verb}: {said}");
        }
        let ended = folder.run(&["inspect", given.as_str(), "--json"]).await;
        let read: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(read["error"], words);
    }
    assert_eq!(fs::read_to_string(folder.path("config.toml")).unwrap(), before);
}

#[tokio::test]
async fn what_would_make_the_configuration_invalid_is_refused_with_its_reason() {
    let outlet = site("La Ville").await;
    let more = "[[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"a\"]\n";
    let folder = Folder::new(more, &[("a", &outlet.url("/one")), ("b", &outlet.url("/other"))]);
    let before = fs::read_to_string(folder.path("config.toml")).unwrap();
    for arguments in [&["remove", "a"][..], &["add", outlet.url("/").as_str(), "--slug", "Bad Slug"]] {
        folder.configure(&before);
        let (code, said) = folder.fails(arguments).await;
        assert!(
            code == 1 && said.contains("config.toml was not changed, because the result would not be valid"),
            "{said}"
        );
        assert_eq!(fs::read_to_string(folder.path("config.toml")).unwrap(), before);
    }
    let (_, said) = folder.fails(&["remove", "a"]).await;
    assert!(
        said.contains("channel.c.outlets") && said.contains("first remove the outlet or its tag from the channels"),
        "{said}"
    );
}

#[tokio::test]
async fn a_running_daemon_takes_what_is_added_and_removed() {
    let (first, second) = (site("First").await, site("Second").await);
    let folder = Folder::new("", &[("first", &first.url("/feed"))]);
    let daemon = folder.start().await;
    let said = folder.says(&["add", second.url("/").as_str()]).await;
    assert!(said.contains("the running daemon (process "), "{said}");
    let outlets = "SELECT DISTINCT outlet FROM entries ORDER BY outlet";
    until("the new outlet's entry", async || folder.sql(outlets).await == ["first", "second"]).await;
    let said = folder.says(&["disable", "second"]).await;
    assert!(said.contains("outlet \"second\" is disabled") && said.contains("the running daemon"), "{said}");
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    assert!(text.contains("enabled = false"), "{text}");
    let said = folder.says(&["remove", "second"]).await;
    assert!(said.contains("removed; its entries stay"), "{said}");
    let said = folder.says(&["remove", "first"]).await;
    assert!(said.contains("that was the last outlet"), "{said}");
    assert_eq!(folder.sql(outlets).await, ["first", "second"]);
    let (code, said) = folder.fails(&["remove", "first"]).await;
    assert!(code == 1 && said.contains("no outlet is called \"first\""), "{said}");
    daemon.stop().await;
    // Its id is still in the file, but no process has it.
    let said = folder.says(&["add", first.url("/").as_str()]).await;
    assert!(said.contains("no daemon is running"), "{said}");
}

#[tokio::test]
async fn a_disabled_outlet_is_not_polled_until_it_is_enabled() {
    let outlet = site("La Ville").await;
    let folder = Folder::new("[schedule]\ndefault = \"every 1s\"\n", &[("ville", &outlet.url("/feed"))]);
    folder.says(&["disable", "ville"]).await;
    assert!(folder.says(&["disable", "ville"]).await.contains("disabled already"));
    assert!(folder.says(&["poll", "--all"]).await.contains("0 polled"));
    for name in ["ville", outlet.url("/feed").as_str()] {
        let (code, said) = folder.fails(&["poll", name]).await;
        assert!(code == 1 && said.contains("outlet \"ville\" is disabled\nhint: `warraq enable ville`"), "{said}");
    }
    assert!(outlet.paths().is_empty());
    folder.says(&["enable", "ville"]).await;
    assert!(folder.says(&["poll"]).await.contains("1 new"));
}

#[tokio::test]
async fn included_files_are_read_and_edited_where_the_outlet_stands() {
    let (first, second) = (site("First").await, site("Second").await);
    let folder = Folder::new("", &[("first", &first.url("/feed"))]);
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    folder.configure(&format!("include = [\"outlets.d/*.toml\"]\n{text}"));
    assert!(folder.says(&["check"]).await.contains("1 outlet,"), "an empty folder is no fault");
    fs::create_dir(folder.path("outlets.d")).unwrap();
    let table = |slug: &str| {
        format!("# Of {slug}.\n[[outlet]]\nslug = \"{slug}\"\nname = \"S\"\nfeeds = [\"{}\"]\n", second.url("/feed"))
    };
    fs::write(folder.path("outlets.d/b.toml"), table("second")).unwrap();
    fs::write(folder.path("outlets.d/ignored.txt"), "no TOML [").unwrap();
    assert!(folder.says(&["check"]).await.contains("2 outlets, 2 feeds"));
    fs::write(folder.path("outlets.d/c.toml"), table("first") + "[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    let (code, said) = folder.fails(&["check"]).await;
    assert_eq!(code, 78);
    for words in [
        "outlets.d/c.toml:3: outlet.first.slug: \"first\" is already used in line ",
        "is already used in line 5 of ",
        "c.toml:6: server: unknown",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    fs::remove_file(folder.path("outlets.d/c.toml")).unwrap();
    symlink("/nowhere/c.toml", folder.path("outlets.d/c.toml")).unwrap();
    let (code, said) = folder.fails(&["check"]).await;
    assert!(code == 78 && said.contains("outlets.d/c.toml cannot be read"), "{said}");
    // Emacs marks a file that is being edited by such a link.
    fs::rename(folder.path("outlets.d/c.toml"), folder.path("outlets.d/.#c.toml")).unwrap();
    assert!(folder.says(&["check"]).await.contains("2 outlets, 2 feeds"));
    folder.says(&["disable", "second"]).await;
    let text = fs::read_to_string(folder.path("outlets.d/b.toml")).unwrap();
    assert_eq!(text, table("second") + "enabled = false\n");
    folder.says(&["remove", "second"]).await;
    assert!(folder.says(&["check"]).await.contains("1 outlet,"));
    folder.configure("include = [\"missing.toml\"]\n");
    let (code, said) = folder.fails(&["check"]).await;
    assert!(code == 78 && said.contains("missing.toml cannot be read"), "{said}");
}

#[tokio::test]
async fn a_list_is_imported_into_the_file_once() {
    let folder = Folder::new("", &[]);
    let opml = "<opml><body><outline text='Le Port' xmlUrl='https://port.invalid/feed'/><outline text='سوق' \
        xmlUrl='https://souk.invalid/rss'/></body></opml>";
    fs::write(folder.path("list.opml"), opml).unwrap();
    let said = folder.says(&["import-opml", "list.opml", "--write"]).await;
    assert!(said.contains("added outlet \"le-port\"") && said.contains("added outlet \"souk\""), "{said}");
    assert!(folder.says(&["check"]).await.contains("3 outlets"));
    assert!(folder.says(&["import-opml", "list.opml", "--write"]).await.contains("nothing to add"));
    assert!(folder.says(&["import-opml", "list.opml"]).await.starts_with("[[outlet]]\nslug = \"le-port\""));
}

#[tokio::test]
async fn the_files_link_mode_and_faults_are_kept() {
    let outlet = site("La Ville").await;
    let folder = Folder::new("", &[]);
    fs::create_dir(folder.path("etc")).unwrap();
    fs::rename(folder.path("config.toml"), folder.path("etc/real.toml")).unwrap();
    fs::set_permissions(folder.path("etc/real.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("etc/real.toml", folder.path("config.toml")).unwrap();
    folder.says(&["add", outlet.url("/").as_str()]).await;
    assert!(fs::symlink_metadata(folder.path("config.toml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(folder.path("etc/real.toml")).unwrap().mode() & 0o777, 0o600);
    let text = fs::read_to_string(folder.path("etc/real.toml")).unwrap() + "nonsense = 1\n";
    fs::write(folder.path("etc/real.toml"), &text).unwrap();
    let (code, said) = folder.fails(&["remove", "la-ville"]).await;
    assert!(code == 78 && said.contains("nonsense: unknown key"), "{said}");
    assert_eq!(fs::read_to_string(folder.path("etc/real.toml")).unwrap(), text);
}

#[tokio::test]
async fn the_files_line_ends_and_mark_are_kept() {
    let outlet = site("La Ville").await;
    let folder = Folder::new("", &[]);
    folder.configure(&format!("\u{feff}{}", LOOPBACK.replace('\n', "\r\n")));
    folder.says(&["add", outlet.url("/").as_str()]).await;
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains("[[outlet]]\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    assert!(folder.says(&["poll"]).await.contains("1 new"));
}

#[tokio::test]
async fn what_a_page_redirects_to_is_looked_at_and_not_listed() {
    let outlet = FakeOutlet::start().await;
    let refresh = |to: &str| Reply::page(&format!("<meta http-equiv=refresh content='0;url={to}'>"));
    let home = "<!doctype html><title>x</title><link rel=alternate type='application/rss+xml' title=All href='/feed'>";
    outlet.set("/home", Reply::page(home));
    outlet.set("/feed", Reply::feed(FeedDoc::rss("O").entry("1", "A", "https://o.invalid/1", "text", "")));
    outlet.set("/page", refresh("/home"));
    outlet.set("/twice", refresh("/page"));
    outlet.set("/direct", refresh("/feed"));
    outlet.set("/header", Reply::page("<title>x</title>").header("Refresh", "0; url=/home"));
    let folder = Folder::new("", &[]);
    for (path, title) in [("/page", "All"), ("/twice", "All"), ("/direct", "-"), ("/header", "All")] {
        let said = folder.says(&["discover", outlet.url(path).as_str()]).await;
        let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split('\t').take(2).collect()).collect();
        assert_eq!(lines, [[outlet.url("/feed").as_str(), title]], "{path}");
    }
}

#[tokio::test]
async fn an_outlet_with_only_a_sitemap_is_added_and_inspected() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/", Reply::page("<!doctype html><title>x</title>"));
    outlet.set("/robots.txt", Reply::labelled("text/plain", "Sitemap: /maps/news-index.xml"));
    let child = outlet.url("/maps/news-1.xml");
    let index = format!("<sitemapindex><sitemap><loc>{child}</loc></sitemap></sitemapindex>");
    outlet.set("/maps/news-index.xml", Reply::labelled("text/xml", index));
    let sitemap = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
        xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>https://m.invalid/1</loc><news:news><news:publication>\
        <news:name>المرفأ</news:name><news:language>ar</news:language></news:publication><news:publication_date>2026-11-02\
        </news:publication_date><news:title>خبر</news:title></news:news></url></urlset>";
    outlet.set("/maps/news-1.xml", Reply::labelled("text/xml", sitemap));
    let folder = Folder::new("", &[]);
    let said = folder.says(&["add", outlet.url("/").as_str(), "--slug", "marfa"]).await;
    assert!(
        said.contains("news-index.xml: news sitemap \"المرفأ\", 1 entry, ar, newest 2026-11-02T00:00:00Z"),
        "{said}"
    );
    for address in ["/", "/maps/news-index.xml", "/maps/news-1.xml"] {
        let said = folder.says(&["inspect", outlet.url(address).as_str(), "--json"]).await;
        let read: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&read["format"], &read["language"]), (&"news-sitemap".into(), &"ar".into()), "{address}");
        assert_eq!(read["entries"][0]["title"], "خبر", "{address}");
    }
    let said = folder.says(&["discover", outlet.url("/").as_str()]).await;
    assert!(said.contains("/maps/news-index.xml\ta news sitemap, with 1 entry"), "{said}");
    assert!(folder.says(&["poll", "marfa"]).await.contains("1 new"));
}
