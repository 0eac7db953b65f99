//! Renders editions when their stories change: one reading and one rendering a change, at most one a second.

use crate::{
    clock::Clock,
    model::{Channel, ChannelView},
    publish::{self, Coding, Edition, Format},
    serve::{Health, Policy, Rivers, Shelf, Shelved},
    store::{Reader, StoreError, Writer},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use url::Url;

/// Pause after a rendering: while a thousand feeds are read for the first time, commits come many times a second.
const PAUSE: Duration = Duration::from_secs(1);

/// What is published: replaced as a whole by a reload.
#[derive(Debug, Clone)]
pub struct Imprint {
    /// Base of every own address.
    pub public_url: Url,
    /// `all` first.
    pub channels: Arc<Vec<Channel>>,
}

/// The press and its hands.
pub struct Press {
    /// Reads channels.
    pub reader: Reader,
    /// Notes when bytes changed.
    pub writer: Writer,
    /// Where editions go.
    pub shelf: Arc<Shelf>,
    /// Where pages take stories from.
    pub rivers: Arc<Rivers>,
    /// Learns that editions are rendered.
    pub health: Arc<Health>,
    /// For Last-Modified.
    pub clock: Clock,
}

impl Press {
    /// Renders now, and whenever the writer or a reload changes something, until dropped.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn run(self, mut imprint: watch::Receiver<Imprint>) -> Result<(), StoreError> {
        let mut changed = self.writer.changed();
        let mut rendered: Vec<ChannelView> = Vec::new();
        loop {
            changed.borrow_and_update();
            let now = imprint.borrow_and_update().clone();
            self.render(&now, &mut rendered).await?;
            tokio::time::sleep(PAUSE).await;
            let gone = tokio::select! {
                change = changed.changed() => change.is_err(),
                reload = imprint.changed() => reload.is_err(),
            };
            if gone {
                return Ok(());
            }
        }
    }

    /// Renders every channel whose view is not that of last time; takes down those that are no more.
    async fn render(&self, imprint: &Imprint, rendered: &mut Vec<ChannelView>) -> Result<(), StoreError> {
        let mut views = Vec::with_capacity(imprint.channels.len());
        for channel in imprint.channels.iter() {
            let view = self.reader.channel(channel, &imprint.public_url).await?;
            if !rendered.contains(&view) {
                self.publish(view.clone()).await?;
            }
            views.push(view);
        }
        let paths: Vec<String> =
            views.iter().flat_map(|v| Format::ALL.map(|format| publish::path(&v.slug, format))).collect();
        self.shelf.retain(|path| paths.iter().any(|p| p == path));
        self.rivers.retain(|slug| views.iter().any(|v| v.slug == slug));
        *rendered = views;
        self.health.rendered();
        Ok(())
    }

    async fn publish(&self, view: ChannelView) -> Result<(), StoreError> {
        self.rivers.put(&view);
        let made = tokio::task::spawn_blocking(move || editions(&view)).await;
        let editions = match made {
            Ok(Ok(editions)) => editions,
            Ok(Err(error)) => {
                tracing::error!(%error, "an edition cannot be rendered: its channel's address is none");
                return Ok(());
            }
            Err(_) => {
                tracing::error!("rendering an edition failed; the last one stays up");
                return Ok(());
            }
        };
        let mut shelved = Vec::with_capacity(editions.len());
        for (path, edition) in editions {
            let tag = edition.coded(Coding::Identity).etag.clone().into_bytes();
            let last_modified = self.writer.edition(path.clone(), tag, self.clock.now()).await?;
            shelved.push(Shelved { path, edition, last_modified, policy: Policy::Feed });
        }
        self.shelf.put(shelved);
        Ok(())
    }
}

/// A channel's editions with their paths. CPU work: milliseconds.
fn editions(view: &ChannelView) -> Result<Vec<(String, Edition)>, url::ParseError> {
    Format::ALL
        .into_iter()
        .map(|format| Ok((publish::path(&view.slug, format), publish::edition(view, format)?)))
        .collect()
}
