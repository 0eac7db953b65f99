//! The server loop. It drives hyper directly, because `axum::serve` limits neither the time for a request head nor the time
//! for a graceful shutdown: an incomplete request head was still held open after 35 seconds, and one endless response delayed
//! the shutdown for ever.

mod peers;
mod stream;

use super::app::App;
use super::payload::Payload;
use super::state::Peer;
use crate::clock::Clock;
use crate::model::Audience;
use axum::http::{Request, Response};
use futures_util::future::{Either, Ready, ready};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use peers::PeerConnections;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use stream::{CountingStream, stalls};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Limits on what clients may use.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Time within which a complete request head must arrive; on a keep-alive connection, also the next one.
    pub head: Duration,
    /// Time after which a connection is closed if no byte was read or written.
    pub stall: Duration,
    /// Most simultaneous connections; further ones wait in the kernel's queue. One client may have half of them.
    pub connections: usize,
    /// Time that running responses have to finish once shutdown begins.
    pub drain: Duration,
    /// Longest request head, in bytes.
    pub head_bytes: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            connections: 1024,
            // The daemon promises to exit in under five seconds; the writer needs some of them.
            drain: Duration::from_secs(1),
            head_bytes: 32 * 1024,
        }
    }
}

/// Interval between two maintenance runs of the meters.
const UPKEEP: Duration = Duration::from_secs(10);

/// Most concurrent streams on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// Serves `app` on `listener` until `shutdown` is cancelled, with the default [`ServerLimits`].
///
/// # Errors
/// Fails when the listener itself is lost. An error on one connection ends only that connection.
pub async fn run(listener: TcpListener, app: App, shutdown: CancellationToken) -> io::Result<()> {
    run_with(ServerLimits::default(), listener, app, shutdown).await
}

/// Same as [`run`], with the given limits. Once `shutdown` is cancelled, no more connections are accepted, idle ones are
/// closed, and running responses have `limits.drain` to finish; connections still open after that are closed.
///
/// # Errors
/// Fails when the listener itself is lost.
pub async fn run_with(
    limits: ServerLimits,
    listener: TcpListener,
    app: App,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let app = Arc::new(app);
    let http = Arc::new(http(&limits));
    let free = Arc::new(Semaphore::new(limits.connections));
    let peers = PeerConnections::new(limits.connections);
    let mut connections = JoinSet::new();
    let mut accept_failures = 0;
    let mut is_full = false;
    let mut upkeep = tokio::time::interval(UPKEEP);
    let outcome = loop {
        let open = limits.connections - free.available_permits();
        is_full = is_full_now(open, limits.connections, is_full);
        let accepted = tokio::select! {
            accepted = accept(&listener, &free) => accepted,
            Some(_) = connections.join_next() => continue,
            _ = upkeep.tick() => {
                app.upkeep(open, limits.connections);
                continue;
            }
            () = shutdown.cancelled() => break Ok(()),
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                accept_failures = 0;
                let Some(counted) = peers.admit(peer.0) else { continue };
                let front = ConnectionService { app: app.clone(), peer };
                let (http, shutdown) = (http.clone(), shutdown.clone());
                connections.spawn(async move {
                    serve(&http, stream, front, &shutdown, limits.stall).await;
                    drop((permit, counted));
                });
            }
            Err(error) => match back_off(&error, &mut accept_failures) {
                Some(pause) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = shutdown.cancelled() => break Ok(()),
                    }
                }
                None => break Err(error),
            },
        }
    };
    drop(listener);
    // An error that ends the loop also leads to a graceful shutdown.
    shutdown.cancel();
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::info!(connections = connections.len(), "closing connections that did not finish in time");
        connections.shutdown().await;
    }
    outcome
}

