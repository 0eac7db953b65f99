//! Implements the queries of the pages with the store.

use super::{
    archiver::ArchiveRenderer,
    feed_cache::{FeedCache, ReadAt},
    publish_settings::PublishSettings,
};
use crate::{
    model::{
        Audience, Channel, ChannelView, Language, SafeHtml, Slug, StoryId, StoryView,
        browse::{Browse, BrowsePage, OutletSummary, Scope},
        copies::CopiesPage,
        feed_table::FeedQuery,
        pages::{Filter, Incident, StoryPage},
        search::{FoundPage, FoundStory, SearchPage, SearchPlace, SearchQuery, Segment},
        status::{FeedPage, FeedPageQuery, StatusPage},
    },
    normalise::Highlighter,
    publish,
    serve::{ArchiveAnswer, Health, Queries, QueryFuture, answer},
    store::{Reader, StoreError, StoreErrorKind},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::sync::Arc;
use tokio::sync::watch;
use url::Url;

/// Creates the queries over the store. Their settings follow the configuration as it is reloaded.
pub(super) struct StoreQueries {
    pub archive_renderer: ArchiveRenderer,
    pub settings: watch::Receiver<PublishSettings>,
    pub feeds: Arc<FeedCache>,
    pub health: Arc<Health>,
}

impl StoreQueries {
    fn reader(&self, audience: Audience) -> Reader {
        self.archive_renderer.reader.clone().shown_to(audience)
    }

    /// Reports damage that a read meets: the daemon goes on with what it can read, so no other part would notice.
    fn answer<A>(&self, read: impl Future<Output = Result<A, StoreError>> + Send + 'static) -> QueryFuture<A> {
        let health = Arc::clone(&self.health);
        answer(async move {
            let result = read.await;
            if let Err(error) = &result
                && error.kind() == StoreErrorKind::Damaged
            {
                health.damaged(&error.to_string());
            }
            result
        })
    }

    fn read_at(&self, audience: Audience) -> ReadAt {
        ReadAt {
            now: self.archive_renderer.clock.now(),
            audience,
            settings: Arc::clone(&self.settings.borrow().outlets),
        }
    }
}

impl Queries for StoreQueries {
    fn public_url(&self) -> Url {
        self.settings.borrow().public_url.clone()
    }

    fn images(&self) -> bool {
        self.settings.borrow().images
    }

    fn live(&self) -> bool {
        self.settings.borrow().live
    }

    fn time_zone(&self) -> TimeZone {
        self.settings.borrow().time_zone.clone()
    }

    fn answers(&self, host: &str) -> bool {
        self.settings.borrow().hosts.answers(host)
    }

    fn settings(&self) -> String {
        let now = self.settings.borrow();
        format!("{} {:?} {} {}", now.render_fingerprint(), now.time_zone.iana_name(), now.images, now.live)
    }

    fn has_channel(&self, slug: &str, audience: Audience) -> bool {
        self.settings.borrow().channel_for(slug, audience).is_some()
    }

    fn filtered(&self, filter: Filter, audience: Audience) -> QueryFuture<ChannelView> {
        let now = self.settings.borrow().clone();
        let reader = now.reader(&self.archive_renderer.reader).shown_to(audience);
        self.answer(async move {
            let slug = filter.channel.as_ref().map_or(Channel::ALL, Slug::as_str);
            // Readers without a key are shown the channel's variant, in which private outlets have no part.
            let channel = now.channel_for(slug, audience).map(|channel| channel.slug.clone());
            let filter = Filter { channel: channel.or(filter.channel), ..filter };
            Ok::<_, StoreError>(publish::within(
                reader.filtered(&filter, &now.time_zone, &now.public_url).await?,
                now.budget,
            ))
        })
    }

    fn search(&self, filter: Filter, place: SearchPlace, audience: Audience) -> QueryFuture<FoundPage> {
        let (reader, now) = (self.reader(audience), self.settings.borrow().clone());
        self.answer(async move {
            // Readers without a key are shown the channel's variant, in which private outlets have no part.
            let channel = now.channel_for(Channel::ALL, audience).map(|channel| channel.slug.clone());
            let filter = Filter { channel: channel.or(filter.channel), ..filter };
            let page = reader.search(&filter, &place, &now.time_zone, &now.public_url).await?;
            Ok::<_, StoreError>(highlighted(page, filter.words.as_deref().unwrap_or_default()))
        })
    }

    fn browse(&self, wanted: Browse, audience: Audience) -> QueryFuture<Option<BrowsePage>> {
        let (reader, now) = (self.reader(audience), self.settings.borrow().clone());
        self.answer(async move {
            let slug = if let Scope::Channel(slug) = &wanted.scope { slug } else { Channel::ALL };
            let Some(channel) = now.channel_for(slug, audience) else { return Ok(None) };
            let collapse = !matches!(wanted.scope, Scope::Channel(_)) || channel.collapse;
            reader.browse(&wanted, channel.slug.as_str(), collapse, &now.public_url).await
        })
    }

    fn leading(&self, channel: &str, since: Timestamp, audience: Audience) -> QueryFuture<Vec<StoryView>> {
        let (reader, now, channel) = (self.reader(audience), self.settings.borrow().clone(), channel.to_owned());
        self.answer(async move {
            match now.channel_for(&channel, audience) {
                Some(channel) => reader.leading(channel.slug.as_str(), since, &now.public_url).await,
                None => Ok(Vec::new()),
            }
        })
    }

    fn directory(&self, limit: u32, audience: Audience) -> QueryFuture<Vec<OutletSummary>> {
        let (reader, at, kept) = (self.reader(audience), self.read_at(audience), Arc::clone(&self.feeds));
        let since = at.now.checked_sub(SignedDuration::from_hours(24 * 6)).unwrap_or(at.now);
        let since = since.strftime("%Y-%m-%d").to_string();
        self.answer(async move { kept.outlets(&reader, &at, (&since, limit)).await })
    }

    fn outlet(&self, slug: Slug, audience: Audience) -> QueryFuture<Option<OutletSummary>> {
        let reader = self.reader(audience);
        self.answer(async move { reader.outlet(&slug).await })
    }

    fn has_tag(&self, tag: &str, audience: Audience) -> QueryFuture<bool> {
        let (reader, tag) = (self.reader(audience), tag.to_owned());
        self.answer(async move { reader.has_tag(&tag).await })
    }

    fn has_language(&self, language: Language, audience: Audience) -> QueryFuture<bool> {
        let reader = self.reader(audience);
        self.answer(async move { reader.has_language(&language).await })
    }

    fn story(&self, id: StoryId, audience: Audience) -> QueryFuture<Option<StoryPage>> {
        let reader = self.reader(audience);
        self.answer(async move { reader.story(id).await })
    }

    fn status(&self, query: FeedQuery, audience: Audience) -> QueryFuture<StatusPage> {
        let (reader, at) = (self.reader(audience), self.read_at(audience));
        let (settings, feeds) = (self.settings.borrow().clone(), Arc::clone(&self.feeds));
        self.answer(async move {
            let summaries = feeds.summaries(&reader, &at).await?;
            let mut page = reader.status(&summaries, query, at.now, &at.settings).await?;
            page.webhooks.retain(|hook| settings.channel_for(&hook.channel, audience).is_some());
            Ok::<_, StoreError>(page)
        })
    }

    fn feed(&self, query: FeedPageQuery, audience: Audience) -> QueryFuture<Option<FeedPage>> {
        let (reader, at, feeds) = (self.reader(audience), self.read_at(audience), Arc::clone(&self.feeds));
        self.answer(async move {
            let summaries = feeds.summaries(&reader, &at).await?;
            reader.feed_page(&summaries, &query, at.now, &at.settings).await
        })
    }

    fn copies(&self, outlet: Slug, audience: Audience) -> QueryFuture<Option<CopiesPage>> {
        let (reader, now) = (self.reader(audience), self.archive_renderer.clock.now());
        self.answer(async move { reader.copies(&outlet, now).await })
    }

    fn incidents(&self, audience: Audience) -> QueryFuture<Vec<Incident>> {
        let reader = self.reader(audience);
        self.answer(async move { reader.incidents().await })
    }

    fn archive(&self, slug: &str, number: u32, audience: Audience) -> QueryFuture<ArchiveAnswer> {
        let (archive_renderer, now) = (self.archive_renderer.clone(), self.settings.borrow().clone());
        let channel = now.channel_for(slug, audience).cloned();
        self.answer(async move {
            match channel {
                Some(channel) => archive_renderer.page(&now, &channel, number).await,
                None => Ok(ArchiveAnswer::Unknown),
            }
        })
    }
}

/// Characters of a text that a result shows.
const EXCERPT: usize = 220;
/// Characters of a text in which words are looked for to show them.
const EXCERPT_SOURCE: usize = 6_000;

/// Finds the words of a search in the titles and texts of its results.
fn highlighted(page: SearchPage, words: &str) -> FoundPage {
    let highlighter = Highlighter::new(&SearchQuery::parse(words));
    let found = |story: StoryView| FoundStory {
        title: highlighter.mark(story.lead.title.as_str()),
        excerpt: excerpt(&highlighter, &story),
        story,
    };
    FoundPage { stories: page.stories.into_iter().map(found).collect(), count: page.count, older: page.older }
}

/// Returns the part of a story's text that matches, else the beginning of the text.
fn excerpt(highlighter: &Highlighter, story: &StoryView) -> Vec<Segment> {
    let texts = || [&story.lead.summary, &story.lead.content].into_iter().flatten();
    let plain = |limit| move |html: &SafeHtml| publish::plain_text(html.as_str(), limit);
    let mut long = texts().map(plain(EXCERPT_SOURCE));
    if let Some(found) = long.find_map(|text| highlighter.excerpt(&text, EXCERPT)) {
        return found;
    }
    let text = texts().map(plain(EXCERPT)).find(|text| !text.is_empty());
    text.map(|text| vec![Segment { text, is_match: false }]).unwrap_or_default()
}
