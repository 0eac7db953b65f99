//! Renders editions when their stories change: one reading and one rendering a change, at most one a second.

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

/// Pause after a rendering: while a thousand feeds are read for the first time, commits come many times a second.
const PAUSE: Duration = Duration::from_secs(1);

/// Further pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Where the list of configured feeds is.
const OPML: &str = "/opml";

/// The publisher and its hands.
pub(super) struct Publisher {
    /// Reads channels, keeps editions and pages, knows the time.
    pub archive: ArchiveRenderer,
    /// Where editions go.
    pub edition_table: Arc<EditionTable>,
    /// Where pages take stories from.
    pub channel_pages: Arc<ChannelPages>,
    /// Learns that editions are rendered.
    pub health: Arc<Health>,
}

/// What was rendered last.
#[derive(Default)]
struct Rendered {
    /// By which rules and settings.
    fingerprint: String,
    /// Commits that had changed channels by then.
    commits: u64,
    channels: Vec<RenderedChannel>,
    /// Channels whose history is not cut to its end yet: their editions do not change for each page.
    behind: HashSet<String>,
    /// The list of feeds.
    list: Option<Vec<u8>>,
}

/// A channel as it was rendered last.
struct RenderedChannel {
    channel: Channel,
    view: Arc<ChannelView>,
    /// The newest page of its history that its editions name.
    newest_page: Option<u32>,
}

/// An edition that is to be kept and put up.
struct NewEdition {
    path: String,
    edition: Edition,
    /// By which rules and settings it was rendered.
    fingerprint: String,
}

impl Publisher {
    /// Renders now, and whenever the writer or a reload changes something, until dropped.
    ///
    /// # Errors
    /// When the store has failed.
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
                // The writer has an error of its own, which is why.
                change = commits.changed() => change.map_err(|_| StoreError::WriterGone)?,
                reload = settings.changed() => if reload.is_err() { return Ok(()) },
            }
        }
    }

    /// Puts up the editions that were kept, `all` first, as far as they were rendered by today's rules and settings.
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

    /// Puts up an edition that was kept; whether there was one.
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

    /// Renders every channel that commits have changed and whose view is not that of last time; takes down those that are no
    /// more; keeps all new editions in one transaction; then cuts pages that are due. Whether there is more to do without a
    /// change.
    async fn render(
        &self,
        settings: &PublishSettings,
        changes: &ChannelChanges,
        rendered: &mut Rendered,
    ) -> Result<bool, StoreError> {
        let fingerprint = settings.fingerprint(None);
        if rendered.fingerprint != fingerprint {
            *rendered = Rendered { fingerprint, ..Rendered::default() };
        }
        let (mut channels, mut new) = (Vec::with_capacity(settings.channels.len()), Vec::new());
        for channel in settings.channels.iter() {
            channels.push(self.channel(settings, changes, channel, rendered, &mut new).await?);
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
        self.health.rendered();
        self.cut(settings, rendered).await
    }

    /// Takes down what belongs to no channel any more.
    fn take_down(&self, channels: &[RenderedChannel]) {
        let slugs = || channels.iter().map(|rendered| rendered.view.slug.as_str());
        let mut paths: Vec<String> =
            slugs().flat_map(|slug| Format::ALL.map(|format| publish::path(slug, format))).collect();
        paths.push(OPML.to_owned());
        self.edition_table.retain(|path| paths.iter().any(|p| p == path));
        self.channel_pages.retain(|slug| slugs().any(|s| s == slug));
    }

    /// Renders a channel, unless nothing changed; what its editions show now.
    async fn channel(
        &self,
        settings: &PublishSettings,
        changes: &ChannelChanges,
        channel: &Channel,
        rendered: &Rendered,
        new: &mut Vec<NewEdition>,
    ) -> Result<RenderedChannel, StoreError> {
        let slug = channel.slug.as_str();
        let untouched = rendered
            .channels
            .iter()
            .find(|before| before.channel == *channel && !changes.touched_since(slug, rendered.commits));
        let view = match untouched {
            Some(before) => Arc::clone(&before.view),
            None => Arc::new(settings.reader(&self.archive.reader).channel(channel, &settings.public_url).await?),
        };
        let mut newest_page = self.archive.reader.newest_page(slug).await?;
        let same = rendered.channels.iter().find(|before| before.view == view);
        match same.filter(|before| before.newest_page == newest_page || rendered.behind.contains(slug)) {
            Some(before) => newest_page = before.newest_page,
            None => new.extend(self.editions(settings, channel, &view, newest_page).await),
        }
        Ok(RenderedChannel { channel: channel.clone(), view, newest_page })
    }

    /// Cuts archive pages that are due; whether the editions have to be looked at again for it.
    async fn cut(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        let mut again = false;
        rendered.behind.clear();
        for channel in settings.channels.iter() {
            let pages = archiver::page(&self.archive, channel, settings).await?;
            again |= pages.made > 0;
            if pages.more {
                rendered.behind.insert(channel.slug.to_string());
            }
        }
        Ok(again)
    }

    /// The list of configured feeds, when it is not that of last time.
    async fn list(&self, settings: &PublishSettings, before: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        let subscribed = self.archive.reader.subscriptions().await?;
        let title = settings.channels.first().map_or("", |all| all.title.as_str());
        let bytes = publish::opml::render(title, &subscribed.into_iter().map(subscription).collect::<Vec<_>>());
        Ok((before != Some(&bytes)).then_some(bytes))
    }

    /// Keeps editions in the database, all in one transaction, and puts them up, with the instant at which their bytes last
    /// changed.
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

    /// A channel's editions; none, with a word in the log, when they cannot be rendered.
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

/// A channel's editions with their paths. CPU work: milliseconds.
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