/// Returns whether all connections that may be open are open, and logs the beginning and the end of such a time: further clients wait
/// in the kernel's queue, health checks among them. It ends when a tenth is free.
fn is_full_now(open: usize, most: usize, was_full: bool) -> bool {
    if open >= most && !was_full {
        tracing::warn!(connections = most, "as many connections are open as may be; further clients wait");
        return true;
    }
    let is_over = was_full && open <= most - most.div_ceil(10);
    if is_over {
        tracing::info!(connections = open, "connections are accepted at once again");
    }
    was_full && !is_over
}

/// Accepts the next connection, once the number of open ones is below the limit.
async fn accept(listener: &TcpListener, free: &Arc<Semaphore>) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let permit = free.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Responses are written whole, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    Ok((stream, Peer(peer.ip()), permit))
}

/// Returns how long to wait before the next accept. The wait grows with each error in a row; `None` if the listener is lost.
///
/// `EMFILE` and `ENFILE` recur at once until a file is closed: without a pause the loop would use all of a core.
fn back_off(error: &io::Error, accept_failures: &mut u32) -> Option<Duration> {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput, NotConnected,
    };
    match error.kind() {
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted => Some(Duration::ZERO),
        InvalidInput | NotConnected => None,
        _ => {
            if *accept_failures == 0 {
                tracing::warn!(%error, "cannot accept a connection; retrying");
            }
            *accept_failures = (*accept_failures + 1).min(7);
            Some(Duration::from_millis(10 << *accept_failures))
        }
    }
}

fn http(limits: &ServerLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        // A client that closes its sending side after the request still wants the response.
        .half_close(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(16 * 1024);
    builder
}

/// Serves one connection until it ends, stalls, or is shut down. Errors of the connection are ignored.
async fn serve(
    http: &Builder<TokioExecutor>,
    stream: TcpStream,
    front: ConnectionService,
    shutdown: &CancellationToken,
    stall: Duration,
) {
    let moved = Arc::new(AtomicU64::new(0));
    let io = TokioIo::new(CountingStream { stream, moved: moved.clone() });
    let mut connection = pin!(http.serve_connection(io, front));
    let mut stalled = pin!(stalls(&moved, stall));
    let mut draining = false;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = stalled.as_mut() => return,
            () = shutdown.cancelled(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The service of one connection: serves documents from memory first and passes the rest to the router.
struct ConnectionService {
    app: Arc<App>,
    peer: Peer,
}

type ServiceResult = Result<Response<Payload>, Infallible>;

impl Service<Request<Incoming>> for ConnectionService {
    type Response = Response<Payload>;
    type Error = Infallible;
    type Future = Either<Ready<ServiceResult>, Pin<Box<dyn Future<Output = ServiceResult> + Send>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let asked = Clock::monotonic();
        if let Some(response) = self.app.refuse(&request) {
            self.app.count(&response, "refused", asked);
            return Either::Left(ready(Ok(response)));
        }
        let (request, audience) = if self.app.asks_for_keys() {
            match self.app.admit(request) {
                Ok(admitted) => admitted,
                Err(response) => {
                    self.app.count(&response, "refused", asked);
                    return Either::Left(ready(Ok(*response)));
                }
            }
        } else {
            (request, Audience::Everyone)
        };
        if let Some(response) = self.app.serve_from_memory(&request, audience) {
            self.app.count(&response, "edition", asked);
            return Either::Left(ready(Ok(response)));
        }
        let (app, routed) = (self.app.clone(), self.app.route(request, self.peer, audience));
        Either::Right(Box::pin(async move {
            let response = routed.await;
            app.count(&response, "none", asked);
            Ok(response)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::is_full_now;

    #[test]
    fn a_full_server_is_full_until_a_tenth_is_free() {
        let mut is_full = false;
        let mut seen = Vec::new();
        for open in [99, 100, 99, 91, 90, 95, 100] {
            is_full = is_full_now(open, 100, is_full);
            seen.push(is_full);
        }
        assert_eq!(seen, [false, true, true, true, false, false, true]);
    }
}
