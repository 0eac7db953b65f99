//! Cuts what a channel has published into pages for subscribers who were away (RFC 5005), and keeps them as rendered.

use super::press::{Imprint, Press};
use crate::{
    clock::Clock,
    model::{Channel, ChannelView},
    publish::{self, Budget, archive},
    serve::Archived,
    store::{Reader, Shelved, StoreError, Writer},
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
pub(super) async fn page(press: &Press, channel: &Channel, imprint: &Imprint) -> Result<Pages, StoreError> {
    let reader = imprint.reader(&press.reader);
    for made in 0..AT_ONCE {
        let done = Pages { made, more: false };
        let unpaged = reader.unpaged(channel, channel.limit).await?;
        let Some(stories) = archive::cut(unpaged, channel.limit) else { return Ok(done) };
        let Some(leaf) = reader.leaf(channel, stories, &imprint.public_url).await? else { return Ok(done) };
        let Some(atom) = rendered(leaf.view.clone(), leaf.number, imprint.budget).await else { return Ok(done) };
        let packed = archive::pack(&atom);
        if !press.writer.archive(leaf, packed, imprint.page_fingerprint(), press.clock.now()).await? {
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
        tracing::error!(channel = %slug, number, "an archive page cannot be rendered");
    }
    atom
}

/// The hands that a question for an archive page needs.
#[derive(Clone)]
pub(super) struct Archivist {
    pub reader: Reader,
    pub writer: Writer,
    pub clock: Clock,
}

impl Archivist {
    /// A page of a channel's history; one that was rendered by other rules or settings is rendered anew.
    pub(super) async fn page(&self, imprint: &Imprint, slug: &str, number: u32) -> Result<Archived, StoreError> {
        Ok(match self.reader.archived(slug, number, &imprint.page_fingerprint()).await? {
            Shelved::Page { packed, made } => {
                archive::unpack(&packed).map_or(Archived::Gone, |atom| Archived::Page { atom, made })
            }
            Shelved::Stale => return self.again(imprint, slug, number).await,
            Shelved::NotYet => Archived::NotYet,
            Shelved::Gone => Archived::Gone,
            Shelved::Unknown => Archived::Unknown,
        })
    }

    async fn again(&self, imprint: &Imprint, slug: &str, number: u32) -> Result<Archived, StoreError> {
        let Some(channel) = imprint.channel(slug) else { return Ok(Archived::Unknown) };
        let leaf = imprint.reader(&self.reader).leaf_again(channel, number, &imprint.public_url).await?;
        let (made, is_gone) = (self.clock.now(), leaf.view.stories.is_empty());
        let Some(atom) = rendered(leaf.view.clone(), number, imprint.budget).await else {
            return Ok(Archived::Unknown);
        };
        self.writer.archive(leaf, archive::pack(&atom), imprint.page_fingerprint(), made).await?;
        Ok(if is_gone { Archived::Gone } else { Archived::Page { atom, made } })
    }
}
