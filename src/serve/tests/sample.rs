//! Invented stories, and queries that need no store.

use super::super::{ArchiveAnswer, Queries, QueryFuture, answer};
use super::sample_feeds::{feed_page, status_page};
use crate::model::browse::{Browse, BrowsePage, OutletSummary, PlaceKey, Position, Scope};
use crate::model::copies::{CarriedReport, CopiesPage};
use crate::model::feed_table::FeedQuery;
use crate::model::pages::{Filter, Incident, RevisionView, StoryPage, StoryReport};
use crate::model::search::{FoundPage, FoundStory, SearchCount, SearchPlace, Segment};
use crate::model::status::{FeedPage, FeedPageQuery, StatusPage};
use crate::model::{
    Audience, Carrier, ChannelView, Enclosure, EntryId, Language, PlainText, ReportView, SafeHtml, Slug, StoryId,
    StoryView,
};
use jiff::{SignedDuration, Timestamp};

pub(super) const NOW: &str = "2026-11-02T10:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(super) fn before(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn plain(text: &str) -> PlainText {
    PlainText::vouch(text.to_owned())
}

fn html(text: &str) -> SafeHtml {
    SafeHtml::vouch(text.to_owned())
}

/// Returns a story under another title.
pub(super) fn titled(story: &StoryView, title: &str) -> StoryView {
    let mut story = story.clone();
    story.lead.title = plain(title);
    story
}

/// (language, outlet, title, text, other outlets' reports)
type Row = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    (
        "ar",
        "العلم",
        "أمطار غزيرة على مدن الشمال والسلطات تعلن حالة تأهب",
        "شهدت مدن الشمال منذ فجر اليوم تساقطات مطرية غزيرة، بلغت 74 ملمترا في تطوان، ودعت المصالح المختصة السائقين إلى الحذر وتجنب عبور الأودية.",
        &[
            ("Le Courrier du Nord", "Fortes pluies dans le Nord"),
            ("هسبريس الجنوب", "تأهب في الشمال"),
            ("The Maghreb Post", "Heavy rain"),
        ],
    ),
    (
        "fr",
        "Le Courrier du Nord",
        "Tramway de Rabat : la troisième ligne ouvrira « avant l’été », promet la région",
        "Douze stations, 11 kilomètres et un dépôt agrandi : le chantier, retardé deux fois, est désormais financé à hauteur de 1,9 milliard de dirhams.",
        &[("العلم", "الخط الثالث للطرامواي")],
    ),
    (
        "en",
        "The Maghreb Post",
        "Fishing fleets return as octopus season opens on the Atlantic coast",
        "Landings at Dakhla doubled on the first day, traders say, and prices fell by a tenth.",
        &[],
    ),
    ("ar", "صحيفة المرفأ", "كاريكاتير اليوم", "", &[]),
    (
        "ar",
        "العلم",
        "المنتخب الوطني يفوز بثلاثية نظيفة ويتصدر مجموعته قبل مباراة الحسم ضد منتخب Côte d’Ivoire",
        "سجل الأهداف كل من اللاعبين في الشوط الثاني، وصرح المدرب بعد المباراة أن الفريق «لم يقل كلمته الأخيرة بعد».",
        &[("Le Courrier du Nord", "Trois à zéro")],
    ),
    (
        "fr",
        "Revue Atlas",
        "Anticonstitutionnellement : https://exemple.example/une-adresse-interminable-qui-ne-se-coupe-pas-volontiers-et-deborde",
        "Une revue de presse.",
        &[],
    ),
    (
        "en",
        "The Maghreb Post",
        "Central bank holds rates; inflation at 2.1%",
        "Governor cites easing food prices & a stronger harvest.",
        &[],
    ),
    (
        "ar",
        "هسبريس الجنوب",
        "انطلاق المعرض الدولي للكتاب بمشاركة 700 دار نشر",
        "يفتح المعرض أبوابه أمام الجمهور غدا.",
        &[],
    ),
];

pub(super) fn channel(slug: &str, title: &str) -> ChannelView {
    let stories: Vec<StoryView> = ROWS.iter().enumerate().map(|(n, row)| story(n, row)).collect();
    ChannelView {
        slug: slug.to_owned(),
        title: title.to_owned(),
        subtitle: None,
        outlet_in_title: false,
        public_url: "http://127.0.0.1:8080/".parse().unwrap(),
        language: None,
        updated: stories.first().map(|s| s.updated),
        stories,
    }
}

