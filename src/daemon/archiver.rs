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
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};

/// Most pages made in one turn, of all channels together; they take some ten milliseconds each. The pages of a large database are
/// made in several turns, and editions are rendered between them.
const PER_TURN: usize = 64;
/// Time after which a turn makes no further page.
const TURN: Duration = Duration::from_secs(1);

/// Most pages rendered again that wait to be stored. Others are rendered again for their next reader too.
const STORING: usize = 4;

/// What one turn may still make.
#[derive(Debug)]
pub(super) struct PageAllowance {
    pages: usize,
    until: Instant,
}

impl PageAllowance {
    /// Returns the allowance of a turn that begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self { pages: PER_TURN, until: now + TURN }
    }

    /// Returns whether another page may be made now.
    fn allows(&self, now: Instant) -> bool {
        self.pages > 0 && now < self.until
    }

    /// Counts a page that was made.
    fn count(&mut self) {
        self.pages = self.pages.saturating_sub(1);
    }
}

/// The pages of one channel that a turn made.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Number of pages made.
    pub made: usize,
    /// Whether more pages may be due.
    pub more: bool,
}

/// Makes the pages of a channel that are due, as far as the allowance goes.
pub(super) async fn page(
    archive_renderer: &ArchiveRenderer,
    channel: &Channel,
    settings: &PublishSettings,
    allowance: &mut PageAllowance,
) -> Result<Pages, StoreError> {
    let reader = settings.reader(&archive_renderer.reader);
    let mut made = 0;
    while allowance.allows(Clock::monotonic()) {
        let done = Pages { made, more: false };
        let unpaged = reader.unpaged(channel, channel.limit).await?;
        let Some(stories) = archive::cut(unpaged, channel.limit) else { return Ok(done) };
        let page = reader.archive_page(channel, stories, &settings.public_url).await?;
        let Some(mut page) = page else { return Ok(done) };
        let made_page = rendered(taken(&mut page.view), page.number, settings.budget).await;
        let Some((_, packed)) = made_page else { return Ok(done) };
        let ArchiveRenderer { writer, clock, .. } = archive_renderer;
        if !writer.archive(page, packed, settings.page_fingerprint(channel), clock.now()).await? {
            return Ok(done);
        }
        made += 1;
        allowance.count();
    }
    Ok(Pages { made, more: true })
}

/// Takes the stories out of a view: they may have megabytes.
fn taken(view: &mut ChannelView) -> ChannelView {
    let stories = std::mem::take(&mut view.stories);
    ChannelView { stories, ..view.clone() }
}

/// Renders a page. Returns it as it is and compressed. If that fails, logs an error and returns `None`.
async fn rendered(view: ChannelView, number: u32, budget: Budget) -> Option<(Vec<u8>, Vec<u8>)> {
    let slug = view.slug.clone();
    let made = tokio::task::spawn_blocking(move || {
        let atom = archive::render(&publish::within(view, budget), number).ok()?;
        let packed = archive::pack(&atom);
        Some((atom, packed))
    });
    let made = made.await.ok().flatten();
    if made.is_none() {
        tracing::error!(channel = %slug, number, "cannot render an archive page");
    }
    made
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
        let Some((atom, packed)) = rendered(taken(&mut page.view), number, settings.budget).await else {
            return Ok(ArchiveAnswer::Unknown);
        };
        self.store(page, packed, settings.page_fingerprint(channel), made);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_after_some_pages_or_some_time() {
        let start = Clock::monotonic();
        let mut allowance = PageAllowance::new(start);
        for _ in 0..PER_TURN {
            assert!(allowance.allows(start) && allowance.allows(start + Duration::from_millis(999)));
            assert!(!allowance.allows(start + TURN));
            allowance.count();
        }
        assert!(!allowance.allows(start));
    }
}
