//! Renders editions when their stories change: one reading and one rendering a change, at most one a second.

use super::history;
use crate::{
    clock::Clock,
    config::Config,
    model::{Channel, ChannelView},
    publish::{self, Edition, Format, opml::Subscription},
    serve::{Health, Policy, Rivers, Shelf, Shelved},
    store::{Reader, StoreError, Subscribed, Writer},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use url::Url;

/// Pause after a rendering: while a thousand feeds are read for the first time, commits come many times a second.
const PAUSE: Duration = Duration::from_secs(1);

/// Further pause after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Where the list of configured feeds is.
const OPML: &str = "/opml";

/// What is published: replaced as a whole by a reload.
#[derive(Debug, Clone)]
pub struct Imprint {
    /// Base of every own address.
    pub public_url: Url,
    /// `all` first.
    pub channels: Arc<Vec<Channel>>,
    /// Whether pages show pictures.
    pub images: bool,
}

impl Imprint {
    /// What this configuration publishes at this address.
    #[must_use]
    pub fn of(config: &Config, public_url: Url) -> Self {
        Self { public_url, channels: Arc::new(config.channels.clone()), images: config.server.images }
    }
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

/// What was rendered last.
#[derive(Default)]
struct Rendered {
    /// Each channel, and the newest page of its history.
    views: Vec<(ChannelView, Option<u32>)>,
    /// The list of feeds.
    list: Option<Vec<u8>>,
}

impl Press {
    /// Renders now, and whenever the writer or a reload changes something, until dropped.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn run(self, mut imprint: watch::Receiver<Imprint>) -> Result<(), StoreError> {
        let mut changed = self.writer.changed();
        let mut rendered = Rendered::default();
        loop {
            changed.borrow_and_update();
            let now = imprint.borrow_and_update().clone();
            let more = match self.render(&now, &mut rendered).await {
                Err(error) if error.can_pass() => {
                    tracing::error!(%error, "cannot render the feeds; the last ones are served, trying again");
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
                change = changed.changed() => change.map_err(|_| StoreError::WriterGone)?,
                reload = imprint.changed() => if reload.is_err() { return Ok(()) },
            }
        }
    }

    /// Renders every channel whose view is not that of last time; takes down those that are no more. Whether there is
    /// more to do without a change.
    async fn render(&self, imprint: &Imprint, rendered: &mut Rendered) -> Result<bool, StoreError> {
        let (mut views, mut more) = (Vec::with_capacity(imprint.channels.len()), false);
        for channel in imprint.channels.iter() {
            more |= history::page(self, channel, &imprint.public_url).await?;
            let view = self.reader.channel(channel, &imprint.public_url).await?;
            let newest = self.reader.newest_page(channel.slug.as_str()).await?;
            let view = (view, newest);
            if !rendered.views.contains(&view) {
                self.publish(view.0.clone(), newest).await?;
            }
            views.push(view);
        }
        let slugs = || views.iter().map(|(view, _)| view.slug.as_str());
        let mut paths: Vec<String> =
            slugs().flat_map(|slug| Format::ALL.map(|format| publish::path(slug, format))).collect();
        paths.push(OPML.to_owned());
        self.shelf.retain(|path| paths.iter().any(|p| p == path));
        self.rivers.retain(|slug| slugs().any(|s| s == slug));
        self.list(imprint, &mut rendered.list).await?;
        rendered.views = views;
        self.health.rendered();
        Ok(more)
    }

    /// Puts the list of configured feeds on the shelf, when it is not that of last time.
    async fn list(&self, imprint: &Imprint, listed: &mut Option<Vec<u8>>) -> Result<(), StoreError> {
        let subscribed = self.reader.subscriptions().await?;
        let title = imprint.channels.first().map_or("", |all| all.title.as_str());
        let bytes = publish::opml::render(title, &subscribed.into_iter().map(subscription).collect::<Vec<_>>());
        if listed.as_ref() != Some(&bytes) {
            let edition = Edition::new(bytes.clone(), publish::opml::MEDIA_TYPE);
            let shelved = self.dated(OPML.to_owned(), edition).await?;
            self.shelf.put([shelved]);
            *listed = Some(bytes);
        }
        Ok(())
    }

    /// An edition with the instant at which its bytes last changed.
    async fn dated(&self, path: String, edition: Edition) -> Result<Shelved, StoreError> {
        let tag = edition.etag().to_owned().into_bytes();
        let last_modified = self.writer.edition(path.clone(), tag, self.clock.now()).await?;
        Ok(Shelved { path, edition, last_modified, policy: Policy::Feed })
    }

    async fn publish(&self, view: ChannelView, newest_page: Option<u32>) -> Result<(), StoreError> {
        self.rivers.put(&view);
        let made = tokio::task::spawn_blocking(move || editions(&view, newest_page)).await;
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
            shelved.push(self.dated(path, edition).await?);
        }
        self.shelf.put(shelved);
        Ok(())
    }
}

/// A channel's editions with their paths. CPU work: milliseconds.
fn editions(view: &ChannelView, newest_page: Option<u32>) -> Result<Vec<(String, Edition)>, url::ParseError> {
    Format::ALL
        .into_iter()
        .map(|format| Ok((publish::path(&view.slug, format), publish::edition_after(view, format, newest_page)?)))
        .collect()
}

fn subscription(feed: Subscribed) -> Subscription {
    let Subscribed { outlet_name, title, url, link, language, tags } = feed;
    Subscription { outlet_name, feed_title: title, feed_url: url, page: link, language, tags }
}
