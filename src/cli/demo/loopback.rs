//! A minimal HTTP server for polls: GET, a strong ETag, 304, one request per connection.

use super::{Stage, document, illustration, page, script::DemoScript};
use crate::clock::Clock;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// Maximum size of the head of a request, in bytes.
const HEAD_MAX: usize = 16_384;
/// Time limit for a whole exchange.
const PATIENCE: Duration = Duration::from_secs(10);
/// Maximum number of connections at once; more have to wait.
const CONNECTIONS_MAX: usize = 64;

/// Serves requests until it is dropped; its connections end with it.
pub(super) async fn serve(listener: TcpListener, script: Arc<DemoScript>, stage: Stage, clock: Clock) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        // A failure here concerns the peer's connection; the listener on loopback stays usable.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (script, stage, now) = (script.clone(), stage.clone(), clock.now());
        connections.spawn(async move {
            let step = stage.step(now);
            // A client that closes the connection early has read what it wanted.
            let _ = timeout(PATIENCE, answer(stream, |head| respond(head, &script, &stage, step))).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Reads the head of a request and writes the response that `respond` returns.
async fn answer(mut stream: TcpStream, respond: impl FnOnce(&str) -> String) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_MAX {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(respond(&String::from_utf8_lossy(&head)).as_bytes()).await?;
    stream.shutdown().await
}

/// Returns the complete response to a request.
fn respond(head: &str, script: &DemoScript, stage: &Stage, step: u64) -> String {
    let target = head.strip_prefix("GET /").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let feed = path.split_once('/').and_then(|(feed, _)| script.feed(feed));
    let found = match feed.filter(|feed| feed.address() == path) {
        Some(feed) => Some(document(script, feed, stage, step)),
        None => page(script, path, step)
            .map(|page| (page, "text/html; charset=utf-8"))
            .or_else(|| illustration(script, path).map(|picture| (picture, "image/svg+xml"))),
    };
    let Some((body, media_type)) = found else {
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned();
    };
    let etag = format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..16]);
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let fresh =
        fields.filter(|(name, _)| name.eq_ignore_ascii_case("if-none-match")).any(|(_, tags)| tags.contains(&etag));
    if fresh {
        return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n");
    }
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nETag: {etag}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
