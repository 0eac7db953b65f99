//! What answers: the shelf at once, else the router.

use super::cache::Cache;
use super::desk::Desk;
use super::health::Health;
use super::host;
use super::meters::Meters;
use super::pages;
use super::payload::Payload;
use super::river::Rivers;
use super::routes;
use super::shelf::{Policy, Shelf, Shelved};
use crate::clock::Clock;
use crate::model::Network;
use crate::publish::Edition;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Everything that is served.
#[derive(Debug)]
pub struct App {
    shelf: Arc<Shelf>,
    /// Our own files, under addresses that change with them.
    assets: Shelf,
    house: House,
    router: Router,
}

/// What handlers share.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) health: Arc<Health>,
    pub(super) rivers: Arc<Rivers>,
    pub(super) clock: Clock,
    pub(super) cache: Arc<Cache>,
    /// Who answers what is not in memory; `None` = only what is in memory is served.
    pub(super) desk: Option<Arc<Desk>>,
    pub(super) meters: Option<Arc<Meters>>,
    /// Who may read the meters.
    pub(super) metrics_allow: Arc<[Network]>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

impl App {
    /// An app over these; the daemon keeps its own handles and puts editions on the shelf as they change.
    #[must_use]
    pub fn new(shelf: Arc<Shelf>, rivers: Arc<Rivers>, health: Arc<Health>, clock: Clock) -> Self {
        let assets = Shelf::default();
        assets.put([&pages::STYLE, &pages::ICON].map(|asset| Shelved {
            path: asset.path.clone(),
            edition: Edition::new(asset.bytes.as_bytes().to_vec(), asset.media_type),
            last_modified: Timestamp::UNIX_EPOCH,
            policy: Policy::Immutable,
        }));
        let house = House {
            health,
            rivers,
            clock,
            cache: Arc::default(),
            desk: None,
            meters: None,
            metrics_allow: Arc::default(),
        };
        Self { shelf, assets, router: routes::router(house.clone()), house }
    }

    /// With someone at the desk: story pages, search, filters, archives and status are answered too.
    #[must_use]
    pub fn with_desk(self, desk: Desk) -> Self {
        let house = House { desk: Some(Arc::new(desk)), ..self.house };
        Self { router: routes::router(house.clone()), house, ..self }
    }

    /// With meters that count answers too; `/metrics` is for these networks only.
    #[must_use]
    pub fn with_meters(self, meters: Arc<Meters>, metrics_allow: &[Network]) -> Self {
        let house = House { meters: Some(meters), metrics_allow: metrics_allow.into(), ..self.house };
        Self { router: routes::router(house.clone()), house, ..self }
    }

    /// An answer with this status goes out.
    pub(super) fn count<B>(&self, response: &Response<B>) {
        if let Some(meters) = &self.house.meters {
            meters.answered(response.status().as_u16());
        }
    }

    /// What has to be done now and then.
    pub(super) fn upkeep(&self) {
        if let Some(meters) = &self.house.meters {
            meters.upkeep();
        }
    }

    /// The answer to a request that does not say whom it asks, or asks somebody else.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        let desk = self.house.desk.as_ref();
        host::refusal(request, |name| desk.is_none_or(|desk| (desk.answers)(name))).map(host::answer)
    }

    /// The answer, when it lies ready.
    pub(super) fn at_once<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        if request.uri().query().is_some_and(|q| !q.is_empty()) {
            return None;
        }
        let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
        self.shelf.answer(path, method, headers).or_else(|| self.assets.answer(path, method, headers))
    }

    /// The router's answer.
    pub(super) fn route(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Payload>> + Send + use<> {
        request.extensions_mut().insert(peer);
        self.router.clone().oneshot(request.map(Body::new)).map(|answer| match answer {
            Ok(response) => response.map(Payload::Routed),
            Err(never) => match never {},
        })
    }
}
