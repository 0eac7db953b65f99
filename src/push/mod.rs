//! WebSub (W3C Recommendation of 2018-01-23) as hub, publisher and subscriber, and webhooks.
//!
//! Decisions are pure code ([`HubState`], [`Leases`], [`PingState`], [`retry_at`], signatures, parsing); [`Hub`], [`Subscriber`]
//! and [`Webhooks`] carry them out. The writer and the publisher never wait for this module: they hand over a change and go on.

mod caught;
mod deliveries;
mod form;
mod hooks;
mod hub;
mod hub_state;
mod in_turn;
mod lease;
mod ping;
mod random;
mod reachable;
mod retry;
mod signature;
mod subscriber;
mod topics;
mod webhook;

pub use form::{FormError, HubMode, SubscriptionRequest};
pub use hooks::{WebhookSettings, Webhooks};
pub use hub::{Hub, HubSettings, link_header};
pub use hub_state::{Delivery, HubRefusal, HubState, Verification};
pub use lease::{LeaseRequest, Leases};
pub use ping::PingState;
pub use random::token;
pub use reachable::can_be_reached;
pub use retry::{FailedRequest, Pauses, retry_at};
pub use signature::{is_signed, sign};
pub use subscriber::{Subscriber, SubscriberSettings};
pub use topics::Topics;
pub use webhook::{headers, message, message_id};
