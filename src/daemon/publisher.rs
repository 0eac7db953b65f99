//! Renders editions when their stories change: each change is read and rendered once, at most once per second.

use super::{
    archiver::{self, ArchiveRenderer},
    publish_settings::PublishSettings,
};
use crate::{
    model::{Audience, Channel, ChannelView, Readers},
    publish::{self, Edition, Format, opml::Subscription},
    push::{Topics, link_header},
    serve::{CachePolicy, ChannelPages, EditionTable, Health, ServedEdition, Sharing},
    store::{ChannelChanges, RenderedEdition, StoreError, SubscribedFeed},
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, HashSet},
    hash::{Hash as _, Hasher},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use url::Url;

/// Pause after rendering. While a thousand feeds are read for the first time, there are many commits per second.
const PAUSE: Duration = Duration::from_secs(1);

/// Additional pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Beginning of the names under which variants for readers without a key are kept; no path begins like this.
const VARIANT: &str = "everyone:";

/// Path of the list of configured feeds.
const OPML: &str = "/opml";

/// Renders editions and puts them into the edition table.
pub(super) struct Publisher {
    /// Access to the store and the clock.
    pub archive: ArchiveRenderer,
    /// The tables into which editions are put, and the channels as the pages show them.
    pub tables: Tables,
    /// The editions that the hub delivers.
    pub topics: Arc<Topics>,
    /// Told when the editions are rendered.
    pub health: Arc<Health>,
}

/// What each audience is shown.
#[derive(Clone, Default)]
pub(super) struct Tables {
    everyone: Shown,
    key_holders: Shown,
}

/// What an audience is shown.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub editions: Arc<EditionTable>,
    pub pages: Arc<ChannelPages>,
}

impl Tables {
    /// Returns what an audience is shown.
    pub(super) fn of(&self, audience: Audience) -> &Shown {
        match audience {
            Audience::Everyone => &self.everyone,
            Audience::KeyHolder => &self.key_holders,
        }
    }

    /// Puts documents into the tables of their audiences.
    fn put(&self, settings: &PublishSettings, documents: &[(ServedDocument, Edition, Timestamp)]) {
        for audience in [Audience::Everyone, Audience::KeyHolder] {
            let sharing = match audience {
                Audience::KeyHolder => Sharing::Private,
                Audience::Everyone if settings.has_keys => Sharing::Varies,
                Audience::Everyone => Sharing::Public,
            };
            let shown = documents.iter().filter(|(document, ..)| document.audiences.contains(&audience));
            self.of(audience).editions.put(shown.map(|(document, edition, last_modified)| ServedEdition {
                path: document.path.clone(),
                edition: edition.clone(),
                last_modified: *last_modified,
                policy: CachePolicy::Feed,
                sharing,
                links: document.links.clone(),
            }));
        }
    }
}

/// A document's address, and who reads it there.
#[derive(Debug, Clone)]
struct ServedDocument {
    path: String,
    audiences: &'static [Audience],
    is_variant: bool,
    /// Value of the header `Link`; `None` without a hub.
    links: Option<String>,
}

impl ServedDocument {
    fn of(settings: &PublishSettings, channel: &Channel, path: String) -> Self {
        let (audiences, is_variant) = (settings.audiences(channel), channel.is_variant());
        let hub = settings.hub_of(channel).filter(|_| path != OPML);
        let this = settings.public_url.join(&path[1..]).ok();
        let links = hub.zip(this).map(|(hub, this)| link_header(&hub, &this));
        Self { path, audiences, is_variant, links }
    }

    /// Returns whether a hub delivers it.
    fn is_topic(&self) -> bool {
        self.links.is_some()
    }

    /// Returns the name under which the database keeps it.
    fn kept_as(&self) -> String {
        if self.is_variant { format!("{VARIANT}{}", self.path) } else { self.path.clone() }
    }
}

/// What was last rendered.
#[derive(Default)]
struct Rendered {
    /// Fingerprint of the rules and settings.
    fingerprint: String,
    /// Number of commits that had changed channels at that time.
    commits: u64,
    channels: Vec<RenderedChannel>,
    /// Channels whose archive pages may be due: those that commits changed since their pages were last checked.
    uncut: HashSet<String>,
    /// Channels for which more archive pages are due. Their editions are not rendered again for each page.
    behind: HashSet<String>,
    /// Channels with new archive pages, to which their editions do not link yet.
    unlinked: HashSet<String>,
    /// The OPML lists of feeds, by whether private outlets are left out.
    lists: HashMap<bool, Vec<u8>>,
}

