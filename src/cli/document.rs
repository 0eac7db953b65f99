//! `warraq inspect` and `warraq discover`: read one document from a file or an address, without configuration or database.

use super::{
    CliError, inspect,
    out::{counted, written},
    probe::{self, Answer, FoundFeed, ProbeError},
};
use crate::{
    fetch::{Cookies, FetchLimits, Fetcher},
    model::{DocumentFormat, Fault, FeedUrl, Network, ParsedFeed, uri::shown_within},
    parse::{Announced, ParseContext},
};
use anyhow::{Context as _, anyhow};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};
use url::Url;

/// Maximum size of a file, in bytes: the default of `[fetch] max_body`.
const FILE_MAX: u64 = 10_000_000;

/// The document that the command line names.
pub(super) struct InputArgs {
    /// Path of a file, or an http(s) address.
    pub place: String,
    /// Address that relative addresses in the document are resolved against.
    pub base: Option<Url>,
    /// Value of its Content-Type header.
    pub content_type: Option<String>,
}

/// Prints how Warraq reads a document. Fails with the reason (exit code 1) if it is not a feed.
pub(super) async fn inspect(named: InputArgs, as_json: bool) -> Result<(), CliError> {
    let of_web = is_address(&named.place);
    let place = named.place.clone();
    let read = match get(named).await? {
        Ok(got) => match got.read() {
            // A poll would follow the page's announcement too.
            Err(error @ ProbeError { fault: Fault::Html | Fault::NotAFeed(_), .. }) if of_web => {
                follow(&place, &got, error).await?
            }
            read => read,
        },
        Err(error) => Err(error),
    };
    let mut out = std::io::stdout().lock();
    match read {
        Ok(feed) if as_json => written(writeln!(out, "{}", inspect::inspect_json(&feed)))?,
        Ok(feed) => written(write!(out, "{}", inspect::inspect_text(&feed)))?,
        Err(error) => {
            if as_json {
                // Whether or not this can be written, the document is not a feed.
                let _ = writeln!(out, "{}", inspect::fault_json(&error.fault, error.moved_to.as_ref()));
            }
            return Err(CliError::with_hint(anyhow!("{}: {error}", shown_within(&place)), inspect::hint(&error.fault)));
        }
    }
    Ok(())
}

/// Reads the first feed or news sitemap that a page, its site or an index of sitemaps leads to, and reports its address.
async fn follow(place: &str, page: &Answer, error: ProbeError) -> Result<Result<ParsedFeed, ProbeError>, CliError> {
    let (fetcher, url) = (fetcher()?, address(place)?);
    let Some(found) = probe::behind(&fetcher, &url, page).await else { return Ok(Err(error)) };
    let what = if found.url == url {
        "the address is an index of sitemaps; reading its first news sitemap".to_owned()
    } else {
        format!("the address is a web page; reading the feed it announces: {}", found.url)
    };
    written(writeln!(std::io::stderr(), "{what}"))?;
    Ok(Ok(found.feed))
}

/// Returns whether the place is an address and not a file. Other schemes count too: [`address`] refuses them in words.
fn is_address(place: &str) -> bool {
    place.contains("://") && !Path::new(place).exists()
}

fn address(place: &str) -> Result<FeedUrl, CliError> {
    FeedUrl::parse(place).map_err(|error| CliError::Usage(format!("{:?}: {error}", shown_within(place))))
}

/// Prints the feeds that a page announces, one per line, or the news sitemap of its site if it announces none.
pub(super) async fn discover(place: String) -> Result<(), CliError> {
    let named = InputArgs { place: place.clone(), base: None, content_type: None };
    let got = get(named).await?.map_err(|error| anyhow!("{error}"))?;
    let mut out = std::io::stdout().lock();
    if let Ok(feed) = got.read() {
        return written(writeln!(
            out,
            "{place}\tthis address is itself a feed, with {}",
            counted(feed.listed.len(), "entry", "entries")
        ));
    }
    let announced =
        if is_address(&place) { probe::beyond(&fetcher()?, got.announced()).await } else { got.announced() };
    for Announced { url, title, media_type, .. } in &announced {
        let (title, media_type) = (title.as_deref().unwrap_or("-"), media_type.as_deref().unwrap_or("-"));
        written(writeln!(out, "{url}\t{title}\t{media_type}"))?;
    }
    if announced.is_empty()
        && is_address(&place)
        && let Some(FoundFeed { url, feed }) = probe::behind(&fetcher()?, &address(&place)?, &got).await
    {
        let entries = counted(feed.listed.len(), "entry", "entries");
        let kind = if feed.format == DocumentFormat::NewsSitemap { "a news sitemap" } else { "a feed" };
        return written(writeln!(out, "{url}\t{kind}, with {entries}\tapplication/xml"));
    }
    if announced.is_empty() {
        return Err(CliError::with_hint(
            anyhow!("the page does not announce a feed"),
            "look for a link named RSS on the site, or try /feed and /rss.xml",
        ));
    }
    Ok(())
}

/// Fetches or opens the document. The inner error is the fault of its server.
async fn get(named: InputArgs) -> Result<Result<Answer, ProbeError>, CliError> {
    let InputArgs { place, base, content_type } = named;
    if !is_address(&place) {
        let bytes = file(Path::new(&place)).map_err(|error| unread(&place, error))?;
        let context = ParseContext { base, content_type, ..probe::within_time() };
        return Ok(Ok(Answer { bytes, context, announced: Vec::new(), moved_to: None, cookies: Cookies::default() }));
    }
    let mut answer = match probe::ask(&fetcher()?, &address(&place)?).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error)),
    };
    answer.context.base = base.or(answer.context.base);
    answer.context.content_type = content_type.or(answer.context.content_type);
    Ok(Ok(answer))
}

/// Returns a fetcher without address limits: the operator chose the address, so it may be in a private network.
fn fetcher() -> Result<Fetcher, CliError> {
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| Network::parse(range).ok()).collect();
    Ok(Fetcher::new(&FetchLimits { allow_networks: everywhere, ..FetchLimits::default() })?)
}

/// Returns the failure of a file that cannot be read. An address without a scheme was taken for a file.
fn unread(place: &str, error: anyhow::Error) -> CliError {
    if Path::new(place).exists() || place.starts_with(['/', '.']) {
        return error.into();
    }
    CliError::with_hint(error, format!("if this is a web address, write https://{place}"))
}

fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    opened.take(FILE_MAX + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(anyhow!("{} is larger than {FILE_MAX} bytes", path.display()));
    }
    Ok(bytes)
}
