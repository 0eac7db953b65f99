//! HTTP proxies that receive IP addresses instead of names. The HTTP client would send names to an HTTP proxy, and nobody would
//! check the addresses to which they resolve. So the client connects with SOCKS5 (RFC 1928), which carries the addresses that it
//! resolved and checked, to a task of this process. The task opens a tunnel through the proxy (CONNECT, RFC 9110 9.3.6). The
//! server at the other end sees the same as without a proxy: Host and SNI contain the name.

use super::{FetcherError, look_up::look_up, random_bytes};
use crate::model::Secret;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// Time limit for opening a tunnel. The limit of a whole poll is shorter in most configurations.
const OPENING: Duration = Duration::from_mins(1);
/// Time limit for the proxy to take a piece of what the client sends.
const SENDING: Duration = Duration::from_mins(1);
/// Length of such a piece, in bytes.
const PIECE: usize = 8_192;
/// Maximum length of the head of the proxy's response, in bytes.
const HEAD_MAX: usize = 16_384;
/// User name for the SOCKS5 task. Only the password is checked.
const USER: &str = "warraq";

/// The task that opens tunnels. Dropping this stops the task; open tunnels stay open.
pub(super) struct Tunnels {
    port: u16,
    password: String,
    task: AbortHandle,
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The proxy, and what a connection to it needs.
struct TunnelProxy {
    url: Url,
    tls: Arc<ClientConfig>,
    /// The password that the HTTP client must send, so that no other program on this machine can use the proxy.
    password: String,
}

impl Tunnels {
    /// Starts the task for a proxy (`http://` or `https://`). `tls` is for the connection to the proxy.
    ///
    /// # Errors
    /// Fails if the proxy's address is invalid, no local port is free, or no runtime is running.
    pub(super) fn start(proxy: &Secret, tls: ClientConfig) -> Result<Self, FetcherError> {
        let failed = FetcherError::Access("cannot start the task for the proxy");
        let url = Url::parse(proxy.reveal()).map_err(|_| FetcherError::Access("the proxy's address cannot be used"))?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| failed)?;
        let failed = |_| FetcherError::Access("no local port is free for the proxy task");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let _guard = runtime.enter();
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let password = password()?;
        let proxy = Arc::new(TunnelProxy { url, tls: Arc::new(tls), password: password.clone() });
        let task = runtime.spawn(accept(listener, proxy)).abort_handle();
        Ok(Self { port, password, task })
    }

    /// Returns the address of the task, with user and password, for the HTTP client.
    pub(super) fn address(&self) -> String {
        format!("socks5://{USER}:{}@127.0.0.1:{}", self.password, self.port)
    }
}

fn password() -> Result<String, FetcherError> {
    let failed = |_| FetcherError::Access("the operating system returned no random bytes");
    Ok(u128::from_le_bytes(random_bytes().map_err(failed)?).to_string())
}

async fn accept(listener: TcpListener, proxy: Arc<TunnelProxy>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let proxy = Arc::clone(&proxy);
                // The HTTP client learns of a failure from its connection and turns it into a fault.
                tokio::spawn(async move { drop(serve(client, &proxy).await) });
            }
            // No file descriptor is free, so accepting the next connection would fail immediately too.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Opens a tunnel for one connection, and copies the data of both sides.
async fn serve(mut client: TcpStream, proxy: &TunnelProxy) -> io::Result<()> {
    let opening = async {
        let to = requested_address(&mut client, &proxy.password).await?;
        match proxy.tunnel(to).await {
            Ok(tunnel) => {
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                Ok(tunnel)
            }
            Err(error) => {
                // 5: connection refused (RFC 1928 6).
                client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                Err(error)
            }
        }
    };
    let tunnel = tokio::time::timeout(OPENING, opening).await.map_err(|_| ErrorKind::TimedOut)??;
    carry(client, tunnel).await
}

/// Copies the data of both sides until the client closes its connection. The proxy may keep its own side open for ever, so its end
/// is not waited for: the HTTP client never closes only one direction of a connection, so it reads nothing more.
async fn carry(client: impl AsyncRead + AsyncWrite, tunnel: impl AsyncRead + AsyncWrite) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_tunnel, mut to_tunnel) = tokio::io::split(tunnel);
    let down = async {
        tokio::io::copy(&mut from_tunnel, &mut to_client).await?;
        // The client closes its connection when it has read this end.
        to_client.shutdown().await?;
        std::future::pending::<io::Result<()>>().await
    };
    tokio::select! {
        ended = send(&mut from_client, &mut to_tunnel) => ended,
        failed = down => failed,
    }
}

/// Copies until the end of `from`. Fails if `to` takes nothing for too long: meanwhile the end of `from` could not be seen.
async fn send(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let sent = async {
            to.write_all(&piece[..length]).await?;
            to.flush().await
        };
        tokio::time::timeout(SENDING, sent).await.map_err(|_| ErrorKind::TimedOut)??;
    }
}