fn story(n: usize, (language, outlet, title, text, also): &Row) -> StoryView {
    let number = i64::try_from(n).unwrap();
    let at = before(number * number * 37 + 3);
    let carrier = |(name, title): &(&str, &str)| Carrier {
        outlet_name: (*name).to_owned(),
        title: plain(title),
        link: "https://other.example/x".to_owned(),
        language: None,
    };
    StoryView {
        id: StoryId(number + 1),
        iri: format!("https://a.example/{n}"),
        order_at: at,
        updated: at,
        lead: ReportView {
            entry: EntryId(number + 1),
            title: plain(title),
            link: format!("https://a.example/{n}"),
            source_id: None,
            published: at,
            language: Some((*language).to_owned()),
            title_language: None,
            text_language: None,
            summary: (!text.is_empty()).then(|| html(&format!("<p>{}</p>", text.replace('&', "&amp;")))),
            content: None,
            authors: Vec::new(),
            contributors: Vec::new(),
            categories: Vec::new(),
            enclosures: Vec::new(),
            rights: None,
            image: None,
            comments: None,
            outlet: "o".to_owned(),
            outlet_name: (*outlet).to_owned(),
            feed_url: "https://a.example/rss".to_owned(),
            feed_link: None,
            feed_updated: at,
        },
        also: also.iter().map(carrier).collect(),
    }
}

fn enclosures() -> Vec<Enclosure> {
    let file = |url: &str, media_type: &str, text: Option<&str>| Enclosure {
        url: format!("https://o3.example/{url}"),
        media_type: Some(media_type.to_owned()),
        length: Some(12_345_678),
        text: text.map(str::to_owned),
        duration: media_type.starts_with("audio").then_some(245),
    };
    vec![
        file("entretien.mp3", "audio/mpeg", Some("Entretien avec la météorologue")),
        file("crue.mp4", "video/mp4", None),
        file("two.jpg", "image/jpeg", Some("وادي مارتيل صباح الاثنين")),
        file("three.jpg", "image/jpeg", None),
        file("bulletin.pdf", "application/pdf", None),
    ]
}

fn report(n: i64, language: &str, outlet: &str, title: &str, text: &str) -> StoryReport {
    StoryReport {
        entry: EntryId(n),
        outlet: "alalam".to_owned(),
        outlet_name: outlet.to_owned(),
        title: plain(title),
        link: Some(format!("https://o{n}.example/x")),
        language: Some(language.to_owned()),
        title_language: None,
        text_language: None,
        author: (n == 1).then(|| "س. علوي".to_owned()),
        published: before(200 - n * 30),
        first_seen: before(195 - n * 30),
        joined: before(195 - n * 30),
        rule: if n == 1 { "first" } else { "text" }.to_owned(),
        evidence: "37 of the first 40 words are the same (0.92); both texts begin alike".to_owned(),
        matched: (n > 1).then_some(EntryId(n - 1)),
        shared: (n > 1).then_some(if n == 2 { 0.92 } else { 0.31 }),
        text: Some(html(text)),
        is_page_text: false,
        image: (n == 3).then(|| "https://o3.example/one.jpg".to_owned()),
        enclosures: if n == 3 { enclosures() } else { Vec::new() },
        revisions: Vec::new(),
    }
}

fn story_page(id: StoryId) -> Option<StoryPage> {
    if id.0 != 1 {
        return None;
    }
    let arabic = "<p>شهدت مدن الشمال منذ فجر اليوم تساقطات مطرية غزيرة، بلغت 74 ملمترا في تطوان.</p><p>ودعت المصالح المختصة السائقين إلى الحذر.</p><script>document.title='run'</script>";
    let mut first = report(1, "ar", "العلم", "أمطار غزيرة على مدن الشمال والسلطات تعلن حالة تأهب", arabic);
    first.revisions = vec![RevisionView {
        seen: before(60),
        what: "title and text".to_owned(),
        title: (
            "أمطار غزيرة على مدن الشمال".to_owned(),
            "أمطار غزيرة على مدن الشمال والسلطات تعلن حالة تأهب".to_owned(),
        ),
        text: Some((html("<p>بلغت 70 ملمترا في تطوان.</p>"), html("<p>بلغت 74 ملمترا في تطوان.</p>"))),
    }];
    let copied = arabic.replace("74", "75");
    let second = report(2, "ar", "هسبريس الجنوب", "تأهب في الشمال بعد أمطار غزيرة", &copied);
    let third = report(
        3,
        "fr",
        "Le Courrier du Nord",
        "Fortes pluies dans le Nord",
        "<p>Il est tombé 74 mm à Tétouan depuis l’aube.</p>",
    );
    Some(StoryPage { id, reports: vec![first, second, third] })
}

