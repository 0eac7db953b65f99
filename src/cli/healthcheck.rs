//! `warraq healthcheck`: sends one request to a running daemon, for containers without curl.

use super::{CliError, out::say};
use crate::config::Config;
use anyhow::{Context, anyhow};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A daemon that takes longer to respond is not healthy.
const PATIENCE: Duration = Duration::from_secs(5);
/// Maximum size of the response that is read, in bytes: enough for its head and short body.
const ANSWER_MAX: u64 = 4_096;

pub(super) async fn healthcheck(config: &Config) -> Result<(), CliError> {
    say(ready(config).await?)
}

/// What a daemon that is ready says.
///
/// # Errors
/// When none answers, or it is not ready.
pub(super) async fn ready(config: &Config) -> anyhow::Result<String> {
    if config.server.listen.port() == 0 {
        return Err(anyhow!("[server] listen has port 0, so only the daemon's log tells where it listens"));
    }
    let address = reachable(config.server.listen);
    let answer = timeout(PATIENCE, ask(address))
        .await
        .map_err(|_| anyhow!("{address} did not answer within {} s", PATIENCE.as_secs()))??;
    let (head, words) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        return Ok(words.trim().to_owned());
    }
    Err(anyhow!("not ready: {}", if words.trim().is_empty() { head.trim() } else { words.trim() }))
}

async fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("no daemon answers at {address}"))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Returns the address to connect to: loopback if the daemon listens on all addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
