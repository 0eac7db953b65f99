//! `warraq inspect` and `warraq discover`: one document, from a file or an address, without configuration or database.

use super::{
    CliError, inspect,
    out::{counted, written},
};
use crate::{
    clock::Clock,
    fetch::{FetchLimits, Fetched, Fetcher},
    model::{Deadline, Fault, FeedUrl, Network, ParsedFeed, Validators},
    parse::{self, Announced, ParseContext},
};
use anyhow::{Context as _, anyhow};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};
use url::Url;

/// Largest file that is read: the default of `[fetch] max_body`.
const FILE_MAX: u64 = 10_000_000;

/// Feeds announced by one page that are tried, as at a poll.
const ANNOUNCED_TRIED: usize = 3;

/// What the command line says of the document.
pub(super) struct InputArgs {
    /// A file's path, or an http(s) address.
    pub place: String,
    /// Address that relative ones are relative to.
    pub base: Option<Url>,
    /// Value of the Content-Type header.
    pub content_type: Option<String>,
}

/// Bytes and what came with them.
struct Input {
    bytes: Vec<u8>,
    context: ParseContext,
    /// Feeds that the answer's headers announce.
    announced: Vec<Url>,
}

impl Input {
    fn read(&self) -> Result<ParsedFeed, Fault> {
        parse::read(&self.bytes, &self.context, &|_| false)
    }

    /// The feeds that the headers and the page announce, best first.
    fn announced(&self) -> Vec<Announced> {
        let headers = self.announced.iter().map(|url| Announced { url: url.clone(), title: None, media_type: None });
        let mut all: Vec<Announced> = headers.collect();
        for found in parse::announced(&self.bytes, &self.context) {
            if !all.iter().any(|known| known.url == found.url) {
                all.push(found);
            }
        }
        all
    }
}

/// Prints how Warraq reads a document. No feed: exit 1, with the reason.
pub(super) async fn inspect(named: InputArgs, as_json: bool) -> Result<(), CliError> {
    let of_web = is_address(&named.place);
    let read = match get(named).await? {
        Ok(got) => match got.read() {
            // A poll would follow the page too.
            Err(Fault::Html) if of_web => follow(&got).await?,
            read => read,
        },
        Err(fault) => Err(fault),
    };
    let mut out = std::io::stdout().lock();
    match read {
        Ok(feed) if as_json => written(writeln!(out, "{}", inspect::inspect_json(&feed)))?,
        Ok(feed) => written(write!(out, "{}", inspect::inspect_text(&feed)))?,
        Err(fault) => {
            if as_json {
                // Read or not: it is no feed.
                let _ = writeln!(out, "{}", inspect::fault_json(&fault));
            }
            return Err(CliError::with_hint(anyhow!("{fault}"), inspect::hint(&fault)));
        }
    }
    Ok(())
}

/// Reads the first feed that a page announces and that can be read, and says so.
async fn follow(page: &Input) -> Result<Result<ParsedFeed, Fault>, CliError> {
    for Announced { url, .. } in page.announced().into_iter().take(ANNOUNCED_TRIED) {
        let named = InputArgs { place: url.to_string(), base: None, content_type: None };
        if let Ok(got) = get(named).await?
            && let Ok(feed) = got.read()
        {
            written(writeln!(std::io::stderr(), "the address is a page; read is the feed it announces: {url}"))?;
            return Ok(Ok(feed));
        }
    }
    Ok(Err(Fault::Html))
}

fn is_address(place: &str) -> bool {
    place.starts_with("http://") || place.starts_with("https://")
}

/// Prints the feeds that a page announces, one a line.
pub(super) async fn discover(address: String) -> Result<(), CliError> {
    let named = InputArgs { place: address.clone(), base: None, content_type: None };
    let got = get(named).await?.map_err(|fault| anyhow!("{fault}"))?;
    let mut out = std::io::stdout().lock();
    if let Ok(feed) = got.read() {
        return written(writeln!(
            out,
            "{address}\tthis address is itself a feed, with {}",
            counted(feed.listed.len(), "entry", "entries")
        ));
    }
    let announced = got.announced();
    for Announced { url, title, media_type } in &announced {
        let (title, media_type) = (title.as_deref().unwrap_or("-"), media_type.as_deref().unwrap_or("-"));
        written(writeln!(out, "{url}\t{title}\t{media_type}"))?;
    }
    if announced.is_empty() {
        return Err(CliError::with_hint(
            anyhow!("the page does not announce a feed"),
            "look for a link named RSS on the site, or try /feed and /rss.xml",
        ));
    }
    Ok(())
}

/// The document; the inner error is what its server did.
async fn get(named: InputArgs) -> Result<Result<Input, Fault>, CliError> {
    let InputArgs { place, base, content_type } = named;
    if !is_address(&place) {
        let bytes = file(Path::new(&place))?;
        let context = ParseContext { base, content_type, ..within_time() };
        return Ok(Ok(Input { bytes, context, announced: Vec::new() }));
    }
    let url = FeedUrl::parse(&place).map_err(|error| CliError::Usage(format!("{place}: {error}")))?;
    // The operator names the address: it may be in a private network.
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| Network::parse(range).ok()).collect();
    let fetcher = Fetcher::new(&FetchLimits { allow_networks: everywhere, ..FetchLimits::default() })?;
    let answer = fetcher.get(&url, &Validators::default(), Clock::System.now()).await;
    let base = base.unwrap_or_else(|| answer.base(&url).url().clone());
    Ok(match answer.result {
        Err(fault) => Err(fault),
        Ok(Fetched::Document { body, content_type: stated, .. }) => Ok(Input {
            bytes: body.into_bytes(),
            context: ParseContext { base: Some(base), content_type: content_type.or(stated), ..within_time() },
            announced: answer.announced.into_iter().map(|url| url.url().clone()).collect(),
        }),
        Ok(Fetched::Gone) => Err(Fault::Status(410)),
        Ok(Fetched::NotModified) => Err(Fault::Status(304)),
    })
}

/// As the daemon reads: with its limit of work.
fn within_time() -> ParseContext {
    ParseContext { deadline: Deadline::when(Clock::over_after(parse::WORK)), ..ParseContext::default() }
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
