//! Cuts what a channel has published into pages for subscribers who were away (RFC 5005), and keeps them as rendered.

use super::publish_settings::PublishSettings;
use crate::{
    clock::Clock,
    model::{Channel, ChannelView},
    publish::{self, Budget, archive},
    serve::ArchiveAnswer,
    store::{ArchiveLookup, Reader, StoreError, Writer},
};

/// Pages of one channel made between two looks at the editions, some ten milliseconds each: a large file is paged in steps.
const AT_ONCE: usize = 64;

/// What one step made of a channel's history.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Pages made.
    pub made: usize,
    /// Whether some may be left.
    pub more: bool,
}

/// Makes the pages that are due, at most [`AT_ONCE`].
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
        let Some(page) = reader.archive_page(channel, stories, &settings.public_url).await? else { return Ok(done) };
        let Some(atom) = rendered(page.view.clone(), page.number, settings.budget).await else { return Ok(done) };
        let packed = archive::pack(&atom);
        let ArchiveRenderer { writer, clock, .. } = archive_renderer;
        if !writer.archive(page, packed, settings.page_fingerprint(), clock.now()).await? {
            return Ok(done);
        }
    }
    Ok(Pages { made: AT_ONCE, more: true })
}

/// A page's document; `None`, with a word in the log, when it cannot be rendered.
async fn rendered(view: ChannelView, number: u32, budget: Budget) -> Option<Vec<u8>> {
    let slug = view.slug.clone();
    let made = tokio::task::spawn_blocking(move || archive::render(&publish::within(view, budget), number)).await;
    let atom = made.ok().and_then(Result::ok);
    if atom.is_none() {
        tracing::error!(channel = %slug, number, "cannot render an archive page");
    }
    atom
}

/// The hands that a question for an archive page needs.
#[derive(Clone)]
pub(super) struct ArchiveRenderer {
    pub reader: Reader,
    pub writer: Writer,
    pub clock: Clock,
}

impl ArchiveRenderer {
    /// A page of a channel's history; one that was rendered by other rules or settings is rendered anew.
    pub(super) async fn page(
        &self,
        settings: &PublishSettings,
        slug: &str,
        number: u32,
    ) -> Result<ArchiveAnswer, StoreError> {
        Ok(match self.reader.archived(slug, number, &settings.page_fingerprint()).await? {
            ArchiveLookup::Page { packed, made } => {
                archive::unpack(&packed).map_or(ArchiveAnswer::Gone, |atom| ArchiveAnswer::Page { atom, made })
            }
            ArchiveLookup::Stale => return self.again(settings, slug, number).await,
            ArchiveLookup::NotYet => ArchiveAnswer::NotYet,
            ArchiveLookup::Gone => ArchiveAnswer::Gone,
            ArchiveLookup::Unknown => ArchiveAnswer::Unknown,
        })
    }

    async fn again(&self, settings: &PublishSettings, slug: &str, number: u32) -> Result<ArchiveAnswer, StoreError> {
        let Some(channel) = settings.channel(slug) else { return Ok(ArchiveAnswer::Unknown) };
        let page = settings.reader(&self.reader).leaf_again(channel, number, &settings.public_url).await?;
        let (made, is_gone) = (self.clock.now(), page.view.stories.is_empty());
        let Some(atom) = rendered(page.view.clone(), number, settings.budget).await else {
            return Ok(ArchiveAnswer::Unknown);
        };
        self.writer.archive(page, archive::pack(&atom), settings.page_fingerprint(), made).await?;
        Ok(if is_gone { ArchiveAnswer::Gone } else { ArchiveAnswer::Page { atom, made } })
    }
}
