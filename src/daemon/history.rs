//! Cuts what a channel has published into pages for subscribers who were away (RFC 5005), and keeps them as rendered.

use super::press::Press;
use crate::{model::Channel, publish::archive, store::StoreError};
use url::Url;

/// Pages of one channel made before its edition is rendered, some ten milliseconds each. Enough for the first visit to
/// hundreds of outlets, so that an edition does not change again because of its history alone; a larger file is paged
/// between editions.
const AT_ONCE: usize = 256;

/// Makes the pages that are due; whether some may be left.
pub(super) async fn page(press: &Press, channel: &Channel, public_url: &Url) -> Result<bool, StoreError> {
    for _ in 0..AT_ONCE {
        let unpaged = press.reader.unpaged(channel, channel.limit).await?;
        let Some(stories) = archive::cut(unpaged, channel.limit) else { return Ok(false) };
        let Some(leaf) = press.reader.leaf(channel, stories, public_url).await? else { return Ok(false) };
        let (view, number) = (leaf.view.clone(), leaf.number);
        let packed =
            tokio::task::spawn_blocking(move || Some(archive::pack(&archive::render(&view, number).ok()?))).await;
        let Ok(Some(packed)) = packed else {
            tracing::error!(channel = %channel.slug, number, "an archive page cannot be rendered");
            return Ok(false);
        };
        if !press.writer.archive(leaf, packed, press.clock.now()).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
