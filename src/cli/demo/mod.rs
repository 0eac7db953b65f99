//! The outlets that `warraq demo` polls: invented for it and served by it on loopback, so that a newcomer sees all of Warraq at
//! work without a network. News appears step by step: what an outlet lists is a pure function of a step counter, which follows
//! the caller's [`Clock`].
//!
//! Nothing here is real: the outlets, the people and the events are made up. The towns that are named had no part in it.

mod bulletin;
mod document;
mod loopback;
mod picture;
mod report;
mod script;
#[cfg(test)]
mod tests;
mod ticker;
mod verb;

pub use document::{document, illustration, page};
pub use report::{DemoFeed, DemoReport};
pub use script::{DemoOutlet, DemoScript};
pub(super) use verb::demo;

use crate::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// Time between two steps. About this often a report appears or is edited.
pub const STEP: SignedDuration = SignedDuration::from_secs(3);

/// When the demo began, and where its outlets are.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Time of step 0.
    pub began: Timestamp,
    /// Base of all addresses of the outlets, ending in a slash.
    pub base: Url,
}

impl Stage {
    /// Returns the step at this time.
    #[must_use]
    pub fn step(&self, now: Timestamp) -> u64 {
        u64::try_from(now.duration_since(self.began).as_secs() / STEP.as_secs()).unwrap_or(0)
    }

    /// Returns when a step begins.
    #[must_use]
    pub fn at(&self, step: u64) -> Timestamp {
        let seconds = i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(STEP.as_secs());
        self.began.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(self.began)
    }
}

/// The running outlets. Dropping it stops the server.
#[derive(Debug)]
pub struct Demo {
    script: Arc<DemoScript>,
    stage: Stage,
    server: JoinHandle<()>,
}

impl Demo {
    /// Starts the outlets on a free port of loopback, at step 0.
    ///
    /// # Errors
    /// When no port of loopback can be bound.
    pub async fn start(clock: &Clock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = Url::parse(&format!("http://{}/", listener.local_addr()?)).map_err(io::Error::other)?;
        let (script, stage) = (Arc::new(DemoScript::written()), Stage { began: clock.now(), base });
        let server = tokio::spawn(loopback::serve(listener, script.clone(), stage.clone(), clock.clone()));
        Ok(Self { script, stage, server })
    }

    /// Returns a complete configuration for these outlets, as TOML. Warraq listens on `listen` and keeps its database in
    /// `database`.
    #[must_use]
    pub fn configuration(&self, listen: SocketAddr, database: &Path) -> String {
        configuration(&self.script, &self.stage.base, listen, database)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Quotes a string for TOML; strings of JSON are valid there.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn configuration(script: &DemoScript, base: &Url, listen: SocketAddr, database: &Path) -> String {
    let mut text = format!(
        "# Written by `warraq demo`: invented outlets on this machine.\n\
         [server]\nlisten = \"{listen}\"\n\n\
         [database]\npath = {}\n\n\
         [fetch]\nallow_networks = [\"127.0.0.0/8\"]\ntimeout = \"5s\"\nper_host = 4\nhost_pause = \"20ms\"\n\n\
         [schedule]\ndefault = \"every 2s\"\n",
        quoted(&database.to_string_lossy())
    );
    for outlet in &script.outlets {
        let feeds: Vec<_> = outlet.feeds.iter().map(|feed| quoted(&format!("{base}{}", feed.address()))).collect();
        let tags: Vec<_> = outlet.tags.iter().map(|tag| quoted(tag)).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n[[outlet]]\nslug = {}\nname = {}\nlanguage = {}\ntime_zone = \"Africa/Casablanca\"\ntags = [{}]\nfeeds = [{}]\n",
            quoted(outlet.slug),
            quoted(outlet.name),
            quoted(outlet.language),
            tags.join(", "),
            feeds.join(", ")
        );
    }
    text + CHANNELS
}

/// The channels of the demo.
const CHANNELS: &str = r#"
[[channel]]
slug = "all"
title = "ورّاق · Warraq"

[[channel]]
slug = "arabic"
title = "بالعربية"
languages = ["ar"]

[[channel]]
slug = "francais"
title = "En français"
languages = ["fr"]

[[channel]]
slug = "newspapers"
title = "The agency first"
tags = ["newspaper", "agency"]
prefer = ["waha"]

[[channel]]
slug = "front-page"
title = "Carried by several outlets"
min_outlets = 2
"#;