/// A channel as last rendered.
#[derive(Clone)]
struct RenderedChannel {
    channel: Channel,
    /// Of its view. The view itself may have megabytes.
    hash: blake3::Hash,
    /// Number of the newest archive page to which its editions link.
    newest_page: Option<u32>,
}

/// A rendered edition, to be stored and put into the edition table.
struct NewEdition {
    document: ServedDocument,
    edition: Edition,
    /// Fingerprint of the rules and settings by which it was rendered.
    fingerprint: String,
}

impl Publisher {
    /// Renders now, and again whenever the writer or a reload changes something, until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self, mut settings: watch::Receiver<PublishSettings>) -> Result<(), StoreError> {
        let mut commits = self.archive.writer.changed();
        let mut rendered = Rendered::default();
        let first = settings.borrow().clone();
        match self.restore(&first).await {
            Err(error) if error.can_pass() => {
                tracing::error!(%error, "cannot read the stored feeds; rendering them again");
            }
            restored => restored?,
        }
        loop {
            let changes = commits.borrow_and_update().clone();
            let now = settings.borrow_and_update().clone();
            let more = match self.render(&now, &changes, &mut rendered).await {
                Err(error) if error.can_pass() => {
                    tracing::error!(%error, "cannot render the feeds; serving the previous ones and trying again");
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
                change = commits.changed() => change.map_err(|_| StoreError::WriterGone)?,
                reload = settings.changed() => if reload.is_err() { return Ok(()) },
            }
        }
    }

    /// Puts the stored editions into the edition table, `all` first, if they were rendered by the current rules and settings.
    async fn restore(&self, settings: &PublishSettings) -> Result<(), StoreError> {
        let mut is_whole = true;
        for channel in settings.shown_channels() {
            let fingerprint = settings.fingerprint(Some(channel));
            for format in Format::ALL {
                let document = ServedDocument::of(settings, channel, publish::path(channel.public_slug(), format));
                is_whole &= self.load_stored_edition(settings, document, &fingerprint, format.media_type()).await?;
            }
        }
        for all in settings.shown_channels().filter(|channel| channel.public_slug() == Channel::ALL) {
            let document = ServedDocument::of(settings, all, OPML.to_owned());
            let fingerprint = settings.list_fingerprint(all);
            self.load_stored_edition(settings, document, &fingerprint, publish::opml::MEDIA_TYPE).await?;
        }
        if is_whole {
            self.health.rendered();
        }
        Ok(())
    }

    /// Puts a stored edition into the edition tables. Returns whether there was one.
    async fn load_stored_edition(
        &self,
        settings: &PublishSettings,
        document: ServedDocument,
        fingerprint: &str,
        media_type: &'static str,
    ) -> Result<bool, StoreError> {
        let kept = self.archive.reader.kept_edition(&document.kept_as(), fingerprint).await?;
        let Some(kept) = kept else { return Ok(false) };
        let unpacked = tokio::task::spawn_blocking(move || Edition::unpack(kept.packed, media_type)).await;
        let Ok(Some(edition)) = unpacked else { return Ok(false) };
        self.show(settings, &[(document, edition, kept.changed)]);
        Ok(true)
    }

    /// Renders every channel that commits have changed and whose view differs from the last one, removes those that no longer
    /// exist, stores all new editions in one transaction, and then makes the archive pages that are due. Returns whether there is
    /// more to do even if nothing else changes.
    async fn render(
        &self,
        settings: &PublishSettings,
        changes: &ChannelChanges,
        rendered: &mut Rendered,
    ) -> Result<bool, StoreError> {
        let fingerprint = settings.render_fingerprint();
        if rendered.fingerprint != fingerprint {
            // What other settings made may show what is hidden now. At the start, what was put up is of these.
            if !rendered.fingerprint.is_empty() {
                for Shown { editions, pages } in [&self.tables.everyone, &self.tables.key_holders] {
                    editions.retain(|_| false);
                    pages.retain(|_| false);
                }
            }
            self.topics.retain(|_| false);
            *rendered = Rendered { fingerprint, ..Rendered::default() };
        }
        let (mut channels, mut new) = (Vec::with_capacity(settings.channels.len()), Vec::new());
        for channel in settings.shown_channels() {
            channels.push(match rendered.untouched(channel, changes) {
                Some(before) => before.clone(),
                None => self.channel(settings, channel, rendered, &mut new).await?,
            });
        }
        let lists = self.lists(settings, &rendered.lists, &mut new).await?;
        self.take_down(settings, &channels);
        self.put(settings, new).await?;
        rendered.lists.extend(lists);
        (rendered.channels, rendered.commits) = (channels, changes.commits());
        let Rendered { unlinked, behind, .. } = rendered;
        unlinked.retain(|slug| behind.contains(slug));
        self.health.rendered();
        self.cut(settings, rendered).await
    }

