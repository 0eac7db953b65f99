//! Renders editions when their stories change: each change is read and rendered once, at most once per second.

use super::{
    archiver::{self, ArchiveRenderer},
    publish_settings::PublishSettings,
};
use crate::{
    model::{Channel, ChannelView},
    publish::{self, Edition, Format, opml::Subscription},
    serve::{CachePolicy, ChannelPages, EditionTable, Health, ServedEdition},
    store::{ChannelChanges, RenderedEdition, StoreError, SubscribedFeed},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Pause after rendering. While a thousand feeds are read for the first time, there are many commits per second.
const PAUSE: Duration = Duration::from_secs(1);

/// Additional pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Path of the list of configured feeds.
const OPML: &str = "/opml";

/// Renders editions and puts them into the edition table.
pub(super) struct Publisher {
    /// Access to the store and the clock.
    pub archive: ArchiveRenderer,
    /// The table into which editions are put.
    pub edition_table: Arc<EditionTable>,
    /// The channels as the pages show them.
    pub channel_pages: Arc<ChannelPages>,
    /// Told when the editions are rendered.
    pub health: Arc<Health>,
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
    /// The OPML list of feeds.
    list: Option<Vec<u8>>,
}

/// A channel as last rendered.
#[derive(Clone)]
struct RenderedChannel {
    channel: Channel,
    view: Arc<ChannelView>,
    /// Number of the newest archive page to which its editions link.
    newest_page: Option<u32>,
}

/// A rendered edition, to be stored and put into the edition table.
struct NewEdition {
    path: String,
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
        let Some(kept) = self.archive.reader.kept_edition(&path, fingerprint).await? else { return Ok(false) };
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

    /// Renders every channel that commits have changed and whose view differs from the last one, removes those that no longer
    /// exist, stores all new editions in one transaction, and then makes the archive pages that are due. Returns whether there is
    /// more to do even if nothing else changes.
    async fn render(
        &self,
        settings: &PublishSettings,
        changes: &ChannelChanges,
        rendered: &mut Rendered,
    ) -> Result<bool, StoreError> {
        let fingerprint = settings.fingerprint(None);
        if rendered.fingerprint != fingerprint {
            // What other settings made may show what is hidden now. At the start, what was put up is of these.
            if !rendered.fingerprint.is_empty() {
                self.edition_table.retain(|_| false);
                self.channel_pages.retain(|_| false);
            }
            *rendered = Rendered { fingerprint, ..Rendered::default() };
        }
        let (mut channels, mut new) = (Vec::with_capacity(settings.channels.len()), Vec::new());
        for channel in settings.channels.iter() {
            channels.push(match rendered.untouched(channel, changes) {
                Some(before) => before.clone(),
                None => self.channel(settings, channel, rendered, &mut new).await?,
            });
        }
        let list = self.list(settings, rendered.list.as_deref()).await?;
        if let Some(bytes) = &list {
            let edition = Edition::new(bytes.clone(), publish::opml::MEDIA_TYPE);
            new.push(NewEdition { path: OPML.to_owned(), edition, fingerprint: settings.fingerprint(None) });
        }
        self.take_down(&channels);
        self.put(new).await?;
        rendered.list = list.or(rendered.list.take());
        (rendered.channels, rendered.commits) = (channels, changes.commits());
        let Rendered { unlinked, behind, .. } = rendered;
        unlinked.retain(|slug| behind.contains(slug));
        self.health.rendered();
        self.cut(settings, rendered).await
    }

    /// Removes documents and pages that no longer belong to a channel.
    fn take_down(&self, channels: &[RenderedChannel]) {
        let slugs = || channels.iter().map(|rendered| rendered.view.slug.as_str());
        let paths: HashSet<String> = slugs()
            .flat_map(|slug| Format::ALL.map(|format| publish::path(slug, format)))
            .chain([OPML.to_owned()])
            .collect();
        let slugs: HashSet<&str> = slugs().collect();
        self.edition_table.retain(|path| paths.contains(path));
        self.channel_pages.retain(|slug| slugs.contains(slug));
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
        let view = Arc::new(settings.reader(&self.archive.reader).channel(channel, &settings.public_url).await?);
        let mut newest_page = self.archive.reader.newest_page(slug).await?;
        let same = rendered.channels.iter().find(|before| before.view == view);
        match same.filter(|before| before.newest_page == newest_page || rendered.behind.contains(slug)) {
            Some(before) => newest_page = before.newest_page,
            None => new.extend(self.editions(settings, channel, &view, newest_page).await),
        }
        Ok(RenderedChannel { channel: channel.clone(), view, newest_page })
    }

    /// Makes the archive pages that are due. Returns whether the editions must be checked again because of them.
    async fn cut(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        for channel in settings.channels.iter() {
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

    /// Returns the OPML list of configured feeds if it has changed.
    async fn list(&self, settings: &PublishSettings, before: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        let subscribed = self.archive.reader.subscriptions().await?;
        let title = settings.channels.first().map_or("", |all| all.title.as_str());
        let bytes = publish::opml::render(title, &subscribed.into_iter().map(subscription).collect::<Vec<_>>());
        Ok((before != Some(&bytes)).then_some(bytes))
    }

    /// Stores editions in the database, all in one transaction, and puts them into the edition table with the time when their
    /// bytes last changed.
    async fn put(&self, new: Vec<NewEdition>) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let kept = |NewEdition { path, edition, fingerprint }: &NewEdition| RenderedEdition {
            path: path.clone(),
            hash: edition.etag().to_owned().into_bytes(),
            packed: edition.packed().to_vec(),
            fingerprint: fingerprint.clone(),
        };
        let ArchiveRenderer { writer, clock, .. } = &self.archive;
        let changed = writer.editions(new.iter().map(kept).collect(), clock.now()).await?;
        self.edition_table.put(new.into_iter().zip(changed).map(|(new, last_modified)| ServedEdition {
            path: new.path,
            edition: new.edition,
            last_modified,
            policy: CachePolicy::Feed,
        }));
        Ok(())
    }

    /// Renders a channel's editions. If that fails, logs an error and returns none.
    async fn editions(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        view: &ChannelView,
        newest_page: Option<u32>,
    ) -> Vec<NewEdition> {
        self.channel_pages.put(view);
        let (view, budget) = (view.clone(), settings.budget);
        let made = tokio::task::spawn_blocking(move || editions(&publish::within(view, budget), newest_page)).await;
        let fingerprint = settings.fingerprint(Some(channel));
        match made {
            Ok(Ok(editions)) => editions
                .into_iter()
                .map(|(path, edition)| NewEdition { path, edition, fingerprint: fingerprint.clone() })
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