/// Reads the address to which the client wants to connect (RFC 1928 3 and 4, RFC 1929 2).
async fn requested_address(client: &mut TcpStream, password: &str) -> io::Result<SocketAddr> {
    let refused = || io::Error::from(ErrorKind::PermissionDenied);
    if client.read_u8().await? != 5 {
        return Err(refused());
    }
    let methods = bytes(client).await?;
    if !methods.contains(&2) {
        client.write_all(&[5, 0xff]).await?;
        return Err(refused());
    }
    client.write_all(&[5, 2]).await?;
    client.read_u8().await?;
    bytes(client).await?;
    if bytes(client).await? != password.as_bytes() {
        client.write_all(&[1, 1]).await?;
        return Err(refused());
    }
    client.write_all(&[1, 0]).await?;
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let ip: IpAddr = match head {
        [5, 1, _, 1] => Ipv4Addr::from_bits(client.read_u32().await?).into(),
        [5, 1, _, 4] => Ipv6Addr::from_bits(client.read_u128().await?).into(),
        // Names are refused: their addresses would not have been checked.
        _ => return Err(refused()),
    };
    Ok(SocketAddr::new(ip, client.read_u16().await?))
}

/// Reads a length byte, and that many bytes.
async fn bytes(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A connection to a proxy.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl TunnelProxy {
    /// Connects to the proxy and makes it connect to an address.
    async fn tunnel(&self, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let wrong = || io::Error::from(ErrorKind::InvalidInput);
        let host = self.url.host().ok_or_else(wrong)?;
        let port = self.url.port_or_known_default().ok_or_else(wrong)?;
        let stream = match &host {
            Host::Domain(name) => TcpStream::connect(&*look_up(name, port).await?).await?,
            Host::Ipv4(ip) => TcpStream::connect((*ip, port)).await?,
            Host::Ipv6(ip) => TcpStream::connect((*ip, port)).await?,
        };
        let mut stream: Box<dyn Stream> = if self.url.scheme() == "https" {
            let name = match host {
                Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| wrong())?,
                Host::Ipv4(ip) => ServerName::from(IpAddr::from(ip)),
                Host::Ipv6(ip) => ServerName::from(IpAddr::from(ip)),
            };
            Box::new(TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await?)
        } else {
            Box::new(stream)
        };
        let authorization = self.authorization();
        let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        if is_open(&mut stream).await? { Ok(stream) } else { Err(ErrorKind::ConnectionRefused.into()) }
    }

    /// Returns the header with the proxy's user and password (RFC 7617).
    fn authorization(&self) -> String {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let (user, password) = (self.url.username(), self.url.password().unwrap_or_default());
        if user.is_empty() && password.is_empty() {
            return String::new();
        }
        // Some characters of passwords are percent-encoded in addresses (RFC 3986 2.1).
        let plain = |text| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let pair = [&plain(user)[..], b":", &plain(password)[..]].concat();
        format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair))
    }
}

/// Reads the head of the response to CONNECT, and returns whether its status is 2xx. Reads byte by byte, because the bytes after
/// it belong to the tunnel.
async fn is_open(stream: &mut Box<dyn Stream>) -> io::Result<bool> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD_MAX {
            return Err(ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    let status: &[u8] = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    Ok(head.starts_with(b"HTTP/1.") && status.len() == 3 && status.starts_with(b"2"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test(start_paused = true)]
    async fn a_tunnel_ends_with_the_client_whatever_the_proxy_does() {
        // What the client sends before it closes, and whether the proxy reads it.
        for (sent, is_read) in [(0, true), (10, true), (100_000, true), (10, false), (100_000, false)] {
            let (mut client, at_task) = duplex(200_000);
            let (to_proxy, mut proxy) = duplex(1_000);
            let task = tokio::spawn(carry(at_task, to_proxy));
            let reading = tokio::spawn(async move {
                let mut read = vec![0; if is_read { sent } else { 0 }];
                proxy.read_exact(&mut read).await.unwrap();
                // It never closes its side.
                std::future::pending::<()>().await;
                drop(proxy);
            });
            client.write_all(&vec![1; sent]).await.unwrap();
            drop(client);
            let ended = tokio::time::timeout(SENDING * 2, task).await;
            let is_cut = !is_read && sent > 1_000;
            assert_eq!(ended.expect("it ends").unwrap().is_err(), is_cut, "{sent} {is_read}");
            reading.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_gets_the_whole_answer_of_a_proxy_that_closes_first() {
        let (mut client, at_task) = duplex(1_000);
        let (to_proxy, mut proxy) = duplex(1_000);
        let task = tokio::spawn(carry(at_task, to_proxy));
        client.write_all(b"GET").await.unwrap();
        proxy.read_exact(&mut [0; 3]).await.unwrap();
        let answering = tokio::spawn(async move { proxy.write_all(&vec![7; 50_000]).await });
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        answering.await.unwrap().unwrap();
        assert_eq!(answer.len(), 50_000);
        drop(client);
        task.await.unwrap().unwrap();
    }
}
