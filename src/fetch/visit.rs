//! What one fetch remembers from redirect to redirect.

use super::{Asked, BodyShare, FetchResponse, Fetched, Fetcher, coding, cookies::Cookies, headers, target};
use crate::model::{Fault, FeedUrl, Validators};
use jiff::Timestamp;

/// Which redirects are followed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectScope {
    /// Those within one host.
    OneHost,
    /// All.
    AnyHost,
}

/// A fetch on its way through redirects.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The address to request next.
    pub(super) url: FeedUrl,
    /// The addresses that redirected, with the cookies that were sent to them.
    pub(super) passed: Vec<(FeedUrl, Cookies)>,
    pub(super) cookies: Cookies,
    /// Whether all redirects were permanent.
    pub(super) permanently: bool,
}

impl Visit {
    /// Begins at this address.
    #[must_use]
    pub fn new(url: FeedUrl) -> Self {
        Self { url, passed: Vec::new(), cookies: Cookies::default(), permanently: true }
    }

    /// Returns the address to request next.
    #[must_use]
    pub fn url(&self) -> &FeedUrl {
        &self.url
    }
}

impl Fetcher {
    /// Continues a fetch, and follows redirects within one host. Returns `None` when a redirect leads to another host: `visit`
    /// continues there, once that host's limits allow another request. Otherwise as [`Fetcher::get`].
    pub async fn visit(
        &self,
        visit: &mut Visit,
        validators: &Validators,
        now: Timestamp,
        share: &mut BodyShare,
    ) -> Option<FetchResponse> {
        share.start(self.timeout);
        let mut answer = FetchResponse::none_within(self.timeout);
        // The hops before this one.
        answer.hops = u32::try_from(visit.passed.len()).unwrap_or(u32::MAX);
        answer.moved_to = (answer.hops > 0).then(|| visit.url.clone());
        answer.permanent = answer.moved_to.clone().filter(|_| visit.permanently);
        answer.result = match self.follow(visit, RedirectScope::OneHost, validators, now, (&mut answer, share)).await {
            Ok(Some(fetched)) => Ok(fetched),
            Ok(None) => return None,
            Err(fault) => Err(fault),
        };
        Some(answer)
    }

    /// Follows redirects until a response is not one. Returns `None` when one leads to another host and `scope` is a single host.
    pub(super) async fn follow(
        &self,
        visit: &mut Visit,
        scope: RedirectScope,
        validators: &Validators,
        now: Timestamp,
        (answer, share): (&mut FetchResponse, &mut BodyShare),
    ) -> Result<Option<Fetched>, Fault> {
        loop {
            let Visit { url, passed, cookies, permanently } = &mut *visit;
            self.admit_page(url, now, share).await?;
            let response = self.ask(url, validators, coding::ACCEPTED, cookies, share).await?;
            let status = response.status().as_u16();
            answer.status = Some(status);
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                answer.freshness = headers::freshness(status, response.headers(), now);
                answer.cookies.clone_from(cookies);
                answer.cookies.keep(url.url(), response.headers());
                let asked = Asked { url, validators, cookies };
                return self.interpret(response, asked, answer, share).await.map(Some);
            }
            let target = target(url, response.headers())?;
            passed.push((url.clone(), cookies.clone()));
            cookies.keep(url.url(), response.headers());
            // The same address with different cookies is a different request.
            let asked = passed.iter().any(|(url, sent)| *url == target && *sent == *cookies);
            if answer.hops == self.max_redirects || asked {
                // A redirect to itself is one, although it was not followed.
                return Err(Fault::Redirects(answer.hops.max(1)));
            }
            answer.hops += 1;
            *permanently &= matches!(status, 301 | 308);
            if *permanently {
                answer.permanent = Some(target.clone());
            }
            answer.moved_to = Some(target.clone());
            let is_elsewhere = target.host() != url.host();
            *url = target;
            if is_elsewhere && scope == RedirectScope::OneHost {
                return Ok(None);
            }
        }
    }
}
