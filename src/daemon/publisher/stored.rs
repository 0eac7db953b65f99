//! The stored editions, which are served after a start until they are rendered again.

use super::{
    Publisher,
    tables::{OPML, ServedDocument},
};
use crate::{
    daemon::publish_settings::PublishSettings,
    model::Channel,
    publish::{self, Edition, Format},
    store::StoreError,
};

impl Publisher {
    /// Puts the stored editions into the edition table, `all` first, if they were rendered by the current rules and settings.
    pub(super) async fn restore(&self, settings: &PublishSettings) -> Result<(), StoreError> {
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
}

/// Returns the names under which the database keeps what is shown to anybody.
pub(super) fn names(settings: &PublishSettings) -> Vec<String> {
    let documents = settings.shown_channels().flat_map(|channel| {
        let formats = Format::ALL.map(|format| publish::path(channel.public_slug(), format));
        let list = (channel.public_slug() == Channel::ALL).then(|| OPML.to_owned());
        formats.into_iter().chain(list).map(|path| ServedDocument::of(settings, channel, path).kept_as())
    });
    documents.collect()
}
