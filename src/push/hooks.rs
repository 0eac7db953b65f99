//! The task that sends webhook requests: it posts the queued stories, one at a time for each webhook.

use super::{
    caught::{caught, panicked},
    in_turn::in_turn,
    retry::FailedRequest,
    webhook::{PAUSES, headers, message, message_id},
};
use crate::{
    clock::Clock,
    fetch::{Fetcher, OutgoingRequest},
    model::{
        StoryView,
        push::{Webhook, WebhookState},
    },
    store::{PushChange, Reader, StoreError, TroubleLog, WebhookResult, Writer},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinSet};
use url::Url;

/// Maximum time between two checks of the queues while stories are waiting.
const TURN: Duration = Duration::from_secs(1);
/// Pause after a check when no request is in flight, because commits often follow each other closely.
const PAUSE: Duration = Duration::from_millis(100);
/// Time limit of a request.
const POSTING: Duration = Duration::from_secs(15);
/// Maximum number of concurrent requests; each webhook has at most one.
const AT_ONCE: usize = 8;

/// The settings of the webhooks. A reload replaces them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// `[server] public_url`, the base of the pages.
    pub base: Url,
    /// All webhooks.
    pub hooks: Arc<Vec<Webhook>>,
}

/// The webhooks with a request in flight, and the one whose request was started last.
#[derive(Debug, Default)]
struct UnderWay {
    busy: HashSet<i64>,
    last: Option<i64>,
}

/// The sender of all webhook requests.
pub struct Webhooks {
    settings: RwLock<(WebhookSettings, Fetcher)>,
    reloaded: Notify,
    /// The states when they were last read, for metrics.
    states: Mutex<Vec<WebhookState>>,
    reader: Reader,
    clock: Clock,
}

impl Webhooks {
    /// Creates the sender. The queues themselves are in the database.
    #[must_use]
    pub fn new(settings: WebhookSettings, fetcher: Fetcher, reader: Reader, clock: Clock) -> Self {
        let settings = RwLock::new((settings, fetcher));
        Self { settings, reloaded: Notify::new(), states: Mutex::default(), reader, clock }
    }

    /// Replaces the settings.
    pub fn set(&self, settings: WebhookSettings, fetcher: Fetcher) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = (settings, fetcher);
        self.reloaded.notify_one();
    }

    fn settings(&self) -> (WebhookSettings, Fetcher) {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the states when they were last read.
    #[must_use]
    pub fn states(&self) -> Vec<WebhookState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends requests until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self: Arc<Self>, writer: Writer) -> Result<(), StoreError> {
        let mut commits = writer.changed();
        let (mut work, mut under_way) = (JoinSet::new(), UnderWay::default());
        let mut trouble = TroubleLog::default();
        loop {
            let waits = match self.start(&mut work, &mut under_way).await {
                Err(error) if error.can_pass() => {
                    if trouble.is_new(&error, self.clock.now()) {
                        tracing::error!(%error, "cannot read the queues of webhooks; trying again");
                    }
                    true
                }
                started => {
                    let waits = started?;
                    if trouble.passed() {
                        tracing::info!("the queues of webhooks can be read again");
                    }
                    waits
                }
            };
            tokio::select! {
                Some(ended) = work.join_next() => if let Ok(ended) = ended {
                    let WebhookResult { id, .. } = &ended;
                    under_way.busy.remove(id);
                    writer.push(vec![PushChange::Webhook(ended)]).await?;
                },
                // The writer's own error says why it is gone.
                change = commits.changed() => change.map_err(|_| StoreError::WriterGone)?,
                () = self.reloaded.notified() => {}
                () = tokio::time::sleep(TURN), if waits => {}
            }
            if under_way.busy.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Starts the requests that are due. Returns whether any queue holds stories.
    async fn start(&self, work: &mut JoinSet<WebhookResult>, under_way: &mut UnderWay) -> Result<bool, StoreError> {
        let UnderWay { busy, last } = under_way;
        let (settings, fetcher) = self.settings();
        if settings.hooks.is_empty() && self.states().is_empty() {
            return Ok(false);
        }
        let states = self.reader.webhooks().await?;
        let hooks: HashMap<(&str, String, u32), &Webhook> =
            settings.hooks.iter().map(|hook| ((hook.channel.as_str(), hook.target(), hook.outlets), hook)).collect();
        let (now, mut waits) = (self.clock.now(), false);
        let before = *last;
        for state in in_turn(&states, |state| Some(state.id) == before).filter(|state| state.waiting() > 0) {
            waits = true;
            let hook = hooks.get(&(state.channel.as_str(), state.target.clone(), state.outlets));
            let Some(hook) = hook.filter(|_| !busy.contains(&state.id) && busy.len() < AT_ONCE) else { continue };
            if state.next_try_at.is_some_and(|at| at > now) {
                continue;
            }
            let Some((number, story)) = self.reader.webhook_next(state.id, state.sent, &settings.base).await? else {
                continue;
            };
            let (fetcher, clock, base) = (fetcher.clone(), self.clock.clone(), settings.base.clone());
            let posting = Posting { fetcher, hook: (*hook).clone(), clock, state: state.clone(), number, story, base };
            busy.insert(state.id);
            *last = Some(state.id);
            work.spawn(posting.post());
        }
        *self.states.lock().unwrap_or_else(PoisonError::into_inner) = states;
        Ok(waits)
    }
}

/// A story to post, and what its request needs.
struct Posting {
    fetcher: Fetcher,
    hook: Webhook,
    clock: Clock,
    state: WebhookState,
    number: u64,
    /// `None` if retention deleted the story in the meantime; then it counts as sent.
    story: Option<StoryView>,
    base: Url,
}

impl Posting {
    /// Posts the story.
    async fn post(self) -> WebhookResult {
        let Self { clock, state, number, .. } = &self;
        let done = |sent, failures, next_try_at, last_error| WebhookResult {
            id: state.id,
            number: sent,
            at: clock.now(),
            failures,
            next_try_at,
            last_error,
        };
        let (channel, host) = (&state.channel, &state.host);
        match caught(self.send(), Err(panicked())).await {
            Ok(()) => {
                tracing::debug!(channel, host, number, "posted a story");
                done(Some(*number), 0, None, None)
            }
            Err(failed) => {
                let failures = state.failures.saturating_add(1);
                tracing::warn!(channel, host, number, failures, error = failed.why, "a webhook failed; trying again");
                let next = failed.next_try(clock.now(), failures, PAUSES, &state.target);
                done(None, failures, Some(next), Some(failed.why))
            }
        }
    }

    /// Sends the request.
    async fn send(&self) -> Result<(), FailedRequest> {
        let Some(story) = &self.story else { return Ok(()) };
        let (now, body) = (self.clock.now(), message(&self.hook, story, &self.base));
        let asked = OutgoingRequest {
            url: self.hook.url.clone(),
            headers: headers(&self.hook, &message_id(self.state.id, self.number), now, &body),
            body: Some(body.into()),
            timeout: POSTING,
            answer_max: 0,
        };
        let answer = self.fetcher.send(&asked, now).await?;
        if answer.is_success() { Ok(()) } else { Err(FailedRequest::status(answer.status, answer.retry_after)) }
    }
}