fn outlet_of(slug: &str) -> Option<String> {
    outlet(slug).map(|outlet| outlet.name)
}

/// Reports of forty stories that three outlets carry, and one story that a single outlet carries.
fn carried() -> Vec<CarriedReport> {
    let report = |story: i64, slug: &str, name: &str, minutes: i64| CarriedReport {
        story,
        entry: story * 10,
        outlet: slug.to_owned(),
        name: name.to_owned(),
        published: before(story * 60 - minutes),
        title: "أمطار غزيرة على مدن الشمال والسلطات تعلن حالة تأهب".to_owned(),
        language: Some("ar".to_owned()),
    };
    let mut reports = vec![report(99, "alalam", "العلم", 0)];
    for story in 1..=40 {
        reports.push(report(story, "alalam", "العلم", if story % 3 == 0 { story * 7 } else { 0 }));
        reports.push(report(story, "courrier", "Le Courrier du Nord", story * story % 300));
        reports.push(report(story, "janoub", "هسبريس الجنوب <ج>", (story * 97) % 1_500));
    }
    reports
}

/// The outlets that are configured.
fn outlet(slug: &str) -> Option<OutletSummary> {
    let (name, language, entries) = match slug {
        "alalam" => ("العلم", "ar", 321),
        "courrier" => ("Le Courrier du Nord", "fr", 45),
        _ => return None,
    };
    let (slug, name) = (slug.to_owned(), name.to_owned());
    Some(OutletSummary {
        slug,
        name,
        language: Some(language.to_owned()),
        tags: vec!["morocco".to_owned()],
        entries,
        is_read: true,
    })
}

/// Pages of three stories, newest first; a list holds the eight stories of the sample.
fn browse(wanted: &Browse) -> Option<BrowsePage> {
    match &wanted.scope {
        Scope::Outlet(slug) => outlet(slug.as_str()).map(drop)?,
        Scope::Tag(tag) if tag != "morocco" => return None,
        _ => {}
    }
    let mut stories = channel("all", "").stories;
    if let Scope::Between(from, to) = &wanted.scope {
        let inside = |s: &StoryView| (from.as_str()..to.as_str()).contains(&format!("{:.0}", s.order_at).as_str());
        stories.retain(inside);
    }
    let language = |s: &StoryView| wanted.languages.iter().any(|l| Some(l.as_str()) == s.lead.language.as_deref());
    stories.retain(|s| wanted.languages.is_empty() || language(s));
    stories.retain(|s| u32::try_from(s.also.len()).unwrap() + 1 >= wanted.min_outlets);
    let (mut newer, mut older) = (None, None);
    match &wanted.position {
        Position::Newest => {}
        Position::Before(key) => {
            newer = Some(key.clone());
            stories.retain(|s| PlaceKey::of(s) < *key);
        }
        Position::After(key) => {
            older = Some(key.clone());
            stories.retain(|s| PlaceKey::of(s) > *key);
            if stories.len() > 3 {
                stories.drain(..stories.len() - 3);
                newer = stories.first().map(PlaceKey::of);
            }
        }
    }
    if older.is_none() && stories.len() > 3 {
        stories.truncate(3);
        older = stories.last().map(PlaceKey::of);
    }
    Some(BrowsePage { stories, newer, older })
}

/// Queries that need no store.
pub(super) struct SampleQueries {
    images: bool,
}

pub(super) fn queries(images: bool) -> SampleQueries {
    SampleQueries { images }
}

/// Wraps a value as the result of a query.
fn ready<A: Send + 'static>(value: A) -> QueryFuture<A> {
    answer(std::future::ready(Ok::<_, std::convert::Infallible>(value)))
}

impl Queries for SampleQueries {
    fn public_url(&self) -> url::Url {
        "http://127.0.0.1:8080/".parse().unwrap()
    }

