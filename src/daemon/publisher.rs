//! Renders editions when their stories change: each change is read and rendered once, at most once per second.

use super::archiver;
use crate::{
    clock::Clock,
    config::Config,
    model::{Channel, ChannelView},
    publish::{self, Budget, Edition, Format, opml::Subscription},
    serve::{CachePolicy, ChannelPages, EditionTable, Health, Hosts, ServedEdition},
    store::{Reader, RenderedEdition, StoreError, SubscribedFeed, Writer},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::watch;
use url::Url;

/// Pause after rendering. While a thousand feeds are read for the first time, there are many commits per second.
const PAUSE: Duration = Duration::from_secs(1);

/// Additional pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Path of the list of configured feeds.
const OPML: &str = "/opml";

/// What is published, and how. A reload replaces it as a whole.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// Base of all addresses of this server.
    pub public_url: Url,
    /// The channels, `all` first.
    pub channels: Arc<Vec<Channel>>,
    /// Whether pages show pictures.
    pub images: bool,
    /// Size limits of editions.
    pub budget: Budget,
    /// Host names whose requests are served.
    pub hosts: Hosts,
    /// Feed addresses and what is shown in their place, sorted. They are a part of the fingerprint.
    public_urls: Vec<(String, String)>,
}

impl PublishSettings {
    /// Takes the settings from a configuration.
    #[must_use]
    pub fn of(config: &Config, public_url: Url) -> Self {
        let shown =
            config.public_urls().iter().map(|(url, shown)| (url.as_str().to_owned(), shown.as_str().to_owned()));
        let mut public_urls: Vec<_> = shown.collect();
        public_urls.sort_unstable();
        Self {
            hosts: Hosts::new(&config.server.hosts, &public_url),
            public_url,
            channels: Arc::new(config.channels.clone()),
            images: config.server.images,
            budget: Budget { entry_max: config.publish.entry_max, edition_max: config.publish.edition_max },
            public_urls,
        }
    }

    /// Returns the configured channel with this slug.
    pub(super) fn channel(&self, slug: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.slug.as_str() == slug)
    }

    /// Returns the fingerprint of the rendering rules and these settings; with a channel, also of the channel's definition.
    pub(super) fn fingerprint(&self, channel: Option<&Channel>) -> String {
        let settings = format!("{} {:?} {:?}", self.public_url, self.budget, self.public_urls);
        publish::fingerprint(
            [settings, channel.map_or_else(String::new, |channel| format!("{channel:?}"))].iter().map(String::as_str),
        )
    }

    /// Returns the fingerprint for archive pages, which do not change if only the channel's definition changes.
    pub(super) fn page_fingerprint(&self) -> String {
        self.fingerprint(None)
    }

    /// Returns a reader that reads no more of a text than is published.
    pub(super) fn reader(&self, reader: &Reader) -> Reader {
        // One more character shows that the text is longer.
        let characters = u32::try_from(self.budget.entry_max).unwrap_or(u32::MAX).saturating_add(1);
        reader.clone().with_text_max(characters)
    }
}

/// Renders editions and puts them into the edition table.
pub struct Publisher {
    /// Reads channels.
    pub reader: Reader,
    /// Stores editions, and when their bytes last changed.
    pub writer: Writer,
    /// The table into which editions are put.
    pub edition_table: Arc<EditionTable>,
    /// The channels as the pages show them.
    pub channel_pages: Arc<ChannelPages>,
    /// Told when the editions are rendered.
    pub health: Arc<Health>,
    /// Clock for `Last-Modified`.
    pub clock: Clock,
}

/// What was last rendered.
#[derive(Default)]
struct Rendered {
    /// Fingerprint of the rules and settings.
    fingerprint: String,
    /// The view of each channel, and the number of the newest archive page to which its editions link.
    views: Vec<(ChannelView, Option<u32>)>,
    /// Channels for which more archive pages are due. Their editions are not rendered again for each page.
    behind: HashSet<String>,
    /// The OPML list of feeds.
    list: Option<Vec<u8>>,
}