    /// Removes documents and pages that no longer belong to a channel, or are no longer shown to an audience.
    fn take_down(&self, settings: &PublishSettings, channels: &[RenderedChannel]) {
        for audience in [Audience::Everyone, Audience::KeyHolder] {
            let shown = || channels.iter().filter(|r| settings.audiences(&r.channel).contains(&audience));
            let slugs: HashSet<&str> = shown().map(|rendered| rendered.channel.public_slug()).collect();
            let mut paths: HashSet<String> =
                slugs.iter().flat_map(|slug| Format::ALL.map(|format| publish::path(slug, format))).collect();
            if slugs.contains(Channel::ALL) {
                paths.insert(OPML.to_owned());
            }
            let Shown { editions, pages } = self.tables.of(audience);
            editions.retain(|path| paths.contains(path));
            if audience == Audience::Everyone {
                self.topics.retain(|path| paths.contains(path));
            }
            pages.retain(|slug| slugs.contains(slug));
        }
    }

    /// Reads a channel, and renders it unless nothing changed. Returns its view and the newest archive page to which its editions
    /// link.
    async fn channel(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        rendered: &mut Rendered,
        new: &mut Vec<NewEdition>,
    ) -> Result<RenderedChannel, StoreError> {
        let slug = channel.slug.as_str();
        rendered.uncut.insert(slug.to_owned());
        let view = settings.reader(&self.archive.reader).channel(channel, &settings.public_url).await?;
        let hash = hash(&view);
        let mut newest_page = self.archive.reader.newest_page(slug).await?;
        let same = rendered.channels.iter().find(|before| before.channel == *channel && before.hash == hash);
        match same.filter(|before| before.newest_page == newest_page || rendered.behind.contains(slug)) {
            Some(before) => newest_page = before.newest_page,
            None => new.extend(self.editions(settings, channel, view, newest_page).await),
        }
        Ok(RenderedChannel { channel: channel.clone(), hash, newest_page })
    }

    /// Makes the archive pages that are due. Returns whether the editions must be checked again because of them.
    async fn cut(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        for channel in settings.shown_channels() {
            let slug = channel.slug.as_str();
            if !rendered.uncut.contains(slug) {
                continue;
            }
            let pages = archiver::page(&self.archive, channel, settings).await?;
            if pages.made > 0 {
                rendered.unlinked.insert(slug.to_owned());
            }
            if pages.more {
                rendered.behind.insert(slug.to_owned());
            } else {
                rendered.behind.remove(slug);
                rendered.uncut.remove(slug);
            }
        }
        Ok(!rendered.unlinked.is_empty())
    }

    /// Renders the OPML lists of configured feeds that have changed, and returns them.
    async fn lists(
        &self,
        settings: &PublishSettings,
        before: &HashMap<bool, Vec<u8>>,
        new: &mut Vec<NewEdition>,
    ) -> Result<HashMap<bool, Vec<u8>>, StoreError> {
        let mut lists = HashMap::new();
        for all in settings.shown_channels().filter(|channel| channel.public_slug() == Channel::ALL) {
            let audience = if all.hides_private { Audience::Everyone } else { Audience::KeyHolder };
            let subscribed = self.archive.reader.clone().shown_to(audience).subscriptions().await?;
            let subscribed: Vec<_> = subscribed.into_iter().map(subscription).collect();
            let bytes = publish::opml::render(&all.title, &subscribed);
            if before.get(&all.hides_private) != Some(&bytes) {
                let document = ServedDocument::of(settings, all, OPML.to_owned());
                let edition = Edition::new(bytes.clone(), publish::opml::MEDIA_TYPE);
                new.push(NewEdition { document, edition, fingerprint: settings.list_fingerprint(all) });
                lists.insert(all.hides_private, bytes);
            }
        }
        Ok(lists)
    }

