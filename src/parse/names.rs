//! The meaning of elements, whatever their dialect, prefix and case.
//!
//! RSS and Atom in all their namespaces form one vocabulary here: `atom:link` in RSS and `link` in Atom 0.3 are both
//! [`Tag::Link`]. A prefix means the namespace it is bound to; an unbound prefix has its customary meaning.

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ns {
    /// RSS of any version, Atom of any version, CDF, sitemaps.
    Core,
    /// `content:encoded`.
    Content,
    /// Dublin Core, elements.
    Dc,
    /// Dublin Core, terms.
    Terms,
    /// Media RSS.
    Media,
    /// iTunes podcasts.
    Itunes,
    /// Syndication hints.
    Sy,
    /// RDF.
    Rdf,
    /// XHTML.
    Xhtml,
    /// FeedBurner and Pheedo: the original address behind their redirects.
    Origin,
    /// `admin:generatorAgent`.
    Admin,
    /// Google's extension of sitemaps for news.
    News,
    /// Google's extension of sitemaps for pictures.
    SitemapImage,
    /// Yandex News and its Turbo pages.
    Yandex,
    /// Google Merchant.
    Merchant,
    /// PRISM, in which scientific journals describe their articles.
    Prism,
    /// Anything else.
    Other,
}

impl Ns {
    /// Returns the vocabulary of a namespace address. Scheme, `www.`, case and a final slash or `#` are ignored.
    pub fn of_address(address: &str) -> Option<Self> {
        let lower = address.trim().to_ascii_lowercase();
        let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
        let bare = bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches(['/', '#']);
        Some(match bare {
            "w3.org/2005/atom"
            | "purl.org/atom/ns"
            | "purl.org/rss/1.0"
            | "my.netscape.com/rdf/simple/0.9"
            | "channel.netscape.com/rdf/simple/0.9"
            | "purl.org/rss/1.0/modules/rss091"
            | "blogs.law.harvard.edu/tech/rss"
            | "cyber.harvard.edu/rss/rss.html"
            | "cyber.law.harvard.edu/rss/rss.html"
            | "purl.org/pie"
            | "purl.org/echo"
            | "example.com/newformat"
            | "example.com/necho"
            | "uri/of/echo/namespace"
            | "purl.org/net/rss1.1"
            | "rssboard.org/rss-specification"
            | "sitemaps.org/schemas/sitemap/0.9"
            | "google.com/schemas/sitemap/0.84"
            | "google.com/schemas/sitemap/0.9" => Self::Core,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" => Self::Dc,
            "purl.org/dc/terms" => Self::Terms,
            "search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" | "tools.search.yahoo.com/mrss" => Self::Media,
            "itunes.com/dtds/podcast-1.0.dtd" | "example.com/dtds/podcast-1.0.dtd" => Self::Itunes,
            "purl.org/rss/1.0/modules/syndication" => Self::Sy,
            "w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            "w3.org/1999/xhtml" => Self::Xhtml,
            "rssnamespace.org/feedburner/ext/1.0" | "pheedo.com/namespace/pheedo" => Self::Origin,
            "webns.net/mvcb" => Self::Admin,
            "google.com/schemas/sitemap-news/0.9" => Self::News,
            "google.com/schemas/sitemap-image/1.1" => Self::SitemapImage,
            "news.yandex.ru" | "turbo.yandex.ru" => Self::Yandex,
            "base.google.com/ns/1.0" => Self::Merchant,
            _ if bare.starts_with("prismstandard.org/namespaces") => Self::Prism,
            _ if bare.contains("backend.userland.com/rss") && !bare.contains("module") => Self::Core,
            _ => return None,
        })
    }

    /// Returns the customary vocabulary of a prefix that the document does not bind.
    pub fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "atom" | "atom10" | "a10" | "rss" | "rss09" => Self::Core,
            "content" => Self::Content,
            "dc" => Self::Dc,
            "dcterms" => Self::Terms,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "sy" => Self::Sy,
            "rdf" => Self::Rdf,
            "xhtml" => Self::Xhtml,
            "feedburner" | "pheedo" => Self::Origin,
            "admin" => Self::Admin,
            "news" => Self::News,
            "image" => Self::SitemapImage,
            "yandex" | "turbo" => Self::Yandex,
            "g" => Self::Merchant,
            "prism" => Self::Prism,
            _ => Self::Other,
        }
    }
}

