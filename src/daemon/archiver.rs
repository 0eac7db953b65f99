//! Makes archive pages (RFC 5005) of what a channel has published, and stores them as rendered.

use super::publish_settings::PublishSettings;
use crate::{
    clock::Clock,
    model::{Channel, ChannelView},
    publish::{self, Budget, archive},
    serve::ArchiveAnswer,
    store::{ArchiveLookup, ArchivePage, Reader, StoreError, Writer},
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Most pages of one channel made in one step, which take some ten milliseconds each. The pages of a large database are made in
/// several steps, with a check of the editions between them.
const AT_ONCE: usize = 64;

/// Most pages rendered again that wait to be stored. Others are rendered again for their next reader too.
const STORING: usize = 4;

/// The result of one step.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Number of pages made.
    pub made: usize,
    /// Whether more pages may be due.
    pub more: bool,
}

/// Makes the pages of a channel that are due, at most [`AT_ONCE`].
pub(super) async fn page(
    archive_renderer: &ArchiveRenderer,
    channel: &Channel,
    settings: &PublishSettings,
) -> Result<Pages, StoreError> {
    let reader = settings.reader(&archive_renderer.reader);
    for made in 0..AT_ONCE {
        let done = Pages { made, more: false };
        let unpaged = reader.unpaged(channel, channel.limit).await?;
        let Some(stories) = archive::cut(unpaged, channel.limit) else { return Ok(done) };
        let page = reader.archive_page(channel, stories, &settings.public_url).await?;
        let Some(mut page) = page else { return Ok(done) };
        let Some(atom) = rendered(taken(&mut page.view), page.number, settings.budget).await else { return Ok(done) };
        let packed = archive::pack(&atom);
        let ArchiveRenderer { writer, clock, .. } = archive_renderer;
        if !writer.archive(page, packed, settings.page_fingerprint(channel), clock.now()).await? {
            return Ok(done);
        }
    }
    Ok(Pages { made: AT_ONCE, more: true })
}

/// Takes the stories out of a view: they may have megabytes.
fn taken(view: &mut ChannelView) -> ChannelView {
    let stories = std::mem::take(&mut view.stories);
    ChannelView { stories, ..view.clone() }
}

/// Renders a page. If that fails, logs an error and returns `None`.
async fn rendered(view: ChannelView, number: u32, budget: Budget) -> Option<Vec<u8>> {
    let slug = view.slug.clone();
    let made = tokio::task::spawn_blocking(move || archive::render(&publish::within(view, budget), number)).await;
    let atom = made.ok().and_then(Result::ok);
    if atom.is_none() {
        tracing::error!(channel = %slug, number, "cannot render an archive page");
    }
    atom
}

/// What is needed to serve archive pages.
#[derive(Clone)]
pub(super) struct ArchiveRenderer {
    pub reader: Reader,
    pub writer: Writer,
    pub clock: Clock,
    storing: Arc<Semaphore>,
}

impl ArchiveRenderer {
    /// Creates the renderer.
    pub(super) fn new(reader: Reader, writer: Writer, clock: Clock) -> Self {
        Self { reader, writer, clock, storing: Arc::new(Semaphore::new(STORING)) }
    }

    /// Returns an archive page of a channel. A page that was rendered by other rules or settings is rendered again.
    pub(super) async fn page(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        number: u32,
    ) -> Result<ArchiveAnswer, StoreError> {
        Ok(match self.reader.archived(channel.slug.as_str(), number, &settings.page_fingerprint(channel)).await? {
            ArchiveLookup::Page { packed, made } => {
                archive::unpack(&packed).map_or(ArchiveAnswer::Gone, |atom| ArchiveAnswer::Page { atom, made })
            }
            ArchiveLookup::Stale => return self.again(settings, channel, number).await,
            ArchiveLookup::NotYet => ArchiveAnswer::NotYet,
            ArchiveLookup::Gone => ArchiveAnswer::Gone,
            ArchiveLookup::Unknown => ArchiveAnswer::Unknown,
        })
    }

    async fn again(
        &self,
        settings: &PublishSettings,
        channel: &Channel,
        number: u32,
    ) -> Result<ArchiveAnswer, StoreError> {
        let mut page = settings.reader(&self.reader).archive_page_again(channel, number, &settings.public_url).await?;
        let (made, is_gone) = (self.clock.now(), page.view.stories.is_empty());
        let Some(atom) = rendered(taken(&mut page.view), number, settings.budget).await else {
            return Ok(ArchiveAnswer::Unknown);
        };
        self.store(page, archive::pack(&atom), settings.page_fingerprint(channel), made);
        Ok(if is_gone { ArchiveAnswer::Gone } else { ArchiveAnswer::Page { atom, made } })
    }

    /// Has a page stored that was rendered again. Its reader does not wait for the writer, which waits as long as the database
    /// cannot be written.
    fn store(&self, page: ArchivePage, packed: Vec<u8>, fingerprint: String, made: Timestamp) {
        if self.writer.trouble().is_some() {
            return;
        }
        let Ok(place) = Arc::clone(&self.storing).try_acquire_owned() else { return };
        let writer = self.writer.clone();
        tokio::spawn(async move {
            // The writer's own error says why it failed.
            drop(writer.archive(page, packed, fingerprint, made).await);
            drop(place);
        });
    }
}