    /// Stores editions in the database, all in one transaction, and puts them into the edition table with the time when their
    /// bytes last changed.
    async fn put(&self, settings: &PublishSettings, new: Vec<NewEdition>) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let kept = |NewEdition { document, edition, fingerprint }: &NewEdition| RenderedEdition {
            path: document.kept_as(),
            hash: edition.etag().to_owned().into_bytes(),
            packed: edition.packed().to_vec(),
            fingerprint: fingerprint.clone(),
        };
        let ArchiveRenderer { writer, clock, .. } = &self.archive;
        let changed = writer.editions(new.iter().map(kept).collect(), clock.now()).await?;
        let dated: Vec<_> =
            new.into_iter().zip(changed).map(|(new, changed)| (new.document, new.edition, changed)).collect();
        self.show(settings, &dated);
        Ok(())
    }

    /// Puts documents into the tables, and notifies the hub.
    fn show(&self, settings: &PublishSettings, documents: &[(ServedDocument, Edition, Timestamp)]) {
        self.tables.put(settings, documents);
        let topics = documents.iter().filter(|(document, ..)| document.is_topic());
        self.topics.put(topics.map(|(document, edition, _)| (document.path.clone(), edition.clone())));
    }

    /// Renders a channel's editions. If that fails, logs an error and returns none.
    async fn editions(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        view: ChannelView,
        newest_page: Option<u32>,
    ) -> Vec<NewEdition> {
        // A channel with a token is no part of what other readers browse.
        for audience in settings.audiences(channel) {
            let pages = &self.tables.of(*audience).pages;
            if matches!(channel.readers, Readers::HoldersOf(_)) { pages.put_unlisted(&view) } else { pages.put(&view) }
        }
        let (budget, hub) = (settings.budget, settings.hub_of(channel));
        let render = move || editions(&publish::within(view, budget), newest_page, hub.as_ref());
        let made = tokio::task::spawn_blocking(render).await;
        let fingerprint = settings.fingerprint(Some(channel));
        match made {
            Ok(Ok(editions)) => editions
                .into_iter()
                .map(|(path, edition)| NewEdition {
                    document: ServedDocument::of(settings, channel, path),
                    edition,
                    fingerprint: fingerprint.clone(),
                })
                .collect(),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot render an edition: its channel's address is invalid");
                Vec::new()
            }
            Err(_) => {
                tracing::error!("rendering an edition panicked (a bug in Warraq); serving the previous one");
                Vec::new()
            }
        }
    }
}

impl Rendered {
    /// Returns a channel as last rendered if nothing changed in it, so that nothing has to be read for it.
    fn untouched(&self, channel: &Channel, changes: &ChannelChanges) -> Option<&RenderedChannel> {
        let slug = channel.slug.as_str();
        let is_current =
            !changes.touched_since(slug, self.commits) && (self.behind.contains(slug) || !self.unlinked.contains(slug));
        self.channels.iter().find(|before| is_current && before.channel == *channel)
    }
}

/// Renders a channel's editions, with their paths. This takes some milliseconds of CPU time.
/// Hashes a view. Equal hashes mean equal views.
fn hash(view: &ChannelView) -> blake3::Hash {
    struct Bytes(blake3::Hasher);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        // The hash itself is longer.
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut bytes = Bytes(blake3::Hasher::new());
    view.hash(&mut bytes);
    bytes.0.finalize()
}

fn editions(
    view: &ChannelView,
    newest_page: Option<u32>,
    hub: Option<&Url>,
) -> Result<Vec<(String, Edition)>, url::ParseError> {
    Format::ALL
        .into_iter()
        .map(|format| Ok((publish::path(&view.slug, format), publish::edition_after(view, format, newest_page, hub)?)))
        .collect()
}

fn subscription(feed: SubscribedFeed) -> Subscription {
    let SubscribedFeed { outlet_name, title, url, link, language, tags } = feed;
    Subscription { outlet_name, feed_title: title, feed_url: url, page: link, language, tags }
}