macro_rules! tags {
    ($($(#[$doc:meta])* $tag:ident = $($ns:ident $name:literal)|+),+ $(,)?) => {
        /// An element that Warraq knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Tag {
            $($(#[$doc])* $tag,)+
            /// Any other element of a known vocabulary.
            Other,
            /// An element of an unknown vocabulary.
            Foreign,
        }

        impl Tag {
            /// Returns the tag of a vocabulary and a local name in lower case.
            fn lower(ns: Ns, local: &[u8]) -> Self {
                $($(const _: () = assert!($name.len() <= LONGEST);)+)+
                match (ns, local) {
                    $($((Ns::$ns, $name) => Self::$tag,)+)+
                    (Ns::Other, _) => Self::Foreign,
                    _ => Self::Other,
                }
            }
        }
    };
}

/// Maximum length of a local name in the table, in bytes.
const LONGEST: usize = 16;

tags! {
    /// Root of RSS 0.91 to 2.0.
    Rss = Core b"rss",
    /// Root of RSS 0.90 and 1.0.
    RdfRoot = Rdf b"rdf" | Core b"rdf",
    /// Root of Atom.
    Feed = Core b"feed",
    /// Channel of RSS, and CDF's root.
    Channel = Core b"channel",
    /// One entry.
    Item = Core b"item" | Core b"entry",
    /// Title.
    Title = Core b"title",
    /// Title in Dublin Core.
    DcTitle = Dc b"title" | Terms b"title",
    /// Title of an episode.
    ItunesTitle = Itunes b"title",
    /// Title of a picture or video.
    MediaTitle = Media b"title",
    /// Address, as text or as an attribute.
    Link = Core b"link",
    /// The original address behind a redirect that counts clicks.
    OriginalLink = Origin b"origlink",
    /// Description.
    Description = Core b"description",
    /// Description in Dublin Core.
    DcDescription = Dc b"description" | Terms b"abstract",
    /// Abstract in CDF and others.
    Abstract = Core b"abstract",
    /// Summary.
    Summary = Core b"summary",
    /// Summary of an episode.
    ItunesSummary = Itunes b"summary",
    /// Text about a picture or video.
    MediaDescription = Media b"description",
    /// What is said or sung in a file.
    MediaText = Media b"text",
    /// Subtitle or tagline in Atom.
    Subtitle = Core b"subtitle" | Core b"tagline",
    /// Subtitle of a podcast.
    ItunesSubtitle = Itunes b"subtitle",
    /// Content in Atom.
    Content = Core b"content",
    /// Full text in RSS.
    Encoded = Content b"encoded" | Core b"fullitem",
    /// Full text for Yandex.
    FullText = Yandex b"full-text" | Yandex b"content",
    /// Full text in RSS, as XHTML.
    Body = Xhtml b"body" | Core b"body",
    /// A person, as text or with child elements.
    Author = Core b"author",
    /// A person as text.
    Creator = Dc b"creator" | Dc b"author" | Terms b"creator",
    /// A person as text.
    ItunesAuthor = Itunes b"author",
    /// The editor of an RSS channel.
    Editor = Core b"managingeditor",
    /// A contributor, with child elements.
    Contributor = Core b"contributor",
    /// A contributor, as text.
    DcContributor = Dc b"contributor" | Terms b"contributor",
    /// A person's name.
    Name = Core b"name",
    /// Address of a person or a picture.
    Url = Core b"url" | Core b"uri" | Core b"homepage" | Core b"href",
    /// E-mail address of a person.
    Email = Core b"email",
    /// Category.
    Category = Core b"category" | Core b"categories" | Core b"keywords",
    /// Category, as text.
    Subject = Dc b"subject",
    /// Category, as an attribute.
    ItunesCategory = Itunes b"category",
    /// Keywords of a podcast, separated by commas.
    ItunesKeywords = Itunes b"keywords",
    /// Tags, separated by commas.
    Tags = Core b"tags",
    /// Category in Media RSS.
    MediaCategory = Media b"category",
    /// Keywords in Media RSS, separated by commas.
    MediaKeywords = Media b"keywords",
    /// Comments page.
    Comments = Core b"comments",
    /// An attached file.
    Enclosure = Core b"enclosure",
    /// Identifier.
    Id = Core b"guid" | Core b"id",
    /// Publication date.
    PubDate = Core b"pubdate" | Core b"published",
    /// Publication date in Atom 0.3 and Dublin Core.
    Issued = Core b"issued" | Terms b"issued" | Terms b"available",
    /// A date of some kind.
    DcDate = Dc b"date" | Terms b"date" | Core b"date",
    /// Publication date of a journal's article.
    PrismDate = Prism b"publicationdate",
    /// Date of creation.
    Created = Core b"created" | Terms b"created",
    /// Date of the last change.
    Updated = Core b"updated" | Core b"modified" | Core b"lastbuilddate" | Terms b"modified",
    /// Rights.
    Rights = Core b"rights" | Core b"copyright" | Dc b"rights" | Terms b"rights",
    /// The feed that an entry was taken from.
    Source = Core b"source",
    /// Language.
    Language = Core b"language" | Dc b"language" | Terms b"language",
    /// The program that wrote the feed.
    Generator = Core b"generator",
    /// The program that wrote the feed, as an address.
    GeneratorAgent = Admin b"generatoragent",
    /// Picture.
    Image = Core b"image",
    /// Picture in Atom.
    Logo = Core b"logo",
    /// Small picture.
    Icon = Core b"icon",
    /// Picture of a podcast.
    ItunesImage = Itunes b"image" | Itunes b"link",
    /// Picture of an entry in Bing News and Google Merchant.
    NewsImage = News b"image" | Merchant b"image_link",
    /// How long the sound or video of an entry takes.
    ItunesDuration = Itunes b"duration",
    /// A group of media elements.
    MediaGroup = Media b"group",
    /// A file or picture.
    MediaContent = Media b"content",
    /// The page on which a file is played.
    MediaPlayer = Media b"player",
    /// Preview picture.
    Thumbnail = Media b"thumbnail",
    /// Small picture of an entry in RSS.
    PlainThumbnail = Core b"thumbnail",
    /// A form for input; its title and link do not belong to the feed.
    TextInput = Core b"textinput",
    /// Time to live in minutes: how long to wait between polls.
    Ttl = Core b"ttl",
    /// Hours in which not to poll.
    SkipHours = Core b"skiphours",
    /// One of the hours in `skipHours`.
    Hour = Core b"hour",
    /// Days on which not to poll.
    SkipDays = Core b"skipdays",
    /// One of the days in `skipDays`.
    Day = Core b"day",
    /// Period in which updates are counted.
    UpdatePeriod = Sy b"updateperiod",
    /// Number of updates in a period.
    UpdateFrequency = Sy b"updatefrequency",
    /// Root of a web page.
    Html = Core b"html" | Xhtml b"html",
    /// Root of a sitemap; its `url` elements are entries.
    UrlSet = Core b"urlset",
    /// Root of an index of sitemaps.
    SitemapIndex = Core b"sitemapindex",
    /// A sitemap that an index lists.
    Sitemap = Core b"sitemap",
    /// Address of a page, a sitemap or a picture.
    Loc = Core b"loc" | SitemapImage b"loc",
    /// Last change of a page or a sitemap.
    LastMod = Core b"lastmod",
    /// The description of an article in a sitemap.
    News = News b"news",
    /// The publication in which the article appeared.
    NewsPublication = News b"publication",
    /// Name of the publication.
    NewsName = News b"name",
    /// Language of the publication.
    NewsLanguage = News b"language",
    /// Publication date of the article.
    NewsDate = News b"publication_date",
    /// Title of the article.
    NewsTitle = News b"title",
    /// Keywords of the article, separated by commas.
    NewsKeywords = News b"keywords",
    /// A picture of a page.
    SitemapImage = SitemapImage b"image",
}

impl Tag {
    /// Returns whether its text is a date.
    pub fn is_date(self) -> bool {
        matches!(self, Self::PubDate | Self::Issued | Self::DcDate | Self::PrismDate | Self::Created | Self::Updated)
    }

    /// Returns the tag of a vocabulary and a local name in any case.
    pub fn of(ns: Ns, local: &str) -> Self {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..local.len()) else { return Self::lower(ns, b"") };
        for (to, from) in lower.iter_mut().zip(local.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Self::lower(ns, lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_all_their_spellings() {
        for address in ["http://www.w3.org/2005/Atom", "https://www.w3.org/2005/Atom/", "http://purl.org/atom/ns#"] {
            assert_eq!(Ns::of_address(address), Some(Ns::Core), "{address}");
        }
        assert_eq!(Ns::of_address("http://search.yahoo.com/mrss"), Some(Ns::Media));
        assert_eq!(Ns::of_address("http://www.itunes.com/DTDs/PodCast-1.0.dtd"), Some(Ns::Itunes));
        assert_eq!(Ns::of_address("http://backend.userland.com/creativeCommonsRssModule"), None);
        assert_eq!(Ns::of_address("urn:x"), None);
    }

    #[test]
    fn names_in_any_case() {
        assert_eq!(Tag::of(Ns::Core, "pubDate"), Tag::PubDate);
        assert_eq!(Tag::of(Ns::Core, "MANAGINGEDITOR"), Tag::Editor);
        assert_eq!(Tag::of(Ns::Media, "title"), Tag::MediaTitle);
        assert_eq!(Tag::of(Ns::Other, "title"), Tag::Foreign);
        assert_eq!(Tag::of(Ns::Other, "averyveryverylongname"), Tag::Foreign);
        assert_eq!(Tag::of(Ns::Core, "averyveryverylongname"), Tag::Other);
    }
}
