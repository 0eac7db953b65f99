//! Renders editions when their stories change: each change is read and rendered once, at most once per second.

mod lists;
mod rendered;
mod stored;
mod tables;

pub(super) use tables::{Shown, Tables};

use super::{
    archiver::{self, ArchiveRenderer, PageAllowance},
    publish_settings::PublishSettings,
};
use crate::{
    clock::Clock,
    model::{Audience, Channel, ChannelView, Readers},
    publish::{self, Edition, Format},
    push::Topics,
    serve::Health,
    store::{ChannelChanges, RenderedEdition, StoreError, TroubleLog},
};
use jiff::Timestamp;
use rendered::{NewEdition, Rendered, RenderedChannel, hash};
use std::{
    collections::HashSet,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::Duration,
};
use tables::{OPML, ServedDocument};
use tokio::sync::watch;
use url::Url;

/// Pause after rendering. While a thousand feeds are read for the first time, there are many commits per second.
const PAUSE: Duration = Duration::from_secs(1);

/// Additional pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

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

impl Publisher {
    /// Renders now, and again whenever the writer or a reload changes something, until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self, mut settings: watch::Receiver<PublishSettings>) -> Result<(), StoreError> {
        let mut commits = self.archive.writer.changed();
        let (mut rendered, mut trouble) = (Rendered::default(), TroubleLog::default());
        let first = settings.borrow().clone();
        match self.restore(&first).await {
            Err(error) if error.can_pass() => {
                tracing::error!(error = error.with_causes(), "cannot read the stored feeds; rendering them again");
            }
            restored => restored?,
        }
        loop {
            let changes = commits.borrow_and_update().clone();
            let now = settings.borrow_and_update().clone();
            let more = match self.render(&now, &changes, &mut rendered).await {
                Err(error) if error.can_pass() => {
                    if trouble.is_new(&error, self.archive.clock.now()) {
                        tracing::error!(
                            error = error.with_causes(),
                            "cannot render the feeds; serving the previous ones and trying again"
                        );
                    }
                    tokio::time::sleep(TROUBLE_PAUSE).await;
                    true
                }
                rendered => {
                    let more = rendered?;
                    if trouble.passed() {
                        tracing::info!("the feeds are rendered again");
                    }
                    more
                }
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
                for Shown { editions, pages } in
                    [Audience::Everyone, Audience::KeyHolder].map(|audience| self.tables.of(audience))
                {
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
        let lists = self.lists(settings, changes, rendered, &mut new).await?;
        self.take_down(settings, &channels);
        self.put(settings, new, rendered).await?;
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

    /// Makes archive pages that are due. Returns whether more are, or the editions must be checked again because of them.
    async fn cut(&self, settings: &PublishSettings, rendered: &mut Rendered) -> Result<bool, StoreError> {
        let (mut allowance, mut is_more) = (PageAllowance::new(Clock::monotonic()), false);
        for channel in settings.shown_channels() {
            let slug = channel.slug.as_str();
            if !rendered.uncut.contains(slug) {
                continue;
            }
            let pages = archiver::page(&self.archive, channel, settings, &mut allowance).await?;
            is_more |= pages.more || pages.made > 0;
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
        Ok(is_more)
    }

    /// Stores editions in the database, all in one transaction, and puts them into the edition table with the time when their
    /// bytes last changed. The database forgets editions that nobody is shown any more: one that comes back is rendered again, and
    /// its entity tag depends only on its bytes.
    async fn put(
        &self,
        settings: &PublishSettings,
        new: Vec<NewEdition>,
        rendered: &mut Rendered,
    ) -> Result<(), StoreError> {
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
        let shown = stored::names(settings);
        let others = (rendered.kept != shown).then(|| shown.clone());
        let changed = writer.editions(new.iter().map(kept).collect(), others, clock.now()).await?;
        rendered.kept = shown;
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
        let pages: Vec<_> =
            settings.audiences(channel).iter().map(|audience| Arc::clone(&self.tables.of(*audience).pages)).collect();
        // A channel with a token is no part of what other readers browse.
        let is_unlisted = matches!(channel.readers, Readers::HoldersOf(_));
        let put = move |view: &ChannelView| {
            for pages in &pages {
                if is_unlisted { pages.put_unlisted(view) } else { pages.put(view) }
            }
        };
        let (budget, hub) = (settings.budget, settings.hub_of(channel));
        let render = move || {
            // The editions do not depend on the pages.
            if panic::catch_unwind(AssertUnwindSafe(|| put(&view))).is_err() {
                tracing::error!(channel = %view.slug, "making a page panicked (a bug in Warraq); serving the previous one");
            }
            editions(&publish::within(view, budget), newest_page, hub.as_ref())
        };
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

/// Renders a channel's editions, with their paths. This takes some milliseconds of CPU time.
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