impl Publisher {
    /// Renders now, and again whenever the writer or a reload changes something, until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self, mut settings: watch::Receiver<PublishSettings>) -> Result<(), StoreError> {
        let mut changed = self.writer.changed();
        let mut rendered = Rendered::default();
        let first = settings.borrow().clone();
        match self.restore(&first).await {
            Err(error) if error.can_pass() => {
                tracing::error!(%error, "cannot read the feeds that were kept; they are rendered anew");
            }
            restored => restored?,
        }
        loop {
            changed.borrow_and_update();
            let now = settings.borrow_and_update().clone();
            let more = match self.render(&now, &mut rendered).await {
                Err(error) if error.can_pass() => {
                    tracing::error!(%error, "cannot render the feeds; the last ones are served, trying again");
                    tokio::time::sleep(TROUBLE_PAUSE).await;
                    true
                }
                rendered => rendered?,
            };
            tokio::time::sleep(PAUSE).await;
            if more {
                continue;
            }
            tokio::select! {
                // The writer's own error says why it is gone.
                change = changed.changed() => change.map_err(|_| StoreError::WriterGone)?,
                reload = settings.changed() => if reload.is_err() { return Ok(()) },
            }
        }
    }

    /// Puts the stored editions into the edition table, `all` first, if they were rendered by the current rules and settings.
    async fn restore(&self, settings: &PublishSettings) -> Result<(), StoreError> {
        let mut is_whole = true;
        for channel in settings.channels.iter() {
            let fingerprint = settings.fingerprint(Some(channel));
            for format in Format::ALL {
                let path = publish::path(channel.slug.as_str(), format);
                is_whole &= self.put_up(path, &fingerprint, format.media_type()).await?;
            }
        }
        let list = settings.fingerprint(None);
        self.put_up(OPML.to_owned(), &list, publish::opml::MEDIA_TYPE).await?;
        if is_whole {
            self.health.rendered();
        }
        Ok(())
    }

    /// Puts a stored edition into the edition table. Returns whether there was one.
    async fn put_up(&self, path: String, fingerprint: &str, media_type: &'static str) -> Result<bool, StoreError> {
        let Some(kept) = self.reader.kept_edition(&path, fingerprint).await? else { return Ok(false) };
        let unpacked = tokio::task::spawn_blocking(move || Edition::unpack(kept.packed, media_type)).await;
        let Ok(Some(edition)) = unpacked else { return Ok(false) };
        self.edition_table.put([ServedEdition {
            path,
            edition,
            last_modified: kept.changed,
            policy: CachePolicy::Feed,
        }]);
        Ok(true)
    }

    /// Renders every channel whose view has changed, removes those that no longer exist, and then makes the archive pages that
    /// are due. Returns whether there is more to do even if nothing else changes.
    async fn render(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        let fingerprint = settings.fingerprint(None);
        if rendered.fingerprint != fingerprint {
            *rendered = Rendered { fingerprint, ..Rendered::default() };
        }
        let mut views = Vec::with_capacity(settings.channels.len());
        for channel in settings.channels.iter() {
            views.push(self.channel(settings, channel, rendered).await?);
        }
        let slugs = || views.iter().map(|(view, _)| view.slug.as_str());
        let mut paths: Vec<String> =
            slugs().flat_map(|slug| Format::ALL.map(|format| publish::path(slug, format))).collect();
        paths.push(OPML.to_owned());
        self.edition_table.retain(|path| paths.iter().any(|p| p == path));
        self.channel_pages.retain(|slug| slugs().any(|s| s == slug));
        self.list(settings, &mut rendered.list).await?;
        rendered.views = views;
        self.health.rendered();
        self.cut(settings, rendered).await
    }

    /// Renders a channel unless nothing changed. Returns its view and the newest archive page to which its editions link.
    async fn channel(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        rendered: &Rendered,
    ) -> Result<(ChannelView, Option<u32>), StoreError> {
        let slug = channel.slug.as_str();
        let view = settings.reader(&self.reader).channel(channel, &settings.public_url).await?;
        let newest = self.reader.newest_page(slug).await?;
        let same = rendered.views.iter().find(|(before, _)| *before == view);
        if let Some((_, named)) = same.filter(|(_, named)| *named == newest || rendered.behind.contains(slug)) {
            return Ok((view, *named));
        }
        self.publish(settings, channel, view.clone(), newest).await?;
        Ok((view, newest))
    }

    /// Makes the archive pages that are due. Returns whether the editions must be checked again because of them.
    async fn cut(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        let mut again = false;
        rendered.behind.clear();
        for channel in settings.channels.iter() {
            let pages = archiver::page(self, channel, settings).await?;
            again |= pages.made > 0;
            if pages.more {
                rendered.behind.insert(channel.slug.to_string());
            }
        }
        Ok(again)
    }

    /// Puts the list of configured feeds into the edition table if it has changed.
    async fn list(&self, settings: &PublishSettings, listed: &mut Option<Vec<u8>>) -> Result<(), StoreError> {
        let subscribed = self.reader.subscriptions().await?;
        let title = settings.channels.first().map_or("", |all| all.title.as_str());
        let bytes = publish::opml::render(title, &subscribed.into_iter().map(subscription).collect::<Vec<_>>());
        if listed.as_ref() != Some(&bytes) {
            let edition = Edition::new(bytes.clone(), publish::opml::MEDIA_TYPE);
            self.put(vec![(OPML.to_owned(), edition)], &settings.fingerprint(None)).await?;
            *listed = Some(bytes);
        }
        Ok(())
    }

    /// Stores editions in the database and puts them into the edition table, with the time when their bytes last changed.
    async fn put(&self, editions: Vec<(String, Edition)>, fingerprint: &str) -> Result<(), StoreError> {
        let print = |(path, edition): &(String, Edition)| RenderedEdition {
            path: path.clone(),
            hash: edition.etag().to_owned().into_bytes(),
            packed: edition.packed().to_vec(),
            fingerprint: fingerprint.to_owned(),
        };
        let rendered_editions = editions.iter().map(print).collect();
        let changed = self.writer.editions(rendered_editions, self.clock.now()).await?;
        let dated = editions.into_iter().zip(changed);
        self.edition_table.put(dated.map(|((path, edition), last_modified)| ServedEdition {
            path,
            edition,
            last_modified,
            policy: CachePolicy::Feed,
        }));
        Ok(())
    }

    async fn publish(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        view: ChannelView,
        newest_page: Option<u32>,
    ) -> Result<(), StoreError> {
        self.channel_pages.put(&view);
        let budget = settings.budget;
        let made = tokio::task::spawn_blocking(move || editions(&publish::within(view, budget), newest_page)).await;
        match made {
            Ok(Ok(editions)) => self.put(editions, &settings.fingerprint(Some(channel))).await,
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot render an edition: its channel's address is invalid");
                Ok(())
            }
            Err(_) => {
                tracing::error!("rendering an edition panicked (a bug in Warraq); serving the previous one");
                Ok(())
            }
        }
    }
}

/// Renders a channel's editions, with their paths. This takes some milliseconds of CPU time.
fn editions(view: &ChannelView, newest_page: Option<u32>) -> Result<Vec<(String, Edition)>, url::ParseError> {
    Format::ALL
        .into_iter()
        .map(|format| Ok((publish::path(&view.slug, format), publish::edition_after(view, format, newest_page)?)))
        .collect()
}

fn subscription(feed: SubscribedFeed) -> Subscription {
    let SubscribedFeed { outlet_name, title, url, link, language, tags } = feed;
    Subscription { outlet_name, feed_title: title, feed_url: url, page: link, language, tags }
}