    fn images(&self) -> bool {
        self.images
    }

    fn live(&self) -> bool {
        true
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::UTC
    }

    fn answers(&self, _: &str) -> bool {
        true
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn has_channel(&self, slug: &str, _: Audience) -> bool {
        slug == "later"
    }

    fn filtered(&self, filter: Filter, _: Audience) -> QueryFuture<ChannelView> {
        let mut view = channel("all", "");
        let outlets = u32::try_from(view.stories.len()).unwrap();
        view.stories.truncate(filter.limit.min(outlets) as usize);
        if filter.words.as_deref() == Some("nothing") {
            view.stories.clear();
        }
        ready(view)
    }

    fn search(&self, filter: Filter, _: SearchPlace, _: Audience) -> QueryFuture<FoundPage> {
        let found = |story: StoryView| {
            let (first, rest) = story.lead.title.as_str().split_once(' ').unwrap();
            let segment = |text: &str, is_match| Segment { text: text.to_owned(), is_match };
            FoundStory {
                title: vec![segment(first, true), segment(&format!(" {rest}"), false)],
                excerpt: vec![],
                story,
            }
        };
        let mut stories: Vec<FoundStory> = channel("all", "").stories.into_iter().map(found).collect();
        if filter.words.as_deref() == Some("nothing") {
            stories.clear();
        }
        let count = Some(SearchCount::Exactly(u32::try_from(stories.len()).unwrap()));
        ready(FoundPage { stories, count, older: None })
    }

    fn browse(&self, wanted: Browse, _: Audience) -> QueryFuture<Option<BrowsePage>> {
        ready(browse(&wanted))
    }

    fn leading(&self, _: &str, since: Timestamp, _: Audience) -> QueryFuture<Vec<StoryView>> {
        let shared = channel("all", "").stories.into_iter().filter(|s| !s.also.is_empty() && s.order_at >= since);
        ready(shared.collect())
    }

    fn directory(&self, _: u32, _: Audience) -> QueryFuture<Vec<OutletSummary>> {
        ready(["alalam", "courrier"].iter().filter_map(|slug| outlet(slug)).collect())
    }

    fn outlet(&self, slug: Slug, _: Audience) -> QueryFuture<Option<OutletSummary>> {
        ready(outlet(slug.as_str()))
    }

    fn has_tag(&self, tag: &str, _: Audience) -> QueryFuture<bool> {
        ready(tag == "morocco")
    }

    fn has_language(&self, language: Language, _: Audience) -> QueryFuture<bool> {
        ready(["ar", "fr"].contains(&language.as_str()))
    }

    fn story(&self, id: StoryId, _: Audience) -> QueryFuture<Option<StoryPage>> {
        let on_fire = || std::io::Error::other("the disk is on fire");
        answer(std::future::ready(if id == StoryId(13) { Err(on_fire()) } else { Ok(story_page(id)) }))
    }

    fn status(&self, query: FeedQuery, _: Audience) -> QueryFuture<StatusPage> {
        ready(status_page(query))
    }

    fn feed(&self, query: FeedPageQuery, _: Audience) -> QueryFuture<Option<FeedPage>> {
        ready(feed_page(&query))
    }

    fn copies(&self, outlet: Slug, _: Audience) -> QueryFuture<Option<CopiesPage>> {
        ready(outlet_of(outlet.as_str()).map(|name| CopiesPage::of(outlet.to_string(), name, carried())))
    }

    fn incidents(&self, _: Audience) -> QueryFuture<Vec<Incident>> {
        let incident = |poll, error: Option<&str>| Incident {
            poll,
            at: before(poll),
            outlet_name: "العلم".to_owned(),
            url: "https://alalam.example/rss?a=1&b=2".to_owned(),
            error: error.map(str::to_owned),
        };
        ready(vec![incident(5, None), incident(9, Some("cannot connect: <refused>"))])
    }

    fn archive(&self, slug: &str, number: u32, _: Audience) -> QueryFuture<ArchiveAnswer> {
        ready(match (slug, number) {
            ("all", 1) => ArchiveAnswer::Gone,
            ("all", 2) => ArchiveAnswer::Page { atom: b"<feed/>".to_vec(), made: before(999) },
            ("all", 3) => ArchiveAnswer::NotYet,
            _ => ArchiveAnswer::Unknown,
        })
    }
}
